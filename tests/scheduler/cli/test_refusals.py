"""Whatever is wrong with what a person typed, set or has on disk: one clear answer and exit code, no traceback."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import pytest
import schemas
from commands import House
from samples import DAY, SECRETS, config_text

from storage import open_store

OFFICIAL = "line: {}\n  telegram: {}"
LONG_AGO = "2020-01-06"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def planned(house: House) -> House:
    """The house with a planned midday wave, and files that are no use."""
    for name in ("riders", "sellers", "coordinators"):
        house.json("members", "import", house.folder / f"{name}.csv")
    house.json("orders", "import", house.folder / "orders.csv")
    house.json("day", DAY, "--wave", "midday")
    folder = house.folder
    (folder / "empty.csv").write_bytes(b"")
    (folder / "noise.csv").write_bytes(bytes(range(256)) * 40)
    (folder / "columns.csv").write_text("order_id,service_date\nX,2026-11-24\n", encoding="utf-8")
    (folder / "text.json").write_text("not json", encoding="utf-8")
    (folder / "deep.json").write_text("[" * 100_000, encoding="utf-8")
    (folder / "problem.json").write_text(
        '{"vehicles":[{"id":1,"start_index":0}],"jobs":[{"id":1,"location_index":0}],"matrix":[[0]]}', encoding="utf-8"
    )
    (folder / "plan.json").write_text('{"routes": 5}', encoding="utf-8")
    (folder / "official.yaml").write_text(config_text(OFFICIAL), encoding="utf-8")
    (folder / "chats.yaml").write_text(
        config_text(
            f"line: {{api_base: '{NOWHERE}', data_base: '{NOWHERE}'}}\n  telegram: {{api_base: '{NOWHERE}'}}",
            {"public_url: null": "public_url: https://songsuk.example"},
        ),
        encoding="utf-8",
    )
    broken = config_text(edits={"time_zone: Asia/Bangkok": "time_zone: Mars/Base", "hub: bandon": "hub: nowhere"})
    (folder / "broken.yaml").write_text(broken, encoding="utf-8")
    return house


def refused(house: House, words: list[object], code: int, **changes: str | None) -> dict[str, object]:
    """The first error of a command that ends with `code`: under --json one document on stdout, else text on stderr."""
    answer = house.run(*words, "--json", **changes)
    assert answer.code == code, answer
    document = schemas.check(answer.json(), "error")
    assert "Traceback" not in answer.err + answer.out
    spoken = house.run(*words, **changes)
    assert spoken.code == code
    assert spoken.out == ""
    assert document["errors"][0]["message"]["en"] in spoken.err.replace("\n", " ") or "Usage:" in spoken.err
    assert "Traceback" not in spoken.err
    first: dict[str, object] = document["errors"][0]
    return first


FILE = Path  # marks a word that names a file of the house
PLANNED = "<the midday plan>"


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["nonsense"], 2, "usage"),
        (["orders", "nonsense"], 2, "usage"),
        (["day"], 2, "usage"),
        (["day", DAY, "--wings"], 2, "usage"),
        (["solve", FILE("problem.json"), "--seconds", "soon"], 2, "usage"),
        (["solve", FILE("problem.json"), "--seconds=-1"], 2, "usage"),
        (["solve", FILE("problem.json"), "--seconds", "inf"], 2, "usage"),
        (["solve", FILE("problem.json"), "--workers=-1"], 2, "usage"),
        (["solve", FILE("problem.json"), "--iterations", "0"], 2, "usage"),
        (["solve", FILE("problem.json"), "--engine", "magic"], 2, "usage"),
        (["solve", FILE("text.json")], 2, "json.invalid"),
        (["solve", FILE("deep.json")], 2, "json.invalid"),
        (["solve", FILE("absent.json")], 2, "file.unreadable"),
        (["solve", FILE(".")], 2, "file.unreadable"),
        (["solve", FILE("problem.json"), "--check", FILE("plan.json")], 2, "routes.missing"),
        (["solve", FILE("problem.json"), "--check", FILE("absent.json")], 2, "file.unreadable"),
        (["day", "someday"], 2, "date.invalid"),
        (["day", "2026-13-40"], 2, "date.invalid"),
        (["day", DAY, "--wave", "midnight"], 2, "wave.unknown"),
        (["plan", "show", "someday"], 2, "date.invalid"),
        (["plan", "show", DAY, "--wave", "midnight"], 2, "wave.unknown"),
        (["plan", "show", DAY, "--plan", "p_none"], 1, "plan.unknown"),
        (["plan", "approve", DAY, "--wave", "midday", "--plan", "p_none"], 1, "plan.unknown"),
        (["plan", "approve", DAY, "--wave", "midnight", "--plan", "p_none"], 2, "wave.unknown"),
        (["plan", "approve", DAY, "--wave", "midday", "--plan", PLANNED, "--by", "c1"], 1, "approval.unknown_approver"),
        (["plan", "approve", DAY, "--wave", "midday", "--plan", PLANNED, "--by", ""], 1, "approval.unknown_approver"),
        (["plan", "replan", DAY, "--wave", "evening"], 1, "plan.not_replannable"),
        (["plan", "replan", DAY, "--wave", "midday", "--without-rider", "R99"], 1, "rider.unknown"),
        (["plan", "replan", DAY, "--wave", "midday", "--add-order", "nobody"], 1, "order.unknown"),
        (["plan", "replan", DAY, "--wave", "midday", "--add-order", "D-0003"], 1, "order.not_addable"),
        (["plan", "settle", DAY, "--wave", "midday"], 2, "usage"),
        (["plan", "settle", DAY, "--wave", "midday", "--as", "flown"], 2, "usage"),
        (["plan", "settle", DAY, "--as", "rode"], 2, "usage"),
        (["plan", "settle", "someday", "--wave", "midday", "--as", "rode"], 2, "date.invalid"),
        (["plan", "settle", DAY, "--wave", "midnight", "--as", "rode"], 2, "wave.unknown"),
        (["plan", "settle", DAY, "--wave", "midday", "--as", "rode", "--by", "c1"], 1, "coordinator.unknown"),
        (["plan", "settle", DAY, "--wave", "midday", "--as", "rode"], 1, "plan.nothing_to_settle"),
        (["plan", "settle", DAY, "--wave", "midday", "--as", "put_off"], 1, "plan.nothing_to_settle"),
        (["plan", "settle", DAY, "--wave", "evening", "--as", "rode"], 1, "plan.nothing_to_settle"),
        (["plan", "settle", "2020-01-06", "--wave", "midday", "--as", "put_off"], 1, "plan.nothing_to_settle"),
        (["plan", "fits", DAY, "--wave", "evening", "--order", "D-0003"], 1, "plan.none"),
        (["plan", "fits", DAY, "--wave", "midnight", "--order", "D-0003"], 2, "wave.unknown"),
        (["plan", "fits", DAY, "--wave", "midday", "--order", "nobody"], 1, "order.unknown"),
        (["plan", "fits", DAY, "--wave", "midday", "--order", "D-0003"], 1, "order.not_addable"),
        (["orders", "show", "nobody"], 1, "order.unknown"),
        (["orders", "cancel", "nobody"], 1, "order.unknown"),
        (["orders", "pin", "nobody", "9.14,99.32"], 1, "order.unknown"),
        (["orders", "pin", "D-0003", "somewhere"], 1, "pin.invalid"),
        (["orders", "list", "--state", "lost"], 2, "usage"),
        (["orders", "list", "--date", "someday"], 2, "date.invalid"),
        (["orders", "add", "X", "--seller", "S01", "--date", DAY], 1, "required.missing"),
        (["orders", "add", "X", "--seller", "S01", "--date", DAY, "--set", "colour"], 2, "usage"),
        (["orders", "import", FILE("absent.csv")], 2, "file.unreadable"),
        (["orders", "import", FILE("empty.csv")], 2, "file.empty"),
        (["orders", "import", FILE("columns.csv")], 2, "columns.missing"),
        (["orders", "import", FILE("riders.csv")], 2, "columns.missing"),
        (["members", "import", FILE("absent.csv")], 2, "file.unreadable"),
        (["members", "import", FILE("orders.csv"), "--role", "king"], 2, "role.unknown"),
        (["members", "list", "--role", "king"], 2, "role.unknown"),
        (["messages", "list", "--state", "lost"], 2, "usage"),
        (["messages", "list", "--kind", "poem"], 2, "usage"),
        (["messages", "list", "--channel", "pigeon"], 2, "usage"),
        (["messages", "list", "--order", "\udcff"], 2, "value.invalid"),
        (["messages", "resolve", "nothing", "--as", "sent"], 1, "message.not_unknown"),
        (["messages", "resolve", "nothing", "--as", "gone"], 2, "usage"),
        (["messages", "calls", DAY, "--pdf", FILE("absent/calls.pdf")], 2, "file.unwritable"),
        (["db", "backup", FILE("absent/market.zip")], 2, "file.unwritable"),
        (["db", "restore", FILE("absent.zip")], 2, "file.unreadable"),
        (["db", "restore", FILE(".")], 2, "file.unreadable"),
        (["db", "restore", FILE("orders.csv")], 2, "backup.invalid"),
        (["keys", "create", " "], 2, "usage"),
        (["keys", "revoke", "nobody"], 1, "key.unknown"),
        (["demo", "--size", "vast"], 2, "usage"),
    ],
    ids=lambda value: (
        "_".join(map(str, value)).encode("ascii", "replace").decode() if isinstance(value, list) else None
    ),
)
def test_a_wrong_word_is_refused(planned: House, words: list[object], code: int, error: str) -> None:
    """Exit 1 for what cannot be done, 2 for what is not said right or not there; the answer has a code and a place."""
    if words[0] == "demo":
        answer = planned.run(*words)
        assert (answer.code, answer.out) == (2, "")
        assert "small, typical, big, festival" in answer.err
        return
    plan = planned.json("plan", "show", DAY, "--wave", "midday")["waves"][0]["plan_id"] if PLANNED in words else ""
    named = [planned.folder / word if isinstance(word, Path) else plan if word == PLANNED else word for word in words]
    found = refused(planned, named, code)
    assert found["code"] == error
    assert found["path"] or found.get("column") or error == "value.invalid"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("5", [": a problem is a JSON object"]),
        ('{"vehicles": 5, "jobs": "x"}', [": vehicles: must be an array", ": jobs: must be an array"]),
        ('{"vehicles": [{"id": "\\u001b[31m\\ud800\\n", "start_index": -1}], "jobs": [{}]}', [": vehicles[0]"]),
        ("\x00", [": is not JSON: Expecting value: line 1 column 1 (char 0)"]),
        ("[" * 100_000, [": is not JSON: it is nested too deeply"]),
        ('{"vehicles": ' + "9" * 5000 + "}", [": is not JSON: a number in it has thousands of digits"]),
        ('{"jobs": [' + ",".join(["{}"] * 60) + "]}", [": jobs[0]", "more; --json has them all"]),
    ],
    ids=["number", "types", "control", "nul", "deep", "digits", "many"],
)
def test_what_is_wrong_with_a_problem_is_said_line_by_line(house: House, text: str, lines: list[str]) -> None:
    """Each error is one printable line with the file and the place in it, at most a screenful; --json has them all."""
    path = house.folder / "hostile.json"
    path.write_text(text, encoding="utf-8")
    answer = house.run("solve", path)
    assert answer.code == 2
    said = answer.err.splitlines()
    assert all(line.isprintable() for line in said)
    assert all(line.startswith((str(path), "…")) for line in said)
    assert len(said) <= 51
    assert [line for line in lines if not any(line in each for each in said)] == []
    assert house.run("solve", path, "--json").err == ""


def test_half_a_letter_in_an_id_comes_back_escaped(house: House) -> None:
    """An id that no encoding can write is no fault of the plan."""
    path = house.folder / "half.json"
    path.write_text(
        '{"vehicles":[{"id":"\\ud800","start_index":0}],"jobs":[{"id":1,"location_index":0}],"matrix":[[0]]}',
        encoding="utf-8",
    )
    answer = house.run("solve", path, "--engine", "greedy", "--seconds", "0")
    assert (answer.code, answer.out.isascii()) == (0, True)
    assert answer.json()["routes"][0]["vehicle"] == "\ud800"


def test_an_order_of_a_day_that_is_over_is_added_with_a_word(planned: House) -> None:
    """By hand as by file: the command says that the day is over, and shows the wave the order goes to."""
    words = [
        "orders",
        "add",
        "OLD",
        "--seller",
        "S01",
        "--date",
        LONG_AGO,
        "--phone",
        "0812345678",
        "--pin",
        "9.14,99.32",
    ]
    answer = planned.run(*words, SONGSUK_CLOCK="2020-01-08T12:00:00+07:00")
    assert answer.code == 0
    assert "service_date: this day is over; if it was delivered" in answer.err
    [order] = planned.json("orders", "show", "OLD")["orders"]
    assert order["reason"] == "after_cutoff"


def test_a_word_about_a_whole_row_names_no_column(planned: House) -> None:
    """Where one row of an order is refused, the warning about its other row names that row, and no column."""
    rows = [f"HALF-1,{DAY},S01,{phone},9.1400,99.3270" for phone in ("0812345678", "0812345679")]
    head = "order_id,service_date,seller_id,buyer_phone,lat,lon"
    (planned.folder / "half.csv").write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    answer = planned.run("orders", "import", planned.folder / "half.csv", "--dry-run")
    assert answer.code == 1
    assert "row 2: " in answer.err
    assert "None" not in answer.err


def test_rows_with_the_same_to_say_share_a_line(planned: House) -> None:
    """A file of an old day is told so once, with its rows."""
    at = f"{LONG_AGO}T07:00:00+07:00"
    rows = [f"OLD-{number},{LONG_AGO},S01,08123456{number},9.1400,99.3270,{at}" for number in range(70, 78)]
    head = "order_id,service_date,seller_id,buyer_phone,lat,lon,placed_at"
    (planned.folder / "old.csv").write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    answer = planned.run("orders", "import", planned.folder / "old.csv", "--dry-run")
    assert answer.err.count("service_date: ") == 1
    assert "row 2–9 (8), service_date: " in answer.err


def test_a_stray_program_file_is_no_table(planned: House) -> None:
    """Random bytes are refused as a file, before any row."""
    assert str(refused(planned, ["orders", "import", planned.folder / "noise.csv"], 2)["code"]).startswith("file.")


@pytest.mark.parametrize("words", [[], ["orders"], ["plan"]])
def test_a_group_alone_shows_its_help(house: House, words: list[str]) -> None:
    """The commands it has, on stderr, exit 2."""
    answer = house.run(*words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("Usage: songsuk")


def test_an_unknown_approver_is_shown_the_nearest_known(planned: House) -> None:
    """The hint names the coordinators there are; nothing was approved."""
    plan = planned.json("plan", "show", DAY, "--wave", "midday")["waves"][0]["plan_id"]
    words: list[object] = ["plan", "approve", DAY, "--wave", "midday", "--plan", plan, "--by", "C11"]
    assert "did you mean C1" in str(refused(planned, words, 1)["hint"])
    assert planned.json("plan", "show", DAY, "--wave", "midday")["waves"][0]["state"] == "planned"


def test_a_market_without_coordinators_takes_any_approver(tmp_path: Path, sqlite_url: str) -> None:
    """And says so; where two have to approve, they have to be imported first."""
    house = House(folder=tmp_path, url=sqlite_url)
    house.config.write_text(config_text(), encoding="utf-8")
    words: list[object] = ["plan", "approve", DAY, "--wave", "midday", "--plan", "p_none", "--by", "ครูอ้อย"]
    answer = house.run(*words, "--json")
    assert answer.json()["errors"][0]["code"] == "plan.unknown"
    assert "no coordinator has been imported yet: 'ครูอ้อย' is taken as given" in answer.err
    assert house.json(*words[:-1], " ", code=1)["errors"][0]["code"] == "approval.unknown_approver"
    house.config.write_text(config_text(edits={"approvers: 1": "approvers: 2"}), encoding="utf-8")
    found = refused(house, words, 1)
    assert (found["code"], "members import" in str(found["hint"])) == ("approval.unknown_approver", True)


# --- the environment ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "moment",
    [
        "now",
        "2026-11-24",
        "2026-11-24T10:00:00",
        "2026-11-24T25:00:00+07:00",
        ";x60",
        "9999-12-31T23:59:59+00:00",
    ],
)
def test_a_clock_that_is_no_moment_is_refused(planned: House, moment: str) -> None:
    """SONGSUK_CLOCK wants a moment with an offset."""
    found = refused(planned, ["orders", "list"], 2, SONGSUK_CLOCK=moment)
    assert (found["code"], found["path"]) == ("clock.invalid", "SONGSUK_CLOCK")
    assert "is not a moment with an offset" in str(found["message"])


@pytest.mark.parametrize("speed", ["60", "x0", "x-5", "x9999999999999", "xfast", ""])
def test_a_clock_of_no_speed_is_refused(planned: House, speed: str) -> None:
    """And a speed that a day survives: what is wrong is said of the speed, not of the moment."""
    found = refused(planned, ["orders", "list"], 2, SONGSUK_CLOCK=f"{DAY}T10:00:00+07:00;{speed}")
    assert (found["code"], found["path"]) == ("clock.invalid", "SONGSUK_CLOCK")
    assert f"{speed!r} is not a speed" in str(found["message"]["en"])  # type: ignore[index]
    assert "x60" in str(found["hint"])


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://user:hunter2@localhost/x",
        "postgresql+psycopg://user:hunter2@127.0.0.1:1/x",
        "sqlite:////proc/nothing/songsuk.db",
    ],
)
def test_a_database_that_cannot_be_opened_is_refused(planned: House, url: str) -> None:
    """Exit 2 and the variable's name, for every command that opens it; a password is not repeated."""
    for words in (["orders", "list"], ["db", "upgrade"]):
        found = refused(planned, list(words), 2, SONGSUK_DATABASE_URL=url)
        assert (found["code"], found["path"]) == ("storage.unavailable", "SONGSUK_DATABASE_URL")
        assert "hunter2" not in json.dumps(found)


