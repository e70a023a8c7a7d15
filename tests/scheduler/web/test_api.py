"""The REST API: who may call, what an order comes to, and that no body, however odd, is answered with a 5xx."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemas
from commands import House
from httpx import Response
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from samples import DAY, config_text
from sites import Site

from scheduler.intake.headings import ORDER_HEADINGS

Opening = Callable[[House], Site]
Row = dict[str, Any]


def order(order_id: str, **changes: Any) -> Row:
    return {
        "order_id": order_id,
        "service_date": DAY,
        "seller_id": "S01",
        "placed_at": "2026-11-23T09:00:00+07:00",
        "buyer_phone": "0812345678",
        "buyer_name": "มาลี ใจดี",
        "lat": 9.142,
        "lon": 99.325,
        "window": "11.00-13.00 น.",
        "items": "ขนมชั้น x2",
        "weight_kg": 1.5,
        **changes,
    }


def problem(answer: Response, status: int, code: str) -> Any:
    """The problem document of a refusal."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = schemas.check(answer.json(), "problem")
    assert (found["status"], found["code"]) == (status, code)
    return found


def test_an_order_is_created_once_and_updated_after(site: Site, key: dict[str, str]) -> None:
    """201, then 200 for the same body, then 200 for a changed one; the document is that of `orders list`."""
    first = site.post("/api/v1/orders", json=order("A1"), headers=key)
    assert first.status_code == 201
    document = schemas.check(first.json(), "orders")
    assert [(each["order_id"], each["wave"], each["state"]) for each in document["orders"]] == [
        ("A1", "midday", "received")
    ]
    assert (document["created"], document["updated"], document["unchanged"]) == (1, 0, 0)
    again = site.post("/api/v1/orders", json=order("A1"), headers=key)
    assert (again.status_code, again.json()["unchanged"]) == (200, 1)
    changed = site.post("/api/v1/orders", json={"orders": [order("A1", items="ขนมชั้น x3")]}, headers=key)
    assert (changed.status_code, changed.json()["updated"]) == (200, 1)


def test_rows_of_one_order_are_one_delivery(site: Site, key: dict[str, str]) -> None:
    """Two sellers' rows of one order_id become one order with two pickups."""
    rows = [order("A2"), order("A2", seller_id="S02")]
    document = site.post("/api/v1/orders", json={"orders": rows}, headers=key).json()
    assert [each["seller_ids"] for each in document["orders"]] == [["S01", "S02"]]
    assert document["created"] == 2


def test_one_bad_row_saves_none(site: Site, key: dict[str, str], house: House) -> None:
    """422 with the row, column, value, reason and hint of everything that is wrong; the good row is not kept either."""
    rows = [order("A3"), order("A4", buyer_phone="08x1", weight_kg="heavy")]
    found = problem(site.post("/api/v1/orders", json={"orders": rows}, headers=key), 422, "orders.invalid")
    assert {(error["order_id"], error["column"]) for error in found["errors"]} == {
        ("A4", "buyer_phone"),
        ("A4", "weight_kg"),
    }
    assert house.json("orders", "show", "A3", code=1)["errors"][0]["code"] == "order.unknown"


def test_what_was_noticed_is_told_as_an_import_tells_it(
    site: Site, key: dict[str, str], house: House, tmp_path: Path
) -> None:
    """A turned place and names nobody knows are warnings of the answer, the very ones of `orders import`."""
    swapped = order("A7", lat=None, lon=None, location=[9.14, 99.327])
    rows = [order("A8", foo=1), swapped | {"servce_date": DAY}]
    answer = site.post("/api/v1/orders", json={"orders": rows}, headers=key)
    assert answer.status_code == 201
    warnings = schemas.check(answer.json(), "orders")["warnings"]
    told = [each for each in warnings if not each["code"].startswith("date.")]  # what the tests' day is to today
    assert [(each["row"], each["column"], each["code"]) for each in told] == [
        (1, "foo", "column.unknown"),
        (1, "servce_date", "column.unknown"),
        (3, "pin", "pin.swapped"),
    ]
    assert "service_date" in told[1]["hint"]["en"]
    assert (told[2]["order_id"], told[2]["used"]) == ("A7", [99.327, 9.14])
    (tmp_path / "orders.json").write_text(json.dumps(rows), encoding="utf-8")
    assert house.json("orders", "import", tmp_path / "orders.json", "--dry-run")["warnings"] == warnings


