"""`songsuk orders`: put the day's orders in, look at them, take one back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scheduler.cli import screen
from scheduler.cli.opened import ConfigFile, Json, Wave, actor_name, date_of, known_wave, one_of, opened
from scheduler.cli.screen import Refusal

if TYPE_CHECKING:
    from scheduler.intake import RowProblem

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
ORDER = {
    "th": ["ออเดอร์", "วันที่", "รอบ", "โซน", "ค่าส่ง", "สถานะ", "เหตุผล", "ผู้ขาย", "ไรเดอร์"],
    "en": ["order", "date", "wave", "zone", "fee", "state", "reason", "sellers", "rider"],
}
NOT_TAKEN = {
    "th": ["แถว", "รหัส", "คอลัมน์", "ค่า", "เหตุผล", "แก้เป็น"],
    "en": ["row", "id", "column", "value", "why", "what to write"],
}
FATES = {"created": "เพิ่มใหม่", "updated": "แก้ไข", "unchanged": "เหมือนเดิม", "rejected": "ไม่รับ"}


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, XLSX or JSON.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and judge everything, save nothing.")] = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Import orders row by row: good rows are kept, bad ones listed with row, column, reason and hint."""
    from scheduler import doubts, views
    from scheduler.intake import UnreadableFile, read_orders
    from storage.records import Saved

    with opened(config, acts=True) as app:
        context = app.intake_context()
        try:
            with screen.progress(screen.spoken({"th": "กำลังอ่าน", "en": "reading"}), quiet=json) as step:
                read = read_orders(file, name=file.name, context=context, on_progress=step)
        except UnreadableFile as error:
            raise Refusal(error.code, str(file), error.message, error.hint, exit_code=2) from None
        actor = actor_name()
        saved, waiting = app.take_orders(read.orders, actor=actor, dry_run=dry_run)
        fates = [fate for rows in saved for fate in rows]
        errors = [problem.as_json() for problem in read.errors]
        late = [
            (order, rows) for order, rows in zip(read.orders, saved, strict=True) if Saved.ALREADY_DISPATCHED in rows
        ]
        for order, rows in late:
            for pickup, fate in zip(order.pickups, rows, strict=True):
                if fate is Saved.ALREADY_DISPATCHED:
                    errors.append(already_dispatched(order.order_id, read.row_of(order.order_id, pickup.seller_id)))
        rejected = read.rejected + fates.count(Saved.ALREADY_DISPATCHED)
        found: dict[str, Any] = {
            "schema": "songsuk/orders.import/1",
            "file": file.name,
            "format": read.format,
            "encoding": read.encoding,
            "dry_run": dry_run,
            "rows": read.rows,
            "created": fates.count(Saved.CREATED),
            "updated": fates.count(Saved.UPDATED),
            "unchanged": fates.count(Saved.UNCHANGED) + read.repeated,
            "rejected": rejected,
            "orders": len(read.orders) - len(late),
            "waiting": {code: waiting[code] for code in ("needs_pin", "out_of_zone", "after_cutoff")},
            "errors": sorted(errors, key=lambda error: error["row"]),
            "warnings": [
                warning.as_json() for warning in [*read.warnings, *doubts.in_orders(read, app.versions.zones())]
            ],
            "out_of_date": views.out_of_date(app),
        }
    show_import(found, as_json=json)
    _ask_for_replans(found["out_of_date"])
    raise typer.Exit(1 if rejected else 0)


def _ask_for_replans(plans: list[dict[str, Any]]) -> None:
    """Names each approved plan that no longer fits, and what mends it."""
    for plan in plans:
        ids = ", ".join(plan["order_ids"])
        command = f"songsuk plan replan {plan['date']} --wave {plan['wave']}"
        asked = {
            "th": f"แผนรอบ {plan['wave']} ที่อนุมัติแล้วไม่ตรงกับ {ids} สั่ง {command} แล้วอนุมัติแผนใหม่",
            "en": f"the approved plan of {plan['wave']} no longer fits {ids}: run {command} and approve it",
        }
        screen.say(screen.spoken(asked))


def already_dispatched(order_id: str, row: int) -> dict[str, Any]:
    """The refusal of a change to an order that is on its way."""
    return {
        "row": row,
        "order_id": order_id,
        "column": "order_id",
        "value": order_id,
        "code": "order.already_dispatched",
        "message": {"th": "ออเดอร์นี้ออกส่งแล้ว", "en": "this order is on its way"},
        "hint": {"th": "โทรแจ้งไรเดอร์แทน", "en": "phone the rider instead"},
    }


