"""Every document of the command line, as it really comes out, is what its published schema says."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import schemas
from commands import House
from jsonschema import Draft202012Validator
from samples import DAY, config_text
from town import write_town

import scheduler
from scheduler import states
from storage import AttemptEnd, AttemptStart, open_store
from storage.heard import Heeded, LinkRequest, Told

Documents = dict[str, list[Any]]
NEED_OSRM = {} if find_spec("osrm") else {"roads.build": "osrm-bindings has wheels for Linux and Python 3.12 on only"}

PROBLEM = {
    "dimensions": ["weight_g"],
    "vehicles": [
        {"id": "R1", "profile": "car", "start_index": 0, "end_index": 0, "capacity": [10], "skills": ["cold"]}
    ],
    "shipments": [
        {
            "amount": [amount],
            "pickup": {"id": f"p{amount}", "location_index": 1, "service": 60, "time_windows": [[28800, 36000]]},
            "delivery": {"id": f"d{amount}", "location_index": 2, "setup": 30, "location": [99.32, 9.14]},
        }
        for amount in (5, 99)
    ],
    "jobs": [{"id": 7, "location_index": 2, "delivery": [1], "priority": 10}],
    "matrices": {
        "car": {"durations": [[0, 60, 90], [60, 0, 30], [90, 30, 0]], "distances": [[0, 1, 2], [1, 0, 1], [2, 1, 0]]}
    },
}


def _unknown_fate(house: House) -> str:
    """A message whose sender died between the call and the answer."""
    at = dt.datetime(2026, 11, 23, 20, 0, tzinfo=dt.UTC)
    with open_store(house.url) as store:
        store.wake_messages(at)
        message, *_ = store.claim_messages(at, channel="console", holder="test", limit=1, lease_seconds=60)
        start = AttemptStart(message_id=message.id, payload={}, retry_key=message.id, at=at)
        store.begin_attempts([start], holder="test")
        store.finish_attempts(
            [AttemptEnd(message_id=message.id, at=at, state="unknown", outcome="unknown", reason="timeout")],
            holder="test",
        )
    return message.id


def _asks_for_a_link(house: House) -> str:
    """A chat that says it belongs to a phone number."""
    at = dt.datetime(2026, 11, 24, 3, 0, tzinfo=dt.UTC)
    with open_store(house.url) as store:
        store.add_inbox("telegram", [Told(event_id="1", body=b"{}")], at=at)
        request = LinkRequest(id="l1", channel="telegram", address="77", phone="0812345678", created_at=at)
        store.heed(store.heard()[0], Heeded(outcome="request", request=request), holder="test", at=at)
    return request.id


@pytest.fixture(scope="module")
def documents(house: House) -> Documents:
    """One market's story, told by every command; its documents by schema."""
    found: Documents = defaultdict(list)

    def said(*words: object, code: int = 0, schema: str | None = None, **changes: str | None) -> Any:
        document = house.json(*words, code=code, **changes)
        found[schema or document["schema"].removeprefix("songsuk/").removesuffix("/1")].append(document)
        return document

    folder = house.folder
    said("config", "check")
    (folder / "broken.yaml").write_text("version: 1\nzoness: []\n", encoding="utf-8")
    said("config", "check", folder / "broken.yaml", code=2)
    said("db", "upgrade")
    said("doctor")
    said("doctor", code=1, SONGSUK_CLOCK="soon")
    for name in ("riders", "sellers", "coordinators"):
        said("members", "import", folder / f"{name}.csv")
    (folder / "odd.csv").write_text("rider_id,name,vehicle,wings\nR9,x,rocket,2\n", encoding="utf-8")
    said("members", "import", folder / "odd.csv", code=1)
    said("orders", "import", folder / "orders.csv", "--dry-run")
    said("orders", "import", folder / "orders.csv")
    (folder / "odd_orders.csv").write_text(
        "order_id,service_date,seller_id,buyer_phone,lat,lon,colour\n"
        f"X1,{DAY},S01,08x1,9.14,99.32,red\nX2,{DAY},S01,0812345678,99.32,9.14,red\n",
        encoding="utf-8",
    )
    said("orders", "import", folder / "odd_orders.csv", code=1)
    said(
        "orders",
        "add",
        "X3",
        "--seller",
        "S02",
        "--date",
        "24/11/2569",
        "--phone",
        "0812345678",
        "--pin",
        "9.14,99.325",
    )
    said("orders", "cancel", "X3")
    said("orders", "pin", "D-0003", "9.142,99.325")
    said("config", "publish")
    said("zones", "list")
    exported = house.run("zones", "export")
    (folder / "zones.geojson").write_text(exported.out, encoding="utf-8")
    said("zones", "import", folder / "zones.geojson", "--dry-run")
    said("zones", "remove", "khun_thale", "--dry-run")
    draft = (folder / "config.yaml").read_text(encoding="utf-8") + "# draft\n"
    (folder / "draft.yaml").write_text(draft, encoding="utf-8")
    said("config", "publish", folder / "draft.yaml", "--note", "a draft")
    said("config", "rollback")
    said("config", "log")
    (folder / "expect.csv").write_text("zone,orders\nbang_kung,2\nnowhere,3\n", encoding="utf-8")
    at = {"SONGSUK_CLOCK": "2026-11-25T09:00:00+07:00"}
    said("config", "preview", "--days", 1, "--expect", folder / "expect.csv", code=1, **at)
    said("config", "preview", "--days", 1, SONGSUK_CLOCK="2026-11-20T09:00:00+07:00")
    said("plan", "show", DAY)
    said("day", DAY)
    said("db", "backup", folder / "planned.zip", SONGSUK_CLOCK="2026-11-23T20:30:00+07:00")
    after = {"SONGSUK_DATABASE_URL": f"sqlite:///{folder}/settled.db", "SONGSUK_CLOCK": f"{DAY}T22:00:00+07:00"}
    said("db", "restore", folder / "planned.zip", code=0, **after)
    said("doctor", code=1, **after)
    said("plan", "settle", DAY, "--wave", "midday", "--as", "rode", code=0, **after)
    said("plan", "settle", DAY, "--wave", "midday", "--as", "put_off", code=1, **after)
    said("plan", "settle", DAY, "--wave", "morning", "--as", "put_off", code=0, **after)
    plans = {wave["wave"]: wave for wave in said("plan", "show", DAY)["waves"]}
    old = plans["midday"]["plan_id"]
    rider = plans["midday"]["routes"][0]["rider_id"]
    said("plan", "replan", DAY, "--wave", "midday", "--without-rider", rider)
    said("plan", "approve", DAY, "--wave", "midday", "--plan", old, code=1)
    said("plan", "show", DAY, "--wave", "midday", "--plan", old)
    new = said("plan", "show", DAY, "--wave", "midday")["waves"][0]["plan_id"]
    said("plan", "approve", DAY, "--wave", "midday", "--plan", new, "--by", "C1", SONGSUK_CLOCK=f"{DAY}T01:00:00+07:00")
    said("plan", "approve", DAY, "--wave", "midday", "--plan", new, SONGSUK_CLOCK=f"{DAY}T01:00:00+07:00")
    house.json(
        "orders",
        "add",
        "X9",
        "--seller",
        "S02",
        "--date",
        "24/11/2569",
        "--phone",
        "0812345678",
        "--pin",
        "9.14,99.325",
    )
    said("plan", "fits", DAY, "--wave", "midday", "--order", "X9")
    said("plan", "fits", DAY, "--wave", "midday", "--order", "D-0002")
    house.json("orders", "cancel", "X9")
    lost = _unknown_fate(house)
    said("messages", "list", "--date", DAY, SONGSUK_CLOCK=f"{DAY}T01:00:00+07:00")
    said("messages", "resolve", lost, "--as", "drop")
    said("day", DAY, "--approve", code=1)  # the one message that was given up stays failed
    said("orders", "list")
    said("orders", "show", "D-0001")
    said("messages", "list")
    said("messages", "calls", DAY)
    said("messages", "budget")
    said("report", "day", DAY)
    said("db", "backup", folder / "market.zip")
    said("db", "restore", folder / "market.zip", SONGSUK_DATABASE_URL=f"sqlite:///{folder}/brought_back.db")
    said("members", "list")
    said("members", "invite", "R1", "--qr", folder / "invite.svg", SONGSUK_SECRET_KEY="k")
    said("members", "invite", "--community", "sirisuk")
    said("members", "links")
    asked = _asks_for_a_link(house)
    said("members", "links")
    said("members", "link", asked, "--refuse")
    said("members", "erase", "R1", "--role", "rider", "--yes")
    said("channels", "setup", "--dry-run")
    (folder / "legs.csv").write_text(
        "vehicle,from,to,minutes\n" + 'motorcycle,"9.1463,99.3257","9.1163,99.3257",30\n' * 20 + "rocket,a,b,c\n",
        encoding="utf-8",
    )
    said("roads", "calibrate", folder / "legs.csv", code=1)
    if find_spec("osrm") is not None:
        roads = config_text(edits={"travel: {provider: straight, ": f"travel: {{data: '{folder / 'roads'}', "})
        (folder / "roads.yaml").write_text(roads, encoding="utf-8")
        said("roads", "build", write_town(folder / "town.osm"), "--config", folder / "roads.yaml")
    said("keys", "create", "webshop")
    said("keys", "revoke", "webshop")
    for name, document in (("problem", PROBLEM), ("bad", {"vehicles": [{"id": 1}]})):
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    found["solve.problem"].append(PROBLEM)
    plan = said("solve", folder / "problem.json", "--seconds", 1, "--workers", 1, schema="solve.plan")
    said("solve", folder / "bad.json", code=2, schema="solve.plan")
    for name, steps in (("good", plan["routes"][0]["steps"]), ("poor", plan["routes"][0]["steps"][:-1])):
        made = plan | {"routes": [plan["routes"][0] | {"steps": steps}]}
        (folder / f"{name}.json").write_text(json.dumps(made), encoding="utf-8")
        said("solve", folder / "problem.json", "--check", folder / f"{name}.json", code=int(name == "poor"))
    said("orders", "show", "nobody", code=1)
    said("config", "publish", code=2, SONGSUK_CONFIG=str(folder / "broken.yaml"))
    return found


