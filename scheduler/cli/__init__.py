"""The command line: `songsuk`. Words to the application and back; no decision of its own.

Commands live in the modules beside this one, each imported for its definitions only: what is heavy is loaded inside a
command, so that ``songsuk --help`` answers at once.
"""

from __future__ import annotations

import sys

import typer

from scheduler.cli import config, day, demo, keys, members, messages, orders, plan, serve, solve
from scheduler.cli.screen import Refusal

app = typer.Typer(
    name="songsuk",
    help="The daily dispatcher of a community market.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("day")(day.day)
app.command("solve")(solve.solve)
app.command("doctor")(serve.doctor)
app.add_typer(orders.app, name="orders", help="Orders: import, add, list, show, cancel.")
app.add_typer(members.app, name="members", help="Riders, sellers, buyers, coordinators.")
app.add_typer(plan.app, name="plan", help="Plans: show, approve, replan.")
app.add_typer(messages.app, name="messages", help="What was said to whom, and who must be phoned.")
app.add_typer(config.app, name="config", help="config.yaml: check, schema.")
app.add_typer(day.report, name="report", help="What a day came to.")
app.add_typer(keys.app, name="keys", help="API keys.")
app.add_typer(serve.db, name="db", help="The database: upgrade.")


def main() -> None:
    """The console script. Refusals and usage errors end in one clear answer, in JSON where ``--json`` was asked."""
    as_json = "--json" in sys.argv[1:]
    try:
        code = app(standalone_mode=False)
    except Refusal as refusal:
        refusal.show(as_json=as_json)
        sys.exit(refusal.exit_code)
    except typer.Abort:
        sys.exit(130)
    except typer.TyperException as error:
        text = getattr(error, "format_message", lambda: str(error))()
        Refusal(
            "usage", "songsuk", {"th": text, "en": text}, {"th": "ดู songsuk --help", "en": "see songsuk --help"}
        ).show(as_json=as_json)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)