def test_a_refusal_tells_what_was_noticed_too(site: Site, key: dict[str, str]) -> None:
    """Where a required name is misspelt, the refusal says which of the names given was read as nothing."""
    row = {("servce_date" if name == "service_date" else name): value for name, value in order("A9").items()}
    found = problem(site.post("/api/v1/orders", json=row, headers=key), 422, "orders.invalid")
    assert [(each["column"], each["code"]) for each in found["errors"]] == [("service_date", "required.missing")]
    assert [(each["column"], each["code"]) for each in found["warnings"]] == [("servce_date", "column.unknown")]
    assert found["warnings"][0]["hint"]["en"] == "did you mean service_date?"


def test_an_order_on_its_way_is_refused(site: Site, key: dict[str, str], house: House) -> None:
    """409 names it, and nothing of the same request is saved."""
    gone = next(each for each in house.json("orders", "list", "--state", "dispatched")["orders"])
    rows = [order("A5"), order(gone["order_id"], seller_id=gone["seller_ids"][0])]
    answer = site.post("/api/v1/orders", json={"orders": rows}, headers=key)
    found = problem(answer, 409, "order.already_dispatched")
    assert found["errors"] == [{"order_id": gone["order_id"], "code": "order.already_dispatched"}]
    house.json("orders", "show", "A5", code=1)


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer ", "Bearer sk_wrong", "Basic c2s6", "Bearer ภาษาไทย"])
@pytest.mark.parametrize("path", ["orders", f"plans/{DAY}", "messages"])
def test_without_a_key_nothing_is_said(site: Site, shown: str, path: str) -> None:
    """401 for a missing, wrong or odd key, on every route."""
    headers = {"Authorization": shown.encode()} if shown else {}
    method = "POST" if path == "orders" else "GET"
    answer = site.request(method, f"/api/v1/{path}", headers=headers, json=order("A6") if method == "POST" else None)
    problem(answer, 401, "key.invalid")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_revoked_key_is_worthless_at_once(site: Site, house: House) -> None:
    """The next request after `keys revoke` is refused."""
    header = {"Authorization": f"Bearer {house.json('keys', 'create', 'till')['key']}"}
    assert site.get("/api/v1/messages", headers=header).status_code == 200
    house.json("keys", "revoke", "till")
    problem(site.get("/api/v1/messages", headers=header), 401, "key.invalid")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "json.invalid"),
        (b"order_id=1", "json.invalid"),
        (b"\xff\xfe\x00", "json.invalid"),
        (b"[" * 100_000, "json.invalid"),
        (b'{"orders": []}', "orders.shape"),
        (b'{"orders": 5}', "orders.shape"),
        (json.dumps({"orders": [{}] * 2001}).encode(), "orders.shape"),
        (b"null", "orders.invalid"),
        (b"[]", "orders.invalid"),
        (b'{"orders": [null, 1, "x", []]}', "orders.invalid"),
        (b'{"order_id": NaN}', "orders.invalid"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value,
)
def test_a_body_that_is_no_order_is_refused(site: Site, key: dict[str, str], body: bytes, code: str) -> None:
    """422 with a code."""
    problem(site.post("/api/v1/orders", content=body, headers=key), 422, code)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", "character 1:"),
        ('{"order_id": "ก", "items": }'.encode(), "character 28:"),
        (b'{"order_id": "W-1"} x', "character 21:"),
        (b'{"order_id": "\xff"}', "byte 15:"),
        (b"[" * 100_000, "character 1:"),
    ],
    ids=["empty", "value", "after", "bytes", "deep"],
)
def test_a_broken_body_is_told_with_its_place(site: Site, key: dict[str, str], body: bytes, place: str) -> None:
    """At which character it stops being JSON, why, and what to write, in both languages."""
    (error,) = problem(site.post("/api/v1/orders", content=body, headers=key), 422, "json.invalid")["errors"]
    assert (error["path"], error["code"]) == ("body", "json.invalid")
    assert place in error["message"]["en"]
    assert place.split()[1] in error["message"]["th"]
    assert '{"orders": [' in error["hint"]["en"]
    assert '{"orders": [' in error["hint"]["th"]


