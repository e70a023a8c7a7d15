"""`songsuk members invite|links|link|erase`: people come in by a code, and go without a trace."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scheduler.cli import screen
from scheduler.cli.opened import ConfigFile, Json, actor_name, known_role, needs_secrets, opened
from scheduler.cli.screen import Refusal
from scheduler.cli.tables import role as role_name

if TYPE_CHECKING:
    from scheduler.app import App
    from storage.records import Member, Role

LASTS = dt.timedelta(hours=72)
RoleOption = Annotated[str | None, typer.Option("--role", help="rider, seller, buyer or coordinator.")]
REQUEST = {
    "th": ["รหัส", "ทาง", "เบอร์โทร", "ตั้งแต่", "ผู้ซื้อเบอร์นี้"],
    "en": ["id", "over", "phone", "since", "buyers of this number"],
}
MemberArgument = Annotated[str, typer.Argument(metavar="MEMBER", help="A member's id: R4, S03, C1, B0001.")]


def invite(
    member: Annotated[str | None, typer.Argument(metavar="MEMBER", help="A member's id: R4, S03, C1.")] = None,
    role: RoleOption = None,
    community: Annotated[
        str | None, typer.Option("--community", help="In place of MEMBER: one picture for all buyers of a community.")
    ] = None,
    qr: Annotated[Path | None, typer.Option("--qr", help="Also write the picture, as .svg or .png.")] = None,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Make a code that lets one chat in as this member, once, within 72 hours; as links and a QR picture.

    The code is shown once and never stored.
    """
    if (member is None) == (community is None):
        raise Refusal(
            "usage",
            "MEMBER",
            {"th": "ระบุสมาชิกหนึ่งคน หรือ --community", "en": "name one member, or --community"},
            {"th": "เช่น songsuk members invite R4", "en": "e.g. songsuk members invite R4"},
            exit_code=2,
        )
    if qr is not None and qr.suffix.lower() not in {".svg", ".png"}:
        raise Refusal(
            "usage",
            "--qr",
            {"th": f"{qr.name}: ต้องลงท้ายด้วย .svg หรือ .png", "en": f"{qr.name}: must end in .svg or .png"},
            {"th": "เช่น --qr invite.png", "en": "e.g. --qr invite.png"},
            exit_code=2,
        )
    with opened(config) as app:
        needs_secrets(app)
        found = _community(app, community) if community is not None else _invited(app, member or "", role)
    found["pictures"] = [str(path) for path in _draw(found["links"], qr)] if qr is not None else []
    if json:
        screen.document(found)
        return
    if found["code"]:
        screen.out().print(found["code"], markup=False)
        until = found["expires_at"]
        once = {"th": f"ใช้ได้ถึง {until} และไม่แสดงอีก", "en": f"until {until}; it is not shown again"}
        screen.say(screen.spoken(once))
    for name, link in found["links"].items():
        screen.out().print(f"{name}: {link}", markup=False, soft_wrap=True)
        if qr is None:
            _show(link)
    if not found["links"]:
        typed = {
            "th": "ไม่มีลิงก์ของช่องแชตใด: ให้พิมพ์รหัสนี้ส่งถึงบัญชีของตลาด",
            "en": "no chat service gave its address: the code can be typed to the market's account",
        }
        screen.say(screen.spoken(typed))


def _invited(app: App, ref: str, role: str | None) -> dict[str, Any]:
    from scheduler.config import secret_keys
    from scheduler.keys import keyed_digests, new_code, shown_code
    from storage.heard import Invitation

    keys = secret_keys(app.environ)
    if not keys:
        raise Refusal(
            "secret.missing",
            "SONGSUK_SECRET_KEY",
            {"th": "ยังไม่ได้ตั้ง SONGSUK_SECRET_KEY", "en": "SONGSUK_SECRET_KEY is not set"},
            {
                "th": "ตั้งค่าสุ่มยาว ๆ เช่น openssl rand -hex 32",
                "en": "set it to something long and random: openssl rand -hex 32",
            },
            exit_code=2,
        )
    found, now, code = member_of(app, ref, role), app.clock.now(), new_code()
    invitation = Invitation(
        digest=keyed_digests(code, keys)[0], role=found.role, ref=found.ref, created_at=now, expires_at=now + LASTS
    )
    app.store.invite(invitation, actor=actor_name(), at=now)
    return {
        "schema": "songsuk/members.invite/1",
        "role": str(found.role),
        "member_id": found.ref,
        "community": None,
        "code": shown_code(code),
        "expires_at": (now + LASTS).astimezone(app.tz).isoformat(timespec="seconds"),
        "links": _links(app, code),
    }


