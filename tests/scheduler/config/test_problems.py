"""Every problem a configuration can have: its code, its exact place, and its words in both languages."""

from pathlib import Path

import pytest

from scheduler.config import ConfigError, Problem, examine, parse
from scheduler.config.problems import Language
from scheduler.config.reader import MOST_DEPTH
from scheduler.config.wording import WORDING
from scheduler.zones import ZoneIndex

CHANNELS = "vehicles:\n  - {id: motorcycle, weight_kg: 25, volume_l: 70}\n"

ZONE = """\
    community: sirisuk
    polygon: [[99.31, 9.13], [99.34, 9.13], [99.34, 9.155], [99.31, 9.155]]
"""


def two_zones(first: str, second: str) -> str:
    """Two zones that both list the tambon 840101, each with one more key."""
    return (
        f"    tambons: [840101, 840102]\n    {first}\n{ZONE}"
        "  - id: two\n    name: {th: สอง}\n    community: sirisuk\n"
        f"    tambons: [840103, ⟦840101]\n    {second}\n"
        "    polygon: [[99.4, 9.14], [99.43, 9.14], [99.43, 9.16]]\n"
    )


# (code, what is replaced, what stands there instead). The sign ⟦ marks the place that must be told.
EDITS = [
    ("yaml.syntax", "hubs:\n  - ", "hubs: [\n  ⟦- "),
    ("yaml.syntax", "id: talat", "id: talat⟦: b"),
    ("yaml.tab", "    name: {th: ตลาด}", "⟦\tname: {th: ตลาด}"),
    ("yaml.tab", "zones:\n", "zones:\n⟦\t\n"),
    ("yaml.character", "ตลาดสิริสุข", "ตลาด⟦\u202eสิริสุข"),
    ("yaml.character", "{th: ตลาดสิริสุข}", '{th: ⟦"ตลาด\\0"}'),
    ("yaml.alias", "{th: ตลาดสิริสุข}", "{th: ⟦&name ตลาดสิริสุข}"),
    ("yaml.alias", "{th: ตลาดสิริสุข}", "{th: ⟦*name}"),
    ("yaml.merge", "{id: motorcycle,", "{⟦<<: {}, id: motorcycle,"),
    ("yaml.tag", "{th: ตลาดสิริสุข}", "{th: ⟦!!python/name:os.system ตลาด}"),
    ("yaml.key", "{id: motorcycle,", "{⟦[1, 2]: 3, id: motorcycle,"),
    ("yaml.documents", CHANNELS, CHANNELS + "⟦---\nmore: 1\n"),
    ("yaml.too_deep", "[99.3257, 9.1463]", "[" * (MOST_DEPTH - 3) + "⟦[" + "]" * (MOST_DEPTH - 2)),
    ("key.duplicate", "{id: motorcycle,", "{id: motorcycle, ⟦id: bicycle,"),
    ("key.unknown", "community: sirisuk", "community: sirisuk\n    ⟦tambon: [840101]"),
    ("key.unknown", "hubs:\n", "⟦hubz: []\nhubs:\n"),
    ("key.unknown", CHANNELS, CHANNELS + "channels: {line: {⟦token: abc}}\n"),
    ("key.missing", "{id: motorcycle, weight_kg: 25,", "⟦{id: motorcycle,"),
    ("key.missing", "  - id: talat\n    name", "  - ⟦name"),
    ("value.empty", "{th: ตลาดสิริสุข}", "{th: ⟦}"),
    ("value.empty", "{th: ตลาดสิริสุข}", '{th: ⟦""}'),
    ("value.text", "{th: ตลาดสิริสุข}", "{th: ⟦[ตลาด]}"),
    ("value.lines", "{th: ตลาดสิริสุข}", '{th: ⟦"ตลาด\\nสิริสุข"}'),
    ("value.number", "vehicles:\n", "travel: {detour_factor: ⟦fast}\nvehicles:\n"),
    ("value.number", "weight_kg: 25", "weight_kg: ⟦หนัก"),
    ("value.whole", "days_before: 1, time: 18", "days_before: ⟦one, time: 18"),
    ("value.decimals", "weight_kg: 25", "weight_kg: ⟦25.12345"),
    ("value.yes_no", CHANNELS, CHANNELS + "channels: {line: {prefer: ⟦maybe}}\n"),
    ("value.choice", "vehicles:\n", "approval: {mode: ⟦automatic}\nvehicles:\n"),
    ("value.choice", "vehicles:\n", "solver: {engine: ⟦autoo}\nvehicles:\n"),
    ("value.choice", "vehicles:\n", "messages: {line_quota: {source: ⟦line}}\nvehicles:\n"),
    ("value.min", "days_before: 1, time: 18", "days_before: ⟦-1, time: 18"),
    ("value.above", "weight_kg: 25", "weight_kg: ⟦0"),
    ("value.max", "vehicles:\n", "web: {port: ⟦70000}\nvehicles:\n"),
    ("version.unknown", "vehicles:\n", "version: ⟦2\nvehicles:\n"),
    ("version.unknown", "vehicles:\n", "version: ⟦one\nvehicles:\n"),
    ("value.too_long", "ตลาดสิริสุข", "⟦" + "ก" * 81),
    ("value.too_few", "vehicles:\n  - {id: motorcycle, weight_kg: 25, volume_l: 70}", "vehicles: ⟦[]"),
    ("value.too_many", "hubs:\n", "barriers: ⟦[" + "~, " * 2001 + "]\nhubs:\n"),
    ("value.list", "vehicles:\n  - {", "vehicles: ⟦{"),
    ("value.section", "vehicles:\n", "calendar: ⟦today\nvehicles:\n"),
    ("value.languages", "{th: ตลาดสิริสุข}", "⟦ตลาดสิริสุข"),
    ("key.unknown", "time_zone: Asia", "⟦time_zon: Asia"),
    ("key.unknown", "zones:\n", "⟦zoness:\n"),
    ("key.unknown", "    pickup: 09", "    ⟦pickups: 09"),
    ("value.empty", "{id: motorcycle,", '{id: ⟦"",'),
    ("value.empty", "{id: motorcycle,", '{id: ⟦" ",'),
    ("value.empty", "time: 18:00", 'time: ⟦""'),
    ("value.empty", "weight_kg: 25", 'weight_kg: ⟦""'),
    ("value.empty", "vehicles:\n", 'approval: {mode: ⟦""}\nvehicles:\n'),
    ("value.empty", "vehicles:\n", 'web: {public_url: ⟦""}\nvehicles:\n'),
    ("id.format", "{id: motorcycle,", "{id: ⟦มอเตอร์ไซค์,"),
    ("id.duplicate", "volume_l: 70}", "volume_l: 70}\n  - {id: ⟦motorcycle, weight_kg: 1, volume_l: 1}"),
    (
        "id.duplicate",
        "volume_l: 70}",
        "volume_l: 70}\n  - {id: cart, aliases: [⟦Motorcycle], weight_kg: 1, volume_l: 1}",
    ),
    ("reference.unknown", "hub: bandon", "hub: ⟦bandorn"),
    ("reference.unknown", "community: sirisuk", "community: ⟦sirisook"),
    ("reference.unknown", "community: sirisuk", "community: sirisuk\n    waves: [midday, ⟦mid]"),
    (
        "reference.unknown",
        "waves:\n",
        "barriers: [{id: r, line: [[99.3, 9.1], [99.4, 9.1]], crossings: [{id: b, location: [99.35, 9.1], "
        "vehicles: [⟦boat]}]}]\nwaves:\n",
    ),
    ("channel.unknown", CHANNELS, CHANNELS + "channels: {⟦telegramm: {}}\n"),
    ("channel.unknown", CHANNELS, CHANNELS + "channels: {⟦base: {}}\n"),
    ("time.format", "time: 18:00", "time: ⟦18.00"),
    ("time.format", "time: 18:00", "time: ⟦25:00"),
    ("range.format", "09:30-11:30", "⟦09:30"),
    ("range.backwards", "09:30-11:30", "⟦11:30-09:30"),
    ("date.format", "vehicles:\n", "calendar: {closed: [⟦31/12/2026]}\nvehicles:\n"),
    ("date.format", "vehicles:\n", "calendar: {closed: [⟦2026-02-30]}\nvehicles:\n"),
    ("date.buddhist", "vehicles:\n", "calendar: {closed: [2026-12-30, ⟦2569-12-31]}\nvehicles:\n"),
    ("send.format", "vehicles:\n", "messages: {send: {window: ⟦soon}}\nvehicles:\n"),
    ("time_zone.unknown", "Asia/Bangkok", "⟦Asia/Bankok"),
    ("time_zone.unknown", "Asia/Bangkok", "⟦../../etc/passwd"),
    ("country.unknown", "vehicles:\n", "calendar: {country: ⟦ZZ}\nvehicles:\n"),
    ("url.format", "vehicles:\n", "web: {public_url: ⟦songsuk.example}\nvehicles:\n"),
    ("url.slash", "vehicles:\n", "web: {public_url: ⟦https://songsuk.example/}\nvehicles:\n"),
    ("tambon.format", "community: sirisuk", "community: sirisuk\n    tambons: [840101, ⟦84]"),
    ("coordinates.format", "location: [99.3257, 9.1463]", "location: ⟦[99.3257]"),
    ("coordinates.format", "location: [99.3257, 9.1463]", "location: ⟦[99.3257, north]"),
    ("coordinates.swapped", "location: [99.3257, 9.1463]", "location: ⟦[9.1463, 99.3257]"),
    ("coordinates.swapped", "[99.34, 9.155], ", "⟦[9.155, 99.34], "),
    ("coordinates.outside", "location: [99.3257, 9.1463]", "location: ⟦[-0.12, 51.5]"),
    ("coordinates.impossible", "location: [99.3257, 9.1463]", "location: ⟦[199.3, 91]"),
    (
        "value.too_few",
        "waves:\n",
        "barriers: [{id: r, line: ⟦[[99.3, 9.1]]}]\nwaves:\n",
    ),
    (
        "polygon.few_points",
        "[[99.31, 9.13], [99.34, 9.13], [99.34, 9.155], [99.31, 9.155]]",
        "⟦[[99.31, 9.13], [99.34, 9.13]]",
    ),
    ("polygon.few_points", "[[99.31, 9.13], [99.34, 9.13], [99.34, 9.155], [99.31, 9.155]]", "⟦[]"),
    (
        "polygon.crossing",
        "[[99.31, 9.13], [99.34, 9.13], [99.34, 9.155], [99.31, 9.155]]",
        "⟦[[99.31, 9.13], [99.34, 9.155], [99.34, 9.13], [99.31, 9.155]]",
    ),
    (
        "polygon.rings",
        "[[99.31, 9.13], [99.34, 9.13], [99.34, 9.155], [99.31, 9.155]]",
        "⟦[[[99.31, 9.13], [99.34, 9.13], [99.34, 9.155]], [[99.4, 9.2], [99.41, 9.2], [99.41, 9.21]]]",
    ),
    (
        "polygon.rings",
        "[[99.31, 9.13], [99.34, 9.13], [99.34, 9.155], [99.31, 9.155]]",
        "⟦[[[[99.31, 9.13], [99.34, 9.13], [99.34, 9.155]]], [[[99.31, 9.13], [99.34, 9.13], [99.34, 9.155]]]]",
    ),
    (
        "polygon.flat",
        "[[99.31, 9.13], [99.34, 9.13], [99.34, 9.155], [99.31, 9.155]]",
        "⟦[[99.31, 9.13], [99.32, 9.13], [99.33, 9.13]]",
    ),
    (  # a straight line that floats make some square millimetres wide
        "polygon.flat",
        "[[99.31, 9.13], [99.34, 9.13], [99.34, 9.155], [99.31, 9.155]]",
        "⟦[[99.3, 9.1], [99.35, 9.15], [99.4, 9.2]]",
    ),
    (
        "polygon.flat",
        "[[99.31, 9.13], [99.34, 9.13], [99.34, 9.155], [99.31, 9.155]]",
        "⟦[[99.31, 9.13], [99.3102, 9.13], [99.3102, 9.1302]]",
    ),
    (
        "polygon.too_many",
        "[[99.31, 9.13], [99.34, 9.13], [99.34, 9.155], [99.31, 9.155]]",
        "⟦[" + ", ".join(["[99.31, 9.13]"] * 5001) + "]",
    ),
    ("zone.two_shapes", "    polygon: [[99.31", "    ⟦file: talat.geojson\n    polygon: [[99.31"),
    (
        "zone.overlap",
        "waves:\n",
        "  - id: two\n    name: {th: สอง}\n    community: sirisuk\n"
        "    polygon: ⟦[[99.33, 9.14], [99.36, 9.14], [99.36, 9.16]]\nwaves:\n",
    ),
    ("zone.tambon", ZONE, two_zones("", "")),
    ("zone.tambon", ZONE, two_zones("priority: 5", "priority: 5")),
    ("wave.cut_off_late", "cut_off: {days_before: 1, time: 18:00}", "cut_off: ⟦{time: 09:30}"),
    ("wave.cut_off_late", "cut_off: {days_before: 1, time: 18:00}", "cut_off: ⟦{time: 08:00}"),
    ("wave.approve_by", "approve_by: {days_before: 1, time: 20:00}", "approve_by: ⟦{days_before: 2, time: 20:00}"),
    ("wave.dispatch_late", "dispatch: {time: 08:00}", "dispatch: ⟦{time: 09:31}"),
    ("wave.deliver_early", "deliver: 11:00-13:00", "deliver: ⟦09:00-13:00"),
    ("riders.ask_not_yet", "vehicles:\n", "riders: {availability: ⟦ask}\nvehicles:\n"),
    ("value.choice", "vehicles:\n", "travel: {provider: ⟦osmr}\nvehicles:\n"),
    (
        "file.outside",
        "polygon: [[99.31, 9.13], [99.34, 9.13], [99.34, 9.155], [99.31, 9.155]]",
        "file: ⟦../talat.geojson",
    ),
    (
        "file.unreadable",
        "polygon: [[99.31, 9.13], [99.34, 9.13], [99.34, 9.155], [99.31, 9.155]]",
        "file: ⟦none.geojson",
    ),
    ("file.texts", "vehicles:\n", "texts: ⟦thai.yaml\nvehicles:\n"),
]
HUB = """\
[99.3257, 9.1463]}
communities:
  - {id: sirisuk, name: {th: สิริสุข}, hub: bandon}
zones:
  - id: talat
    name: {th: ตลาด}
    community: sirisuk
    polygon: [[99.31, 9.13], [99.34, 9.13], [99.34, 9.155], [99.31, 9.155]]
waves:
"""
"""From the hub's place to the waves: what a river runs through."""


