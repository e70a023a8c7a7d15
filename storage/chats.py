"""The verbs of chats: whose they are, where a talk and its menu stand, who was invited and who asks to be linked."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import RowMapping, delete, or_, select, update

from storage.directory import ADDRESS, MEMBER, PERSON
from storage.failpoints import writes
from storage.heard import Chat, Consent, Invitation, LinkRequest, ShownMenu, Who
from storage.records import Role
from storage.tables import ChatMenuRow, ChatRow, ConsentRow, GuessRow, InvitationRow, LinkRequestRow
from storage.verbs import Verbs, Write

CHAT, CONSENT, INVITATION, REQUEST = (row.__table__ for row in (ChatRow, ConsentRow, InvitationRow, LinkRequestRow))
GUESS, MENU = GuessRow.__table__, ChatMenuRow.__table__
TRIES_LAST = dt.timedelta(days=1)
"""How long a wrong guess is held against a chat, and against the phone number that it was about."""


class Chats(Verbs):
    def chat(self, channel: str, address: str) -> Chat:
        """Where the talk with this chat stands; one never heard of stands at its beginning."""
        query = select(CHAT).where(CHAT.c.channel == channel, CHAT.c.address == address)
        with self._read() as connection:
            row = connection.execute(query).mappings().first()
        return Chat(channel=channel, address=address) if row is None else Chat(**{n: row[n] for n in Chat.__slots__})

    def guesses(self, digest: str, *, at: dt.datetime) -> int:
        """How many wrong order numbers were lately tried with the phone number of this digest, from whatever chat."""
        query = select(GUESS.c.tries).where(GUESS.c.digest == digest, GUESS.c.since >= at - TRIES_LAST)
        with self._read() as connection:
            return connection.execute(query).scalar() or 0

    # --- menus ------------------------------------------------------------------------------------------------------

    def shown_menus(self, channel: str) -> list[ShownMenu]:
        """The chats whose people have more to do than buy, and those that show a menu of their own still.

        Who has blocked the account is not there: nothing can be shown to them. Nor are buyers alone.
        """
        theirs = (
            select(ADDRESS.c.address, MEMBER.c.role)
            .join(MEMBER, MEMBER.c.person_id == ADDRESS.c.person_id)
            .join(PERSON, PERSON.c.id == ADDRESS.c.person_id)
            .where(ADDRESS.c.channel == channel, ADDRESS.c.state == "active", MEMBER.c.active)
            .where(MEMBER.c.role != Role.BUYER.value, or_(PERSON.c.consent.is_(None), PERSON.c.consent))
        )
        lost = select(ADDRESS.c.address).where(ADDRESS.c.channel == channel, ADDRESS.c.state.in_(("blocked", "dead")))
        shown = select(MENU.c.address, MENU.c.mark).where(MENU.c.channel == channel)
        roles: dict[str, set[Role]] = defaultdict(set)
        with self._read() as connection:
            for row in connection.execute(theirs):
                roles[row.address].add(Role(row.role))
            marks = {row.address: row.mark for row in connection.execute(shown)}
            out_of_reach = set(connection.execute(lost).scalars()) - roles.keys()
        return [
            ShownMenu(address=address, roles=frozenset(roles.get(address, ())), mark=marks.get(address))
            for address in sorted((roles.keys() | marks.keys()) - out_of_reach)
        ]

    @writes
    def note_menu(self, channel: str, address: str, mark: str | None, *, at: dt.datetime) -> None:
        """The chat shows this menu now; None: the one for everybody."""
        with self._write("note_menu", f"channel:{channel}", at) as write:
            if mark is None:
                write.connection.execute(delete(MENU).where(MENU.c.channel == channel, MENU.c.address == address))
            else:
                row = {"mark": mark, "shown_at": at}
                put = write.insert(MENU).values(channel=channel, address=address, **row)
                write.connection.execute(
                    put.on_conflict_do_update(index_elements=[MENU.c.channel, MENU.c.address], set_=row)
                )
            write.tell(f"menu:{channel}", mark=mark)

    # --- invitations ----------------------------------------------------------------------------------------------

    @writes
    def invite(self, invitation: Invitation, *, actor: str, at: dt.datetime) -> bool:
        """Keeps an invitation; earlier ones of the same member end. False: there is no such member."""
        with self._write("invite", actor, at) as write:
            who = (invitation.role.value, invitation.ref)
            member = select(MEMBER.c.ref).where(MEMBER.c.role == who[0], MEMBER.c.ref == who[1])
            if write.connection.execute(member).first() is None:
                return False
            write.connection.execute(
                update(INVITATION)
                .where(INVITATION.c.role == who[0], INVITATION.c.ref == who[1], INVITATION.c.expires_at > at)
                .values(expires_at=at)
            )
            row = {name: getattr(invitation, name) for name in Invitation.__slots__} | {"role": who[0]}
            write.connection.execute(INVITATION.insert().values(row))
            write.tell(f"member:{who[0]}/{who[1]}", until=invitation.expires_at.isoformat())
            return True

    def invitation(self, digests: Collection[str]) -> Invitation | None:
        """The invitation with one of these digests (a key and the one before it make two)."""
        query = select(INVITATION).where(INVITATION.c.digest.in_(list(digests)))
        with self._read() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return None
        return Invitation(
            **{name: row[name] for name in Invitation.__slots__ if name != "role"}, role=Role(row["role"])
        )

    def consents(self, who: Who) -> list[Consent]:
        """What a member's person has answered, the first answer first."""
        person = select(MEMBER.c.person_id).where(MEMBER.c.role == who[0].value, MEMBER.c.ref == who[1])
        query = select(CONSENT).where(CONSENT.c.person_id.in_(person)).order_by(CONSENT.c.id)
        with self._read() as connection:
            rows = connection.execute(query).mappings().all()
        return [Consent(who=who, given=row["given"], version=row["version"], wording=row["wording"]) for row in rows]

    # --- requests to be linked --------------------------------------------------------------------------------------

    def link_request(self, request_id: str) -> LinkRequest | None:
        with self._read() as connection:
            row = connection.execute(select(REQUEST).where(REQUEST.c.id == request_id)).mappings().first()
        return None if row is None else _request(row)

    def link_requests(self) -> list[LinkRequest]:
        """Those that wait for a coordinator, the oldest first."""
        query = select(REQUEST).where(REQUEST.c.decided_at.is_(None)).order_by(REQUEST.c.created_at, REQUEST.c.id)
        with self._read() as connection:
            return [_request(row) for row in connection.execute(query).mappings()]


