"""`songsuk roads`: from an extract to a day on real roads, and from driven legs to lines for the config."""

from __future__ import annotations

from pathlib import Path

import pytest
import schemas
from commands import House
from samples import DAY, config_text
from town import needs_osrm, write_town

TRAVEL = "travel: {provider: straight, "


@pytest.fixture(scope="module")
def riding(house: House) -> House:
    """The house, its config asking for real roads, its orders in."""
    text = config_text(
        edits={
            "engine: auto": "engine: greedy",
            TRAVEL: f"travel: {{provider: osrm, data: '{house.folder / 'roads'}', ",
        }
    )
    house.config.write_text(text, encoding="utf-8")
    for name in ("riders", "sellers", "coordinators"):
        house.json("members", "import", house.folder / f"{name}.csv")
    house.json("orders", "import", house.folder / "orders.csv")
    write_town(house.folder / "town.osm")
    return house


def _travel_check(house: House) -> dict[str, object]:
    checks = house.run("doctor", "--json").json()["checks"]
    return next(dict(check) for check in checks if check["name"] == "travel")


@needs_osrm
def test_a_day_on_real_roads(riding: House) -> None:
    """Without data the plan is an estimate that says why; built, the new plan is on roads, with lines for a map."""
    assert not _travel_check(riding)["ok"]
    riding.json("day", DAY, "--wave", "midday")
    (guess,) = riding.json("plan", "show", DAY, "--wave", "midday")["waves"]
    assert guess["travel"]["instead_of"] == "osrm"
    assert guess["travel"]["reason"]["code"] == "no_data"
    assert "songsuk roads build" in riding.run("plan", "show", DAY, "--wave", "midday").out.replace("\n", " ")

    built = schemas.check(riding.json("roads", "build", riding.folder / "town.osm"), "roads.build")
    assert (built["profiles"], built["in_use"]) == (["car", "motorcycle", "sidecar"], True)
    again = riding.run("roads", "build", riding.folder / "town.osm")
    assert "38 roads for car, motorcycle, sidecar" in " ".join(again.out.split())
    found = _travel_check(riding)
    assert found["ok"], found
    assert "town.osm" in str(found["message"])

    riding.json("plan", "replan", DAY, "--wave", "midday")
    shown = schemas.check(riding.json("plan", "show", DAY, "--wave", "midday", "--geometry"), "plan")
    (wave,) = shown["waves"]
    assert (wave["travel"]["provider"], wave["travel"]["estimate"]) == ("osrm", False)
    assert all(route["geometry"] for route in wave["routes"])
    assert "straight-line" not in riding.run("plan", "show", DAY, "--wave", "midday").out


@needs_osrm
def test_what_cannot_be_built_is_refused(riding: House, tmp_path: Path) -> None:
    """A file that is not there or is no extract: exit 2, named, with the data from before still there."""
    (tmp_path / "noise.osm.pbf").write_bytes(b"noise" * 50)
    for name, code in (("absent.osm.pbf", "roads.extract_missing"), ("noise.osm.pbf", "roads.extract_unreadable")):
        answer = riding.run("roads", "build", tmp_path / name, "--json")
        assert answer.code == 2
        (error,) = schemas.check(answer.json(), "error")["errors"]
        assert (error["code"], error["path"]) == (code, str(tmp_path / name))


def test_driven_legs_are_compared(house: House) -> None:
    """A table and lines to write; with a row that cannot be read, exit 1; a file without its columns, exit 2."""
    plain = house.folder / "plain.yaml"
    plain.write_text(config_text(), encoding="utf-8")
    legs = house.folder / "legs.csv"
    good = ['motorcycle,"9.1463,99.3257","9.1163,99.3257",30'] * 25
    legs.write_text("\n".join(["vehicle,from,to,minutes", *good]), encoding="utf-8")
    found = house.json("roads", "calibrate", legs, "--config", plain)
    schemas.check(found, "roads.calibrate")
    assert found["kinds"][0]["legs"] == 25
    answer = house.run("roads", "calibrate", legs, "--config", plain)
    assert "write into the config:" in answer.out
    assert "speed_kmh:" in answer.out
    legs.write_text("\n".join(["vehicle,from,to,minutes", *good, 'rocket,"9.1,99.3","9.2,99.3",1']), encoding="utf-8")
    assert house.run("roads", "calibrate", legs, "--config", plain).code == 1
    legs.write_text("who,what\n1,2\n", encoding="utf-8")
    assert house.run("roads", "calibrate", legs, "--config", plain, "--json").code == 2
