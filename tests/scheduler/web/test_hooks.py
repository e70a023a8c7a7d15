"""Webhooks: nothing without the right signature, each event stored once, and no body answered with a 5xx."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from commands import House
from hypothesis import given, settings
from hypothesis import strategies as st
from line_server import LineServer
from sites import Site

from storage import failpoints, open_store
from storage.failpoints import Failpoints, Hit

TELEGRAM = {"X-Telegram-Bot-Api-Secret-Token": "telegram-secret"}
UPDATE = {"update_id": 501, "message": {"message_id": 1, "chat": {"id": 700000001, "type": "private"}, "text": "ครับ"}}


def event(number: int) -> dict[str, Any]:
    """A text that somebody wrote to the market's LINE account."""
    return {
        "type": "message",
        "webhookEventId": f"01HX{number:022}",
        "timestamp": 1764000000000,
        "mode": "active",
        "deliveryContext": {"isRedelivery": False},
        "source": {"type": "user", "userId": f"U{number:032x}"},
        "replyToken": "r",
        "message": {"type": "text", "id": "1", "text": "สวัสดี"},
    }


def stored(house: House, subject: str) -> int:
    """Whether an event lies in the inbox; its own id lets it in once."""
    with open_store(house.url) as store:
        return int(store.heard_before(*subject.split("/")) is not None)


def test_a_signed_event_is_stored_once(site: Site, house: House) -> None:
    """200 each time LINE delivers it; one row."""
    headers, body = LineServer().signed([event(1), event(2)])
    for _ in range(3):
        assert site.post("/hooks/line", content=body, headers=headers).status_code == 200
    assert stored(house, f"line/{event(1)['webhookEventId']}") == 1
    assert stored(house, f"line/{event(2)['webhookEventId']}") == 1


def test_what_line_delivers_anew_is_taken_once(house: House, open_site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the database failed once LINE gets no 200 and comes again by itself; where only our answer was lost, the
    event that it brings again is known. Each is one row."""
    server = LineServer()
    site = open_site(house)

    async def post(headers: dict[str, str], body: bytes) -> int:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=site.app), base_url="http://songsuk.test"
        ) as web:
            try:
                return (await web.post("/hooks/line", content=body, headers=headers)).status_code
            except Hit:
                return 500  # as the web server says for it

    for number, point in enumerate(("before_commit", "after_commit"), 7):
        monkeypatch.setattr(failpoints, "_armed", Failpoints.parse(f"add_inbox.{point}=raise@1"))
        assert asyncio.run(server.tell(post, event(number), again=3)) == [500, 200]
        with open_store(house.url) as store:
            assert [each.event_id for each in store.heard()].count(event(number)["webhookEventId"]) == 1


@pytest.mark.parametrize("change", ["none", "wrong", "empty", "body"])
def test_an_unsigned_event_is_not_stored(site: Site, house: House, change: str) -> None:
    """401 for a missing or wrong signature, also for a good one over another body; no row."""
    headers, body = LineServer().signed([event(3)])
    if change == "none":
        del headers["X-Line-Signature"]
    elif change == "wrong":
        headers, _ = LineServer(secret="another").signed([event(3)])
    elif change == "empty":
        headers["X-Line-Signature"] = ""
    else:
        body += b" "
    answer = site.post("/hooks/line", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "hook.signature")
    assert stored(house, f"line/{event(3)['webhookEventId']}") == 0


def test_strangers_slow_nothing_down(site: Site) -> None:
    """A flood of unsigned calls is not one that other work has to wait for."""
    for _ in range(30):
        assert site.post("/hooks/line", content=b"{}").status_code in {401, 429}
    assert not site.app.state.door.busy()


def test_line_may_verify_its_webhook(site: Site) -> None:
    """A signed call without events, as LINE's console makes it, is answered with 200."""
    headers, body = LineServer().signed([])
    assert site.post("/hooks/line", content=body, headers=headers).status_code == 200


def test_a_telegram_update_is_stored_once(site: Site, house: House) -> None:
    """With the secret header 200 and one row, without it 401 and none."""
    for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "guess"}):
        assert site.post("/hooks/telegram", json=UPDATE, headers=headers).status_code == 401
    assert stored(house, "telegram/501") == 0
    for _ in range(2):
        assert site.post("/hooks/telegram", json=UPDATE, headers=TELEGRAM).status_code == 200
    assert stored(house, "telegram/501") == 1


@pytest.mark.parametrize("name", ["console", "whatsapp", "line/..", "%00"])
def test_an_unknown_channel_is_not_found(site: Site, name: str) -> None:
    """404, whatever it is called."""
    assert site.post(f"/hooks/{name}", content=b"{}").status_code == 404


def test_a_hook_too_large_is_refused(site: Site) -> None:
    """413 before any signature is looked at."""
    assert site.post("/hooks/line", content=b"x" * ((1 << 20) + 1)).status_code == 413


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'{"events": 5}', b"\xff", b"[" * 100_000, b'{"update_id": {}}'])
def test_a_signed_body_may_hold_anything(site: Site, body: bytes) -> None:
    """Signed nonsense is acknowledged: the service would only send it again."""
    assert site.post("/hooks/line", content=body, headers=_signed(body)).status_code == 200
    assert site.post("/hooks/telegram", content=body, headers=TELEGRAM).status_code == 200


def _signed(body: bytes) -> dict[str, str]:
    import base64
    import hashlib
    import hmac

    signature = base64.b64encode(hmac.new(b"line-secret", body, hashlib.sha256).digest()).decode()
    return {"X-Line-Signature": signature}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
KEYS = st.sampled_from(["type", "webhookEventId", "source", "message", "postback", "timestamp", "update_id", "chat"])


@given(
    events=st.lists(st.dictionaries(KEYS, JSON, max_size=5), max_size=3), update=st.dictionaries(KEYS, JSON, max_size=5)
)
@settings(max_examples=40, deadline=None)
def test_no_signed_event_is_answered_with_a_5xx(site: Site, events: list[Any], update: dict[str, Any]) -> None:
    """Events of any shape are stored as they came."""
    body = json.dumps({"events": events}).encode()
    assert site.post("/hooks/line", content=body, headers=_signed(body)).status_code == 200
    answer = site.post("/hooks/telegram", content=json.dumps(update).encode(), headers=TELEGRAM)
    assert answer.status_code == 200