def link(write: Write, who: Who, channel: str, address: str) -> None:
    """This chat is the member's from now on, beside those they have."""
    query = select(MEMBER.c.person_id).where(MEMBER.c.role == who[0].value, MEMBER.c.ref == who[1])
    person_id = write.connection.execute(query).scalar_one()
    row = {"person_id": person_id, "channel": channel, "address": address, "state": "active"}
    put = write.insert(ADDRESS).values(row | {"added_at": write.at, "changed_at": write.at})
    key = [ADDRESS.c.person_id, ADDRESS.c.channel, ADDRESS.c.address]
    write.connection.execute(
        put.on_conflict_do_update(index_elements=key, set_={"state": "active", "changed_at": write.at})
    )


def agree(write: Write, consent: Consent, channel: str) -> None:
    """Notes what a person answered, and lets it hold from now on."""
    query = select(MEMBER.c.person_id).where(MEMBER.c.role == consent.who[0].value, MEMBER.c.ref == consent.who[1])
    person_id = write.connection.execute(query).scalar_one()
    said = {"given": consent.given, "version": consent.version, "wording": consent.wording}
    write.connection.execute(CONSENT.insert().values(person_id=person_id, channel=channel, at=write.at, **said))
    write.connection.execute(
        update(PERSON).where(PERSON.c.id == person_id).values(consent=consent.given, changed_at=write.at)
    )


def _request(row: RowMapping) -> LinkRequest:
    return LinkRequest(**{name: row[name] for name in LinkRequest.__slots__})
