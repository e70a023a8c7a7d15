"""Who is who: finds the person behind a member or a buyer, or makes one, many at a time.

Looked up by (role, ref) first, else by an equal chat address, else by equal phone and name. What is given empty never
wipes what is known; addresses are only added. Works on one chunk: `load` asks the database once for all that may be
needed, `resolve` decides in memory, `flush` writes what came of it.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, bindparam, select, tuple_

from storage.records import ChatAddress, Person, Role
from storage.tables import ChatAddressRow, MemberRow, PersonRow
from storage.verbs import Write, among, fetch, new_id

PERSON, ADDRESS, MEMBER = PersonRow.__table__, ChatAddressRow.__table__, MemberRow.__table__

_FIELDS = {  # of a Person -> its column
    "name": "name",
    "phone": "phone",
    "language": "language",
    "consent": "consent",
    "group": "group_name",
    "household": "household",
    "chat_channel": "chat_channel",
}
_facts = attrgetter(*_FIELDS)

Key = tuple[str, str]

_CHATS = (
    select(ADDRESS)
    .where(among(tuple_(ADDRESS.c.channel, ADDRESS.c.address)))
    .order_by(ADDRESS.c.added_at.desc(), ADDRESS.c.person_id.desc())
)
_PHONES = select(PERSON.c.id).where(among(PERSON.c.phone))
_PEOPLE = select(PERSON).where(among(PERSON.c.id)).order_by(PERSON.c.created_at.desc(), PERSON.c.id.desc())
_THEIR_CHATS = (
    select(ADDRESS)
    .where(among(ADDRESS.c.person_id))
    .order_by(ADDRESS.c.channel, ADDRESS.c.added_at.desc(), ADDRESS.c.address)
)
_ROLES = select(MEMBER).where(among(MEMBER.c.person_id)).order_by(MEMBER.c.created_at.desc(), MEMBER.c.ref.desc())
_IN_ROLE = select(MEMBER.c.ref, MEMBER.c.person_id).where(MEMBER.c.role == bindparam("role"), among(MEMBER.c.ref))


class Directory:
    def __init__(self, write: Write) -> None:
        self._write = write
        self._persons: dict[str, dict[str, Any]] = {}
        self._members: dict[Key, str] = {}  # (role, ref) -> person
        self._refs: dict[tuple[str, str], str] = {}  # (role, person) -> the first ref they have in that role
        self._by_address: dict[Key, str] = {}
        self._by_phone: dict[tuple[str, str], str] = {}
        self._addresses: dict[str, set[Key]] = defaultdict(set)
        self._new_persons: list[dict[str, Any]] = []
        self._new_addresses: list[dict[str, Any]] = []
        self._new_members: list[dict[str, Any]] = []
        self._changed: dict[str, dict[str, Any]] = {}

    def load(self, keys: Collection[Key], given: Iterable[Person]) -> None:
        """Reads everybody whom `keys` or the facts of `given` may mean."""
        connection = self._write.connection
        people = list(given)
        addresses = {(item.channel, item.address) for person in people for item in person.addresses}
        phones = {person.phone for person in people if person.phone and person.name}
        found: set[str] = set()
        by_role: dict[str, set[str]] = defaultdict(set)
        for role, ref in keys:
            by_role[role].add(ref)
        for role, refs in by_role.items():
            for row in fetch(connection, _IN_ROLE, refs, role=role):
                self._members[role, row["ref"]] = row["person_id"]
                found.add(row["person_id"])
        for row in fetch(connection, _CHATS, addresses):
            self._by_address[row["channel"], row["address"]] = row["person_id"]  # so the first to have it wins
            found.add(row["person_id"])
        found.update(row["id"] for row in fetch(connection, _PHONES, phones))
        self._load_persons(found)

    def _load_persons(self, found: Collection[str]) -> None:
        connection = self._write.connection
        for row in fetch(connection, _PEOPLE, found):
            self._persons[row["id"]] = dict(row)
            if row["phone"] and row["name"]:
                self._by_phone[row["phone"], row["name"]] = row["id"]
        for row in fetch(connection, _THEIR_CHATS, found):
            self._addresses[row["person_id"]].add((row["channel"], row["address"]))
        for row in fetch(connection, _ROLES, found):
            self._members[row["role"], row["ref"]] = row["person_id"]
            self._refs[row["role"], row["person_id"]] = row["ref"]

    def person_of(self, role: Role, ref: str) -> str | None:
        return self._members.get((role.value, ref))

    def resolve(self, role: Role, ref: str, given: Person, *, overwrite: bool) -> tuple[str, str, bool]:
        """(person, ref, whether anything is new): who `given` is in `role`, a member of that role from now on.

        `ref` empty: the one they have, else one made up. `overwrite` False fills blanks only, as orders do.
        """
        person_id = self._members.get((role.value, ref)) if ref else None
        person_id = person_id or self._match(given)
        changed = False
        if person_id is None:
            person_id = self._create(given)
            changed = True
        elif self._learn(person_id, given, overwrite=overwrite):
            changed = True
        for address in given.addresses:
            changed |= self._add_address(person_id, address)
        ref = ref or self._refs.get((role.value, person_id)) or f"{role.value[0]}_{os.urandom(7).hex()}"
        if (role.value, ref) not in self._members:
            self._new_members.append({"role": role.value, "ref": ref, "person_id": person_id, "active": True})
            self._members[role.value, ref] = person_id
            self._refs.setdefault((role.value, person_id), ref)
            changed = True
        return person_id, ref, changed

    def _match(self, given: Person) -> str | None:
        for item in given.addresses:
            if person_id := self._by_address.get((item.channel, item.address)):
                return person_id
        return self._by_phone.get((given.phone, given.name)) if given.phone and given.name else None

    def _create(self, given: Person) -> str:
        person_id = new_id("u")
        row: dict[str, Any] = dict(zip(_FIELDS.values(), _facts(given), strict=True))
        row |= {"id": person_id, "created_at": self._write.at, "changed_at": self._write.at}
        self._persons[person_id] = row
        self._new_persons.append(row)
        if given.phone and given.name:
            self._by_phone.setdefault((given.phone, given.name), person_id)
        return person_id

    def _learn(self, person_id: str, given: Person, *, overwrite: bool) -> bool:
        known = self._persons[person_id]
        news = {
            column: value
            for column, value in zip(_FIELDS.values(), _facts(given), strict=True)
            if value not in (None, "") and value != known[column] and (overwrite or known[column] in (None, ""))
        }
        if news:
            known.update(news)  # a person not written yet is written with it
            self._changed[person_id] = known
        return bool(news)

    def _add_address(self, person_id: str, item: ChatAddress) -> bool:
        key = (item.channel, item.address)
        if key in self._addresses[person_id]:
            return False
        self._addresses[person_id].add(key)
        self._by_address.setdefault(key, person_id)
        self._new_addresses.append(
            {"person_id": person_id, "channel": item.channel, "address": item.address, "state": item.state}
        )
        return True

    def flush(self) -> None:
        """Writes what was made or learnt since the last time."""
        write, stamp = self._write, {"changed_at": self._write.at}
        write.insert_all(PERSON, self._new_persons)
        write.insert_all(ADDRESS, [row | stamp | {"added_at": write.at} for row in self._new_addresses])
        write.insert_all(MEMBER, [row | stamp | {"created_at": write.at} for row in self._new_members])
        new = {row["id"] for row in self._new_persons}
        learnt = [row | stamp for person_id, row in self._changed.items() if person_id not in new]
        write.insert_all(PERSON, learnt, replace=True)
        self._new_persons, self._new_addresses, self._new_members, self._changed = [], [], [], {}


def read_persons(connection: Connection, ids: Collection[str]) -> dict[str, Person]:
    """Persons with their addresses, by id; on each channel the address learnt last comes first."""
    addresses: dict[str, list[ChatAddress]] = defaultdict(list)
    for row in fetch(connection, _THEIR_CHATS, ids):
        address = ChatAddress(channel=row["channel"], address=row["address"], state=row["state"])
        addresses[row["person_id"]].append(address)
    return {
        row["id"]: Person(
            id=row["id"],
            addresses=tuple(addresses[row["id"]]),
            **{field: row[column] for field, column in _FIELDS.items()},
        )
        for row in fetch(connection, _PEOPLE, ids)
    }