def show_import(found: dict[str, Any], *, as_json: bool) -> None:
    """An import's outcome: orders and members alike."""
    if as_json:
        screen.document(found)
        return
    chosen = screen.language()
    if found["errors"]:
        screen.table(
            screen.spoken({"th": "แถวที่ไม่รับ", "en": "rows not taken"}),
            screen.spoken(NOT_TAKEN),
            (
                [
                    error["row"],
                    error.get("order_id") or error.get("member_id") or "",
                    error["column"] or "",
                    error["value"] or "",
                    error["message"][chosen],
                    error["hint"][chosen],
                ]
                for error in found["errors"][:200]
            ),
            right=[0],
        )
    _say_more(len(found["errors"]) - 200)
    said = _alike(found["warnings"], chosen)
    for line in said[:20]:
        screen.say(line)
    _say_more(len(said) - 20)
    counts = screen.counted({name: found[name] for name in FATES}, screen.spoken({"th": FATES, "en": {}}))
    waiting = screen.counted({code: count for code, count in found.get("waiting", {}).items() if count})
    total = {"th": f"{found['rows']} แถว: {counts}", "en": f"{found['rows']} rows: {counts}"}
    waits = {"th": f"; รออยู่: {waiting}", "en": f"; waiting: {waiting}"}
    dry = {"th": " (ลองเท่านั้น ยังไม่บันทึก)", "en": " (dry run: nothing saved)"}
    parts = [total, *([waits] if waiting else []), *([dry] if found["dry_run"] else [])]
    screen.out().print("".join(map(screen.spoken, parts)), markup=False)


def _say_more(count: int) -> None:
    """That a list goes on beyond what is shown of it."""
    if count > 0:
        more = {"th": f"… อีก {count} รายการ ดูทั้งหมดด้วย --json", "en": f"… {count} more; --json has them all"}
        screen.say(screen.spoken(more))


def _alike(warnings: Sequence[Mapping[str, Any]], chosen: str) -> list[str]:
    """What was noticed, a line each: rows with the same to say share theirs."""
    rows: dict[tuple[str, str], list[int]] = {}
    for each in warnings:
        rows.setdefault((each["column"] or "", each["message"][chosen]), []).append(each["row"])
    lines = []
    for (column, message), found in rows.items():
        named = ", ".join(map(str, found)) if len(found) <= 5 else f"{found[0]}–{found[-1]} ({len(found)})"
        place = screen.spoken({"th": f"แถว {named}", "en": f"row {named}"})
        lines.append(", ".join(filter(None, (place, column))) + f": {message}")
    return lines


@app.command("list")
def list_(
    date: Annotated[str | None, typer.Option("--date", help="Only orders that ride on this date.")] = None,
    wave: Wave = None,
    state: Annotated[str | None, typer.Option("--state", help="Only orders in this state.")] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Only orders with this reason, e.g. needs_pin.")
    ] = None,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """List orders with their wave, zone and state."""
    from scheduler import documents, states

    one_of(state, sorted(states.LEG), "--state")
    one_of(reason, sorted(states.REASONS), "--reason")
    with opened(config) as app:
        found = app.store.orders(
            date=date_of(app, date) if date else None,
            wave=known_wave(app, wave),
            states={state} if state else None,
            reasons={reason} if reason else None,
        )
        shown = documents.orders(found, app.tz)
    _show(shown, as_json=json)


@app.command()
def show(order_id: str, config: ConfigFile = None, json: Json = False) -> None:
    """Show one order: its buyer and place, what it is, when it rides and why, its note."""
    from scheduler.cli.one_order import show_order, whole

    with opened(config) as app:
        found = app.store.orders(order_ids=[order_id])
        if not found:
            raise _unknown(order_id)
        shown = whole(app, found[0])
    if json:
        screen.document({"schema": "songsuk/orders/1", "orders": [shown]})
    else:
        show_order(shown)


