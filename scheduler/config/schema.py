"""The JSON Schema of config.yaml, for editors. Knows the models; the checks between them stay with `rules`."""

from __future__ import annotations

from typing import Any

import channels
from scheduler.config.channels import CHANNELS, ChannelSettings
from scheduler.config.models import Document


def json_schema() -> dict[str, Any]:
    """A JSON Schema (2020-12) of config.yaml as an editor reads it."""
    schema = Document.model_json_schema(ref_template="#/$defs/{model}")
    definitions = schema["$defs"]
    zone = definitions["Zone"]
    zone["properties"]["file"] = {
        "type": "string",
        "description": "ไฟล์ GeoJSON แทน polygon / a GeoJSON file inside this folder, instead of polygon",
    }
    zone["required"].remove("polygon")
    zone["oneOf"] = [{"required": ["polygon"]}, {"required": ["file"]}]
    schema["properties"]["texts"] = {
        "type": "string",
        "description": "ไฟล์ข้อความของตลาดเอง / a file in this folder with the market's own wording",
    }
    del definitions["WordingFile"]
    for model in CHANNELS.values():
        definitions[model.__name__] = model.model_json_schema()
    schema["properties"]["channels"] |= {
        "properties": {
            name: {"$ref": f"#/$defs/{CHANNELS.get(name, ChannelSettings).__name__}"} for name in channels.services()
        },
        "additionalProperties": False,
    }
    for name in schema["required"]:
        if schema["properties"][name].get("type") == "array":
            schema["properties"][name]["minItems"] = 1
    for definition in [schema, *definitions.values()]:
        for name in definition.get("properties", {}):
            prop = definition["properties"][name]
            prop.pop("title", None)
            if prop.get("type") == "number" and isinstance(prop.get("default"), str):
                prop["default"] = float(prop["default"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Songsuk config.yaml"}
