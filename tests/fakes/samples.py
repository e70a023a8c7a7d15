"""The shipped market and the sample day, cut to what tests need: a short solver, and people with chat addresses."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "surat-thani"
DAY = "2026-11-24"
SECRETS = {
    "SONGSUK_LINE_CHANNEL_ACCESS_TOKEN": "line-token",
    "SONGSUK_LINE_CHANNEL_SECRET": "line-secret",
    "SONGSUK_TELEGRAM_BOT_TOKEN": "1234:telegram-token",
    "SONGSUK_TELEGRAM_WEBHOOK_SECRET": "telegram-secret",
}
"""What the two fake services expect."""

Row = dict[str, str]


def sample_file(name: str) -> Path:
    """One file of the sample day; the test is skipped where the data is absent."""
    path = DATA / f"sample_{name}_synthetic.csv"
    if not path.exists():
        pytest.skip(f"no sample data beside this checkout: {name}")
    return path


def rows(name: str) -> list[Row]:
    return read_rows(sample_file(name))


def read_rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def write_rows(path: Path, found: Sequence[Row]) -> Path:
    columns = list(dict.fromkeys(column for row in found for column in row))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(found)
    return path


def config_text(channels: str = "console: {}", edits: Mapping[str, str] | None = None) -> str:
    """The shipped config.yaml with a moment of solving, these channels, and other edits of its text."""
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    changes = {"seconds: 10, workers: 0": "seconds: 0.3, workers: 1", "\n  console: {}": f"\n  {channels}"}
    for old, new in (changes | dict(edits or {})).items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def line_id(number: int) -> str:
    return f"U{number:032x}"


def telegram_id(number: int) -> str:
    return str(700_000_000 + number)


def addressed(
    people: Iterable[Row], first: int, wish: Callable[[Row], str] = lambda row: row["chat_channel"]
) -> list[Row]:
    """Everybody with the address of the service they wish for; who wishes for neither has none."""
    found = []
    for number, row in enumerate(people, first):
        chat = wish(row)
        found.append(
            row
            | {
                "line_user_id": line_id(number) if chat == "line" else "",
                "telegram_chat_id": telegram_id(number) if chat == "telegram" else "",
            }
        )
    return found


def by_turns(found: list[Row], id: str, first: int) -> list[Row]:
    """One person over Telegram, the next over LINE; whoever has several rows stays the same."""
    numbers = {ref: number for number, ref in enumerate(dict.fromkeys(row[id] for row in found), first)}
    return [
        row
        | {
            "chat_channel": "line" if (number := numbers[row[id]]) % 2 else "telegram",
            "line_user_id": line_id(number) if number % 2 else "",
            "telegram_chat_id": "" if number % 2 else telegram_id(number),
        }
        for row in found
    ]