@pytest.mark.parametrize(
    ("body", "path", "said"),
    [
        ('{"orders": []}', "body.orders", "there are 0"),
        ('{"orders": 5}', "body.orders", "not a list"),
        (json.dumps({"orders": [{}] * 2001}), "body.orders", "there are 2001"),
        ('{"orders": [{}], "orders": [{}]}', "body.orders", "given twice"),
    ],
)
def test_a_wrong_shape_is_told_with_its_place(site: Site, key: dict[str, str], body: str, path: str, said: str) -> None:
    """What stands where the list should, and how many orders a request may have."""
    (error,) = problem(site.post("/api/v1/orders", content=body, headers=key), 422, "orders.shape")["errors"]
    assert (error["path"], error["code"]) == (path, "orders.shape")
    assert said in error["message"]["en"]
    assert "2000" in error["hint"]["th"]


def test_a_name_given_twice_is_told_as_in_a_file(site: Site, key: dict[str, str]) -> None:
    """422 with the row and the column; two lists of orders are a wrong shape."""
    body = json.dumps(order("A10"))[:-1] + ', "seller_id": "S02"}'
    found = problem(site.post("/api/v1/orders", content=body, headers=key), 422, "orders.invalid")
    assert [(each["row"], each["column"], each["code"]) for each in found["errors"]] == [
        (2, "seller_id", "column.twice")
    ]
    problem(site.post("/api/v1/orders", content='{"orders": [{}], "orders": [{}]}', headers=key), 422, "orders.shape")


def test_a_body_too_large_is_refused(site: Site, key: dict[str, str]) -> None:
    """413 by its stated length, and where it comes in pieces without one."""
    problem(site.post("/api/v1/orders", content=b" " * (1 << 20) + b"{}", headers=key), 413, "body.too_large")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 65536

    problem(site.post("/api/v1/orders", content=pieces(), headers=key), 413, "body.too_large")


def test_plans_and_messages_are_those_of_the_command_line(site: Site, key: dict[str, str], house: House) -> None:
    """The API and the commands give the same documents, filters included."""
    assert site.get(f"/api/v1/plans/{DAY}", headers=key).json() == house.json("plan", "show", DAY)
    query = {"date": DAY, "wave": "evening", "kind": "pick_list", "state": "accepted"}
    words = [word for name, value in query.items() for word in (f"--{name}", value)]
    answer = site.get("/api/v1/messages", params=query, headers=key).json()
    assert answer == house.json("messages", "list", *words)
    assert answer["messages"]


@pytest.mark.parametrize(
    ("path", "errors"),
    [
        ("plans/tomorrow", [("path.date", "date.invalid")]),
        ("plans/20261124", [("path.date", "date.invalid")]),
        ("plans/86400", [("path.date", "date.invalid")]),
        (f"plans/{DAY}?wave=midnight", [("query.wave", "wave.unknown")]),
        (f"plans/{DAY}?wave=", [("query.wave", "wave.unknown")]),
        ("plans/2026-02-30?wave=midnight", [("path.date", "date.invalid"), ("query.wave", "wave.unknown")]),
        ("messages?date=24/11/2569", [("query.date", "date.invalid")]),
        ("messages?wave=Midday&state=lost", [("query.wave", "wave.unknown"), ("query.state", "state.unknown")]),
        ("messages?kind=poem&channel=pigeon", [("query.kind", "kind.unknown"), ("query.channel", "channel.unknown")]),
        ("messages?limit=0", [("query.limit", "greater_than_equal")]),
        ("messages?limit=many", [("query.limit", "int_parsing")]),
        ("messages?limit=1e9", [("query.limit", "int_parsing")]),
    ],
)
def test_a_query_that_cannot_be_read_is_refused(
    site: Site, key: dict[str, str], path: str, errors: list[tuple[str, str]]
) -> None:
    """422 with every mistake: where in the request, what, and in both languages what may stand there."""
    found = problem(site.get(f"/api/v1/{path}", headers=key), 422, "request.invalid")
    assert [(error["path"], error["code"]) for error in found["errors"]] == errors
    assert all(error["hint"][language] for error in found["errors"] for language in ("th", "en"))


