"""The verbs of people: who is a member in which role, and where they are reached."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Executable, RowMapping, bindparam, select, update

from storage.directory import ADDRESS, MEMBER, PERSON, Directory, read_persons
from storage.failpoints import writes
from storage.records import Location, Member, RiderDetails, Role, Saved, SellerDetails
from storage.tables import RiderRow, SellerRow
from storage.verbs import Verbs, Write, among, chunks, fetch

RIDER, SELLER = RiderRow.__table__, SellerRow.__table__

_EVERYBODY = select(MEMBER).order_by(MEMBER.c.role, MEMBER.c.ref)
_IN_ROLE = _EVERYBODY.where(MEMBER.c.role == bindparam("role"))
_AT = _EVERYBODY.where(
    MEMBER.c.person_id.in_(
        select(ADDRESS.c.person_id).where(
            ADDRESS.c.channel == bindparam("channel"), ADDRESS.c.address == bindparam("address")
        )
    )
)
_BUYERS_OF = _IN_ROLE.where(MEMBER.c.person_id.in_(select(PERSON.c.id).where(PERSON.c.phone == bindparam("phone"))))
_RIDERS, _SELLERS = (select(details).where(among(details.c.ref)) for details in (RIDER, SELLER))


class People(Verbs):
    @writes
    def save_members(self, members: Sequence[Member], *, actor: str, at: dt.datetime) -> list[Saved]:
        """Creates or updates each by (role, ref), one Saved per member, in order. Empty fields wipe nothing."""
        results: list[Saved] = []
        with self._write("save_members", actor, at) as write:
            write.lock_day()  # two lists at once would make one person twice
            for chunk in chunks(members):
                results += _save(write, chunk)
            counts = Counter(result.value for result in results if result is not Saved.UNCHANGED)
            if counts:
                write.tell("members", **counts)
        return results

    def members(self, role: Role | None = None, refs: Collection[str] | None = None) -> list[Member]:
        """Members by role and ref, with the person behind each."""
        query, asked = (_EVERYBODY, {}) if role is None else (_IN_ROLE, {"role": role.value})
        if refs is None:
            return self._whose(query, **asked)
        with self._read() as connection:
            rows = fetch(connection, query.where(among(MEMBER.c.ref)), sorted(set(refs)), **asked)
            rows.sort(key=lambda row: (row["role"], row["ref"]))
            return _members(connection, rows)

    def members_at(self, channel: str, address: str) -> list[Member]:
        """Everybody whose chat this is, whatever its state; families share one."""
        return self._whose(_AT, channel=channel, address=address)

    def buyers_of(self, phone: str) -> list[Member]:
        """The buyers with this phone number."""
        return self._whose(_BUYERS_OF, role=Role.BUYER.value, phone=phone)

    def _whose(self, query: Executable, **asked: str) -> list[Member]:
        with self._read() as connection:
            return _members(connection, connection.execute(query, asked).mappings().all())

    @writes
    def set_address_state(self, channel: str, address: str, state: str, *, actor: str, at: dt.datetime) -> int:
        """Marks an address active, blocked or dead, for everybody who has it; returns how many that changed."""
        with self._write("set_address_state", actor, at) as write:
            change = (
                update(ADDRESS)
                .where(ADDRESS.c.channel == channel, ADDRESS.c.address == address, ADDRESS.c.state != state)
                .values(state=state, changed_at=at)
                .returning(ADDRESS.c.person_id)
            )
            people = sorted(write.connection.execute(change).scalars())
            if people:
                write.tell(f"person:{people[0]}", channel=channel, state=state, people=len(people))
        return len(people)


def _members(connection: Connection, rows: Sequence[RowMapping]) -> list[Member]:
    persons = read_persons(connection, {row["person_id"] for row in rows})
    refs = {role: [row["ref"] for row in rows if row["role"] == role] for role in (Role.RIDER, Role.SELLER)}
    riders = {row["ref"]: _rider(row) for row in fetch(connection, _RIDERS, refs[Role.RIDER])}
    sellers = {row["ref"]: _seller(row) for row in fetch(connection, _SELLERS, refs[Role.SELLER])}
    return [
        Member(
            role=Role(row["role"]),
            ref=row["ref"],
            person=persons[row["person_id"]],
            rider=riders.get(row["ref"]) if row["role"] == Role.RIDER else None,
            seller=sellers.get(row["ref"]) if row["role"] == Role.SELLER else None,
            active=row["active"],
        )
        for row in rows
    ]


def _save(write: Write, chunk: Sequence[Member]) -> list[Saved]:
    connection = write.connection
    directory = Directory(write)
    directory.load({(member.role.value, member.ref) for member in chunk}, (member.person for member in chunk))
    refs = [member.ref for member in chunk]
    active = {
        (row["role"], row["ref"]): row["active"]
        for row in connection.execute(select(MEMBER).where(MEMBER.c.ref.in_(refs))).mappings()
    }
    details = {
        table: {
            row["ref"]: dict(row) for row in connection.execute(select(table).where(table.c.ref.in_(refs))).mappings()
        }
        for table in (RIDER, SELLER)
    }
    results: list[Saved] = []
    for member in chunk:
        key = (member.role.value, member.ref)
        created = directory.person_of(member.role, member.ref) is None
        _, _, changed = directory.resolve(member.role, member.ref, member.person, overwrite=True)
        directory.flush()  # the details below point at the member
        if active.get(key, True) != member.active:
            connection.execute(
                update(MEMBER)
                .where(MEMBER.c.role == key[0], MEMBER.c.ref == key[1])
                .values(active=member.active, changed_at=write.at)
            )
            active[key] = member.active
            changed = True
        for table, given in ((RIDER, _rider_row(member)), (SELLER, _seller_row(member))):
            if given is None:
                continue
            known = details[table].get(member.ref)
            if known is None:
                connection.execute(table.insert().values(given))
                details[table][member.ref] = given
                changed = True
                continue
            news = {
                name: value for name, value in given.items() if value not in (None, "", []) and value != known[name]
            }
            if news:
                connection.execute(table.update().where(table.c.ref == member.ref).values(news))
                known.update(news)
                changed = True
        results.append(Saved.CREATED if created else Saved.UPDATED if changed else Saved.UNCHANGED)
    return results


def _place(lon: float | None, lat: float | None) -> Location | None:
    return None if lon is None or lat is None else (lon, lat)


def _rider_row(member: Member) -> dict[str, Any] | None:
    if member.role is not Role.RIDER or member.rider is None:
        return None
    rider = member.rider
    home = rider.home or (None, None)
    return {
        "role": member.role.value,
        "ref": member.ref,
        "vehicle": rider.vehicle,
        "capacity_g": rider.capacity_g,
        "capacity_ml": rider.capacity_ml,
        "max_stops": rider.max_stops,
        "shift_from": rider.shift_from,
        "shift_to": rider.shift_to,
        "home_lon": home[0],
        "home_lat": home[1],
        "home_tambon": rider.home_tambon,
        "end_at": rider.end_at,
        "skills": list(rider.skills),
        "zones": list(rider.zones),
        "prefer_zones": list(rider.prefer_zones),
        "refuse_zones": list(rider.refuse_zones),
    }


def _rider(row: RowMapping) -> RiderDetails:
    return RiderDetails(
        vehicle=row["vehicle"],
        capacity_g=row["capacity_g"],
        capacity_ml=row["capacity_ml"],
        max_stops=row["max_stops"],
        shift_from=row["shift_from"],
        shift_to=row["shift_to"],
        home=_place(row["home_lon"], row["home_lat"]),
        home_tambon=row["home_tambon"],
        end_at=row["end_at"],
        skills=tuple(row["skills"]),
        zones=tuple(row["zones"]),
        prefer_zones=tuple(row["prefer_zones"]),
        refuse_zones=tuple(row["refuse_zones"]),
    )


def _seller_row(member: Member) -> dict[str, Any] | None:
    if member.role is not Role.SELLER or member.seller is None:
        return None
    seller = member.seller
    place = seller.location or (None, None)
    return {
        "role": member.role.value,
        "ref": member.ref,
        "shop_name": seller.shop_name,
        "community": seller.community,
        "tambon_code": seller.tambon_code,
        "lon": place[0],
        "lat": place[1],
        "ready_from": seller.ready_from,
        "ready_to": seller.ready_to,
        "needs_cold_box": seller.needs_cold_box,
        "payout_promptpay": seller.payout_promptpay,
        "closed_days": list(seller.closed_days),
    }


def _seller(row: RowMapping) -> SellerDetails:
    return SellerDetails(
        shop_name=row["shop_name"],
        community=row["community"],
        tambon_code=row["tambon_code"],
        location=_place(row["lon"], row["lat"]),
        ready_from=row["ready_from"],
        ready_to=row["ready_to"],
        needs_cold_box=row["needs_cold_box"],
        payout_promptpay=row["payout_promptpay"],
        closed_days=tuple(row["closed_days"]),
    )
