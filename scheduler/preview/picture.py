"""The map of a change: old and new borders, rivers, hubs and the orders that change, as PNG or SVG. Drawn by Typst.

Here stands what is where, in points on the page; picture.typ says how it looks. Borders and marks differ in shape as
well as in colour. The dots are houses: the picture is for coordinators.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import shapely

from scheduler.config import Config
from scheduler.config.shapes import square_km
from scheduler.intake import english_date, thai_date
from scheduler.preview.changes import ZoneChange
from scheduler.preview.figures import Moved
from scheduler.preview.frame import PORTRAIT, Frame, frame_of
from scheduler.preview.names import Language, labels

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

PPI = 144.0
SLIVER = 0.005
"""Square kilometres of a gap between borders that were not drawn quite alike."""
BARS_KM = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)

WORDS = {
    "title": ("แผนที่การเปลี่ยนโซน", "Map of the change of zones"),
    "period": ("ออเดอร์จริง {0}", "Real orders, {0}"),
    "made": ("พิมพ์ {0}", "Drawn {0}"),
    "north": ("เหนือ", "N"),
    "bar": ("{0:g} กม.", "{0:g} km"),
    "old": ("ขอบเดิม", "old border"),
    "new": ("ขอบใหม่", "new border"),
    "same": ("ขอบที่ไม่เปลี่ยน", "border as before"),
    "gained": ("พื้นที่ที่ได้เพิ่ม", "area gained"),
    "lost": ("พื้นที่ที่เสียไป", "area lost"),
    "river": ("แม่น้ำ คลอง", "river"),
    "crossing": ("จุดข้าม", "crossing"),
    "hub": ("จุดรวมของ", "hub"),
    "in": ("ออเดอร์ที่เข้ามา {0}", "orders coming in: {0}"),
    "out": ("ออเดอร์ที่หลุดออก {0}", "orders falling out: {0}"),
    "between": ("ออเดอร์ที่ย้ายโซน {0}", "orders changing zone: {0}"),
    "foot": ("จุดบนแผนที่คือบ้านผู้ซื้อ ใช้ในหมู่ผู้ประสานงานเท่านั้น", "The marks are buyers' houses: for coordinators only."),
}


def draw(
    old: Config,
    new: Config,
    changes: Sequence[ZoneChange],
    moved: Sequence[Moved],
    days: tuple[dt.date, dt.date],
    language: Language,
    form: Literal["png", "svg"],
) -> bytes:
    """The map. `days`: the first and the last whose orders were looked at; the picture is of the day after."""
    found = scene(old, new, changes, moved, days, language)
    drawn = _compiled(found, form)
    return drawn if form == "png" else _described(drawn, found)


def _compiled(found: dict[str, Any], form: Literal["png", "svg"]) -> bytes:
    import fontpkg_sarabun
    import typst

    fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(fontpkg_sarabun.ROOT)])
    drawn: bytes = typst.compile(
        Path(__file__).with_suffix(".typ").read_bytes(),
        format=form,
        ppi=PPI,
        font_paths=fonts,
        sys_inputs={"scene": json.dumps(found, ensure_ascii=False)},
    )
    return drawn


def _described(drawn: bytes, found: dict[str, Any]) -> bytes:
    """An SVG's letters are outlines: its title and description say the same words to whoever reads it aloud."""
    words = [*found["lines"], *(label["text"].replace("\n", " ") for label in found["labels"])]
    words += [entry["text"] for entry in found["legend"]]
    said = f"<title>{escape(found['title'])}</title><desc>{escape('; '.join(words))}</desc>"
    text = drawn.decode()
    end = text.index(">", text.index("<svg")) + 1
    return (text[:end] + said + text[end:]).encode()


# --- what is where ------------------------------------------------------------------------------------------------


