"""`songsuk plan settle`: a person says whether a wave rode that a restore left open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from scheduler.cli import screen
from scheduler.cli.opened import (
    ConfigFile,
    DateArgument,
    Json,
    actor_name,
    date_of,
    known_coordinator,
    known_wave,
    one_of,
    opened,
)
from scheduler.cli.screen import Refusal

if TYPE_CHECKING:
    from storage.records import Run

WAYS = ("rode", "put_off")
SAID = {
    "rode": {
        "th": "บันทึกแล้วว่ารอบนี้ออกส่งไปแล้ว ไม่แจ้งใคร",
        "en": "it rode: the wave is finished, and nobody is told anything",
    },
    "put_off": {
        "th": "บันทึกแล้วว่ารอบนี้ไม่ได้ออกส่ง ออเดอร์เลื่อนไปรอบถัดไปและแจ้งผู้ซื้อ",
        "en": "put off: its orders go to the next wave, and their buyers are told",
    },
}


def settle(
    date: DateArgument,
    wave: Annotated[str, typer.Option("--wave", help="The wave.")],
    as_: Annotated[str, typer.Option("--as", help="rode or put_off.")],
    by: Annotated[str | None, typer.Option("--by", help="The id of the coordinator who says so.")] = None,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Say of a wave that a restore left open that it rode, or put its orders off to the next one. Twice is once."""
    one_of(as_, WAYS, "--as")
    with opened(config, acts=True) as app:
        known_wave(app, wave)
        day, rode = date_of(app, date), as_ == "rode"
        known_coordinator(app, by)
        run = app.waves.run(day, wave)
        done = run is not None and app.waves.settle(run, rode=rode, actor=by or actor_name())
        run = app.waves.run(day, wave)
        if run is None or not (done or app.waves.settled(run, rode=rode)):
            raise _nothing_to_settle(date, wave, run)
        if done and not rode:
            app.wake_senders()
    found: dict[str, Any] = {
        "schema": "songsuk/plan.settle/1",
        "date": run.date.isoformat(),
        "wave": wave,
        "as": as_,
        "state": run.state,
        "already": not done,
    }
    if json:
        screen.document(found)
    elif done:
        screen.out().print(screen.spoken(SAID[as_]), markup=False)
    else:
        screen.out().print(screen.spoken({"th": "บอกไปแล้ว ไม่มีอะไรเปลี่ยน", "en": "settled so already; nothing changed"}))


def _nothing_to_settle(date: str, wave: str, run: Run | None) -> Refusal:
    state = run.state if run is not None else "open"
    hints = {
        "open": {"th": "songsuk serve ปิดรับเมื่อถึงเวลา", "en": "songsuk serve closes it at its cut-off"},
        "closed": {
            "th": "อนุมัติเมื่อวางแผนแล้ว: songsuk plan show",
            "en": "approve it when it is planned: songsuk plan show",
        },
        "planned": {
            "th": "ถ้าจะออกส่ง ให้อนุมัติ: songsuk plan approve",
            "en": "if it is to ride, approve it: songsuk plan approve",
        },
    }
    known = {
        "th": f"ดู songsuk plan show {date} --wave {wave}",
        "en": f"see songsuk plan show {date} --wave {wave}",
    }
    return Refusal(
        "plan.nothing_to_settle",
        "--wave",
        {
            "th": f"รอบนี้อยู่ในสถานะ {state} ไม่ได้รอให้บอกว่าออกส่งไปหรือยัง",
            "en": f"this wave is {state}; it does not wait for anybody to say whether it rode",
        },
        hints.get(state, known),
    )
