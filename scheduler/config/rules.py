"""What must hold between the parts of a configuration: ids, references, the order of a wave's moments.

Each rule reads a `Draft`, whatever of the configuration could be read, and yields findings; so one look tells
everything. What must hold on the map stands in geography.py. Knows no YAML.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import chain
from pathlib import Path as FilePath

import channels
from scheduler.config import geography
from scheduler.config.draft import Draft
from scheduler.config.models import Wave, Zone
from scheduler.config.problems import Finding, Path, written
from scheduler.config.wording import nearest

_FAMILIES = ("hubs", "communities", "zones", "barriers", "waves", "vehicles")


def findings(draft: Draft) -> Iterator[Finding]:
    """Every broken rule."""
    return chain(
        _repeated_ids(draft),
        _unknown_references(draft),
        _unknown_modules(draft),
        _waves(draft),
        _hub_hours(draft),
        _riders(draft),
        _country(draft),
        _shared_tambons(draft),
        geography.findings(draft),
    )


def _repeated_ids(draft: Draft) -> Iterator[Finding]:
    for family in _FAMILIES:
        yield from _repeated([((family, i, "id"), entry.get("id")) for i, entry in draft.listed(family)])
    for index, barrier in draft.listed("barriers"):
        crossings = Draft(barrier).listed("crossings")
        yield from _repeated([(("barriers", index, "crossings", i, "id"), c.get("id")) for i, c in crossings])
    words: list[tuple[Path, object]] = []
    for index, vehicle in draft.listed("vehicles"):
        own = [(("vehicles", index, "aliases", i), word) for i, word in enumerate(_texts(vehicle.get("aliases")))]
        words += [*own, (("vehicles", index, "id"), vehicle.get("id"))]
    ids = {path for path, _ in words if path[-1] == "id"}
    yield from (found for found in _repeated(words) if found.path not in ids)


def _repeated(words: list[tuple[Path, object]]) -> Iterator[Finding]:
    first: dict[str, Path] = {}
    for path, word in words:
        if isinstance(word, str) and word.strip():
            before = first.setdefault(word.strip().casefold(), path)
            if before != path:
                yield Finding(path=path, code="id.duplicate", facts={"value": word, "first": written(before[:-1])})


def _texts(value: object) -> list[str]:
    return [word if isinstance(word, str) else "" for word in value] if isinstance(value, list) else []


def _unknown_references(draft: Draft) -> Iterator[Finding]:
    for index, community in draft.listed("communities"):
        yield from _unknown(draft, "hubs", ("communities", index, "hub"), community.get("hub"))
    for index, zone in draft.listed("zones"):
        yield from _unknown(draft, "communities", ("zones", index, "community"), zone.get("community"))
        for i, wave in enumerate(_texts(zone.get("waves"))):
            yield from _unknown(draft, "waves", ("zones", index, "waves", i), wave)
    for index, barrier in draft.listed("barriers"):
        for at, crossing in Draft(barrier).listed("crossings"):
            for i, vehicle in enumerate(_texts(crossing.get("vehicles"))):
                yield from _unknown(draft, "vehicles", ("barriers", index, "crossings", at, "vehicles", i), vehicle)


def _unknown(draft: Draft, family: str, path: Path, word: object) -> Iterator[Finding]:
    known = draft.ids(family)
    if isinstance(word, str) and word.strip() and known and word.strip() not in {id.strip() for id in known}:
        facts = {"value": word, "family": family, **nearest(word, known)}
        yield Finding(path=path, code="reference.unknown", facts=facts)


def _unknown_modules(draft: Draft) -> Iterator[Finding]:
    """A channel, a solver and a road engine are each one file: the name must be one of those there."""
    services = list(channels.services())
    for service in draft.section("channels"):
        if service not in services:
            facts = {"value": service, **nearest(service, services)}
            yield Finding(path=("channels", service), code="channel.unknown", facts=facts, at_key=True)
    for section, key, known in (
        ("solver", "engine", {"auto", *_routing("engines")}),
        ("travel", "provider", _routing("travel")),
    ):
        name = draft.section(section).get(key)
        if isinstance(name, str) and name not in known:
            facts = {"value": name, **nearest(name, sorted(known))}
            yield Finding(path=(section, key), code="value.choice", facts=facts)


def _routing(family: str) -> set[str]:
    """The solvers or road engines there are, found by their files: nothing is imported for it."""
    spec = find_spec("routing")
    folders = [str(FilePath(folder) / family) for folder in (spec and spec.submodule_search_locations) or []]
    return {module.name for module in pkgutil.iter_modules(folders) if not module.name.startswith("_")}


def _shared_tambons(draft: Draft) -> Iterator[Finding]:
    """Tambons that stand in two zones: of equal priority nothing says which of them serves it."""
    first: dict[str, tuple[Zone, Path]] = {}
    for index, zone in draft.items.get("zones", {}).items():
        for i, code in enumerate(getattr(zone, "tambons", ())):
            here: Path = ("zones", index, "tambons", i)
            other, before = first.setdefault(code, (zone, here))
            if other is not zone:
                yield _shared_tambon(code, zone, here, other, before)


def _shared_tambon(code: str, zone: Zone, here: Path, other: Zone, before: Path) -> Finding:
    rank, others = getattr(zone, "priority", 0), getattr(other, "priority", 0)
    if rank == others:
        thai = "เหลือไว้ที่เดียว หรือถ้าตั้งใจ ให้ใส่ priority ต่างกัน"
        english = "keep it in one, or give them different priority if it is meant"
    else:
        server = getattr(zone if rank > others else other, "id", "?")
        thai, english = (
            f"โซน {server} จะได้ตำบลนี้ เพราะ priority สูงกว่า",
            f"zone {server} serves it, by its higher priority",
        )
    facts = {"value": code, "other": getattr(other, "id", "?"), "first": written(before)}
    facts |= {"meant_th": thai, "meant_en": english}
    return Finding(path=here, code="zone.tambon", facts=facts, warning=rank != others)


def _waves(draft: Draft) -> Iterator[Finding]:
    for index, wave in draft.items.get("waves", {}).items():
        yield from _wave(wave, ("waves", index))


def _wave(wave: Wave, path: Path) -> Iterator[Finding]:
    cut_off, approve_by, dispatch = (
        moment.order if (moment := getattr(wave, name, None)) else None
        for name in ("cut_off", "approve_by", "dispatch")
    )
    pickup, deliver = getattr(wave, "pickup", None), getattr(wave, "deliver", None)
    begins = (0, pickup.start) if pickup else None
    if cut_off and begins and cut_off >= begins:
        facts = {"before_th": "เริ่มรับของ", "before_en": "the pickups begin"}
        yield Finding(path=(*path, "cut_off"), code="wave.cut_off_late", facts=facts)
    elif cut_off and dispatch and cut_off >= dispatch:
        facts = {"before_th": "ปล่อยรถ", "before_en": "the dispatch"}
        yield Finding(path=(*path, "cut_off"), code="wave.cut_off_late", facts=facts)
    elif cut_off and approve_by and dispatch and not cut_off <= approve_by <= dispatch:
        yield Finding(path=(*path, "approve_by"), code="wave.approve_by", facts={})
    if dispatch and begins and dispatch > begins:
        yield Finding(path=(*path, "dispatch"), code="wave.dispatch_late", facts={})
    if pickup and deliver and (deliver.start < pickup.start or deliver.end < pickup.end):
        yield Finding(path=(*path, "deliver"), code="wave.deliver_early", facts={})


def _hub_hours(draft: Draft) -> Iterator[Finding]:
    """Hubs that are closed while a wave is out: riders and goods there have less time, or none."""
    waves = [
        wave for wave in draft.items.get("waves", {}).values() if hasattr(wave, "pickup") and hasattr(wave, "deliver")
    ]
    for index, hub in draft.items.get("hubs", {}).items():
        open = getattr(hub, "open", None)
        if open is None:
            continue
        short = [wave for wave in waves if wave.pickup.start < open.start or wave.deliver.end > open.end]
        if short:
            first = min([open.start, *(wave.pickup.start for wave in waves)])
            last = max([open.end, *(wave.deliver.end for wave in waves)])
            facts = {
                "value": f"{open.start:%H:%M}-{open.end:%H:%M}",
                "wave": getattr(short[0], "id", "?"),
                "out": f"{short[0].pickup.start:%H:%M}-{short[0].deliver.end:%H:%M}",
                "right": f"{first:%H:%M}-{last:%H:%M}",
            }
            yield Finding(path=("hubs", index, "open"), code="hub.closed", facts=facts, warning=True)


def _riders(draft: Draft) -> Iterator[Finding]:
    # Riders cannot answer yet: with `ask` nobody would have said yes, and no order would ride.
    if draft.section("riders").get("availability") == "ask":
        yield Finding(path=("riders", "availability"), code="riders.ask_not_yet", facts={})


def _country(draft: Draft) -> Iterator[Finding]:
    country = draft.section("calendar").get("country", "TH")
    if not isinstance(country, str) or country == "TH":
        return
    from holidays import list_supported_countries

    if country not in list_supported_countries():
        yield Finding(path=("calendar", "country"), code="country.unknown", facts={"value": country})
