"""How fast places find their zone, and the config is checked, in a market of 500 zones with 40 corners each."""

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
    """Seconds to make the index, to ask it for all places at once and for some singly, what shapely alone takes, and to
    check the config that these zones stand in."""
    import numpy as np
    import shapely

    from scheduler.config import examine, load
    from scheduler.config.models import Zone
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
    text = _written(CONFIG.read_text(encoding="utf-8"))
    examine(text)
    before = time.perf_counter()
    report = examine(text)
    checked = time.perf_counter() - before
    assert report.ok
    inside = sum(zone is not None for zone in found)
    assert inside == len(np.unique(pairs[0]))
    return {
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


def _written(sample: str) -> str:
    """The shipped config with these zones in place of its own."""
    zones = "".join(
        f"  - {{id: z{number}, name: {{th: โซน}}, community: sirisuk, polygon: {[list(point) for point in ring]}}}\n"
        for number, ring in enumerate(_rings())
    )
    start, end = sample.index("zones:\n") + len("zones:\n"), sample.index("barriers:\n")
    return sample[:start] + zones + sample[end:]


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


def measure(scale: float) -> Table:
    points, singly = scaled(POINTS, scale), scaled(ONE_BY_ONE, scale)
    got = measured(__name__, points=points, singly=singly)
    ways = (("all at once", points, "together"), ("one by one", singly, "singly"), ("shapely alone", points, "shapely"))
    rows = [(way, count, got[key], round(count / got[key]), got[key] / count * 1e6) for way, count, key in ways]
    return Table(
        name="zones",
        title=f"Finding the zone of a place among {got['zones']} zones",
        columns=("way", "places", "seconds", "places/s", "µs a place"),
        rows=rows,
        note=f"{got['zones']} zones of {got['corners']} corners; {got['inside']:.0%} of the places lie in one. Making "
        f"the index takes {got['index'] * 1000:.0f} ms, `config check` of them as text {got['check']:.2f} s "
        f"({got['warnings']} warnings); peak {got['peak_mib']:.0f} MiB. *shapely alone* is the peer: "
        '`STRtree.query(places, predicate="intersects")` on the same zones, in the same run, without precedence.',
    )