@pytest.fixture
def new_house(planned: House, tmp_path: Path) -> House:
    """The same files beside a database that has never run."""
    return House(folder=planned.folder, url=f"sqlite:///{tmp_path / 'new' / 'songsuk.db'}")


def test_a_broken_config_is_refused_with_its_lines(new_house: House, tmp_path: Path) -> None:
    """All errors at once, each with file, line and column, whichever way the file is named; nothing is written."""
    path = new_house.folder / "broken.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    answer = new_house.run("day", DAY, "--config", path, "--json")
    assert answer.code == 2
    errors = schemas.check(answer.json(), "error")["errors"]
    assert len(errors) >= 2
    for error in errors:
        assert error["file"] == "broken.yaml"
        assert "Mars" in lines[error["line"] - 1] or "nowhere" in lines[error["line"] - 1]
    spoken = new_house.run("day", DAY, SONGSUK_CONFIG=str(path))
    assert spoken.code == 2
    assert re.search(r"^broken\.yaml:\d+:\d+: .+; .+$", spoken.err, re.MULTILINE)
    assert not (tmp_path / "new").exists()


def test_a_config_that_is_not_there_is_refused(new_house: House) -> None:
    """Exit 2, and the file's name."""
    found = refused(new_house, ["orders", "list"], 2, SONGSUK_CONFIG=str(new_house.folder / "absent.yaml"))
    assert (found["code"], found["file"]) == ("file.unreadable", "absent.yaml")