@pytest.mark.parametrize("name", [name for name in schemas.names() if name != "problem"])
def test_real_output_is_what_the_schema_says(documents: Documents, name: str) -> None:
    """At least one real document of each name, and the schema has nothing against any of them."""
    if name in NEED_OSRM:
        pytest.skip(NEED_OSRM[name])
    assert documents[name]
    for document in documents[name]:
        schemas.check(document, name)


def test_every_document_of_the_program_is_published() -> None:
    """No name stands in the source without its schema, and none is published that no command prints."""
    source = Path(scheduler.__file__).parent
    named = {
        name
        for path in source.rglob("*.py")
        for name in re.findall(r'"songsuk/([a-z._]+)/1"', path.read_text(encoding="utf-8"))
    }
    assert named == set(schemas.names()) - {"problem", "solve.plan", "solve.problem"}


@pytest.mark.parametrize("name", [*schemas.names(), *sorted(schemas.NOT_DOCUMENTS)])
def test_schemas_are_schemas(name: str) -> None:
    """Each published file is a valid JSON Schema of 2020-12."""
    assert schemas.schema(name)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schemas.schema(name))


@pytest.mark.parametrize("name", [name for name in schemas.names() if name not in {"problem", "solve.problem"}])
def test_schemas_bite(documents: Documents, name: str) -> None:
    """Without any one of its required keys a document is refused; with a key that nobody knows it is not."""
    if name in NEED_OSRM:
        pytest.skip(NEED_OSRM[name])
    document = documents[name][-1]
    for key in schemas.schema(name)["required"]:
        assert schemas.faults(name, {k: v for k, v in document.items() if k != key}), key
    assert not schemas.faults(name, document | {"a_key_of_tomorrow": 1})


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("orders", ("orders", 0, "state")),
        ("orders", ("orders", 0, "service_date")),
        ("plan", ("waves", 0, "state")),
        ("plan", ("waves", 0, "routes", 0, "steps", 0, "type")),
        ("plan", ("waves", 0, "routes", 0, "steps", 0, "arrival")),
        ("plan", ("waves", 0, "routes", 0, "steps", 0, "load")),
        ("messages", ("messages", 0, "kind")),
        ("messages", ("messages", 0, "class")),
        ("messages", ("messages", 0, "state")),
        ("messages", ("messages", 0, "id")),
        ("messages", ("messages", 0, "send_at")),
        ("day", ("waves", 0, "state")),
        ("solve.plan", ("code",)),
    ],
)
def test_words_outside_the_vocabulary_are_refused(documents: Documents, name: str, path: tuple[Any, ...]) -> None:
    """A state, kind, type, instant or id that is none is a fault of the document."""
    document = copy.deepcopy(documents[name][-1 if name != "solve.plan" else 0])
    *way, last = path
    place = document
    for key in way:
        place = place[key]
    place[last] = "tomorrow"
    assert schemas.faults(name, document)


