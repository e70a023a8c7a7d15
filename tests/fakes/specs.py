"""The services' own descriptions of their requests, as validators. None where the description files are absent.

LINE: an OpenAPI file whose discriminators plain JSON Schema does not know; here they become if/then, without which a
text message without a text would pass. Telegram: a machine-readable Bot API with the type of every parameter.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.protocols import Validator

SPECS = Path(__file__).resolve().parents[3] / "shared" / "specs"
_LINE = SPECS / "line-openapi" / "messaging-api.yml"
_TELEGRAM = SPECS / "telegram-bot-api-spec" / "api.json"
_ANY = "__any"


@cache
def line_schema(name: str) -> Validator | None:
    """The validator of one of LINE's request bodies."""
    if not _LINE.exists():
        return None
    schemas = yaml.load(_LINE.read_text(encoding="utf-8"), yaml.CSafeLoader)["components"]["schemas"]
    chosen = {key for key, schema in schemas.items() if "discriminator" in schema}
    rewritten: dict[str, Any] = {}
    for key, schema in schemas.items():
        if key in chosen:
            mapping = schema["discriminator"]["mapping"]
            rewritten[key + _ANY] = {
                "type": "object",
                "required": ["type"],
                "properties": {"type": {"enum": sorted(mapping)}},
                "allOf": [
                    {"if": {"properties": {"type": {"const": value}}}, "then": {"$ref": target}}
                    for value, target in mapping.items()
                ],
            }
        rewritten[key] = _rewritten({k: v for k, v in schema.items() if k != "discriminator"}, chosen)
    document = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": rewritten}}
    return Draft202012Validator(document, format_checker=FormatChecker())


def _rewritten(schema: Any, chosen: set[str], *, inherits: bool = False) -> Any:
    """A reference to a base means any of its kinds, except where a kind names the base it builds on."""
    if isinstance(schema, list):
        return [_rewritten(each, chosen, inherits=inherits) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out = {}
    for key, value in schema.items():
        if key == "$ref" and not inherits and value.rsplit("/", 1)[-1] in chosen:
            out[key] = value + _ANY
        else:
            out[key] = _rewritten(value, chosen, inherits=key == "allOf")
    return out


def line_faults(name: str, body: Any) -> list[dict[str, str]]:
    """What LINE's description has against a request body, in the shape of LINE's own error details."""
    validator = line_schema(name)
    if validator is None:
        return []
    return [{"message": fault.message[:200], "property": fault.json_path[2:]} for fault in validator.iter_errors(body)]


@cache
def _telegram() -> dict[str, Any] | None:
    return json.loads(_TELEGRAM.read_text(encoding="utf-8")) if _TELEGRAM.exists() else None


def telegram_faults(method: str, fields: dict[str, Any]) -> list[str]:
    """What the Bot API's description has against the fields of a request."""
    api = _telegram()
    if api is None:
        return []
    if method not in api["methods"]:
        return [f"no method {method}"]
    return _object_faults(api, api["methods"][method].get("fields", []), fields, method)


def _object_faults(api: dict[str, Any], known: list[dict[str, Any]], given: dict[str, Any], path: str) -> list[str]:
    faults = [f"{path}.{each['name']} is missing" for each in known if each["required"] and each["name"] not in given]
    types = {each["name"]: each["types"] for each in known}
    for name, value in given.items():
        if name not in types:
            faults.append(f"{path}.{name} is unknown")
        elif not any(not _type_faults(api, wanted, value, f"{path}.{name}") for wanted in types[name]):
            faults.append(f"{path}.{name} is not {' or '.join(types[name])}")
    return faults


def _type_faults(api: dict[str, Any], wanted: str, value: Any, path: str) -> list[str]:
    if wanted.startswith("Array of "):
        inner = wanted.removeprefix("Array of ")
        if not isinstance(value, list):
            return [f"{path} is no list"]
        return [fault for each in value for fault in _type_faults(api, inner, each, path)]
    plain: dict[str, type | tuple[type, ...]] = {
        "String": str,
        "Integer": int,
        "Float": (int, float),
        "Boolean": bool,
        "True": bool,
    }
    if wanted in plain:
        right = isinstance(value, plain[wanted]) and (wanted in ("Boolean", "True") or not isinstance(value, bool))
        return [] if right else [f"{path} is no {wanted}"]
    described = api["types"].get(wanted)
    if not isinstance(value, dict) or described is None:
        return [f"{path} is no {wanted}"]
    if kinds := described.get("subtypes"):
        return [] if any(not _type_faults(api, kind, value, path) for kind in kinds) else [f"{path} is no {wanted}"]
    return _object_faults(api, described.get("fields", []), value, path)


def telegram_is_text(method: str, name: str) -> bool:
    """Whether a parameter may be a plain text, which is then not decoded from JSON."""
    api = _telegram()
    if api is None:
        return name in {"text", "parse_mode", "chat_id"}
    fields = {each["name"]: each["types"] for each in api["methods"].get(method, {}).get("fields", [])}
    return "String" in fields.get(name, ["String"])