@pytest.mark.parametrize("name", ["broken.yaml", "absent.yaml"])
def test_a_market_that_runs_goes_on_without_its_file(planned: House, name: str) -> None:
    """The last version counts, and a few lines on stderr say so; who asks for the file itself is refused."""
    path = planned.folder / name
    [wave] = planned.json("plan", "show", DAY, "--wave", "midday")["waves"]
    for words in ("plan show DAY --wave midday", "orders list", "day DAY --wave midday"):
        answer = planned.run(*words.replace("DAY", DAY).split(), "--config", path, "--json")
        assert answer.code == 0, answer
        assert answer.json()
        *places, last = answer.err.strip().splitlines()
        assert re.fullmatch(rf"{name} is not valid; going on with version \d+", last)
        assert 1 <= len(places) <= 3
        assert all(re.match(rf"{name}:\d+:\d+: ", place) for place in places)
    [same] = planned.json("plan", "show", DAY, "--wave", "midday", "--config", path)["waves"]
    assert (same["plan_id"], same["config_version"]) == (wave["plan_id"], wave["config_version"])
    for command in ("check", "publish"):
        assert planned.run("config", command, "--config", path).code == 2
    assert planned.run("doctor", "--config", path).code == 1


def test_an_edit_that_cannot_take_force_is_refused(planned: House) -> None:
    """Another market's id, for a database that has orders: `config publish` says where, exit 2; a day goes on."""
    path = planned.folder / "renamed.yaml"
    path.write_text(config_text(edits={"market:\n  id: sirisuk\n": "market:\n  id: bandon\n"}), encoding="utf-8")
    found = refused(planned, ["config", "publish", "--config", path], 2)
    assert (found["code"], found["path"], found["file"]) == ("market.changed", "market.id", "renamed.yaml")
    assert int(str(found["line"])) > 1
    checked = planned.json("config", "check", "--config", path, code=2)
    assert [error["code"] for error in checked["errors"]] == ["market.changed"]
    assert planned.run("config", "check", path).code == 0, "a file by itself is held against no database"
    before = planned.json("plan", "show", DAY)
    answer = planned.run("day", DAY, "--wave", "midday", "--config", path, "--json")
    assert answer.code == 0
    assert "market sirisuk" in answer.err
    assert planned.json("plan", "show", DAY) == before
    checks = planned.run("doctor", "--json", "--config", path).json()["checks"]
    assert [check["name"] for check in checks if not check["ok"]] == ["config"]