def _show(shown: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        screen.document(shown)
        return
    screen.table(
        "",
        screen.spoken(ORDER),
        (
            [
                order["order_id"],
                order["date"],
                order["wave"] or "–",
                order["zone"] or "–",
                f"{order['fee_satang'] / 100:g}" if order["zone"] else "–",
                order["state"],
                order["reason"] or "",
                " ".join(order["seller_ids"]),
                " ".join(leg["rider_id"] or "" for leg in order["legs"]),
            ]
            for order in shown["orders"]
        ),
        right=[4],
    )


@app.command()
def add(
    order_id: str,
    seller: Annotated[str, typer.Option("--seller", help="seller_id.")],
    date: Annotated[str, typer.Option("--date", help="Service date.")],
    items: Annotated[str, typer.Option("--items")] = "",
    phone: Annotated[str, typer.Option("--phone", help="The buyer's phone.")] = "",
    name: Annotated[str, typer.Option("--name", help="The buyer's name.")] = "",
    address: Annotated[str, typer.Option("--address")] = "",
    pin: Annotated[str, typer.Option("--pin", help="lat,lon, or a maps link, or a Plus Code.")] = "",
    window: Annotated[str, typer.Option("--window", help="e.g. 11:00-13:00")] = "",
    weight: Annotated[str, typer.Option("--weight-kg")] = "",
    volume: Annotated[str, typer.Option("--volume-l")] = "",
    cash: Annotated[str, typer.Option("--cash-thb", help="Cash to collect.")] = "",
    priority: Annotated[str, typer.Option("--priority")] = "",
    note: Annotated[str, typer.Option("--note")] = "",
    more: Annotated[list[str] | None, typer.Option("--set", help="Any other column: NAME=VALUE.")] = None,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Add one order by hand, as from a phone call. The same names and rules as the import."""
    from scheduler import documents, doubts
    from scheduler.intake import order_from_object
    from storage.records import Order

    fields = {
        "order_id": order_id,
        "seller_id": seller,
        "service_date": date,
        "items": items,
        "buyer_phone": phone,
        "buyer_name": name,
        "address_text": address,
        "pin": pin,
        "window": window,
        "weight_kg": weight,
        "volume_l": volume,
        "cod_amount_thb": cash,
        "priority": priority,
        "note": note,
        "channel": "phone",
    }
    for pair in more or []:
        column, separator, value = pair.partition("=")
        if not separator:
            raise Refusal(
                "usage",
                "--set",
                {"th": f"{pair!r} ไม่มีเครื่องหมาย =", "en": f"{pair!r} has no ="},
                {"th": "เขียน ชื่อคอลัมน์=ค่า", "en": "write NAME=VALUE"},
                exit_code=2,
            )
        fields[column.strip()] = value.strip()
    with opened(config, acts=True) as app:
        if date in {"today", "tomorrow"}:
            fields["service_date"] = date_of(app, date).isoformat()
        if app.store.orders(order_ids=[order_id]):
            raise Refusal(
                "order.exists",
                order_id,
                {"th": "มีออเดอร์เลขนี้แล้ว", "en": "there is an order of this number"},
                {
                    "th": "ใช้เลขใหม่ หรือแก้ในไฟล์แล้ว orders import หรือปักหมุดด้วย orders pin",
                    "en": "take another number; to change it, orders import its row anew, or orders pin",
                },
            )
        noted: list[RowProblem] = []
        given = {name: value for name, value in fields.items() if value}
        read = order_from_object(given, row=1, context=app.intake_context(), warnings=noted)
        if not isinstance(read, Order):
            raise Refusal.of([{"path": each.column or "", **each.as_json()} for each in read], 1)
        app.take_orders([read], actor=actor_name())
        noted += [doubt.told(1) for doubt in doubts.of_orders([read], app.versions.zones())]
        _say_noted(noted)
        shown = documents.orders(app.store.orders(order_ids=[order_id]), app.tz)
    _show(shown, as_json=json)


def _say_noted(noted: Sequence[RowProblem]) -> None:
    chosen = screen.language()
    for told in noted:
        screen.say(f"{told.column}: {told.message[chosen]}; {told.hint[chosen]}")


@app.command()
def pin(
    order_id: str,
    place: Annotated[str, typer.Argument(help="lat,lon, or a maps link, or a Plus Code.")],
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Give an order that waits for a pin its place on the map."""
    from scheduler import documents, doubts
    from scheduler.intake import pin_from_text

    with opened(config, acts=True) as app:
        location = pin_from_text(place, app.intake_context())
        if location is None:
            raise Refusal(
                "pin.invalid",
                "PLACE",
                {"th": f"อ่านพิกัดจาก {place!r} ไม่ได้", "en": f"{place!r} is no place that can be read"},
                {"th": "เช่น 9.1461,99.3257 หรือลิงก์แผนที่แบบยาว", "en": "e.g. 9.1461,99.3257, or a long maps link"},
            )
        if not app.store.orders(order_ids=[order_id]):
            raise _unknown(order_id)
        if not app.pin_order(order_id, location, actor=actor_name()):
            raise Refusal(
                "order.not_waiting",
                order_id,
                {"th": "ออเดอร์นี้ไม่ได้รอหมุดอยู่", "en": "this order does not wait for a pin"},
                {"th": "ดูสถานะด้วย songsuk orders show", "en": "songsuk orders show tells its state"},
            )
        found = app.store.orders(order_ids=[order_id])
        _say_noted([doubt.told(1) for doubt in doubts.of_orders(found, app.versions.zones())])
        shown = documents.orders(found, app.tz)
    _show(shown, as_json=json)


@app.command()
def cancel(
    order_id: str,
    note: Annotated[str, typer.Option("--note", help="Why, for the audit.")] = "",
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Cancel an order that has not left. Its buyer is told, if a time had been promised."""
    from scheduler import documents
    from storage.records import Saved

    with opened(config, acts=True) as app:
        saved = app.cancel_order(order_id, actor=actor_name(), note=note)
        if saved is None:
            raise _unknown(order_id)
        if saved is Saved.ALREADY_DISPATCHED:
            error = already_dispatched(order_id, 0)
            raise Refusal(error["code"], order_id, error["message"], error["hint"])
        shown = documents.orders(app.store.orders(order_ids=[order_id]), app.tz)
    _show(shown, as_json=json)


def _unknown(order_id: str) -> Refusal:
    return Refusal(
        "order.unknown",
        order_id,
        {"th": "ไม่พบออเดอร์นี้", "en": "there is no such order"},
        {"th": "ดูรายการด้วย songsuk orders list", "en": "songsuk orders list shows what there is"},
    )