def _community(app: App, community: str) -> dict[str, Any]:
    known = [each.id for each in app.config.communities]
    if community not in known:
        raise Refusal(
            "community.unknown",
            "--community",
            {"th": f"ไม่มีชุมชน {community!r}", "en": f"there is no community {community!r}"},
            {"th": f"ชุมชนที่มี: {', '.join(known)}", "en": f"there are: {', '.join(known)}"},
            exit_code=2,
        )
    return {
        "schema": "songsuk/members.invite/1",
        "role": "buyer",
        "member_id": None,
        "community": community,
        "code": None,
        "expires_at": None,
        "links": _links(app, None),
    }


def _links(app: App, code: str | None) -> dict[str, str]:
    """The address, by service, that opens a chat with the market and says the code there."""
    import asyncio

    async def ask() -> dict[str, str]:
        found = {}
        for name, channel in app.channels().items():
            link = await channel.invitation(code)
            if link is not None:
                found[name] = link
        await app.close_channels()
        return found

    return asyncio.run(ask())


def _draw(links: dict[str, str], path: Path) -> list[Path]:
    import io

    import segno

    drawn = []
    for name, link in links.items():
        target = path if len(links) == 1 else path.with_stem(f"{path.stem}-{name}")
        picture = io.BytesIO()
        segno.make(link, error="m", micro=False).save(picture, kind=target.suffix[1:].lower(), scale=8, border=4)
        screen.write(target, picture.getvalue(), "--qr")
        drawn.append(target)
    return drawn


def _show(link: str) -> None:
    import segno

    segno.make(link, error="m", micro=False).terminal(sys.stdout, compact=True)


def links(config: ConfigFile = None, json: Json = False) -> None:
    """List the chats that say they belong to a phone number, for a coordinator to phone and decide."""
    with opened(config) as app:
        waiting = [(asked, app.store.buyers_of(asked.phone)) for asked in app.store.link_requests()]
        tz = app.tz
    found = {
        "schema": "songsuk/members.links/1",
        "requests": [
            {
                "id": asked.id,
                "channel": asked.channel,
                "phone": asked.phone,
                "at": asked.created_at.astimezone(tz).isoformat(timespec="seconds"),
                "buyers": [{"member_id": buyer.ref, "name": buyer.person.name} for buyer in buyers],
            }
            for asked, buyers in waiting
        ],
    }
    if json:
        screen.document(found)
        return
    screen.table(
        screen.spoken({"th": f"รออยู่ {len(waiting)} คำขอ", "en": f"{len(waiting)} waiting"}),
        screen.spoken(REQUEST),
        (
            [
                asked.id,
                asked.channel,
                asked.phone,
                f"{asked.created_at.astimezone(tz):%Y-%m-%d %H:%M}",
                ", ".join(f"{buyer.ref} {buyer.person.name}" for buyer in buyers) or "–",
            ]
            for asked, buyers in waiting
        ),
    )