def river(text: str, lon: float) -> str:
    """The same part of the file with a river from south to north at a longitude."""
    return text.replace("waves:\n", f"barriers: [{{id: tapi, line: [[{lon}, 9.1], [{lon}, 9.2]]}}]\nwaves:\n")


def neighbour(border: str) -> str:
    """A second zone with this border, before the waves."""
    return f"  - id: two\n    name: {{th: สอง}}\n    community: sirisuk\n    polygon: {border}\nwaves:\n"


WARNINGS = [
    (
        "zone.gap",
        "waves:\n",
        neighbour("[[99.3402, 9.13], [99.37, 9.13], [99.37, 9.155], ⟦[99.3407, 9.155]]"),
    ),
    (
        "zone.strip",
        "waves:\n",
        neighbour("⟦[[99.3397, 9.13], [99.37, 9.13], [99.37, 9.155], [99.3397, 9.155]]"),
    ),
    ("zone.far", "waves:\n", neighbour("⟦[[99.71, 9.13], [99.74, 9.13], [99.74, 9.155]]")),
    ("zone.far", "[99.34, 9.155], ", "⟦[99.34, 9.555], "),
    ("zone.divided", HUB, river(HUB, 99.33).replace("polygon: ", "polygon: ⟦")),
    ("community.no_zone", "hub: bandon}", "hub: bandon}\n  - {id: ⟦nongbua, name: {th: หนองบัว}, hub: bandon}"),
    ("hub.outside_zones", "[99.3257, 9.1463]}", "⟦[99.36, 9.1463]}"),
    ("hub.closed", "[99.3257, 9.1463]}", "[99.3257, 9.1463], open: ⟦10:00-19:00}"),
    ("hub.closed", "[99.3257, 9.1463]}", "[99.3257, 9.1463], open: ⟦08:00-12:30}"),
    ("hub.wrong_bank", HUB, river(HUB, 99.3401).replace("[99.3257", "⟦[99.3402")),
    ("zone.tambon", ZONE, two_zones("", "priority: 5")),
    (
        "crossing.off_barrier",
        "waves:\n",
        "barriers: [{id: r, line: [[99.3, 9.1], [99.4, 9.1]], "
        "crossings: [{id: b, location: ⟦[99.35, 9.11]}]}]\nwaves:\n",
    ),
]
ELSEWHERE = {
    *("file.too_big", "file.encoding", "file.geojson", "yaml.empty", "yaml.too_many"),
    *("secret.missing", "secret.unreadable", "market.changed", "channel.official", "engine.needs_postgresql"),
    *("zone.unknown", "zone.last", "edit.unsafe", "file.changed", "file.own"),
    *(code for code in WORDING if code.startswith("geojson.")),
}
"""Codes of whole files and of what surrounds them: held in test_files, test_hostile, test_secrets and test_versions;
of edits by program in tests/scheduler/editing."""


