"""Areas brought into a market: which zone each of them is, and what config.yaml and the files beside it then hold.

A zone that is there gets its new border and keeps everything else; one that is not there is made of what the area says
of itself. Writes nothing: the result is bytes, and what `config check` says of them.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scheduler import config as configs
from scheduler.config import Config, Report
from scheduler.config.area_file import NoArea
from scheduler.config.models import Zone
from scheduler.config.reader import INVISIBLE, Reading
from scheduler.config.shapes import Ring, Shapes, as_geometry, square_km
from scheduler.editing.drawing import drawn
from scheduler.editing.geojson import Feature, Remark, Unusable, turning
from scheduler.editing.saving import FileChange
from scheduler.editing.splices import edited
from scheduler.editing.styles import DECIMALS, same

KEYS = [name for name in Zone.model_fields if name not in {"id", "polygon"}]
NEEDED = {"name": "--name-property", "community": "--community"}
"""Without these, and a border, a zone cannot be; and what says them of an area that does not."""
_TAMBON = "[1-9][0-9]{5}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What became of one area. `action`: ``added``, ``moved``, or ``same`` where the border was that one already."""

    id: str
    feature: str
    action: str
    file: str
    km2_before: float | None
    km2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What bringing areas in comes to: `files` to save in this order, and what `config check` says of the result."""

    zones: tuple[Placed, ...]
    files: tuple[FileChange, ...]
    remarks: tuple[Remark, ...]
    report: Report


def bring(
    path: Path,
    data: bytes,
    config: Config,
    features: Sequence[Feature],
    *,
    only: Collection[str] = (),
    id_property: str | None = None,
    name_property: str | None = None,
    community: str | None = None,
    priority: int | None = None,
) -> Brought:
    """The areas brought into the config at `path`, whose bytes are `data` and whose meaning is `config`.

    `only`: these zones alone, by id; a single area is that zone whatever it says of itself. `id_property`: where the
    features say which zone they are, else their ``id``. Of new zones, `name_property`: where they say their name, else
    ``name``; `community` and `priority`: of those that do not say them. Raises `Unusable` with everything that is in
    the way, and `CannotEdit`, `ConfigError` as `edited`.
    """
    text = data.decode("utf-8")
    root = Reading(text.removeprefix("\ufeff"), path.name).root
    raw = {str(zone.get("id")).strip(): zone for zone in (root.plain()["zones"] if root is not None else ())}
    targets = _targets(config, features, only, id_property)
    bringing = _Bringing(path, config, raw, name_property or "name", {"community": community, "priority": priority})
    for feature, id in targets:
        bringing.take(feature, id)
    if bringing.wrong:
        raise Unusable(bringing.wrong)
    after = edited(text, bringing.edits, path.name).encode("utf-8") if bringing.edits else data
    beside = {change.name: change.after for change in bringing.files}
    report = configs.examine(after.decode("utf-8"), path.name, path.parent, beside)
    files = [*bringing.files, FileChange(name=path.name, path=path, before=data, after=after)]
    return Brought(
        zones=tuple(bringing.placed),
        files=tuple(change for change in files if change.before != change.after),
        remarks=tuple(bringing.remarks),
        report=report,
    )


def _targets(
    config: Config, features: Sequence[Feature], only: Collection[str], id_property: str | None
) -> list[tuple[Feature, str]]:
    """Each area with the id of its zone, known or new."""
    if len(features) == 1 and len(only) == 1:
        return [(features[0], next(iter(only)))]
    wrong: list[Remark] = []
    found: list[tuple[Feature, str]] = []
    for feature in features:
        said = feature.properties.get(id_property) if id_property else feature.properties.get("id", feature.id)
        if isinstance(said, bool) or not isinstance(said, str | int) or not str(said).strip():
            known = ", ".join(feature.properties) or "–"
            facts = {"value": id_property or "id", "known": known}
            wrong.append(Remark(path=feature.path, code="geojson.no_id", facts=facts))
            continue
        id = _known(config, str(said)) or _slug(str(said))
        if not only or id in only:
            found.append((feature, id))
    for id, count in Counter(id for _, id in found).items():
        if count > 1:
            places = ", ".join(feature.path for feature, each in found if each == id)
            wrong.append(Remark(path=places, code="geojson.same_id", facts={"value": id}))
    for id in only:
        if not wrong and id not in {each for _, each in found}:
            wrong.append(Remark(path="--zone", code="geojson.zone_absent", facts={"value": id}))
    if wrong:
        raise Unusable(wrong)
    return found


def _known(config: Config, said: str) -> str | None:
    """The zone that is meant: by its id, written in any case and with spaces, or by one of its tambons' codes."""
    names = {zone.id.casefold(): zone.id for zone in config.zones}
    if found := names.get(said.strip().casefold()) or names.get(_slug(said).casefold()):
        return found
    code = re.fullmatch(f"(?:TH)?({_TAMBON})", said.strip(), re.IGNORECASE)
    zones = [zone.id for zone in config.zones if code and code[1] in zone.tambons]
    return zones[0] if len(zones) == 1 else None


