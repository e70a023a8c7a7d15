"""How fast places find their zone, one zone is edited and the config checked, with 500 zones of 40 corners each."""

from __future__ import annotations

import math
import random
import time
from typing import Any

from benchmarks.harness import CONFIG, Table, measured, scaled

POINTS = 100_000
ACROSS, DOWN, CORNERS = 25, 20, 40
WEST, SOUTH, SIDE = 99.0, 9.0, 0.01
ONE_BY_ONE = 10_000
"""Places that are also asked for singly, as one order is."""


def child(points: int, singly: int) -> dict[str, Any]:
    """Seconds to make the index, to ask it for all places at once and for some singly, and what shapely alone takes;
    to check the config's text, to move a corner of one zone in it, and to read it once, which an edit has to do twice.
    """
    import numpy as np
    import shapely

    from scheduler.config import examine, load
    from scheduler.config.models import Zone
    from scheduler.config.reader import Reading
    from scheduler.editing import edited
    from scheduler.zones import ZoneIndex

    sample = load(CONFIG)
    zones = [
        Zone.model_construct(id=f"z{number}", name=sample.market.name, community="c", polygon=((ring,),))
        for number, ring in enumerate(_rings())
    ]
    market = sample.model_copy(update={"zones": tuple(zones)})
    pick = np.random.default_rng(1)
    places = pick.uniform((WEST, SOUTH), (WEST + ACROSS * SIDE, SOUTH + DOWN * SIDE), (points, 2))

    began = time.perf_counter()
    index = ZoneIndex(market)
    made = time.perf_counter()
    found = index.locate_many(places)
    asked = time.perf_counter()
    some = [index.locate((float(lon), float(lat))) for lon, lat in places[:singly]]
    done = time.perf_counter()
    assert some == found[:singly]

    tree = shapely.STRtree([zone.shape for zone in zones])
    before = time.perf_counter()
    pairs = tree.query(shapely.points(places), predicate="intersects")
    alone = time.perf_counter() - before
    sample_text = CONFIG.read_text(encoding="utf-8")
    start, end = sample_text.index("zones:\n"), sample_text.index("barriers:\n")
    text = sample_text[:start] + _text() + sample_text[end:]
    examine(text)
    before = time.perf_counter()
    report = examine(text)
    checked = time.perf_counter() - before
    assert report.ok
    inside = sum(zone is not None for zone in found)
    assert inside == len(np.unique(pairs[0]))
    text, ring = _text(), [[round(lon, 6), round(lat, 6)] for lon, lat in _rings()[250]]
    ring[7] = [ring[7][0] + 0.0001, ring[7][1]]
    read = time.perf_counter()
    Reading(text, "config.yaml")
    begun = time.perf_counter()
    after = edited(text, {"z250": {"polygon": ring}})
    over = time.perf_counter()
    assert sum(old != new for old, new in zip(text.splitlines(), after.splitlines(), strict=True)) == 1
    return {
        "edit": over - begun,
        "read": begun - read,
        "kilobytes": len(text) / 1000,
        "index": made - began,
        "together": asked - made,
        "singly": done - asked,
        "shapely": alone,
        "check": checked,
        "warnings": len(report.warnings) + report.more,
        "inside": inside / points,
        "corners": CORNERS,
        "zones": len(zones),
    }


def _rings() -> list[tuple[tuple[float, float], ...]]:
    """Zones side by side with wavy borders, and small gaps between them where no zone is."""
    pick = random.Random(1)
    found = []
    for column in range(ACROSS):
        for row in range(DOWN):
            lon, lat = WEST + (column + 0.5) * SIDE, SOUTH + (row + 0.5) * SIDE
            corners = []
            for corner in range(CORNERS):
                angle = 2 * math.pi * corner / CORNERS
                reach = SIDE * 0.5 * pick.uniform(0.85, 1.0) / max(abs(math.cos(angle)), abs(math.sin(angle)))
                corners.append((lon + reach * math.cos(angle), lat + reach * math.sin(angle)))
            found.append(tuple(corners))
    return found


def _text() -> str:
    """The zones as config.yaml has them, a corner a line."""
    lines = ["zones:"]
    for number, ring in enumerate(_rings()):
        lines += [f"  - id: z{number}", f"    name: {{th: โซน {number}}}", "    community: sirisuk", "    polygon:"]
        lines += [f"      - [{lon:.6f}, {lat:.6f}]" for lon, lat in ring]
    return "\n".join(lines) + "\n"


def measure(scale: float) -> Table:
    points, singly = scaled(POINTS, scale), scaled(ONE_BY_ONE, scale)
    got = measured(__name__, points=points, singly=singly)
    ways = (("all at once", points, "together"), ("one by one", singly, "singly"), ("shapely alone", points, "shapely"))
    rows = [(way, count, got[key], round(count / got[key]), got[key] / count * 1e6) for way, count, key in ways]
    rows.append(("one zone edited", 1, got["edit"], round(1 / got["edit"]), got["edit"] * 1e6))
    return Table(
        name="zones",
        title=f"Finding the zone of a place among {got['zones']} zones",
        columns=("way", "places", "seconds", "places/s", "µs a place"),
        rows=rows,
        note=f"{got['zones']} zones of {got['corners']} corners; {got['inside']:.0%} of the places lie in one. Making "
        f"the index takes {got['index'] * 1000:.0f} ms; peak {got['peak_mib']:.0f} MiB. *shapely alone* is the peer: "
        '`STRtree.query(places, predicate="intersects")` on the same zones, in the same run, without precedence. '
        f"*one zone edited*: a corner moved in a config of {got['kilobytes']:.0f} kB, no other line changed, read "
        f"again and compared; the goal is a second. Reading that text once takes {got['read'] * 1000:.0f} ms, the edit "
        f"{got['edit'] / got['read']:.1f} times that; `config check` of it takes {got['check']:.2f} s and tells "
        f"{got['warnings']} warnings.",
    )