@pytest.mark.parametrize("missing", sorted(SECRETS))
def test_a_missing_secret_is_named(planned: House, missing: str) -> None:
    """A channel that is on without its secret: exit 2 with the variable's name, for the day and the daemon."""
    have = {name: value for name, value in SECRETS.items() if name != missing}
    path = planned.folder / "chats.yaml"
    found = refused(planned, ["day", DAY, "--config", path], 2, **have)
    assert missing in str(found["message"])
    assert found["file"] == "chats.yaml"
    served = planned.run("serve", "--port", "0", "--config", path, **have)
    assert served.code == 2
    assert missing in served.err


def test_a_secret_may_come_from_a_file(planned: House, tmp_path: Path) -> None:
    """NAME_FILE counts as the secret; a file that is not there is named."""
    (tmp_path / "token").write_text("line-token\n", encoding="utf-8")
    name = "SONGSUK_LINE_CHANNEL_ACCESS_TOKEN"
    have: dict[str, str | None] = {**SECRETS, name: None}
    words = ["doctor", "--config", planned.folder / "chats.yaml"]
    assert planned.run(*words, **have, **{f"{name}_FILE": str(tmp_path / "token")}).code == 0
    answer = planned.run(*words, "--json", **have, **{f"{name}_FILE": str(tmp_path / "absent")})
    assert answer.code == 1
    found = answer.json()
    [bad] = [check for check in found["checks"] if not check["ok"]]
    assert bad["name"] == "channel line"
    assert bad["message"]["en"].startswith("chats.yaml:")
    assert name in bad["message"]["en"]


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("SONGSUK_SECRET_KEY", ["serve", "--port", "0"]),
        ("SONGSUK_SECRET_KEY_PREVIOUS", ["members", "invite", "R1"]),
        ("SONGSUK_DATABASE_URL", ["db", "upgrade"]),
        ("SONGSUK_DATABASE_URL", ["orders", "list"]),
        ("SONGSUK_TELEGRAM_WEBHOOK_SECRET_PREVIOUS", ["day", DAY, "--config", FILE("chats.yaml")]),
    ],
    ids=lambda value: "_".join(map(str, value[:2])) if isinstance(value, list) else None,
)
def test_a_secret_file_that_cannot_be_read_is_named(planned: House, variable: str, words: list[object]) -> None:
    """Exit 2 with the variable and the path, whichever secret it is; `doctor` says the same, and reports the rest."""
    have: dict[str, str | None] = {**SECRETS, variable: None, f"{variable}_FILE": "/nope/secret"}
    words = [planned.folder / word if isinstance(word, FILE) else word for word in words]
    answer = planned.run(*words, **have)
    assert (answer.code, answer.out) == (2, "")
    assert f"/nope/secret, which {variable}_FILE names, cannot be read (not found)" in answer.err
    assert "fault in Songsuk" not in answer.err
    doctored = planned.run("doctor", "--config", planned.folder / "chats.yaml", "--json", **have)
    assert doctored.code == 1
    [bad] = [check for check in doctored.json()["checks"] if not check["ok"]]
    assert f"{variable}_FILE" in bad["message"]["en"]
    assert "/nope/secret" in bad["message"]["en"]


