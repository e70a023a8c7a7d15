"""`songsuk members`: who rides, sells, buys and coordinates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from scheduler.cli import joining, screen
from scheduler.cli.opened import ConfigFile, Json, actor_name, known_role, opened
from scheduler.cli.orders import show_import
from scheduler.cli.screen import Refusal
from scheduler.cli.tables import PHONE

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("invite")(joining.invite)
app.command("links")(joining.links)
app.command("link")(joining.link)
app.command("erase")(joining.erase)
MEMBER = {
    "th": ["บทบาท", "รหัส", "ชื่อ", "ภาษา", "ยินยอม", "ติดต่อทาง"],
    "en": ["role", "id", "name", "language", "consent", "reached over"],
}
CONSENT = {
    True: {"th": "ยินยอม", "en": "yes"},
    False: {"th": "ไม่ยินยอม", "en": "no"},
    None: {"th": "–", "en": "–"},
}
RoleOption = Annotated[str | None, typer.Option("--role", help="rider, seller, buyer or coordinator.")]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, XLSX or JSON.")],
    role: RoleOption = None,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Import people; their role is told by the id column (rider_id, seller_id, buyer_ref, coordinator_id)."""
    from scheduler import doubts
    from scheduler.intake import UnreadableFile, read_members
    from storage.records import Saved

    with opened(config, acts=True) as app:
        try:
            read = read_members(file, name=file.name, role=known_role(role), context=app.intake_context())
        except UnreadableFile as error:
            raise Refusal(error.code, str(file), error.message, error.hint, exit_code=2) from None
        fates = app.store.save_members(read.members, actor=actor_name(), at=app.clock.now())
        noticed = [*read.warnings, *doubts.in_members(read, app.versions.zones())]
    found: dict[str, Any] = {
        "schema": "songsuk/members.import/1",
        "file": file.name,
        "format": read.format,
        "encoding": read.encoding,
        "dry_run": False,
        "rows": read.rows,
        "created": fates.count(Saved.CREATED),
        "updated": fates.count(Saved.UPDATED),
        "unchanged": fates.count(Saved.UNCHANGED) + read.repeated,
        "rejected": read.rejected,
        "members": len(read.members),
        "errors": [problem.as_json() for problem in read.errors],
        "warnings": [warning.as_json() for warning in noticed],
    }
    show_import(found, as_json=json)
    raise typer.Exit(1 if read.rejected else 0)


@app.command("list")
def list_(role: RoleOption = None, config: ConfigFile = None, json: Json = False) -> None:
    """List people by role; phones and chat addresses stay inside."""
    from scheduler import documents

    with opened(config) as app:
        shown = documents.members(app.store.members(known_role(role)))
    if json:
        screen.document(shown)
        return
    screen.table(
        "",
        screen.spoken(MEMBER),
        (
            [
                member["role"],
                member["member_id"],
                member["name"],
                member["language"] or "–",
                screen.spoken(CONSENT[member["consent"]]),
                ", ".join(f"{name} ({state})" for name, state in member["channels"].items()) or screen.spoken(PHONE),
            ]
            for member in shown["members"]
        ),
    )