def edited(text: str, old: str, new: str) -> tuple[str, int, int]:
    """The text with one edit made, and the line and column of the mark in it."""
    assert text.count(old) == 1, old
    marked = text.replace(old, new)
    before = marked[: marked.index("⟦")]
    return marked.replace("⟦", ""), before.count("\n") + 1, len(before) - before.rfind("\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    (folder / "thai.yaml").write_bytes("th: {}  # ตลาด".encode("cp874"))
    return folder


@pytest.mark.parametrize(("code", "old", "new"), EDITS)
def test_one_mistake_is_told_once_with_its_place(code: str, old: str, new: str, minimal: str, folder: Path) -> None:
    """One wrong edit gives exactly one error, of the right code, at the marked line and column."""
    text, line, column = edited(minimal, old, new)
    report = examine(text, "config.yaml", folder)
    assert [(e.code, e.line, e.column) for e in report.errors] == [(code, line, column)], report.errors
    assert report.config is None
    assert report.errors[0].text().startswith(f"config.yaml:{line}:{column}: ")


@pytest.mark.parametrize(("code", "old", "new"), WARNINGS)
def test_a_doubt_is_a_warning_and_the_file_still_holds(code: str, old: str, new: str, minimal: str) -> None:
    """What may be meant is told with its place and refuses nothing."""
    text, line, column = edited(minimal, old, new)
    report = examine(text)
    assert [(e.code, e.line, e.column) for e in report.warnings] == [(code, line, column)]
    assert report.ok
    assert report.config is not None


def test_every_code_is_tried() -> None:
    """No code has words without a case that produces it."""
    assert {code for code, _, _ in [*EDITS, *WARNINGS]} | ELSEWHERE == set(WORDING)


@pytest.mark.parametrize(("code", "old", "new"), [*EDITS, *WARNINGS])
def test_each_problem_speaks_thai_and_english(code: str, old: str, new: str, minimal: str, folder: Path) -> None:
    """Message and hint are there in both languages, filled in, and Thai is Thai."""
    report = examine(edited(minimal, old, new)[0], "config.yaml", folder)
    for problem in (*report.errors, *report.warnings):
        for language in ("th", "en"):
            assert problem.message[language]
            assert problem.hint[language]
            assert "{" not in problem.message[language]
        assert any("ก" <= letter <= "๛" for letter in problem.message["th"])
        assert not any("ก" <= letter <= "๛" for letter in WORDING[code][1])


def _only(text: str) -> Problem:
    (problem,) = examine(text).errors
    return problem


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("community: sirisuk", "comunity: sirisuk", "did you mean community?"),
        ("hub: bandon", "hub: bandorn", "did you mean bandon?"),
        ("Asia/Bangkok", "Asia/Bankok", "did you mean Asia/Bangkok?"),
        ("location: [99.3257, 9.1463]", "location: [9.1463, 99.3257]", "write [99.3257, 9.1463]"),
        ("vehicles:\n", "approval: {mode: none}\nvehicles:\n", "write one of: manual, auto"),
        (
            "vehicles:\n",
            "solver: {engine: vroom}\nvehicles:\n",
            "write one of: auto, greedy, kernel, ortools, rare",
        ),
        ("vehicles:\n", "calendar: {closed: [2569-12-31]}\nvehicles:\n", "write 2026-12-31"),
        ("{th: ตลาดสิริสุข}", "Sirisuk", "write {th: Sirisuk, en: …}"),
        ("vehicles:\n", "version: 2\nvehicles:\n", "write version: 1"),
        ("vehicles:\n", "channels: {telegramm: {}}\nvehicles:\n", "did you mean telegram?"),
        ("vehicles:\n", "web: {public_url: http://a.example/}\nvehicles:\n", "write http://a.example"),
        (
            "vehicles:\n",
            "messages: {line_quota: {drop: [window, status_card]}}\nvehicles:\n",
            "status cards do not go over LINE and take nothing of its month; leave it out",
        ),
    ],
)
def test_the_hint_says_what_to_write(old: str, new: str, hint: str, minimal: str) -> None:
    """Where the right word can be told, it is."""
    assert hint in [error.hint["en"] for error in examine(minimal.replace(old, new)).errors]