def test_a_backup_whose_config_is_not_read_any_more_is_refused(tmp_path: Path) -> None:
    """Another version of Songsuk wrote it, and this one could do nothing with the market: nothing is restored."""
    house = House(folder=tmp_path, url=f"sqlite:///{tmp_path}/old.db")
    (tmp_path / "config.yaml").write_text(config_text(), encoding="utf-8")
    with open_store(house.url) as store:
        store.publish_config("market: of another version", "sha", actor="test", at=dt.datetime.now(dt.UTC))
    house.json("db", "backup", tmp_path / "market.zip")
    found = refused(
        house, ["db", "restore", tmp_path / "market.zip"], 2, SONGSUK_DATABASE_URL=f"sqlite:///{tmp_path}/n.db"
    )
    assert found["code"] == "backup.config"
    assert "upgrade" in str(found["hint"])
    with open_store(f"sqlite:///{tmp_path}/n.db") as store:
        assert (store.config_version(1), store.audit()) == (None, [])
    house.json(
        "db", "restore", "--at-rest", tmp_path / "market.zip", code=2, SONGSUK_DATABASE_URL=f"sqlite:///{tmp_path}/n.db"
    )


def test_failpoints_that_cannot_be_read_are_refused(planned: House) -> None:
    """SONGSUK_FAILPOINTS in another grammar: exit 2."""
    found = refused(planned, ["orders", "list"], 2, SONGSUK_FAILPOINTS="boom")
    assert (found["code"], found["path"]) == ("failpoints.invalid", "SONGSUK_FAILPOINTS")


