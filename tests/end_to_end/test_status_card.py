"""`songsuk serve` beside a Telegram that remembers: a coordinator's one message, true after each rider's tap."""

from __future__ import annotations

import datetime as dt
import signal
from pathlib import Path
from typing import Any

import httpx
import schemas
from commands import House, until
from samples import DAY, SECRETS, config_text, read_rows, telegram_id, write_rows
from telegram_server import TelegramServer
from threads import beside

from scheduler.config import parse
from scheduler.demo.market import write

HOOK = {"X-Telegram-Bot-Api-Secret-Token": "telegram-secret"}
BOSS = telegram_id(900)
DISPATCH = f"{DAY}T14:00:00+07:00"


def market(folder: Path, url: str, telegram: TelegramServer) -> House:
    """A made-up market whose evening wave leaves now, by itself; riders and one coordinator are on Telegram."""
    channels = f"telegram: {{api_base: '{telegram.base}'}}"
    house = House(folder=folder, url=url, environ={**SECRETS, "SONGSUK_CLOCK": DISPATCH})
    house.config.write_text(config_text(channels, {"approval: {mode: manual": "approval: {mode: auto"}), "utf-8")
    write(folder, parse(config_text()), dt.date.fromisoformat(DAY), "small", 1)
    chats: dict[str, list[str]] = {
        "riders": [telegram_id(number) for number in range(50)],
        "coordinators": [BOSS, "", ""],
        "sellers": [""] * 50,
    }
    for name, ids in chats.items():
        rows = read_rows(folder / f"{name}.csv")
        own = [
            row | {"chat_channel": "telegram" if id else "", "line_user_id": "", "telegram_chat_id": id}
            for row, id in zip(rows, ids, strict=False)
        ]
        house.json("members", "import", write_rows(folder / f"{name}.csv", own))
    evening = [row for row in read_rows(folder / "orders.csv") if row["window_from"] == "16:00"]
    phoned = {"chat_channel": "", "line_user_id": "", "telegram_chat_id": "", "buyer_phone": "0812345678"}
    house.json("orders", "import", write_rows(folder / "orders.csv", [row | phoned for row in evening]))
    return house


def test_the_card_appears_after_the_dispatch_and_is_true_after_each_tap(tmp_path: Path, sqlite_url: str) -> None:
    """One message, as many edits as there were changes seen, the right words in the end; and Telegram had nothing
    against any of it."""
    with beside(TelegramServer()) as telegram:
        house = market(tmp_path, sqlite_url, telegram)

        def buttons() -> dict[str, str]:
            """By rider's chat, what the button under the route says."""
            return {
                log.chat_id: each["callback_data"]
                for log in list(telegram.log)
                for row in log.fields.get("reply_markup", {}).get("inline_keyboard", [])
                for each in row
                if "callback_data" in each and log.chat_id != BOSS
            }

        def cards(accepted: Any) -> list[str]:
            found = [log.text for log in list(accepted) if log.chat_id == BOSS]
            return [text for text in found if "คนส่งตอบรับ" in text]

        def reads(words: str) -> bool:
            return any(words in text for text in cards(telegram.shown.values()))

        with house.serving() as daemon, httpx.Client(base_url=daemon.listening(), timeout=30) as client:
            until(lambda: reads("คนส่งตอบรับแล้ว 0 จาก"), "the card")
            [first] = cards(telegram.log)
            assert first.splitlines()[0] == "รอบเย็น วันอังคารที่ 24 พ.ย. 2569: ออกส่งแล้ว"
            riders = int(first.partition("จาก ")[2].split()[0])
            until(lambda: len(buttons()) == riders, "the routes")
            for number, (chat, data) in enumerate(sorted(buttons().items()), 1):
                tap = telegram.update(chat, data=data)
                assert client.post("/hooks/telegram", json=tap, headers=HOOK).status_code == 200
                words = f"แล้ว {number} จาก {riders} คน" if number < riders else f"ครบแล้ว {riders} คน"
                until(lambda: reads(f"คนส่งตอบรับ{words}"), "the edit")  # noqa: B023
            assert daemon.stop(signal.SIGTERM) == 0
            assert not [line for line in daemon.lines if "Traceback" in line or " ERROR " in line], daemon.lines
        assert telegram.bad_requests == []
        assert len(cards(telegram.log)) == 1
        assert riders <= len(telegram.edits) <= riders + 2  # the first may still have told of who was being told
        [last] = cards(telegram.shown.values())
        assert "ยังไม่ตอบรับ" not in last
        listed = schemas.check(house.json("messages", "list", "--kind", "status_card"))["messages"]
        assert {each["state"] for each in listed} <= {"accepted", "superseded"}
        assert len({each["attempts"][-1]["provider_id"] for each in listed if each["attempts"]}) == 1