def test_an_empty_name_shows_where_the_value_would_stand(minimal: str) -> None:
    """A key or a channel without a name leaves no gap in the sentence, and two empty ids are not one id twice."""
    assert _only(minimal + 'channels: {"": {}}\n').message["en"] == 'there is no channel ""'
    twice = minimal.replace("id: talat", 'id: ""').replace(
        "waves:\n", f'  - id: ""\n    name: {{th: สอง}}\n{ZONE.replace("99.3", "99.4")}waves:\n'
    )
    assert [error.code for error in examine(twice).errors] == ["value.empty", "value.empty"]


def test_all_mistakes_at_once_in_the_order_of_the_file(minimal: str) -> None:
    """Mistakes of every sort, in one entry and across entries, are told together."""
    text = (
        minimal.replace("Asia/Bangkok", "Asia/Bankok")
        .replace("hub: bandon", "hub: nowhere")
        .replace("community: sirisuk", "community: nobody\n    fee_baht: much\n    colour: red")
        .replace("[99.34, 9.155], ", "[9.155, 99.34], ")
        .replace("11:00-13:00", "08:00-10:00")
        .replace("weight_kg: 25", "weight_kg: -1")
    )
    report = examine(text)
    assert [error.code for error in report.errors] == [
        "time_zone.unknown",
        "reference.unknown",
        "reference.unknown",
        "value.number",
        "key.unknown",
        "coordinates.swapped",
        "wave.deliver_early",
        "value.above",
    ]


