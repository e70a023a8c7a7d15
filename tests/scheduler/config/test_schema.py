"""The JSON Schema of config.yaml: generated, committed, and true of the sample."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

import channels
from scheduler.config import json_schema


class _Yaml12(yaml.SafeLoader):
    """Reads scalars as editors do: YAML 1.2, so 18:00 and 2026-12-31 are text."""


_Yaml12.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] in ("null", "float", "int", "bool")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Yaml12.add_constructor("tag:yaml.org,2002:int", lambda loader, node: _number(loader, node, int))
_Yaml12.add_constructor("tag:yaml.org,2002:float", lambda loader, node: _number(loader, node, float))
_Yaml12.add_constructor(
    "tag:yaml.org,2002:bool",
    lambda loader, node: {"true": True, "false": False}.get(str(node.value).lower(), node.value),
)


def _number(loader: Any, node: Any, kind: type) -> object:
    return node.value if ":" in node.value else kind(node.value)


def _read(text: str) -> Any:
    return yaml.load(text, Loader=_Yaml12)  # noqa: S506 - a safe loader with fewer types


def test_the_committed_schema_is_the_generated_one(schema_path: Path) -> None:
    """Whoever changes the models writes the schema anew."""
    assert json.loads(schema_path.read_text(encoding="utf-8")) == json_schema()


def test_the_schema_is_a_schema_and_the_samples_keep_it(sample: str, minimal: str) -> None:
    """Valid against 2020-12, and both the shipped and the smallest file are valid against it."""
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    for text in (sample, minimal):
        assert [error.message for error in Draft202012Validator(schema).iter_errors(_read(text))] == []


def test_the_sample_points_editors_to_the_schema(sample: str, sample_path: Path, schema_path: Path) -> None:
    """The first line tells an editor where the schema is."""
    first = sample.splitlines()[0]
    assert first == f"# yaml-language-server: $schema={schema_path.relative_to(sample_path.parent).as_posix()}"


@pytest.mark.parametrize("service", channels.services())
def test_an_editor_knows_every_channel(service: str, minimal: str) -> None:
    """A service that the house can send by is no mistake, with settings of its own or without."""
    assert (
        list(Draft202012Validator(json_schema()).iter_errors(_read(f"{minimal}channels: {{{service}: {{}}}}\n"))) == []
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("community: sirisuk", "comunity: sirisuk"),
        ("time: 18:00", "time: 1800"),
        ("pickup: 09:30-11:30", "pickup: nine"),
        ("weight_kg: 25", "weight_kg: heavy"),
        ("    polygon: [[", "    file: talat.geojson\n    polygon: [["),
        ("vehicles:\n", "channels: {line: {token: x}}\nvehicles:\n"),
        ("vehicles:\n", "channels: {lin: {}}\nvehicles:\n"),
        ("  - {id: motorcycle, weight_kg: 25, volume_l: 70}\n", "  []\n"),
        ("    community: sirisuk", "    community: sirisuk\n    tambons: [8401]"),
        ("    community: sirisuk", "    community: sirisuk\n    tambons: ['8401']"),
        ("vehicles:\n", "calendar: {closed: [31/12/2026]}\nvehicles:\n"),
        ("vehicles:\n", "calendar: {closed: [2026-13-01]}\nvehicles:\n"),
        ("vehicles:\n", "calendar: {open: [2569-12-31]}\nvehicles:\n"),
        ("[99.3257, 9.1463]", "[9.1463, 99.3257]"),
        ("[99.34, 9.13]", "[9.13, 99.34]"),
        ("hubs:\n", "barriers: [{id: tapi, line: [[99.3, 9.1], [9.2, 99.3]]}]\nhubs:\n"),
    ],
)
def test_an_editor_sees_the_mistake(old: str, new: str, minimal: str) -> None:
    """What the schema alone can tell is refused by it too."""
    assert old in minimal
    assert list(Draft202012Validator(json_schema()).iter_errors(_read(minimal.replace(old, new))))