def link(
    request: Annotated[str, typer.Argument(metavar="REQUEST", help="Its id, as members links shows it.")],
    refuse: Annotated[bool, typer.Option("--refuse", help="It is not them.")] = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Confirm that a chat belongs to its phone number: the chat is asked for consent. Phone the person first."""
    from scheduler.inbox.linking import settle

    with opened(config) as app:
        asked = app.store.link_request(request)
        if asked is None or asked.decided_at is not None:
            raise Refusal(
                "link.unknown",
                request,
                {"th": "ไม่มีคำขอนี้ที่รออยู่", "en": "no such request is waiting"},
                {"th": "ดู songsuk members links", "en": "see songsuk members links"},
            )
        buyers = app.store.buyers_of(asked.phone)
        if not buyers and not refuse:
            raise Refusal(
                "link.nobody",
                request,
                {"th": f"ยังไม่มีผู้ซื้อเบอร์ {asked.phone}", "en": f"no buyer has the number {asked.phone} yet"},
                {"th": "นำเข้าออเดอร์ก่อน หรือใช้ --refuse", "en": "import the order first, or --refuse"},
            )
        settle(
            app.store,
            app.versions,
            asked,
            buyers,
            confirmed=not refuse,
            actor=actor_name(),
            now=app.clock.now(),
        )
    found = {"schema": "songsuk/members.link/1", "id": asked.id, "confirmed": not refuse}
    if json:
        screen.document(found)
    else:
        confirmed = {"th": "ยืนยันแล้ว ระบบจะขอความยินยอมทางแชต", "en": "confirmed; the chat is asked for consent"}
        decided = {"th": "ปฏิเสธแล้ว", "en": "refused"} if refuse else confirmed
        screen.out().print(f"{asked.id}: {screen.spoken(decided)}", markup=False)


def erase(
    member: MemberArgument,
    role: RoleOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Forget a person: name, phone, places, chats, what was written by, to and about them. It cannot be undone.

    Sums and days stay without a name. Refused while something is still to be brought to them.
    """
    from scheduler.inbox.orders import open_orders
    from storage.records import Role

    with opened(config) as app:
        found = member_of(app, member, role)
        today = app.clock.now().astimezone(app.tz).date()
        orders = app.store.orders(buyer_refs=[found.ref], since=today) if found.role is Role.BUYER else []
        waiting = [order.order_id for order in open_orders(orders, today)]
        if waiting:
            raise Refusal(
                "member.open_orders",
                member,
                {"th": f"ยังมีของที่ต้องส่ง: {', '.join(waiting)}", "en": f"still to be brought: {', '.join(waiting)}"},
                {"th": "รอส่งเสร็จ หรือ songsuk orders cancel ก่อน", "en": "wait for it, or songsuk orders cancel first"},
            )
        sure = {
            "th": f"ลบข้อมูล{role_name(found.role)} {found.ref} {found.person.name} ถาวรใช่ไหม",
            "en": f"Forget {found.role} {found.ref} {found.person.name} for good?",
        }
        if not yes and not typer.confirm(screen.spoken(sure), err=True):
            raise typer.Exit(1)
        app.store.erase_member((found.role, found.ref), actor=actor_name(), at=app.clock.now())
    shown = {"schema": "songsuk/members.erase/1", "role": str(found.role), "member_id": found.ref, "erased": True}
    if json:
        screen.document(shown)
    else:
        gone = screen.spoken({"th": "ลบแล้ว", "en": "erased"})
        screen.out().print(f"{role_name(found.role)} {found.ref}: {gone}", markup=False)


def member_of(app: App, ref: str, role: str | None) -> Member:
    """The one member of this id, in this role where it is named."""
    wanted: Role | None = known_role(role)
    found = app.store.members(wanted, refs=[ref])
    if len(found) == 1:
        return found[0]
    if not found:
        raise Refusal(
            "member.unknown",
            ref,
            {"th": f"ไม่มีสมาชิก {ref}", "en": f"there is no member {ref}"},
            {"th": "ดู songsuk members list", "en": "see songsuk members list"},
        )
    roles = ", ".join(member.role for member in found)
    raise Refusal(
        "member.ambiguous",
        ref,
        {"th": f"{ref} มีหลายบทบาท: {roles}", "en": f"{ref} is several: {roles}"},
        {"th": "ระบุ --role", "en": "name one with --role"},
        exit_code=2,
    )
