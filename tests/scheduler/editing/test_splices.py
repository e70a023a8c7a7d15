"""Edits of zones by program: what is not meant to change keeps every byte, however the file is written."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.config.reader import Reading
from scheduler.editing import CannotEdit, edited
from scheduler.editing.styles import same

RING = [[99.31, 9.13], [99.34, 9.13], [99.34, 9.155]]
BLOCK = """\
zones:
  - id: talat
    polygon:
      - [99.310, 9.130]   # the pier
      - [99.340, 9.130]
      - [99.340, 9.155]
    # about the next one
  - id: nuea
    polygon: [[99.310, 9.160], [99.340, 9.160], [99.340, 9.180]]
waves: []
"""


def changed(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return [line for line in lines if line[0] in "+-"]


def test_a_moved_corner_changes_its_own_line_alone() -> None:
    """In a border of one corner a line, the comment behind and the next zone's comment stay."""
    moved = [[99.31, 9.13], [99.3411, 9.13], [99.34, 9.155]]
    assert changed(BLOCK, edited(BLOCK, {"talat": {"polygon": moved}})) == [
        "-       - [99.340, 9.130]\n",
        "+       - [99.3411, 9.130]\n",
    ]


def test_a_corner_more_keeps_the_others_as_written() -> None:
    """The comment behind the border, which YAML's own mark would swallow, is still there."""
    after = edited(BLOCK, {"talat": {"polygon": [*RING, [99.31, 9.155]]}})
    assert "      - [99.340, 9.155]\n      - [99.31, 9.155]\n    # about the next one\n" in after
    assert "- [99.310, 9.130]\n" in after


def test_the_same_border_changes_nothing() -> None:
    """99.310 and 99.31 are one number."""
    assert edited(BLOCK, {"talat": {"polygon": RING}}) == BLOCK


def test_a_zone_is_removed_with_its_lines_alone() -> None:
    """The comment above the next one stays, and so does the order."""
    assert edited(BLOCK, {"talat": None}).startswith("zones:\n    # about the next one\n  - id: nuea\n")


@pytest.mark.parametrize(
    ("ids", "code"), [(["nobody"], "zone.unknown"), (["talat", "nuea"], "zone.last")], ids=["unknown", "last"]
)
def test_what_cannot_be_removed_is_refused_by_name(ids: list[str], code: str) -> None:
    """A zone that is not there, and the last ones."""
    with pytest.raises(CannotEdit) as refused:
        edited(BLOCK, dict.fromkeys(ids))
    assert refused.value.code == code


@dataclass
class Written:
    """A made-up config text, its zones' lines, and how it was written."""

    lines: list[str] = field(default_factory=list)
    where: dict[str, tuple[int, int]] = field(default_factory=dict)


NAMES = st.sampled_from(["ตลาด", "'ตลาด: ใหม่'", '"ท่า\\u0e19\\u0e49\\u0e33 # ๑"', "ริม น้ำ", "North"])
COMMENTS = st.sampled_from(["", "# โซน: {a, [b", "  # - id: not_a_zone", "    # 'quote", "#", ""])
TAILS = st.sampled_from(["", "   # เดิม", "  ", "  # ], }"])
NUMBERS = st.sampled_from(["99.310", "99.3", "9.9310e1", "99.31000001", "'99.31'", '"99.3"'])


