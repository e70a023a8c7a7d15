"""`songsuk day`: every step a day still lacks, and `songsuk report day`: what it came to."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scheduler.cli import screen
from scheduler.cli.opened import (
    ConfigFile,
    DateArgument,
    Json,
    Wave,
    actor_name,
    date_of,
    known_wave,
    needs_secrets,
    opened,
)
from scheduler.cli.screen import Refusal

if TYPE_CHECKING:
    from scheduler.app import App
    from scheduler.day import Step

report = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def day(
    date: DateArgument,
    wave: Wave = None,
    approve: Annotated[bool, typer.Option("--approve", help="Approve each plan as it is made.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also when real people would hear of another day.")] = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Do every step a day still lacks, each as if at its hour, and send what is due. Repeating it sends nothing."""
    with opened(config, acts=True) as app:
        found = run(app, date_of(app, date), known_wave(app, wave), approve=approve, force=force, quiet=json)
    if json:
        screen.document(found)
    else:
        screen.table(
            f"{found['date']}",
            ["wave", "state", "did", "orders", "no place"],
            (
                [each["wave"], each["state"], " ".join(each["did"]) or "–", each["orders"], each["unassigned"]]
                for each in found["waves"]
            ),
            right=[3, 4],
        )
        told = ", ".join(f"{count} {state}" for state, count in found["messages"].items())
        screen.out().print(f"messages: {told or 'none'}")
    bad = {"failed", "unknown", "retry"} & found["messages"].keys()
    raise typer.Exit(1 if bad else 0)


def run(
    app: App, date: dt.date, wave: str | None, *, approve: bool, force: bool = False, quiet: bool = False
) -> dict[str, Any]:
    """The day document of one date."""
    import asyncio
    from collections import Counter

    from scheduler.walk import walk

    official = app.official()
    today = app.clock.now().astimezone(app.tz).date()
    if official and date != today and not force:
        raise Refusal(
            "day.official_base",
            "DATE",
            {
                "th": f"ช่องทาง {', '.join(official)} ส่งถึงคนจริง และ {date} ไม่ใช่วันนี้",
                "en": f"{', '.join(official)} would reach real people, and {date} is not today",
            },
            {"th": "ถ้าตั้งใจจริงใส่ --force", "en": "add --force if you mean it"},
        )
    needs_secrets(app)

    def told(step: Step, done: bool) -> None:
        if not quiet:
            at = step.at.astimezone(app.tz)
            screen.say(f"  {at:%d/%m %H:%M}  {step.wave:<10} {step.action}{'' if done else ' (was done)'}")

    if not any(app.versions.calendar().has_wave(date, each.id) for each in app.config.waves):
        screen.say(f"no zone is delivered to on {date}: the market is closed")
    waves = asyncio.run(walk(app, date, only_wave=wave, approve=approve, actor=actor_name(), on_step=told))
    counts = Counter(message.state for message in app.store.messages(date=date, wave=wave))
    return {
        "schema": "songsuk/day/1",
        "date": date.isoformat(),
        "waves": [
            {
                "wave": each.wave,
                "state": each.state,
                "did": each.did,
                "orders": each.orders,
                "unassigned": each.unassigned,
            }
            for each in waves
        ],
        "messages": dict(sorted(counts.items())),
    }


@report.command("day")
def report_day(date: DateArgument, config: ConfigFile = None, json: Json = False) -> None:
    """What a day came to: orders by state, riders' work, cash, messages."""
    from scheduler import report as reports

    with opened(config) as app:
        found = reports.day(app.store, date_of(app, date))
    if json:
        screen.document(found)
        return
    show_report(found)


def show_report(found: dict[str, Any]) -> None:
    orders = found["orders"]
    states = ", ".join(f"{count} {state}" for state, count in orders["by_state"].items())
    screen.out().print(f"{found['date']}: {orders['total']} orders ({states or 'none'})", markup=False)
    screen.table(
        "",
        ["rider", "waves", "drops", "km", "hours", "cash baht"],
        (
            [
                f"{rider['rider_id']} {rider['name']}".strip(),
                " ".join(rider["waves"]),
                rider["deliveries"],
                f"{rider['distance'] / 1000:.1f}",
                f"{rider['duration'] / 3600:.1f}",
                f"{rider['cod_satang'] / 100:,.0f}",
            ]
            for rider in found["riders"]
        ),
        right=range(2, 6),
    )
    told = ", ".join(f"{count} {state}" for state, count in found["messages"]["by_state"].items())
    screen.out().print(f"messages: {told or 'none'}", markup=False)