def test_a_broken_section_hides_nothing_either(minimal: str) -> None:
    """A misspelt channel is told beside another channel's bad address, an unknown engine beside a bad number."""
    text = minimal + (
        "channels: {lin: {}, telegram: {api_base: no}}\nsolver: {engine: autoo, seconds: -1}\n"
        "travel: {provider: osmr, detour_factor: 0}\ncalendar: {country: ZZ, closed: [soon]}\n"
    )
    assert [error.code for error in examine(text).errors] == [
        "channel.unknown",
        "url.format",
        "value.choice",
        "value.above",
        "value.choice",
        "value.min",
        "country.unknown",
        "date.format",
    ]


def test_several_bad_points_of_one_border_are_all_told(minimal: str) -> None:
    """Each wrong point is named by its own path and place."""
    text = minimal.replace("[99.34, 9.13], [99.34, 9.155]", "[9.13, 99.34], [99.34, x]")
    assert [(e.path, e.code, e.line) for e in examine(text).errors] == [
        ("zones[0].polygon[1]", "coordinates.swapped", 10),
        ("zones[0].polygon[2]", "coordinates.format", 10),
    ]


def test_a_tambon_of_two_zones_is_told_with_both_places(minimal: str) -> None:
    """The later one is pointed at and the earlier one named; with different priority it is said who serves it."""
    told = examine(edited(minimal, ZONE, two_zones("", ""))[0]).errors[0]
    assert (told.path, told.message["en"]) == (
        "zones[1].tambons[1]",
        "the tambon 840101 stands in zone talat too (zones[0].tambons[0])",
    )
    doubt = examine(edited(minimal, ZONE, two_zones("", "priority: 5"))[0])
    assert "two" in doubt.warnings[0].hint["en"]
    assert doubt.config is not None
    served = ZoneIndex(doubt.config).zone_for_tambon("840101")
    assert served is not None
    assert served.id == "two"


