"""From a file or a text to a `Report`: read, bring in other files, type, check, build. The one way in.

Whatever the input, the outcome is a configuration or problems with places, never another exception.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from scheduler.config import rules
from scheduler.config.channels import CHANNELS
from scheduler.config.draft import Draft
from scheduler.config.files import NotAFile, expand, unreadable
from scheduler.config.models import Config, Document
from scheduler.config.placing import in_order, place_of, placed
from scheduler.config.problems import ConfigError, Finding, Path, Report, problem
from scheduler.config.reader import MOST_BYTES, MOST_PROBLEMS, Reading
from scheduler.config.wording import WORDING, near, nearest

T = TypeVar("T")

BOM = b"\xef\xbb\xbf"
NOTHING: Mapping[str, bytes] = MappingProxyType({})
MOST_ENTRIES = 2_000
MOST_COUNTED = 5_000
_CODES = {
    "missing": "key.missing",
    "extra_forbidden": "key.unknown",
    "string_type": "value.text",
    "string_too_short": "value.empty",
    "string_too_long": "value.too_long",
    "int_parsing": "value.whole",
    "int_type": "value.whole",
    "int_from_float": "value.whole",
    "int_parsing_size": "value.whole",
    "float_parsing": "value.number",
    "float_type": "value.number",
    "finite_number": "value.number",
    "decimal_parsing": "value.number",
    "decimal_type": "value.number",
    "decimal_max_places": "value.decimals",
    "decimal_max_digits": "value.decimals",
    "decimal_whole_digits": "value.decimals",
    "bool_parsing": "value.yes_no",
    "bool_type": "value.yes_no",
    "literal_error": "value.choice",
    "greater_than_equal": "value.min",
    "greater_than": "value.above",
    "less_than_equal": "value.max",
    "less_than": "value.max",
    "too_short": "value.too_few",
    "too_long": "value.too_many",
    "tuple_type": "value.list",
    "model_type": "value.section",
    "mapping_type": "value.section",
    "dict_type": "value.section",
}


def load(path: str | os.PathLike[str] | None = None, *, environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration in `path`, by default the one ``SONGSUK_CONFIG`` names; `ConfigError` with all its errors."""
    return _built(check(path if path is not None else environ.get("SONGSUK_CONFIG") or "config.yaml"))


def parse(text: str, name: str = "config.yaml", base_dir: str | os.PathLike[str] | None = None) -> Config:
    """The configuration a text holds; a stored text (`Config.text`) needs no `base_dir`. `ConfigError` as `load`."""
    return _built(examine(text, name, base_dir))


def check(path: str | os.PathLike[str]) -> Report:
    """Everything that is wrong, or doubtful, with the file at `path`."""
    return look(path)[1]


def look(path: str | os.PathLike[str]) -> tuple[bytes, Report]:
    """The bytes of the file at `path`, read once, and what `check` says of them; none where they cannot be had."""
    file = FilePath(path)
    try:
        if file.exists() and not file.is_file():
            raise NotAFile  # a pipe would be waited for, and a device never ends
        with file.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        return b"", _only("file.unreadable", file.name, {"value": file.name, **unreadable(error)})
    return data, _of_bytes(data, file)


def _of_bytes(data: bytes, file: FilePath) -> Report:
    if len(data) > MOST_BYTES:
        return _only("file.too_big", file.name, {"limit": MOST_BYTES // 1_000_000})
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4]:  # UTF-16, with its mark or without
        return _only("file.encoding", file.name, {})
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].removeprefix(BOM)
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace"))
        return _only("file.encoding", file.name, {}, line=before.count(b"\n") + 1, column=column + 1)
    return examine(text, file.name, file.parent)


