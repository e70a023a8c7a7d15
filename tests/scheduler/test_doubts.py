"""What an import and doctor tell of pins that are probably wrong, and of orders below their zone's minimum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scheduler.config import Config
from scheduler.doubts import of_members, of_orders
from scheduler.zones import ZoneIndex

ConfigOf = Callable[..., Config]

ACROSS = (99.2860, 9.1500)  # Bang Bai Mai, on the far bank of the river


def codes(found: Any) -> list[tuple[str, str]]:
    return [(doubt.subject, doubt.code) for doubt in found]


def test_an_orders_pin_is_held_against_its_tambon(make: Any, config: Config) -> None:
    """A tambon by code or by its zone's name, on the other bank of the pin, is a doubt; on the same bank it is none."""
    zones = ZoneIndex(config)
    orders = [
        make.order(1, at=ACROSS, tambon="840101"),
        make.order(2, at=ACROSS, tambon="ตลาด"),
        make.order(3, at=ACROSS),
        make.order(4, at=make.bang_kung, tambon="ตลาด"),
        make.order(5, at=None, tambon="ตลาด"),
        make.order(6, at=ACROSS, tambon="ที่ไหนก็ไม่รู้"),
        make.order(7, at=ACROSS, tambon="ตลาด", cancelled=True),
    ]
    wrong = list(of_orders(orders, zones))
    assert codes(wrong) == [("SR-0001", "pin.wrong_bank"), ("SR-0002", "pin.wrong_bank")]
    assert wrong[0].detail == {"zone": "talat", "barrier": "tapi"}
    said = wrong[0].told(7).as_json()
    assert (said["row"], said["order_id"], said["value"]) == (7, "SR-0001", "9.15000,99.28600")
    assert "talat" in said["message"]["en"]


def test_members_are_told_where_they_are_not_meant(make: Any, config: Config) -> None:
    """A seller across the river from the community, a rider from the home tambon; and whoever is in no zone."""
    zones = ZoneIndex(config)
    members = [
        make.seller("S01", location=ACROSS, community="sirisuk"),
        make.seller("S02", location=ACROSS, community="bangbaimai"),
        make.seller("S03", location=make.nowhere),
        make.seller("S04", location=None),
        make.rider("R1", home=ACROSS, home_tambon="840101"),
        make.rider("R2", home=ACROSS),
        make.rider("R3", home=make.nowhere),
        make.rider("R4", home=None),
        make.coordinator(),
    ]
    assert codes(of_members(members, zones)) == [
        ("S01", "pin.wrong_bank"),
        ("S03", "pin.outside_zones"),
        ("R1", "pin.wrong_bank"),
        ("R3", "pin.outside_zones"),
    ]


def test_a_small_order_is_told_with_both_sums(make: Any, market_config: ConfigOf) -> None:
    """What it costs and what its zone asks for, in baht."""
    zones = ZoneIndex(market_config(("fee_baht: 20", "fee_baht: 20\n    min_order_baht: 150.50")))
    (doubt,) = of_orders([make.order(1), make.order(2, at=make.bang_chana)], zones)
    assert (doubt.subject, doubt.code) == ("SR-0001", "order.below_minimum")
    assert doubt.detail == {"zone": "talat", "total": "120", "least": "150.50"}