def test_a_broken_zone_is_still_compared_with_its_neighbours(minimal: str) -> None:
    """A misspelt key in one zone does not hide that it overlaps another."""
    text = minimal.replace(
        "waves:\n",
        "  - {id: two, nmae: {th: สอง}, community: sirisuk, "
        "polygon: [[99.33, 9.14], [99.36, 9.14], [99.36, 9.16]]}\nwaves:\n",
    )
    assert {error.code for error in examine(text).errors} == {"key.unknown", "zone.overlap"}


TAMBONS = "    tambons: [" + ", ".join(["x"] * 251) + "]\n    community: sirisuk"
KEYS = "".join(f"k{number}: 1\n" for number in range(251))
TAGS = "    days: [" + ", ".join(["!x mon"] * 251) + "]\n    community: sirisuk"
REFERENCES = "    waves: [" + ", ".join(["night"] * 251) + "]\n    community: sirisuk"


@pytest.mark.parametrize(
    ("old", "new"),
    [("    community: sirisuk", TAMBONS), ("hubs:\n", KEYS + "hubs:\n"), ("    community: sirisuk", TAGS),
     ("    community: sirisuk", REFERENCES)],
    ids=["values", "keys", "yaml", "references"],
)  # fmt: skip
def test_what_is_not_listed_is_counted(old: str, new: str, minimal: str) -> None:
    """Of 251 mistakes 200 are listed; the last line, the JSON and the exception say that there are 51 more."""
    report = examine(minimal.replace(old, new))
    assert (len(report.errors), report.more, report.as_json()["more"]) == (200, 51, 51)
    assert report.lines("en")[-1] == "… and 51 more"
    assert report.lines("th")[-1] == "… และอีก 51 ข้อ"
    with pytest.raises(ConfigError, match=r"… and 51 more$"):
        parse(minimal.replace(old, new))


