"""The published JSON Schemas, as validators of real output; formats (dates, instants, UUIDs) are held too."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference" / "schemas"
NOT_DOCUMENTS = {"common", "config"}


def names() -> list[str]:
    """Every document that has a schema."""
    found = {path.name.removesuffix(".schema.json") for path in FOLDER.glob("*.schema.json")}
    return sorted(found - NOT_DOCUMENTS)


@cache
def schema(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))


@cache
def _registry() -> Registry[Any]:
    common = Resource.from_contents(schema("common"), default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource("common.schema.json", common)
    return registry


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schema(name), registry=_registry(), format_checker=Draft202012Validator.FORMAT_CHECKER)


def faults(name: str, document: Any) -> list[str]:
    """What the schema `name` has against `document`."""
    return [f"{fault.json_path}: {fault.message[:900]}" for fault in validator(name).iter_errors(document)]


def check(document: Any, name: str | None = None) -> Any:
    """The document itself, once its schema (its own, where none is named) has nothing against it."""
    wanted = name or document["schema"].removeprefix("songsuk/").removesuffix("/1")
    assert not faults(wanted, document), (wanted, faults(wanted, document))
    return document