def examine(
    text: str,
    name: str = "config.yaml",
    base_dir: str | os.PathLike[str] | None = None,
    beside: Mapping[str, bytes] = NOTHING,
) -> Report:
    """Everything that is wrong, or doubtful, with `text`; `beside`: files that it names as they will be."""
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        return _only("file.too_big", name, {"limit": MOST_BYTES // 1_000_000})
    reading = Reading(text.removeprefix("\ufeff"), name)
    root = reading.root
    if root is None:
        return Report(errors=tuple(reading.problems), more=reading.more)
    if not isinstance(root.value, dict):
        return Report(
            errors=(*reading.problems, *placed([Finding(path=(), code="value.section", facts={})], root, name)),
            more=reading.more,
        )
    brought = expand(root, FilePath(base_dir) if base_dir is not None else None, beside)
    draft, found = _typed(root.plain())
    found = [*brought.findings, *_without_misspelt(found), *islice(rules.findings(draft), MOST_COUNTED)]
    told = {place_of(said) for said in (*reading.problems, *placed(brought.findings, root, name))}
    outside = len(brought.findings)
    shown = [
        (finding, said)
        for number, (finding, said) in enumerate(zip(found, placed(found, root, name), strict=True))
        if number < outside or place_of(said) not in told
    ]
    errors, warnings = in_order(reading.problems, shown, brought.areas)
    more = reading.more + sum(finding.more for finding in found)
    more += max(len(errors) - MOST_PROBLEMS, 0) + max(len(warnings) - MOST_PROBLEMS, 0)
    if errors:
        return Report(errors=tuple(errors[:MOST_PROBLEMS]), warnings=tuple(warnings[:MOST_PROBLEMS]), more=more)
    config = _config(draft, brought.text(text.removeprefix("\ufeff")))
    return Report(warnings=tuple(warnings[:MOST_PROBLEMS]), config=config, more=more)


def _built(report: Report) -> Config:
    if report.config is None:
        raise ConfigError(report.errors, report.more)
    return report.config


def _only(code: str, name: str, facts: Mapping[str, object], *, line: int = 1, column: int = 1) -> Report:
    return Report(errors=(problem(code, facts, file=name, line=line, column=column, path=""),))


# --- typing -------------------------------------------------------------------------------------------------------


def _typed(raw: dict[str, Any]) -> tuple[Draft, list[Finding]]:
    """Every part that can be read, each by itself, so that one bad part hides nothing of the others."""
    draft = Draft(raw)
    unknown = [name for name in raw if name not in Document.model_fields]
    found = _first(unknown, lambda name: _unknown_key((name,), Document))
    calendar = raw.get("calendar")
    country = calendar.get("country", "TH") if isinstance(calendar, dict) else "TH"
    context = {"country": country if isinstance(country, str) else ""}
    for name, field in Document.model_fields.items():
        value = raw.get(name)
        item = _item_model(field.annotation)
        if value is None and not field.is_required():
            continue
        if name not in raw:
            found.append(Finding(path=(name,), code="key.missing", facts={"key": name}))
        elif item is not None:
            draft.items[name], faults = _typed_list(item, value, name, context)
            found += faults
        else:
            section, faults = _read(_adapter(Document, name), value, (name,), context)
            found += faults
            if section is not None:
                draft.sections[name] = section
    return draft, found


def _typed_list(
    item: type[BaseModel], value: object, name: str, context: dict[str, Any]
) -> tuple[dict[int, Any], list[Finding]]:
    """The readable entries of a list by their index; of a broken one, what can be read of it."""
    if not isinstance(value, list):
        return {}, [Finding(path=(name,), code="value.empty" if value is None else "value.list", facts={})]
    if not value and Document.model_fields[name].is_required():
        return {}, [Finding(path=(name,), code="value.too_few", facts={"limit": 1})]
    if len(value) > MOST_ENTRIES:
        return {}, [Finding(path=(name,), code="value.too_many", facts={"limit": MOST_ENTRIES})]
    items: dict[int, Any] = {}
    found: list[Finding] = []
    for index, entry in enumerate(value):
        made, faults = _read(_model_adapter(item), entry, (name, index), context)
        found += faults
        if made is None and isinstance(entry, dict):
            made = _salvaged(item, entry, {fault.path[2] for fault in faults if len(fault.path) > 2}, context)
        if made is not None:
            items[index] = made
    return items, found


def _read(
    adapter: TypeAdapter[Any], value: object, path: Path, context: dict[str, Any]
) -> tuple[Any | None, list[Finding]]:
    try:
        return adapter.validate_python(value, context=context), []
    except ValidationError as error:
        return None, _first(error.errors(include_url=False), lambda fault: _translated(dict(fault), path))


def _first(faults: Sequence[T], finding: Callable[[T], Finding]) -> list[Finding]:
    """A finding for each fault, up to the most that are told; the last one counts the others."""
    found = [finding(fault) for fault in faults[:MOST_PROBLEMS]]
    if len(faults) > len(found):
        found[-1] = replace(found[-1], more=len(faults) - len(found))
    return found


def _salvaged(item: type[BaseModel], entry: dict[str, Any], bad: set[str | int], context: dict[str, Any]) -> BaseModel:
    """What can be read of a broken entry: the rules then still see its border or its times."""
    good: dict[str, Any] = {}
    for key in entry.keys() & item.model_fields.keys() - bad:
        value, faults = _read(_adapter(item, key), entry[key], (), context)
        if not faults:
            good[key] = value
    return item.model_construct(**good)


@cache
def _model_adapter(item: type[BaseModel]) -> TypeAdapter[Any]:
    return TypeAdapter(item)


@cache
def _adapter(model: type[BaseModel], name: str) -> TypeAdapter[Any]:
    field = model.model_fields[name]
    annotation: Any = field.annotation
    return TypeAdapter(Annotated[annotation, *field.metadata] if field.metadata else annotation)


def _item_model(annotation: Any) -> type[BaseModel] | None:
    """The model of a list's entries."""
    return get_args(annotation)[0] if get_origin(annotation) is tuple else None


# --- words --------------------------------------------------------------------------------------------------------


def _translated(fault: dict[str, Any], path: Path) -> Finding:
    """One of pydantic's errors, or one of ours that came through it, as a finding."""
    where = (*path, *fault["loc"])
    kind, facts, value = fault["type"], dict(fault.get("ctx", {})), fault.get("input")
    if kind == "extra_forbidden":
        return _unknown_key(where, _model_at(where[:-1]))
    if kind == "missing":
        return Finding(path=where, code="key.missing", facts={"key": where[-1]})
    if isinstance(value, str) and not value.strip():
        return Finding(path=where, code="value.empty", facts={})
    if kind in WORDING:
        return Finding(path=where, code=kind, facts=facts)
    code = "value.empty" if value is None else _CODES.get(kind, "value.text")
    limit = next((facts[name] for name in _LIMITS if name in facts), "")
    meant = nearest(str(value), _choices(str(facts["expected"]))) if "expected" in facts else {}
    return Finding(path=where, code=code, facts={"value": _shown(value), "limit": limit, **meant})


_LIMITS = ("ge", "gt", "le", "lt", "max_length", "min_length", "decimal_places", "max_digits", "whole_digits")


def _shown(value: object) -> str:
    return value if isinstance(value, str) else "[…]" if isinstance(value, list | tuple) else "{…}"


def _choices(expected: str) -> list[str]:
    """``'a', 'b' or 'c'`` as pydantic lists them."""
    return [part.strip().strip("'") for part in expected.replace(" or ", ",").split(",")]


def _unknown_key(path: Path, model: type[BaseModel] | None) -> Finding:
    known = list(model.model_fields) if model else []
    key = str(path[-1])
    meant = near(key, known)
    facts = {"key": key, **nearest(key, known), **({} if meant is None else {"near": meant})}
    return Finding(path=path, code="key.unknown", facts=facts, at_key=True)


def _without_misspelt(found: list[Finding]) -> list[Finding]:
    """Without the keys that are missing only because they are misspelt: one mistake is told once."""
    misspelt = {(*finding.path[:-1], finding.facts["near"]) for finding in found if "near" in finding.facts}
    return [each for each in found if each.code != "key.missing" or each.path not in misspelt or each.more]


def _model_at(path: Path) -> type[BaseModel] | None:
    """The model whose keys stand at `path`."""
    if path[:1] == ("channels",):
        return CHANNELS.get(str(path[1])) if len(path) == 2 else None
    model: type[BaseModel] | None = Document
    for step in path:
        if isinstance(step, str) and model is not None:
            field = model.model_fields.get(step)
            model = _model_in(field.annotation) if field is not None else None
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model an annotation holds: itself, or the one inside ``tuple[Zone, ...]`` or ``Text | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for inside in get_args(annotation) if (model := _model_in(inside))), None)


# --- building -----------------------------------------------------------------------------------------------------


def _config(draft: Draft, text: str) -> Config:
    """The finished configuration: what was left open (waves of a zone, vehicles of a crossing) is filled in."""
    lists = {name: tuple(items.values()) for name, items in draft.items.items()}
    waves = tuple(wave.id for wave in lists["waves"])
    vehicles = tuple(vehicle.id for vehicle in lists["vehicles"])
    lists["zones"] = tuple(zone if zone.waves else zone.model_copy(update={"waves": waves}) for zone in lists["zones"])
    lists["barriers"] = tuple(
        barrier.model_copy(
            update={
                "crossings": tuple(
                    crossing if crossing.vehicles else crossing.model_copy(update={"vehicles": vehicles})
                    for crossing in barrier.crossings
                )
            }
        )
        for barrier in lists.get("barriers", ())
    )
    return Config(**draft.sections, **lists, text=text)
