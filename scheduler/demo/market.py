"""Invents the people and orders of one day inside a market's own zones. Pure: the same seed, the same day.

Nobody here exists: chat ids are random, there are no phone numbers, and places are random points inside the zones.
"""

from __future__ import annotations

import csv
import datetime as dt
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import shapely

from scheduler.config import Config
from scheduler.config.models import Zone
from scheduler.config.values import WEEKDAYS

Size = tuple[int, int, int]
"""Orders, riders, sellers."""

SIZES: Mapping[str, Size] = {
    "small": (20, 3, 6),
    "typical": (60, 6, 10),
    "big": (200, 18, 14),
    "festival": (500, 40, 20),
}

_WARES: Sequence[tuple[str, Sequence[tuple[str, int, int]], str]] = (
    ("ป้าแดงข้าวแกง", (("แกงส้มปลา x2", 900, 1800), ("ข้าวแกงเขียวหวาน x3", 1500, 3000)), "hot"),
    ("กลุ่มแม่บ้านขนมไทย", (("ขนมชั้น x2", 600, 1200), ("ทองหยิบ 1 กล่อง", 400, 900)), "ambient"),
    ("สวนผักคนเมือง", (("ผักบุ้ง 2 กำ; คะน้า 1 กก.", 1600, 4000), ("ผักรวม 1 ชุด", 2000, 5000)), "ambient"),
    ("ไข่เค็มบ้านดอน", (("ไข่เค็ม x10", 900, 1500), ("ไข่เค็ม x20", 1800, 3000)), "ambient"),
    ("น้ำพริกยายนวล", (("น้ำพริกกุ้งเสียบ x2", 500, 800), ("น้ำพริกกะปิ x1", 300, 500)), "ambient"),
    ("ปลาสดคลองฉนาก", (("ปลากระบอก 1 กก.", 1200, 2000), ("กุ้งสด 2 กก.", 2300, 4000)), "chilled"),
    ("ผลไม้บางใบไม้", (("เงาะ 3 กก.", 3100, 6000), ("มังคุด 2 กก.", 2100, 4500)), "ambient"),
    ("ข้าวกล่องสูงวัย", (("ข้าวกล่อง x2", 900, 2200), ("ข้าวกล่อง x5", 2200, 5500)), "hot"),
    ("กะปิบางชนะ", (("กะปิ 1 กก.", 1100, 1200), ("กะปิ 2 กก.", 2200, 2400)), "ambient"),
    ("น้ำผึ้งขุนทะเล", (("น้ำผึ้ง 1 ขวด", 1000, 900), ("น้ำผึ้ง 3 ขวด", 3000, 2700)), "ambient"),
)
_FIRST = [
    "สมศรี",
    "บุญมี",
    "มาลี",
    "สมชาย",
    "ประไพ",
    "วันดี",
    "สำลี",
    "ทองใบ",
    "จันทร์",
    "บุญส่ง",
    "ละออ",
    "สุวรรณ",
    "พยอม",
    "อุไร",
    "ประเสริฐ",
    "จำเนียร",
    "วิไล",
    "สายพิณ",
    "อำนวย",
    "เพ็ญศรี",
    "กิมเฮียง",
    "ฉลวย",
    "ยุพิน",
    "บังอร",
    "ลำดวน",
]
_LAST = ["ใจดี", "รักษ์ไทย", "ทองคำ", "ศรีสุข", "บุญมาก", "แก้วมณี", "สุขสวัสดิ์", "พูลผล", "นาคทอง", "เพชรรัตน์", "อินทร์แก้ว", "ชูช่วย"]
_RIDERS = ["สมหมาย", "วิชัย", "อนุชา", "กิตติ", "ปรีชา", "มานพ", "ธงชัย", "สุรชัย", "ณรงค์", "เอกชัย", "พิเชษฐ์", "สมบัติ"]
_LANDMARKS = ("หน้าวัด", "ปากซอย", "ข้างตลาด", "ตรงข้ามโรงเรียน", "บ้านรั้วสีฟ้า", "หลังร้านกาแฟ", "")
_NOTES = ("", "", "", "", "โทรก่อนถึง", "วางไว้หน้าบ้าน", "มีหมาดุ", "ฝากเพื่อนบ้านได้")


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The invented market, as the files a real one would import."""

    riders: Path
    sellers: Path
    coordinators: Path
    orders: Path


def write(folder: Path, config: Config, date: dt.date, size: str | Size, seed: int) -> Files:
    """Invent a day and write it as CSV files into `folder`."""
    orders, riders, sellers = SIZES[size] if isinstance(size, str) else size
    dice = random.Random(f"{seed}:{size}:{date}")  # noqa: S311 - invents a day, guards nothing
    folder.mkdir(parents=True, exist_ok=True)
    shops = _sellers(sellers, config, dice)
    files = Files(
        riders=folder / "riders.csv",
        sellers=folder / "sellers.csv",
        coordinators=folder / "coordinators.csv",
        orders=folder / "orders.csv",
    )
    _save(files.riders, _riders(riders, config, dice))
    _save(files.sellers, shops)
    _save(
        files.coordinators,
        [{"coordinator_id": "C1", "name": "ครูอ้อย ผู้ประสานงาน", "language": "th", "line_user_id": _line_id(dice)}],
    )
    _save(files.orders, _orders(orders, shops, config, date, dice))
    return files


def _save(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(rows)


def _sellers(count: int, config: Config, dice: random.Random) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for number in range(count):
        shop, _, temperature = _WARES[number % len(_WARES)]
        zone = config.zones[number % len(config.zones)]
        lon, lat = _point(zone, dice)
        rows.append(
            {
                "seller_id": f"S{number + 1:02}",
                "shop_name": shop if number < len(_WARES) else f"{shop} สาขา {number // len(_WARES) + 1}",
                "community": zone.community,
                "lat": f"{lat:.6f}",
                "lon": f"{lon:.6f}",
                "ready_from": "06:30",
                "needs_cold_box": "yes" if temperature == "chilled" else "no",
                "line_user_id": _line_id(dice),
            }
        )
    return rows


def _riders(count: int, config: Config, dice: random.Random) -> list[dict[str, object]]:
    kinds = [config.vehicles[0]] * 3 + list(config.vehicles[1:]) or [config.vehicles[0]]
    rows: list[dict[str, object]] = []
    for number in range(count):
        kind = kinds[(number + 1) % len(kinds)]
        zone = config.zones[number % len(config.zones)]
        lon, lat = _point(zone, dice)
        rows.append(
            {
                "rider_id": f"R{number + 1}",
                "name": f"{_RIDERS[number % len(_RIDERS)]} {dice.choice(_LAST)}",
                "vehicle": kind.id,
                "home_lat": f"{lat:.6f}",
                "home_lon": f"{lon:.6f}",
                "end_at": dice.choice(("home", "hub", "anywhere")),
                "skills": "cold_box" if kind.weight_kg > 50 else "",
                "telegram_chat_id": dice.randrange(10**9, 10**10) if number % 3 == 0 else "",
                "line_user_id": "" if number % 3 == 0 else _line_id(dice),
            }
        )
    return rows


def _orders(
    count: int, shops: Sequence[Mapping[str, object]], config: Config, date: dt.date, dice: random.Random
) -> list[dict[str, object]]:
    tz = config.market.time_zone
    waves = sorted(config.waves, key=lambda wave: wave.deliver.start)
    weekday = WEEKDAYS[date.weekday()]
    rows: list[dict[str, object]] = []
    for number in range(1, count + 1):
        wave = dice.choices(waves, weights=[1 if index == 0 else 3 for index in range(len(waves))])[0]
        zone = dice.choice([zone for zone in config.zones if wave.id in zone.waves and weekday in zone.days])
        lon, lat = _point(zone, dice)
        placed = wave.cut_off.at(date, tz) - dt.timedelta(minutes=dice.randrange(20, 600))
        elderly = dice.random() < 0.3
        common: dict[str, object] = {
            "order_id": f"D-{number:04}",
            "service_date": date.isoformat(),
            "placed_at": placed.isoformat(timespec="seconds"),
            "channel": dice.choice(("line", "telegram", "phone", "sheet")),
            "buyer_ref": f"B{number:04}",
            "buyer_name": f"{dice.choice(_FIRST)} {dice.choice(_LAST)}",
            "line_user_id": _line_id(dice),
            "chat_channel": "line",
            "address_text": f"{dice.randrange(1, 300)}/{dice.randrange(1, 40)} {zone.name.in_('th')}",
            "landmark": dice.choice(_LANDMARKS),
            "lat": f"{lat:.6f}",
            "lon": f"{lon:.6f}",
            "window_from": f"{wave.deliver.start:%H:%M}",
            "window_to": f"{wave.deliver.end:%H:%M}",
            "needs_help_at_door": "yes" if elderly else "no",
            "note": dice.choice(_NOTES),
        }
        if number == 3:
            common |= {"lat": "", "lon": ""}
        if number == 5:
            common["placed_at"] = (wave.cut_off.at(date, tz) + dt.timedelta(minutes=35)).isoformat(timespec="seconds")
        parts: list[dict[str, object]] = []
        for shop in dice.sample(list(shops), 2 if dice.random() < 0.12 else 1):
            wares = _WARES[(int(str(shop["seller_id"])[1:]) - 1) % len(_WARES)]
            items, grams, millilitres = dice.choice(wares[1])
            cash = dice.choice((0, 0, 60, 85, 120, 150, 240))
            if number == 2:
                items, grams, millilitres = "ข้าวสาร 31 กระสอบ", 620_000, 900_000
            parts.append(
                {
                    "seller_id": shop["seller_id"],
                    "items": items,
                    "weight_kg": grams / 1000,
                    "volume_l": millilitres / 1000,
                    "temperature": wares[2],
                    "cod_amount_thb": cash,
                }
            )
            if number == 2:
                break
        paid = "cod" if any(part["cod_amount_thb"] for part in parts) else "promptpay"
        rows += [common | part | {"paid_method": paid} for part in parts]
    return rows


def _point(zone: Zone, dice: random.Random) -> tuple[float, float]:
    """A random place inside a zone."""
    west, south, east, north = zone.shape.bounds
    while True:
        lon, lat = dice.uniform(west, east), dice.uniform(south, north)
        if zone.shape.contains(shapely.Point(lon, lat)):
            return lon, lat


def _line_id(dice: random.Random) -> str:
    return f"U{dice.getrandbits(128):032x}"
