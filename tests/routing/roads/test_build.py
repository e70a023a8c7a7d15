"""Road data: built whole or not at all, cut to its area, taken up where it was broken off."""

from __future__ import annotations

import datetime as dt
import fcntl
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from town import AREA, needs_osrm, write_town

from routing.roads import PROFILES, Order, RoadsError, build, current
from routing.roads.cut import cut

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
WEST = (99.25, 9.05, 99.318, 9.22)
"""The western bank and the bridges' near ends."""


@pytest.fixture
def order(tmp_path: Path) -> Order:
    extract = write_town(tmp_path / "town.osm")
    return Order(extract=extract, folder=tmp_path / "roads", area=AREA, profiles=("motorcycle",))


def refused(order: Order) -> RoadsError:
    with pytest.raises(RoadsError) as found:
        build(order, now=NOW)
    return found.value


@needs_osrm
def test_a_data_set_is_built_once(order: Order) -> None:
    """What is in use is what was built, of every profile; the same order again does nothing and says when it was."""
    order = replace(order, profiles=PROFILES)
    steps: list[tuple[str, int, int]] = []
    built = build(order, now=NOW, on_step=lambda *step: steps.append(step))
    assert current(order.folder) == built
    assert [(done, of) for _, done, of in steps] == [(k, 11) for k in range(12)]
    assert (built.profiles, built.built_at, built.as_of, built.extract) == (PROFILES, NOW, None, "town.osm")
    assert built.size > 0
    assert built.base("motorcycle").with_name("roads.osrm.hsgr").exists()
    steps.clear()
    assert build(order, now=NOW + dt.timedelta(days=1), on_step=lambda *step: steps.append(step)) == built
    assert steps == []


@needs_osrm
def test_a_new_build_replaces_the_old_in_one_step(order: Order) -> None:
    """Another area is another version; the one before stays for who has it open, the one before that is gone."""
    versions = []
    for west in (99.25, 99.26, 99.27):
        built = build(replace(order, area=(west, *order.area[1:])), now=NOW)
        versions.append(built.version)
        assert current(order.folder) == built
    assert sorted(p.name for p in order.folder.iterdir() if p.is_dir()) == sorted(versions[1:])


@needs_osrm
def test_a_broken_build_replaces_nothing_and_goes_on(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    """OSRM failing in the second profile: the old data stays in use, and the next try begins behind the first."""
    module = import_module("routing.roads.build")
    before = build(order, now=NOW)
    both = replace(order, profiles=("car", "motorcycle"))
    real, asked = module._run, list[str]()

    def breaks(program: Path, *arguments: object) -> None:
        asked.append(program.name)
        if len(asked) == 4:
            raise RoadsError("osrm_failed", "osrm-contract: killed")
        real(program, *arguments)

    with monkeypatch.context() as broken:
        broken.setattr(module, "_run", breaks)
        assert refused(both).code == "osrm_failed"
        assert current(order.folder) == before
        asked.clear()
        assert build(both, now=NOW).profiles == ("car", "motorcycle")
    assert asked == ["osrm-contract"]


def test_an_extract_is_cut_to_its_area(tmp_path: Path) -> None:
    """Streets that touch the area are kept whole, with the bans on turning that concern them; the others are not."""
    import osmium

    extract = write_town(tmp_path / "town.osm")
    found = {}
    for name, area in (("all", AREA), ("west", WEST)):
        made = cut(extract, area, tmp_path / f"{name}.osm.pbf")
        objects = list(osmium.FileProcessor(str(tmp_path / f"{name}.osm.pbf")))
        found[name] = (made.ways, *(sum(o.type_str() == kind for o in objects) for kind in "wr"))
    assert found["all"] == (11 + 5 + 11 + 8 + 2 + 1, 38, 1)
    assert found["west"] == (11 + 5 + 2, 18, 1)
    assert cut(extract, (0.0, 0.0, 1.0, 1.0), tmp_path / "none.osm.pbf").ways == 0


@needs_osrm
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda o: replace(o, extract=o.folder / "absent.osm.pbf"), "extract_missing"),
        (lambda o: replace(o, area=(9.4, 47.0, 9.6, 47.3)), "area_empty"),
        (lambda o: replace(o, profiles=("rocket",)), "profile_unknown"),
        (lambda o: replace(o, profiles=()), "profile_unknown"),
        (lambda o: replace(o, folder=o.extract), "disk"),
    ],
)
def test_what_cannot_be_built_is_named(order: Order, change: Callable[[Order], Order], code: str) -> None:
    """A file that is not there, another country, an unknown profile, a folder that is a file."""
    wrong = change(order)
    assert refused(wrong).code == code
    assert current(wrong.folder) is None


@needs_osrm
def test_an_extract_that_is_none_is_refused(order: Order) -> None:
    """Whatever stands in the file, what is in use stays."""
    before = build(order, now=NOW)
    for content in (b"", b"noise" * 100, b"<osm><node id='1'"):
        order.extract.write_bytes(content)
        assert refused(order).code in {"extract_unreadable", "area_empty"}
        assert current(order.folder) == before


@needs_osrm
def test_two_builds_do_not_meet(order: Order) -> None:
    """While one is at work in a folder another is refused."""
    order.folder.mkdir()
    with (order.folder / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert refused(order).code == "busy"
    assert current(order.folder) is None


@pytest.mark.parametrize("about", ["", "{}", "[]", '{"version": 3}', "\xff"])
def test_a_damaged_note_is_no_data(tmp_path: Path, about: str) -> None:
    """What says which data is in use may be anything; then none is."""
    (tmp_path / "current.json").write_text(about, encoding="latin-1")
    assert current(tmp_path) is None
