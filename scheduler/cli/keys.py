"""`songsuk keys`: who may put orders in over the API."""

from __future__ import annotations

import secrets

import typer

from scheduler.cli import screen
from scheduler.cli.opened import ConfigFile, Json, actor_name, opened
from scheduler.cli.screen import Refusal
from scheduler.keys import digest

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command()
def create(name: str, config: ConfigFile = None, json: Json = False) -> None:
    """Make an API key. It is printed once and never stored."""
    if not name.strip():
        raise Refusal(
            "usage",
            "NAME",
            {"th": "ชื่อว่าง", "en": "the name is empty"},
            {"th": "ตั้งชื่อตามผู้ใช้คีย์ เช่น webshop", "en": "name it after who uses it, e.g. webshop"},
            exit_code=2,
        )
    key = "sk_" + secrets.token_urlsafe(32)
    with opened(config) as app:
        if not app.store.create_key(name, digest(key), actor=actor_name(), at=app.clock.now()):
            raise Refusal(
                "key.exists",
                name,
                {"th": "มีชื่อนี้แล้ว", "en": "there is a key of this name"},
                {"th": "ใช้ชื่ออื่น หรือ songsuk keys revoke ก่อน", "en": "take another name, or revoke it first"},
            )
    if json:
        screen.document({"schema": "songsuk/keys/1", "name": name, "key": key})
    else:
        screen.out().print(key, markup=False)
        screen.say(screen.spoken({"th": "เก็บไว้ตอนนี้ จะไม่แสดงอีก", "en": "keep it now: it is not shown again"}))


@app.command()
def revoke(name: str, config: ConfigFile = None, json: Json = False) -> None:
    """Make a key worthless at once."""
    with opened(config) as app:
        if not app.store.revoke_key(name, actor=actor_name(), at=app.clock.now()):
            raise Refusal(
                "key.unknown",
                name,
                {"th": "ไม่มีคีย์ที่ใช้ได้ในชื่อนี้", "en": "there is no valid key of this name"},
                {"th": "ตรวจตัวสะกด", "en": "check the spelling"},
            )
    if json:
        screen.document({"schema": "songsuk/keys/1", "name": name, "revoked": True})
    else:
        said = screen.spoken({"th": "ยกเลิกแล้ว", "en": "revoked"})
        screen.out().print(f"{name}: {said}", markup=False)
