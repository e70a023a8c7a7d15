"""How fast orders are read from each format, and how long the whole ``songsuk orders import`` takes on SQLite."""

from __future__ import annotations

import csv
import datetime as dt
import json
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.harness import CONFIG, MIB, Table, measured, scaled, songsuk

ROWS = 100_000
SELLERS = 60
FORMATS = ("csv", "xlsx", "json")
_TZ = ZoneInfo("Asia/Bangkok")
_ITEMS = ("ขนมชั้น x1", "ข้าวกล่อง x2", "น้ำพริก x2", "ปลานิล 1 กก.", "ผักรวม 1 ชุด", "ไข่เค็ม x10")


def orders(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Made-up orders of one day, every optional column filled, inside the sample market's zones or close to them."""
    pick = random.Random(seed)
    for number in range(1, count + 1):
        yield {
            "order_id": f"SR-{number:06d}",
            "service_date": "2026-11-24",
            "placed_at": f"2026-11-23T{pick.randrange(7, 18):02d}:{pick.randrange(60):02d}:00+07:00",
            "channel": pick.choice(("line", "phone", "sheet")),
            "seller_id": f"S{pick.randrange(1, SELLERS):02d}",
            "buyer_ref": f"B{number:06d}",
            "buyer_name": f"ผู้ซื้อสมมติ {number}",
            "buyer_phone": f"08{number:08d}",
            "chat_channel": pick.choice(("line", "telegram", "none")),
            "address_text": f"{pick.randrange(1, 300)}/{pick.randrange(1, 40)} หมู่ {pick.randrange(1, 9)} (ที่อยู่สมมติ)",
            "landmark": pick.choice(("หน้าวัด", "ปากซอย", "ข้างตลาด", "")),
            "tambon": pick.choice(("ตลาด", "มะขามเตี้ย", "บางกุ้ง")),
            "postcode": "84000",
            "lat": round(pick.uniform(9.08, 9.18), 6),
            "lon": round(pick.uniform(99.28, 99.38), 6),
            "pin_source": "line_location",
            "window_from": "11:00",
            "window_to": "13:00",
            "items": pick.choice(_ITEMS),
            "weight_kg": pick.choice((0.6, 1, 1.5, 3, 8)),
            "volume_l": pick.choice((1.3, 2.2, 3.3, 6.6)),
            "temperature": pick.choice(("ambient", "hot", "chilled")),
            "cod_amount_thb": pick.choice((0, 60, 120, 240)),
            "paid_method": pick.choice(("cod", "promptpay")),
            "priority": "normal",
            "needs_help_at_door": pick.choice(("yes", "no")),
            "note": "",
        }


def child(do: str, path: str, rows: int = 0) -> dict[str, Any]:
    """Write the orders into a file, or read them from it; the clock runs over the reading alone."""
    file = Path(path)
    if do == "write":
        write(file, list(orders(rows)))
        return {}
    from scheduler.intake import IntakeContext, read_orders

    now = dt.datetime(2026, 11, 23, 12, tzinfo=_TZ)
    context = IntakeContext(now=now, time_zone=_TZ, reference=(99.33, 9.14), known_sellers=None)
    before = time.perf_counter()
    taken = read_orders(file, name=file.name, context=context)
    seconds = time.perf_counter() - before
    assert taken.rows == len(taken.orders)
    assert not taken.errors, taken.errors[:1]
    return {"rows": taken.rows, "seconds": seconds}


def write(path: Path, made: list[dict[str, Any]]) -> None:
    """The same orders in the format that the file's name tells."""
    if path.suffix == ".json":
        path.write_text(json.dumps({"orders": made}, ensure_ascii=False), encoding="utf-8")
    elif path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, list(made[0]))
            writer.writeheader()
            writer.writerows(made)
    else:
        from openpyxl import Workbook

        book = Workbook(write_only=True)
        sheet = book.create_sheet("orders")
        sheet.append(list(made[0]))
        for order in made:
            sheet.append(list(order.values()))
        book.save(path)


def measure(scale: float) -> Table:
    """Reading alone, then the command on a fresh database with known sellers, then the same file once more."""
    count = scaled(ROWS, scale, least=10)
    rows = []
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        sellers = folder / "sellers.csv"
        refs = [f"S{number:02d},ร้าน {number}" for number in range(1, SELLERS)]
        sellers.write_text("\n".join(["seller_id,shop_name", *refs]), encoding="utf-8")
        for kind in FORMATS:
            file = folder / f"orders.{kind}"
            measured(__name__, do="write", path=str(file), rows=count)
            read = measured(__name__, do="read", path=str(file))
            assert read["rows"] == count
            environ = {
                "SONGSUK_DATABASE_URL": f"sqlite:///{folder / kind}.db",
                "SONGSUK_CONFIG": str(CONFIG),
                "SONGSUK_CLOCK": "2026-11-23T12:00:00+07:00",
            }
            songsuk("members", "import", sellers, environ=environ, codes=(0,))
            whole = songsuk("orders", "import", file, "--json", environ=environ, codes=(0,))
            assert json.loads(whole.out)["created"] == count
            again = songsuk("orders", "import", file, "--json", environ=environ, codes=(0,))
            assert json.loads(again.out)["unchanged"] == count
            rows.append(
                (
                    kind.upper(),
                    file.stat().st_size / MIB,
                    read["seconds"],
                    round(count / read["seconds"]),
                    round(read["peak_mib"]),
                    whole.seconds,
                    whole.cpu_seconds,
                    round(count / whole.seconds),
                    round(whole.peak_mib),
                    again.seconds,
                )
            )
    return Table(
        name="intake",
        title=f"Importing {count:,} orders",
        columns=(
            "format",
            "file MiB",
            "reading s",
            "rows/s",
            "peak MiB",
            "whole import s",
            "of it CPU s",
            "rows/s, whole",
            "peak MiB, whole",
            "same file again s",
        ),
        rows=rows,
        note="One order a row, 27 columns. *Reading* turns the file into checked orders; *whole import* is the command "
        "`songsuk orders import` from its start to its end: reading, giving each order its zone and wave, and saving "
        "all of them in one transaction on SQLite (WAL, synchronous=FULL). The same file again changes nothing.",
    )
