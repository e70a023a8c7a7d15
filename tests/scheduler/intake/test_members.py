"""Lists of riders, sellers, buyers and coordinators."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from scheduler.intake import IntakeContext, MembersFile, UnreadableFile, read_members
from storage.records import Role

SAMPLES = Path(__file__).resolve().parents[4] / "shared/data/surat-thani"
Take = Callable[..., MembersFile]


@pytest.fixture
def take(context: IntakeContext) -> Take:
    def read(text: str, role: Role | None = None) -> MembersFile:
        return read_members(text.encode(), name="members.csv", role=role, context=context)

    return read


def test_a_rider(take: Take) -> None:
    """Every column of a rider lands in its field."""
    taken = take(
        "rider_id,name,phone,language,chat_channel,line_user_id,consent,vehicle,capacity_kg,capacity_l,max_stops,shift_from,"
        "shift_to,home_tambon,home_lat,home_lon,end_at,skills,zones,prefer_zones,refuse_zones\n"
        "R1,สมชาย,812345678,ไทย,ไลน์,U123,ใช่,ซาเล้ง,120 กก.,500,20,9.30,18:30 น.,ตำบลตลาด,9.14,99.33,บ้าน,กล่องเย็น;heavy,"
        "talat;bangkung,talat,\n"
    )
    assert taken.role is Role.RIDER
    assert taken.errors == taken.warnings == []
    member = taken.members[0]
    assert (member.ref, member.person.phone, member.person.language, member.person.consent) == (
        "R1", "0812345678", "th", True,
    )  # fmt: skip
    rider = member.rider
    assert rider is not None
    assert (rider.vehicle, rider.capacity_g, rider.capacity_ml, rider.max_stops) == ("saleng", 120_000, 500_000, 20)
    assert (rider.shift_from, rider.shift_to, rider.home, rider.end_at) == (
        dt.time(9, 30), dt.time(18, 30), (99.33, 9.14), "home",
    )  # fmt: skip
    assert (rider.home_tambon, rider.skills, rider.zones) == ("840101", ("cold_box", "heavy"), ("talat", "bangkung"))
    assert (rider.prefer_zones, rider.refuse_zones) == (("talat",), ())


def test_a_seller(take: Take) -> None:
    """A seller is called by the shop where no name stands, and closes on weekdays and dates."""
    taken = take(
        "รหัสร้าน,ชื่อร้าน,พิกัด,เวลาเปิด,เวลาปิด,กล่องเย็น,พร้อมเพย์,วันหยุด\n"
        'S1,ป้าแดง,"9.14,99.33",08.30 น.,16:00,ไม่,081-234-5678,อาทิตย์; 31/12/2569\n'
    )
    member = taken.members[0]
    assert member.person.name == "ป้าแดง"
    assert member.seller is not None
    assert (member.seller.location, member.seller.ready_from) == ((99.33, 9.14), dt.time(8, 30))
    assert (member.seller.payout_promptpay, member.seller.closed_days) == ("0812345678", ("sun", "2026-12-31"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("rider_id,vehicle\nR1,จรวด\n", "vehicle.unknown"),
        ("rider_id,vehicle,refuse_zones\nR1,motorcycle,talat;talatt\n", "zone.unknown"),
        ("rider_id,vehicle\nR1,\n", "required.missing"),
        ("rider_id,vehicle,phone\nR1,pickup,08x1\n", "phone.invalid"),
        ("rider_id,vehicle,shift_from,shift_to\nR1,pickup,18:00,9:00\n", "window.reversed"),
        ("rider_id,vehicle,max_stops\nR1,pickup,1.5\n", "number.invalid"),
        ("seller_id,shop_name,closed_days\nS1,x,บางวัน\n", "value.unknown"),
        ("seller_id,shop_name\n,x\n", "required.missing"),
        ("seller_id,shop_name,lat,lon\nS1,x,51,0\n", "pin.outside"),
        ("coordinator_id,name,language\nC1,x,ภาษาใจ\n", "value.unknown"),
    ],
)
def test_rejected(take: Take, text: str, code: str) -> None:
    """A row with a fault is rejected with its code and the member's own number."""
    taken = take(text)
    assert [told.code for told in taken.errors] == [code]
    assert (taken.rows, taken.rejected, taken.members) == (1, 1, [])
    assert "ref" in taken.errors[0].as_json()


def test_same_member_twice(take: Take) -> None:
    """A copy counts once; a differing row is a conflict; the sum holds."""
    taken = take("buyer_ref,name,phone\nB1,a,0812345678\nB1,a,0812345678\nB1,b,0812345678\nB2,c,0812345679\n")
    assert (taken.rows, len(taken.members), taken.repeated, taken.rejected) == (4, 2, 1, 1)
    assert [told.code for told in taken.errors] == ["member.conflict"]
    assert taken.row_numbers == {"B1": 2, "B2": 5}


def test_whose_list(take: Take) -> None:
    """The id column tells the role; none, or two, has to be settled by the person."""
    with pytest.raises(UnreadableFile) as none:
        take("name,phone\nx,0812345678\n")
    assert none.value.code == "role.unknown"
    with pytest.raises(UnreadableFile) as both:
        take("rider_id,seller_id,name\nR1,S1,x\n")
    assert both.value.code == "role.ambiguous"
    assert take("รหัส,ชื่อ\nC1,สมหญิง\n", Role.COORDINATOR).members[0].ref == "C1"
    with pytest.raises(UnreadableFile) as lacking:
        take("rider_id,name\nR1,x\n")
    assert lacking.value.code == "columns.missing"


def test_json_members(take: Take) -> None:
    """JSON works as it does for orders, and names the role by the id that its objects fill."""
    taken = take(json.dumps({"members": [{"seller_id": "S1", "shop_name": "x", "lat": 9.14, "lon": 99.33}]}))
    assert (taken.role, taken.format, taken.members[0].ref) == (Role.SELLER, "json", "S1")


def test_a_seller_without_a_place_is_said(take: Take) -> None:
    """Nothing can be fetched from a seller without a place, so it is a warning."""
    assert [told.code for told in take("seller_id,shop_name\nS1,x\n").warnings] == ["pin.missing"]


def test_unknown_tambon_is_said(take: Take) -> None:
    """A home tambon that the market does not know finds nothing, so it is a warning."""
    taken = take("rider_id,vehicle,home_tambon\nR1,pickup,840199\nR2,pickup,ตลาด\n")
    assert [(told.row, told.code) for told in taken.warnings] == [(2, "tambon.unknown")]


@pytest.mark.skipif(not SAMPLES.exists(), reason="the sample data is not beside this checkout")
def test_sample_files(context: IntakeContext) -> None:
    """The sample riders and sellers are taken as they are, the salaeng too."""
    riders = read_members(SAMPLES / "sample_riders_synthetic.csv", name="r", role=None, context=context)
    assert (riders.rows, riders.rejected, len(riders.members)) == (6, 0, 6)
    assert riders.members[3].rider is not None
    assert riders.members[3].rider.vehicle == "saleng"
    sellers = read_members(SAMPLES / "sample_sellers_synthetic.csv", name="s", role=None, context=context)
    assert (sellers.rows, sellers.rejected, len(sellers.members)) == (8, 0, 8)
    assert all(member.seller is not None and member.seller.location for member in sellers.members)
    assert all(member.person.name for member in sellers.members)
