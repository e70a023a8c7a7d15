"""How fast orders are read, and in how much memory: ``python -m benchmarks.intake --rows 100000``.

Each format is read in a process of its own, so that its peak is its own. The file is made first, outside the clock.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

FORMATS = ("csv", "xlsx", "json")
_TZ = ZoneInfo("Asia/Bangkok")
_ITEMS = ("ขนมชั้น x1", "ข้าวกล่อง x2", "น้ำพริก x2", "ปลานิล 1 กก.", "ผักรวม 1 ชุด", "ไข่เค็ม x10")


def rows(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Made-up orders of one day, every optional column filled."""
    pick = random.Random(seed)
    return [
        {
            "order_id": f"SR-{number:06d}",
            "service_date": "2026-11-24",
            "placed_at": f"2026-11-23T{pick.randrange(7, 18):02d}:{pick.randrange(60):02d}:00+07:00",
            "channel": pick.choice(("line", "phone", "sheet")),
            "seller_id": f"S{pick.randrange(1, 60):02d}",
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
        for number in range(1, count + 1)
    ]


def write(path: Path, orders: list[dict[str, Any]]) -> None:
    """The same orders in the format that the file's name tells."""
    if path.suffix == ".json":
        path.write_text(json.dumps({"orders": orders}, ensure_ascii=False), encoding="utf-8")
    elif path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, list(orders[0]))
            writer.writeheader()
            writer.writerows(orders)
    else:
        from openpyxl import Workbook

        book = Workbook(write_only=True)
        sheet = book.create_sheet("orders")
        sheet.append(list(orders[0]))
        for order in orders:
            sheet.append(list(order.values()))
        book.save(path)


def read(path: Path) -> dict[str, Any]:
    """Read one file; seconds, rows and this process's peak memory in MiB."""
    from scheduler.intake import IntakeContext, read_orders

    context = IntakeContext(
        now=dt.datetime(2026, 11, 23, 12, tzinfo=_TZ), time_zone=_TZ, reference=(99.33, 9.14), known_sellers=None
    )
    before = time.perf_counter()
    taken = read_orders(path, name=path.name, context=context)
    seconds = time.perf_counter() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert taken.rows == len(taken.orders)
    assert not taken.errors, taken.errors[:1]
    return {"format": path.suffix[1:], "rows": taken.rows, "seconds": seconds, "peak_mib": peak}


def main() -> None:
    """Print one line per format."""
    parser = argparse.ArgumentParser(description="read made-up orders from each format")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.file:
        print(json.dumps(read(asked.file)))
        return
    print(f"{'format':<8}{'rows':>9}{'seconds':>10}{'rows/s':>10}{'peak MiB':>10}{'file MiB':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for kind in FORMATS:
            path = Path(folder) / f"orders.{kind}"
            write(path, rows(asked.rows))
            told = subprocess.run(
                [sys.executable, "-m", "benchmarks.intake", "--file", str(path)], check=True, capture_output=True
            )
            found = json.loads(told.stdout)
            rate = found["rows"] / found["seconds"]
            size = path.stat().st_size / 2**20
            print(
                f"{kind:<8}{found['rows']:>9}{found['seconds']:>10.2f}{rate:>10.0f}{found['peak_mib']:>10.0f}{size:>10.1f}"
            )


if __name__ == "__main__":
    main()