def test_rows_of_an_import_add_up(documents: Documents) -> None:
    """Whatever a file holds, rows = created + updated + unchanged + rejected, and rejected rows are explained."""
    imports = documents["orders.import"] + documents["members.import"]
    assert [found["rejected"] for found in imports] == [0, 0, 1, 0, 0, 0, 1]
    for found in imports:
        fates = ("created", "updated", "unchanged", "rejected")
        assert found["rows"] == sum(found[fate] for fate in fates)
        assert len({error["row"] for error in found["errors"]}) == found["rejected"]


def test_a_dry_run_says_what_a_real_one_does(documents: Documents) -> None:
    """The same counts, and nothing saved: the real run still creates everything."""
    dry, real, _ = documents["orders.import"]
    assert dry | {"dry_run": False} == real
    assert real["created"] == real["rows"]


def test_the_schemas_know_every_reason() -> None:
    """What orders may be listed by is what their documents may say."""
    common = json.loads((schemas.FOLDER / "common.schema.json").read_text(encoding="utf-8"))
    assert set(common["$defs"]["order_reason"]["enum"]) == states.REASONS


def test_the_story_of_a_plan(documents: Documents) -> None:
    """A superseded plan is refused and can still be looked at; approving twice changes nothing; a re-plan counts."""
    assert [found["already"] for found in documents["plan.approve"]] == [False, True]
    assert documents["plan.approve"][0]["messages"] > 0
    refusal = next(found for found in documents["error"] if found["errors"][0]["code"] == "approval.stale_plan")
    assert refusal["errors"][0]["path"] == "--plan"
    nothing, planned, replanned, superseded, _ = documents["plan"]
    assert nothing["waves"] == []
    assert {wave["state"] for wave in planned["waves"]} <= {"planned", "finished"}
    [before] = [wave for wave in planned["waves"] if wave["wave"] == "midday"]
    [after] = replanned["waves"]
    assert (after["supersedes"], after["revision"]) == (before["plan_id"], before["revision"] + 1)
    assert after["changes"].keys() == {"moved", "people_told", "added_cost"}
    assert before["routes"][0]["rider_id"] not in [route["rider_id"] for route in after["routes"]]
    assert superseded["waves"][0]["state"] == "superseded"


def test_an_order_without_a_place_has_a_reason_for_every_rider(documents: Documents) -> None:
    """Six hundred kilos of rice fit nobody: the code, each rider's shortfall, and a sentence in both languages."""
    left = [order for found in documents["plan"] for wave in found["waves"] for order in wave.get("unassigned", ())]
    rice = next(order for order in left if order["order_id"] == "D-0002")
    assert rice["code"] == "capacity"
    assert all(rider["excess"][0] > 0 for rider in rice["riders"] if rider["code"] == "capacity")
    assert "{" not in rice["message"]["th"] + rice["message"]["en"]


def test_phones_and_addresses_stay_inside(documents: Documents) -> None:
    """Lists of members and messages carry nobody's number or chat address."""
    text = json.dumps(documents["members"] + documents["messages"] + documents["report.day"], ensure_ascii=False)
    assert "line_user_id" not in text
    assert '"U' not in text
    assert "0812345678" not in text
