"""A market of one street: its config, its people over both chat services, and a few orders for one noon.

Knows values alone. Instants are the market's: the day begins in the afternoon before.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from benchmarks.simulation.services import NOWHERE
from storage.records import ChatAddress, Leg, Member, Order, Person, Pickup, RiderDetails, Role, SellerDetails

ZONE = ZoneInfo("Asia/Bangkok")
DAY = dt.date(2026, 11, 24)
"""A Tuesday."""
WAVE = "midday"
HERE = (99.3250, 9.1420)

_CONFIG = f"""\
market: {{id: sirisuk, name: {{th: ตลาดสิริสุข}}, time_zone: Asia/Bangkok}}
hubs:
  - {{id: bandon, name: {{th: บ้านดอน}}, location: [99.3257, 9.1463]}}
communities:
  - {{id: sirisuk, name: {{th: สิริสุข}}, hub: bandon}}
zones:
  - id: talat
    name: {{th: ตลาด}}
    community: sirisuk
    polygon: [[99.31, 9.13], [99.34, 9.13], [99.34, 9.155], [99.31, 9.155]]
waves:
  - id: {WAVE}
    cut_off: {{days_before: 1, time: 18:00}}
    approve_by: {{days_before: 1, time: 20:00}}
    dispatch: {{time: 08:00}}
    pickup: 09:30-11:30
    deliver: 11:00-13:00
vehicles:
  - {{id: saleng, weight_kg: 100, volume_l: 400}}
solver: {{engine: greedy, seconds: 0.1, workers: 1, seed: 1}}
approval: {{mode: MODE, at_deadline: RULE}}
channels:
  line: {{api_base: '{NOWHERE}', data_base: '{NOWHERE}'}}
  telegram: {{api_base: '{NOWHERE}'}}
"""


def config_text(chance: random.Random) -> str:
    mode = chance.choice(["manual", "manual", "auto"])
    rule = chance.choice(["hold", "approve", "roll_over"])
    return _CONFIG.replace("MODE", mode).replace("RULE", rule)


def at(clock: str, date: dt.date = DAY) -> dt.datetime:
    return dt.datetime.combine(date, dt.time.fromisoformat(clock), ZONE)


EVE = DAY - dt.timedelta(days=1)
BEGINS, ENDS = at("16:00", EVE), at("17:30")
"""After the end nothing of this day is due any more, and nothing of the next one yet."""
CALM = at("15:00")
"""From here on all goes well, so that what can still be settled is."""


def members(chance: random.Random) -> list[Member]:
    """Two riders, two sellers and a coordinator; each can be written to over one service or over both."""
    return [
        Member(role=Role.RIDER, ref="R1", person=_person("วิชัย", 1, chance), rider=_saleng()),
        Member(role=Role.RIDER, ref="R2", person=_person("มานพ", 2, chance), rider=_saleng()),
        Member(role=Role.SELLER, ref="S01", person=_person("ป้าแดง", 3, chance), seller=_stall()),
        Member(role=Role.SELLER, ref="S02", person=_person("ป้าดำ", 4, chance), seller=_stall()),
        Member(role=Role.COORDINATOR, ref="C1", person=_person("มาลี", 5, chance)),
    ]


def orders(chance: random.Random) -> list[Order]:
    """Two to four, each of one or both sellers; neighbours often order more than one thing."""
    buyers = [_person(f"ผู้ซื้อ {number}", 10 + number, chance) for number in (1, 2)]
    return [_order(number, chance.choice(buyers), chance) for number in range(1, chance.randint(2, 4) + 1)]


def _order(number: int, buyer: Person, chance: random.Random) -> Order:
    placed = BEGINS + dt.timedelta(minutes=number)
    sellers: Sequence[str] = chance.choice([["S01"], ["S02"], ["S01", "S02"]])
    return Order(
        order_id=f"SR-{number:04}",
        service_date=DAY,
        received_at=placed,
        placed_at=placed,
        buyer_ref=buyer.name,
        buyer=buyer,
        address_text=f"{number} ถนนตลาดใหม่",
        location=(HERE[0] + 0.0004 * number, HERE[1]),
        window_from=at("11:00"),
        window_to=at("13:00"),
        pickups=tuple(Pickup(seller_id=seller, items="ขนมจีน x2", weight_g=1200, volume_ml=2200) for seller in sellers),
        legs=(Leg(date=DAY, wave=WAVE),),
    )


def _saleng() -> RiderDetails:
    return RiderDetails(vehicle="saleng", home=HERE)


def _stall() -> SellerDetails:
    return SellerDetails(shop_name="ขนม", location=(99.3270, 9.1430), community="sirisuk")


def _person(name: str, number: int, chance: random.Random) -> Person:
    ways = chance.choice([["line"], ["telegram"], ["line", "telegram"]])
    addresses = {"line": f"U{number:032x}", "telegram": str(700 + number)}
    return Person(
        name=name,
        phone=f"08{number:08}",
        addresses=tuple(ChatAddress(channel=way, address=addresses[way]) for way in ways),
    )