# --- real people --------------------------------------------------------------------------------------------------


def test_a_replaced_clock_never_meets_real_people(planned: House) -> None:
    """SONGSUK_CLOCK or SONGSUK_FAILPOINTS with an official base: exit 2, for every command that opens the market."""
    path = planned.folder / "official.yaml"
    for changes in ({"SONGSUK_CLOCK": f"{DAY}T10:00:00+07:00"}, {"SONGSUK_FAILPOINTS": "outbox.after_call=kill"}):
        for words in (["orders", "list"], ["day", DAY], ["plan", "show", DAY]):
            found = refused(planned, [*words, "--config", path], 2, **SECRETS, **changes)
            assert found["code"] == "clock.official_base"
        assert planned.run("serve", "--port", "0", "--config", path, **SECRETS, **changes).code == 2


def test_another_day_is_not_sent_to_real_people(planned: House, only_loopback: list[str]) -> None:
    """Official bases and a date that is not today: exit 1 before anything is done or asked of the network."""
    path = planned.folder / "official.yaml"
    found = refused(planned, ["day", LONG_AGO, "--approve", "--config", path], 1, **SECRETS)
    assert (found["code"], found["path"]) == ("day.official_base", "DATE")
    assert "--force" in str(found["hint"])
    assert planned.json("plan", "show", LONG_AGO)["waves"] == []
    assert only_loopback == []


# --- the daemon's address -----------------------------------------------------------------------------------------


def test_an_address_that_cannot_be_listened_on_is_refused(planned: House) -> None:
    """A port out of range, a port that is taken, a host that is not ours: exit 2, one line."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for words in (["--port", "70000"], ["--port", port], ["--host", "192.0.2.1", "--port", "0"]):
            answer = planned.run("serve", *words)
            assert (answer.code, answer.out) == (2, "")
            assert len(answer.err.strip().splitlines()) == 1