def test_a_list_that_is_whole_says_nothing_of_more(minimal: str) -> None:
    """Where everything is listed there is no last line, and nothing more."""
    report = examine(minimal.replace("hub: bandon", "hub: bandorn"))
    assert (len(report.lines("en")), report.as_json()["more"]) == (1, 0)


@pytest.mark.parametrize("language", ["th", "en"])
def test_the_text_form_is_one_line(language: Language, minimal: str) -> None:
    """`file:line:column: what is wrong; what to write`, whatever the value holds."""
    text = minimal.replace("Asia/Bangkok", '"Asia\\n; rm -rf / ' + "x" * 500 + '"')
    shown = _only(text).text(language)
    assert "\n" not in shown
    assert len(shown) < 250


def test_the_json_form_has_the_agreed_keys(minimal: str) -> None:
    """The report as JSON carries schema, ok, errors and warnings; each problem its place and words."""
    report = examine(minimal.replace("hub: bandon", "hub: bandorn")).as_json()
    assert report["schema"] == "songsuk/config.check/1"
    assert report["ok"] is False
    assert report["warnings"] == []
    (error,) = report["errors"]
    assert error == {
        "file": "config.yaml",
        "line": 5,
        "column": 45,
        "path": "communities[0].hub",
        "code": "reference.unknown",
        "message": {"th": "ไม่มี bandorn ใน hubs", "en": "there is no bandorn among the hubs"},
        "hint": {"th": "หมายถึง bandon ใช่ไหม", "en": "did you mean bandon?"},
    }
