"""The command line: `songsuk`. Words to the application and back; no decision of its own.

Commands live in the modules beside this one, each imported for its definitions only: what is heavy is loaded inside a
command, so that ``songsuk --help`` answers at once.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import typer
from typer.main import get_command

from scheduler.cli import versions
from scheduler.cli.channels import app as channels_app
from scheduler.cli.config import app as config_app
from scheduler.cli.day import day
from scheduler.cli.day import report as report_app
from scheduler.cli.db import app as db_app
from scheduler.cli.demo import demo
from scheduler.cli.keys import app as keys_app
from scheduler.cli.members import app as members_app
from scheduler.cli.messages import app as messages_app
from scheduler.cli.orders import app as orders_app
from scheduler.cli.plan import app as plan_app
from scheduler.cli.roads import app as roads_app
from scheduler.cli.screen import Refusal
from scheduler.cli.serve import doctor, serve, worker
from scheduler.cli.solve import solve
from scheduler.cli.zones import app as zones_app

app = typer.Typer(
    name="songsuk",
    help="The daily dispatcher of a community market.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(demo)
app.command("serve")(serve)
app.command("worker")(worker)
app.command("day")(day)
app.command("solve")(solve)
app.command("doctor")(doctor)
config_app.command("publish")(versions.publish)
config_app.command("rollback")(versions.rollback)
config_app.command("log")(versions.log)
app.add_typer(orders_app, name="orders", help="Orders: import, add, list, show, pin, cancel.")
app.add_typer(members_app, name="members", help="People: import, list, invite, links, link, erase.")
app.add_typer(plan_app, name="plan", help="Plans: show, fits, approve, replan, settle.")
app.add_typer(messages_app, name="messages", help="Messages: list, calls, budget, resolve.")
app.add_typer(config_app, name="config", help="config.yaml: check, preview, publish, rollback, log, schema.")
app.add_typer(zones_app, name="zones", help="Zones and maps: list, export, import, remove.")
app.add_typer(roads_app, name="roads", help="Real roads: build, calibrate.")
app.add_typer(report_app, name="report", help="What a day came to: day.")
app.add_typer(channels_app, name="channels", help="The accounts at LINE and Telegram: setup.")
app.add_typer(keys_app, name="keys", help="API keys: create, revoke.")
app.add_typer(db_app, name="db", help="The database: upgrade, backup, restore.")


def main() -> None:
    """The console script. Refusals and usage errors end in one clear answer, in JSON where ``--json`` was asked."""
    as_json = "--json" in sys.argv[1:]
    try:
        code = _commands()(prog_name="songsuk", standalone_mode=False)
    except Refusal as refusal:
        refusal.show(as_json=as_json)
        sys.exit(refusal.exit_code)
    except typer.Abort:
        sys.exit(130)
    except typer.TyperException as error:
        _misused(error).show(as_json=as_json)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        failure = _failed(error)
        if sys.flags.dev_mode and failure.exit_code == 1:
            raise
        failure.show(as_json=as_json)
        sys.exit(failure.exit_code)
    sys.exit(code if isinstance(code, int) else 0)


@cache
def _commands() -> Any:
    """The commands, ready to be called: reading all their signatures takes longer than many a command."""
    return get_command(app)


def _misused(error: Exception) -> Refusal:
    """A command that is not written as it should be; a bare group of commands is answered with its help."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "songsuk"
    text = error.format_message() if hasattr(error, "format_message") else str(error)
    if text.startswith("Usage:"):
        return Refusal("usage", "", {"th": text, "en": text})
    return Refusal(
        "usage",
        command,
        {"th": f"คำสั่งไม่ถูกต้อง: {text}", "en": text.rstrip(".")},
        {"th": f"ดู {command} --help", "en": f"see {command} --help"},
    )


def _failed(error: Exception) -> Refusal:
    """A secret's file that cannot be read, wherever it was asked for; else a fault of ours: said in one line."""
    from scheduler.config import UnreadableSecret

    if isinstance(error, UnreadableSecret):
        return Refusal("secret.unreadable", error.variable, error.message, error.hint, exit_code=2)
    what = f"{type(error).__name__}: {error}"
    return Refusal(
        "internal",
        "songsuk",
        {"th": f"โปรแกรมผิดพลาด: {what}", "en": f"a fault in Songsuk: {what}"},
        {
            "th": "แจ้งผู้ดูแลพร้อมผลของ PYTHONDEVMODE=1 ที่หน้าคำสั่งเดิม",
            "en": "report it with what the same command prints under PYTHONDEVMODE=1",
        },
    )
