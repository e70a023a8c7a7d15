"""The map of a change: what stands on it, in which words, and that no name lies on another."""

from __future__ import annotations

import datetime as dt
import re
import struct
from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scheduler.config import Config, parse
from scheduler.preview.changes import zone_changes
from scheduler.preview.figures import Moved
from scheduler.preview.labels import Label, placed, width_of
from scheduler.preview.picture import draw, scene
from scheduler.preview.replay import Placed

from .conftest import SAMPLE, without

DAYS = (dt.date(2026, 10, 26), dt.date(2026, 11, 24))


def _moved(make: Any, way: Any, at: tuple[float, float]) -> Moved:
    order = make.order(1, at=at)
    one = Placed(order=order, zone="x", date=None, wave=None, fate="carried", code=None)
    return Moved(way=way, old=one, new=one)


def test_the_picture_says_what_changes_in_thai(make: Any) -> None:
    """Zones, hubs, legend and Buddhist dates stand in the SVG's own text; a lost zone is named as such."""
    old, new = parse(SAMPLE), parse(without("bang_chana"))
    moved = [_moved(make, "out", make.bang_chana), _moved(make, "none", make.talat)]
    drawn = draw(old, new, zone_changes(old, new), moved, DAYS, "th", "svg").decode()
    said = re.sub(r"\s+", " ", drawn[: drawn.index("</desc>")])
    for words in (
        "แผนที่การเปลี่ยนโซน",
        "บางชนะ (เลิก)",
        "มะขามเตี้ย",
        "ศาลาบ้านดอน",
        "ขอบเดิม",
        "พื้นที่ที่เสียไป",
        "จุดข้าม",
        "24 พ.ย. 2569",
    ):
        assert words in said, words
    assert "ออเดอร์ที่หลุดออก 1" in said
    assert "ออเดอร์ที่เข้ามา" not in said
    assert drawn.count("<use") > 200  # the letters themselves, as outlines
    assert re.search(r'<svg[^>]* width="595pt"', drawn)


def test_the_picture_is_a_page_wide(make: Any) -> None:
    """A PNG at 144 points an inch: twice an A4 page's points, upright for a town, lying for a long market."""
    old, new = parse(SAMPLE), parse(without("khun_thale"))
    png = draw(old, new, zone_changes(old, new), [], DAYS, "en", "png")
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    assert width == 1190
    assert 900 < height < 1700
    wide = parse(
        SAMPLE.replace("location: [99.2960, 9.1450]", "location: [98.9000, 9.1450]").replace(
            "location: [99.3414, 9.1543]", "location: [99.7414, 9.1543]"
        )
    )
    assert scene(wide, wide, zone_changes(wide, wide), [], DAYS, "th")["page"] == 842


def test_every_name_and_mark_is_on_the_map(make: Any) -> None:
    """Whatever changes, each zone of both has its name inside the frame, and each changed order its mark."""
    old, new = parse(SAMPLE), parse(without("talat", "bang_chana"))
    moved = [_moved(make, way, make.talat) for way in ("in", "out", "between", "time")]
    found = scene(old, new, zone_changes(old, new), moved, DAYS, "en")
    names = {label["text"].split("\n")[0] for label in found["labels"]}
    assert {zone.name.en for zone in old.zones} <= names
    for label in found["labels"]:
        assert 0 <= label["x"] <= found["width"]
        assert 0 <= label["y"] <= found["height"]
    assert [order["way"] for order in found["orders"]] == ["in", "out", "between"]
    assert {entry["sign"] for entry in found["legend"]} >= {
        "old",
        "same",
        "lost",
        "river",
        "hub",
        "in",
        "out",
        "between",
    }


def test_a_config_against_itself_is_drawn_without_changes(config: Config) -> None:
    """No old and no new border, nothing gained and nothing lost: the market as it is."""
    found = scene(config, config, zone_changes(config, config), [], DAYS, "th")
    assert {zone["kind"] for zone in found["zones"]} == {"same"}
    assert (found["old_lines"], found["gained"], found["lost"]) == ([], [], [])


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400), st.integers(1, 9)), max_size=8))
def test_names_that_need_not_be_there_never_lie_on_others(wanted: list[tuple[int, int, int]]) -> None:
    """A hub's name is left out rather than written over another, and nothing stands outside the frame."""
    labels = [
        Label(text="ก่" * letters, size=10.0, places=[(float(x), float(y)), (float(x), y + 20.0)], needed=False)
        for x, y, letters in wanted
    ]
    found = placed(labels, [], (0.0, 0.0, 400.0, 400.0))
    for label, x, y in found:
        across = width_of(label.text, 10.0) / 2
        assert across <= x <= 400 - across
        assert 5 < y < 395
    for (one, x, y), (other, a, b) in combinations(found, 2):
        apart = (width_of(one.text, 10.0) + width_of(other.text, 10.0)) / 2
        assert abs(x - a) >= apart - 1e-6 or abs(y - b) >= 10.0