def _slug(said: str) -> str:
    return re.sub(r"[^a-z0-9_-]+", "_", said.strip().casefold()).strip("_") or said.strip()


class _Bringing:
    """Gathers the edits of one import."""

    def __init__(
        self, path: Path, config: Config, raw: Mapping[str, dict[str, Any]], named: str, unsaid: Mapping[str, Any]
    ) -> None:
        self.path, self.config, self.raw, self.named, self.unsaid = path, config, raw, named, unsaid
        self.edits: dict[str, Mapping[str, Any]] = {}
        self.files: list[FileChange] = []
        self.placed: list[Placed] = []
        self.remarks: list[Remark] = []
        self.wrong: list[Remark] = []
        self._shared = Counter(zone.get("file") for zone in raw.values())

    def take(self, feature: Feature, id: str) -> None:
        if id not in self.raw:
            self._add(feature, id)
            return
        zone, own = self.config.zone(id), self.raw[id]
        differing = [key for key in self._said(feature) if not _agrees(own.get(key), feature.properties[key])]
        if differing:
            facts = {"value": id, "keys": ", ".join(differing)}
            self.remarks.append(Remark(path=feature.path, code="geojson.keys_kept", facts=facts))
        shapes = _like(feature.shapes, zone.polygon)
        moved = shapes != _rounded(zone.polygon)
        file = own.get("file")
        if moved and isinstance(file, str):
            self._into_file(feature.path, shapes, id, file)
        elif moved:
            self.edits[id] = {"polygon": _nested(shapes, own["polygon"])}
        self._place(feature, id, "moved" if moved else "same", file or self.path.name)

    def _place(self, feature: Feature, id: str, action: str, file: str) -> None:
        before = square_km(self.config.zone(id).shape) if id in self.raw else None
        self.placed.append(
            Placed(
                id=id,
                feature=feature.path,
                action=action,
                file=file,
                km2_before=before,
                km2=square_km(as_geometry(feature.shapes)),
            )
        )

    def _add(self, feature: Feature, id: str) -> None:
        """A new zone: what the area says of itself, in the order of the schema."""
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,39}", id):
            self.wrong.append(Remark(path=feature.path, code="id.format", facts={"value": id}))
            return
        code = re.fullmatch(f"th({_TAMBON})", id)
        said = {**self.unsaid, "tambons": [code[1]] if code else None}
        said |= {key: feature.properties[key] for key in self._said(feature)}
        said["name"] = feature.properties.get(self.named)
        values = {key: _value(key, said[key]) for key in KEYS if said.get(key) is not None}
        for key, value in values.items():
            if hidden := INVISIBLE.search("".join(_texts(value))):
                place = f"{feature.path}.properties.{self.named if key == 'name' else key}".lstrip(".")
                facts = {"value": f"U+{ord(hidden[0]):04X}"}
                self.wrong.append(Remark(path=place, code="yaml.character", facts=facts))
        for key, option in NEEDED.items():
            if key not in values:
                known = ", ".join(each.id for each in self.config.communities)
                facts = {"value": id, "key": key, "option": option}
                facts["example"] = known if key == "community" else '{"th": "…", "en": "…"}'
                self.wrong.append(Remark(path=feature.path, code="geojson.key_missing", facts=facts))
        used = {*KEYS, "id", self.named}
        ignored = [key for key in feature.properties if key not in used]
        if ignored:
            facts = {"value": id, "keys": ", ".join(ignored)}
            self.remarks.append(Remark(path=feature.path, code="geojson.keys_ignored", facts=facts))
        self.edits[id] = {**values, "polygon": _nested(_rounded(feature.shapes), None)}
        self._place(feature, id, "added", self.path.name)

    def _said(self, feature: Feature) -> list[str]:
        return [key for key in KEYS if feature.properties.get(key) is not None]

    def _into_file(self, place: str, shapes: Shapes, id: str, name: str) -> None:
        """The border's own file gets it; what else the file says stays."""
        if self._shared[name] > 1:
            self.wrong.append(Remark(path=place, code="geojson.file_shared", facts={"value": id, "file": name}))
            return
        path = self.path.parent / name
        try:
            before = path.read_bytes()
            self.files.append(FileChange(name=name, path=path, before=before, after=drawn(before, shapes)))
        except (OSError, NoArea):  # it was good when the config was read
            self.wrong.append(Remark(path=name, code="file.changed", facts={"value": name}))


