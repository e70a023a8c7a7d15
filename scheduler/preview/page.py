"""The document of a preview: plain values with stable names, figures as before, after and difference. Pure.

Distances are metres, times seconds, money satang, areas km2, all rounded. It names orders and people: for coordinators.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from routing.model import Settings
from scheduler.config import Config
from scheduler.planning import travel
from scheduler.preview.changes import ZoneChange
from scheduler.preview.expecting import DRAWS, Needs, Plans, Range
from scheduler.preview.falling import REASONS, Fallen
from scheduler.preview.figures import Figures, Flow, Moved, Outcome
from scheduler.preview.replay import Placed, Replay
from scheduler.preview.scatter import Scatter
from scheduler.preview.solving import Solved

Document = dict[str, Any]

FIGURES = ("orders", "carried", "unassigned", "rounds", "rider_days", "distance", "time", "fees_satang")
SCATTERED = ("rounds", "distance", "time", "cost")
"""Figures of the whole market that the search's luck moves, and of which it is known by how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two configs: what it is called (a file, or a version), and its replay in figures."""

    config: Config
    version: int | None
    file: str | None
    outcome: Outcome

    def as_json(self) -> Document:
        return {"version": self.version, "file": self.file, "sha256": self.config.sha256}


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The days looked at, first and last; `orders` that were not cancelled."""

    first: dt.date
    last: dt.date
    orders: int

    def as_json(self) -> Document:
        days = (self.last - self.first).days + 1
        return {"from": self.first.isoformat(), "to": self.last.isoformat(), "days": days, "orders": self.orders}


def how(solved: Solved, replays: Sequence[Replay], settings: Settings, luck: Scatter) -> Document:
    """How the figures were made, for whoever weighs them."""
    sources = [source for replay in replays for source in replay.sources]
    found = travel.document(sources, replays[-1].config.travel.provider)
    ways = {key: found[key] for key in ("provider", "estimate", "range", "instead_of", "reason") if key in found}
    spared, seed = solved.problems - solved.different, settings.seed
    told = _of_luck(luck)
    return {
        "engine": settings.engine,
        "iterations": settings.iterations,
        "seed": seed,
        "problems": solved.problems,
        "solved": solved.different,
        "travel": ways,
        "scatter": {
            "days": luck.days,
            "again": luck.again,
            **{name: round(getattr(luck, name)) for name in SCATTERED},
        },
        "message": {
            "th": "คำนวณแผนของแต่ละรอบใหม่ทั้งสองแบบด้วยไรเดอร์และร้านของวันนี้ "
            f"(ค้นหา {settings.iterations:,} ขั้น เลขสุ่มตั้งต้น {seed}) รอบที่เหมือนกันทุกอย่างใช้แผนเดียวกัน "
            f"({spared} จาก {solved.problems}) ออเดอร์ที่ไม่มีที่ลงไม่ถูกลองซ้ำในรอบถัดไป" + told["th"],
            "en": "every wave planned anew under both, with today's riders and sellers "
            f"({settings.iterations:,} steps of the search, seed {seed}); waves that are the same in everything share "
            f"one plan ({spared} of {solved.problems}); an order without a place is not tried again in the next wave"
            + told["en"],
        },
    }


def _of_luck(luck: Scatter) -> dict[str, str]:
    """What the ± beside a total is, where there is one."""
    if not luck.days:
        return {"th": "", "en": ""}
    return {
        "th": f" ± คือความบังเอิญของการค้นหา วัดโดยวางแผนซ้ำด้วยเลขสุ่มอื่น ({luck.again} จาก {luck.days} วันที่ต่างกัน) "
        "ต่างไม่เกินนั้นถือว่าพอกัน ตัวเลขรายโซนแกว่งมากกว่ายอดรวม เพราะขึ้นกับว่าใครไปคันเดียวกัน",
        "en": "; ± is the search's luck, from days planned once more with another seed "
        f"({luck.again} of the {luck.days} that differ): a difference within it is none; a zone's figures vary more "
        "than the totals, with who rides together",
    }


def document(
    old: Side,
    new: Side,
    period: Period,
    changes: Sequence[ZoneChange],
    sections: Sequence[str],
    moved: Sequence[Moved],
    zone_flows: Mapping[str, Flow],
    fallen: Mapping[str, Sequence[Fallen]],
    made: Document | None,
) -> Document:
    """The whole of it; `made` None where there was nothing to replay."""
    return {
        "schema": "songsuk/config.preview/1",
        "market": new.config.market.id,
        "old": old.as_json(),
        "new": new.as_json(),
        "period": period.as_json(),
        "how": made,
        "changes": {"zones": [_change(each) for each in changes], "sections": list(sections)},
        "zones": [_zone(each, old.outcome, new.outcome, zone_flows[each.zone]) for each in changes],
        "total": _total(old.outcome, new.outcome, moved),
        "orders": [_moved(each) for each in moved if each.way != "none"],
        "falls_out": {kind: [_fallen(each) for each in found] for kind, found in fallen.items()},
        "expected": None,
        "picture": None,
    }


def _change(change: ZoneChange) -> Document:
    zone = change.new or change.old
    return {
        "zone": change.zone,
        "name": zone.name.model_dump() if zone is not None else None,
        "change": change.kind,
        "border_moved": change.moved,
        "area_km2": {"old": _round(change.old_km2), "new": _round(change.new_km2)},
        "gained_km2": _round(change.gained_km2),
        "lost_km2": _round(change.lost_km2),
        "fields": {name: {"old": was, "new": becomes} for name, (was, becomes) in change.fields.items()},
    }


def _round(area: float | None) -> float | None:
    return round(area, 3) if area is not None else None


def _zone(change: ZoneChange, old: Outcome, new: Outcome, flow: Flow) -> Document:
    before, after = (side.zones.get(change.zone, Figures()) for side in (old, new))
    return {
        "zone": change.zone,
        "in": flow.entered,
        "out": flow.left,
        "from_zones": flow.received,
        "to_zones": flow.given,
        **_figures(before, after),
    }


def _total(old: Outcome, new: Outcome, moved: Sequence[Moved]) -> Document:
    ways = [each.way for each in moved]
    return {
        "in": ways.count("in"),
        "out": ways.count("out"),
        "between": ways.count("between"),
        "other_time": ways.count("time"),
        **_figures(old.total, new.total),
        "outside": _pair(old.outside, new.outside),
        "no_pin": _pair(old.no_pin, new.no_pin),
        "most_riders": _pair(old.most_riders, new.most_riders),
        "cost": _pair(old.cost, new.cost),
    }


def _figures(old: Figures, new: Figures) -> Document:
    found: Document = {name: _pair(round(getattr(old, name)), round(getattr(new, name))) for name in FIGURES}
    codes = sorted({*old.reasons, *new.reasons})
    return found | {"reasons": {code: _pair(old.reasons[code], new.reasons[code]) for code in codes}}


def _pair(old: int, new: int) -> Document:
    return {"old": old, "new": new, "change": new - old}


def _moved(moved: Moved) -> Document:
    order = moved.new.order
    return {
        "order_id": order.order_id,
        "service_date": order.service_date.isoformat(),
        "change": moved.way,
        "old": _placed(moved.old),
        "new": _placed(moved.new),
    }


def _placed(placed: Placed) -> Document:
    return {
        "zone": placed.zone,
        "date": placed.date.isoformat() if placed.date is not None else None,
        "wave": placed.wave,
        "state": placed.fate,
        "reason": placed.code,
    }


def _fallen(fallen: Fallen) -> Document:
    th, en = REASONS[fallen.code]
    found: Document = {
        "id": fallen.ref,
        "name": fallen.name,
        "code": fallen.code,
        "zones": list(fallen.zones),
        "message": {"th": th, "en": en},
    }
    if fallen.order is not None and fallen.order.legs:
        leg = fallen.order.legs[-1]
        found |= {"date": leg.date.isoformat(), "wave": leg.wave, "state": leg.state}
    return found


def expected(plans: Plans, days: Sequence[dt.date], found: Needs, codes: Mapping[str, int]) -> Document:
    """What the expected orders need in a week beside the usual ones: the middle of the draws, least and most."""
    return {
        "week": {"from": days[0].isoformat(), "to": days[-1].isoformat()},
        "draws": DRAWS,
        "places": [
            {"zone": each.zone.id, "name": each.zone.name.model_dump(), "orders": each.orders} for each in plans.places
        ],
        **{name: _range(getattr(found, name)) for name in Needs.__slots__},
        "reasons": dict(sorted(codes.items())),
    }


def _range(found: Range) -> Document:
    return {name: round(getattr(found, name)) for name in Range.__slots__}