def test_a_plan_that_is_not_there_is_not_found(site: Site, key: dict[str, str]) -> None:
    """404, as the command line refuses it; an order or a person without messages is an empty list."""
    problem(site.get(f"/api/v1/plans/{DAY}?plan=p_none", headers=key), 404, "plan.unknown")
    assert site.get("/api/v1/messages?order=none&to=nobody", headers=key).json()["messages"] == []


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", "/api/v1/orders", 405)])
def test_other_ways_are_refused_as_problems(site: Site, method: str, path: str, status: int) -> None:
    """404 and 405 have the same shape as every other refusal, and say in Thai too what is wrong and where to look."""
    found = problem(site.request(method, path), status, f"http.{status}")
    assert re.search("[ก-๙]", found["message"]["th"])
    (error,) = found["errors"]
    assert (error["path"], error["code"]) == (path, f"http.{status}")
    assert "/openapi.json" in error["hint"]["en"]
    assert re.search("[ก-๙]", error["hint"]["th"])


def test_the_description_is_whole(site: Site) -> None:
    """openapi.json names every route, every reference in it leads somewhere, and the order's columns are the files'."""
    found = site.get("/openapi.json").json()
    assert found["openapi"].startswith("3.1")
    assert {"/api/v1/orders", "/api/v1/plans/{date}", "/api/v1/messages"} <= found["paths"].keys()
    references = [value for value in _values(found, "$ref") if not value.startswith("#/components/schemas/")]
    assert references == []
    for value in _values(found, "$ref"):
        assert value.rsplit("/", 1)[1] in found["components"]["schemas"], value
    for schema in found["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    assert found["components"]["schemas"]["Order"]["properties"].keys() == ORDER_HEADINGS.keys()
    assert found["paths"]["/api/v1/orders"]["post"]["responses"].keys() >= {"201", "200", "401", "409", "413", "422"}


def _values(node: Any, key: str) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield value
            yield from _values(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from _values(value, key)


def test_a_machine_can_ask_how_it_is(site: Site) -> None:
    """healthz, readyz and metrics answer without a key, and say nothing of anybody."""
    assert site.get("/healthz").text == "ok"
    ready = site.get("/readyz").json()
    assert ready["ready"] is True
    assert ready["config_file_ok"] is True
    assert 'songsuk_messages{state="accepted"}' in site.get("/metrics").text
    assert site.get("/healthz").headers["content-security-policy"] == "default-src 'none'"


# --- anything at all ----------------------------------------------------------------------------------------------

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.sampled_from(["\x00", "\ud800", "\u202e", "1e999", "9" * 400, "=cmd()", "00:00", "0", "-1", "24/11/2569"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
)
COLUMNS = st.sampled_from(sorted(ORDER_HEADINGS))


@pytest.fixture
def any_site(database_url: str, tmp_path: Path, open_site: Opening) -> tuple[Site, dict[str, str]]:
    """An empty market on either database, and a key to it."""
    house = House(folder=tmp_path, url=database_url)
    house.config.write_text(config_text(), encoding="utf-8")
    return open_site(house), {"Authorization": f"Bearer {house.json('keys', 'create', 'any')['key']}"}


def test_no_order_body_is_answered_with_a_5xx(any_site: tuple[Site, dict[str, str]]) -> None:
    """Whatever values its columns hold, an order is taken or refused with reasons."""
    site, key = any_site

    @given(changes=st.dictionaries(COLUMNS, ODD, max_size=6))
    @settings(max_examples=60, deadline=None)
    def attempt(changes: Row) -> None:
        body = json.dumps({**order("F1"), **changes})
        answer = site.post("/api/v1/orders", content=body.encode("utf-8", "surrogatepass"), headers=key)
        assert answer.status_code in {200, 201, 422}, answer.text
        if answer.status_code == 422:
            schemas.check(answer.json(), "problem")
        else:
            schemas.check(answer.json(), "orders")

    attempt()


def test_no_query_is_answered_with_a_5xx(any_site: tuple[Site, dict[str, str]]) -> None:
    """Whatever a filter holds, the answer is a document or a refusal."""
    site, key = any_site
    odd = ["%00", "%ED%A0%80", "'; drop table orders", "x" * 5000, "%F0%9F%90%98"]
    for name in ("wave", "state", "kind", "channel", "order", "to", "plan"):
        path = f"plans/{DAY}" if name == "plan" else "messages"
        for value in odd:
            answer = site.get(f"/api/v1/{path}?{name}={value}", headers=key)
            assert answer.status_code in {200, 404, 422}, (name, value)