def scene(
    old: Config,
    new: Config,
    changes: Sequence[ZoneChange],
    moved: Sequence[Moved],
    days: tuple[dt.date, dt.date],
    language: Language,
) -> dict[str, Any]:
    """Everything on the page, in points from the map's upper left corner."""

    def say(name: str, *values: object) -> str:
        return WORDS[name][language == "en"].format(*values)

    frame = frame_of(old, new, changes)
    orders = [
        (each.way, *frame(place))
        for each in moved
        if each.way in {"in", "out", "between"} and (place := each.new.order.location) is not None
    ]
    hubs = [(frame(hub.location), hub.name.in_(language)) for hub in new.hubs]
    rivers = [[frame(place) for place in barrier.line] for barrier in new.barriers]
    crossings = [frame(crossing.location) for barrier in new.barriers for crossing in barrier.crossings]
    gained, lost = _minus(new, old), _minus(old, new)
    bar = max((km for km in BARS_KM if km * frame.points_per_km <= frame.width / 4), default=BARS_KM[0])
    counts = Counter[str](way for way, _, _ in orders)
    date = thai_date if language == "th" else english_date
    zones = _zones(changes, frame)
    old_lines = _old_lines(changes, frame)
    kinds = {zone["kind"] for zone in zones} | ({"old"} if old_lines else set())
    signs = {
        **{kind: kind in kinds for kind in ("old", "new", "same")},
        "gained": not gained.is_empty,
        "lost": not lost.is_empty,
        "river": bool(rivers),
        "crossing": bool(crossings),
        "hub": True,
        **{way: bool(counts[way]) for way in ("in", "out", "between")},
    }
    return {
        "page": frame.page,
        "width": frame.width,
        "height": frame.height,
        "title": f"{new.market.name.in_(language)} · {say('title')}",
        "lines": [
            say("period", " – ".join(dict.fromkeys(map(date, days)))),
            say("made", date(days[1] + dt.timedelta(days=1))),
        ],
        "north": say("north"),
        "zones": zones,
        "old_lines": old_lines,
        "gained": _rings(gained, frame),
        "lost": _rings(lost, frame),
        "rivers": rivers,
        "crossings": crossings,
        "hubs": [place for place, _ in hubs],
        "orders": [{"way": way, "x": x, "y": y} for way, x, y in orders],
        "labels": labels(changes, hubs, crossings, [(x, y) for _, x, y in orders], frame, language),
        "bar": {"width": round(bar * frame.points_per_km, 2), "text": say("bar", bar)},
        "columns": 3 if frame.page == PORTRAIT[0] else 4,
        "legend": [{"sign": sign, "text": say(sign, counts[sign])} for sign, shown in signs.items() if shown],
        "foot": say("foot"),
    }


def _minus(here: Config, there: Config) -> BaseGeometry:
    """Where the one market delivers and the other does not, whatever the zone; without what is too small to see."""
    mine, theirs = (shapely.union_all([zone.shape for zone in config.zones]) for config in (here, there))
    left = mine.difference(theirs)
    parts = getattr(left, "geoms", [left])
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon" and square_km(part) > SLIVER])


def _zones(changes: Sequence[ZoneChange], frame: Frame) -> list[dict[str, Any]]:
    """Every zone: its area, and its border as before, new or gone."""
    found = []
    for change in changes:
        zone = change.new or change.old
        if zone is not None:
            kind = "old" if change.new is None else "new" if change.old is None or change.moved else "same"
            found.append({"kind": kind, "rings": _rings(zone.shape, frame)})
    return found


def _old_lines(changes: Sequence[ZoneChange], frame: Frame) -> list[list[tuple[float, float]]]:
    """Where borders ran that run elsewhere now: only what the new border leaves, or the two would lie on each other."""
    found = []
    for change in changes:
        if change.old is not None and change.new is not None and change.moved:
            left = change.old.shape.boundary.difference(change.new.shape.boundary.buffer(1e-6))
            parts = [part for part in getattr(left, "geoms", [left]) if part.geom_type == "LineString"]
            found += [[frame((x, y)) for x, y in part.coords] for part in parts if len(part.coords) > 1]
    return found


def _rings(area: BaseGeometry, frame: Frame) -> list[list[tuple[float, float]]]:
    polygons = [part for part in getattr(area, "geoms", [area]) if part.geom_type == "Polygon"]
    return [
        [frame((x, y)) for x, y in ring.coords[:-1]]
        for polygon in polygons
        for ring in (polygon.exterior, *polygon.interiors)
    ]