@st.composite
def texts(draw: st.DrawFn) -> Written:
    """Zones in brackets or lines, comments and blanks at odd places, quotes, number forms, with other keys around."""
    made = Written()

    def line(text: str, *, tail: bool = True) -> None:
        made.lines.append(text + (draw(TAILS) if tail else ""))

    def odd() -> None:
        for comment in draw(st.lists(COMMENTS, max_size=2)):
            made.lines.append(comment)

    odd()
    name = draw(st.sampled_from(["ก", "'ข'"]))
    line(f"market: {{id: m, name: {name}}}")
    line("zones:")
    dash = draw(st.sampled_from(["- ", "  - ", "  -   "]))
    inner = " " * len(dash)
    for number in range(draw(st.integers(1, 4))):
        odd()
        id, begin = f"z{number}", len(made.lines)
        points = [f"[{draw(NUMBERS)}, 9.1{corner}0]" for corner in range(3)]
        style = draw(st.sampled_from(["brackets", "flow", "wrapped", "block", "pure"]))
        if style == "brackets":
            line(f"{dash}{{id: {id}, name: {draw(NAMES)}, polygon: [{', '.join(points)}]}}")
            made.where[id] = (begin, len(made.lines))
            continue
        line(f"{dash}id: {id}")
        if draw(st.booleans()):
            line(f"{inner}name: {draw(NAMES)}")
            odd()
        if style == "flow":
            line(f"{inner}polygon: [{', '.join(points)}]")
        elif style == "wrapped":
            line(f"{inner}polygon: [{points[0]},")
            line(f"{inner}  {', '.join(points[1:])}]")
        else:
            line(f"{inner}polygon:")
            for point in points:
                lon, lat = point.strip("[]").split(", ")
                line(f"{inner}  - {point}" if style == "block" else f"{inner}  - - {lon}")
                if style == "pure":
                    line(f"{inner}    - {lat}")
        if draw(st.booleans()):
            fee = draw(st.sampled_from(["20", "'20'", "020.50"]))
            line(f"{inner}fee_baht: {fee}")
        made.where[id] = (begin, len(made.lines))
    odd()
    line("waves: [{id: w, deliver: 11:00-13:00}]")
    odd()
    return made


EDITS = st.sampled_from(
    [
        {"polygon": [[99.5, 9.5], [99.6, 9.5], [99.6, 9.6]]},
        {"polygon": [[99.31, 9.1], [99.6, 9.5], [99.6, 9.6], [99.5, 9.6]]},
        {"polygon": [[[99.5, 9.5], [99.6, 9.5], [99.6, 9.6]], [[99.55, 9.52], [99.56, 9.52], [99.56, 9.53]]]},
        {"name": "ใหม่: ก # ข"},
        {"fee_baht": 35, "min_order_baht": 12.5},
        {"waves": ["w"], "polygon": [[99.5, 9.5], [99.6, 9.5], [99.6, 9.6]]},
        None,
    ]
)


@given(texts(), EDITS, st.data())
def test_one_edit_leaves_every_other_line_as_it_was(made: Written, values: Any, data: st.DataObject) -> None:
    """Byte for byte, with LF or CRLF, a BOM, no last line end; and what is read of the rest is equal."""
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    mark = data.draw(st.sampled_from(["", "\ufeff"]))
    closing = data.draw(st.sampled_from(["", end]))
    before = mark + end.join(made.lines) + closing
    old = read(before)
    id = data.draw(st.sampled_from([*made.where, *([] if values is None else ["new"])]))
    if values is None and len(made.where) == 1:
        return
    after = edited(before, {id: values})

    new = read(after)
    old_zones, new_zones = ({zone["id"]: zone for zone in each.pop("zones")} for each in (old, new))
    assert new == old
    if values is None:
        assert list(new_zones) == [each for each in old_zones if each != id]
    else:
        wanted = {**old_zones.get(id, {"id": id}), **values}
        assert list(new_zones) == list(dict.fromkeys([*old_zones, id]))
        assert same(new_zones[id], wanted)
    assert all(new_zones[each] == zone for each, zone in old_zones.items() if each != id)

    body = before.removeprefix("\ufeff").split(end)
    begin, over = made.where.get(id, (0, 0)) if id in made.where else (max(o for _, o in made.where.values()),) * 2
    changed_body = after.removeprefix("\ufeff").split(end)
    assert after.startswith(mark)
    assert changed_body[:begin] == body[:begin]
    rest = body[over:]
    assert changed_body[len(changed_body) - len(rest) :] == rest
    assert ("\r" in after) == ("\r" in before)


def read(text: str) -> dict[str, Any]:
    root = Reading(text.removeprefix("\ufeff"), "config.yaml").root
    assert root is not None
    found: dict[str, Any] = root.plain()
    return found


def test_several_edits_are_made_in_one_go() -> None:
    """One set, one removed, one added: each as if alone."""
    after = edited(BLOCK, {"nuea": {"priority": 2}, "talat": None, "mai": {"name": {"th": "ใหม่"}, "polygon": RING}})
    assert after == (
        "zones:\n    # about the next one\n  - id: nuea\n"
        "    polygon: [[99.310, 9.160], [99.340, 9.160], [99.340, 9.180]]\n    priority: 2\n"
        "  - id: mai\n    name: {th: ใหม่}\n    polygon: [[99.31, 9.13], [99.34, 9.13], [99.34, 9.155]]\nwaves: []\n"
    )