def _rounded(shapes: Shapes) -> Shapes:
    return tuple(
        tuple(tuple((round(lon, DECIMALS), round(lat, DECIMALS)) for lon, lat in ring) for ring in rings)
        for rings in shapes
    )


def _like(shapes: Shapes, before: Shapes) -> Shapes:
    """The same area, each ring beginning where the old one did and winding as it did: corners that stay, stay put."""
    old = _rounded(before)
    return tuple(
        tuple(_beginning(ring, old[i][k]) if i < len(old) and k < len(old[i]) else ring for k, ring in enumerate(rings))
        for i, rings in enumerate(_rounded(shapes))
    )


def _beginning(ring: Ring, old: Ring) -> Ring:
    if (turning(ring) > 0) != (turning(old) > 0):
        ring = ring[::-1]
    places = {point: number for number, point in enumerate(ring)}
    for number, point in enumerate(old):
        if point in places:
            shift = (places[point] - number) % len(ring)
            return ring[shift:] + ring[:shift]
    return ring


def _nested(shapes: Shapes, before: Any) -> list[Any]:
    """A border as config.yaml writes it, nested and closed as the one before was."""
    depth = max(2 if len(shapes) == 1 == len(shapes[0]) else 3 if len(shapes) == 1 else 4, _depth(before))
    first = before
    for _ in range(_depth(before) - 2):
        first = first[0]
    closed = bool(first) and len(first) > 1 and same(first[-1], [float(part) for part in first[0]])
    value: Any = [[[list(point) for point in (*ring, *ring[:closed])] for ring in rings] for rings in shapes]
    for _ in range(4 - depth):
        value = value[0]
    result: list[Any] = value
    return result


def _depth(value: Any) -> int:
    return 1 + _depth(value[0]) if isinstance(value, list) and value else 0


def _agrees(own: Any, said: Any) -> bool:
    return any(same(own, each) for each in _readings(said))


def _readings(said: Any) -> Iterator[Any]:
    """What a property may mean: itself, or the JSON that a map program has made text of."""
    yield said
    if isinstance(said, str) and said.strip()[:1] in {"{", "["}:
        try:
            yield json.loads(said)
        except (ValueError, RecursionError):
            return


def _texts(value: Any) -> Iterator[str]:
    """Every text in a property's value, keys too."""
    if isinstance(value, str):
        yield value
    inner = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from _texts(each)


def _value(key: str, said: Any) -> Any:
    """A property as config.yaml has it; a bare name is a Thai one."""
    *_, meant = _readings(said)
    return {"th": meant} if key == "name" and isinstance(meant, str) else meant
