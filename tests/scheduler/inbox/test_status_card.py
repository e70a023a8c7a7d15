"""The status card over Telegram: one message a round, edited as riders are told and answer; from tick to chat."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import schemas
from samples import line_id, telegram_id
from sqlalchemy import text

from storage.records import ChatAddress, Message, Role

BOSS = telegram_id(900)


class Died(BaseException):
    """As if the process had been killed."""


class Round:
    """A midday wave on the road, its riders and one coordinator on Telegram; what that coordinator's chat holds."""

    def __init__(self, talk: Any) -> None:
        self.talk, self.app, self.telegram = talk, talk.app, talk.telegram
        talk.send_by(limits={})
        latest = self.app.versions.latest  # the one with the chat services
        self.execute("UPDATE run SET state = 'dispatched', finished_at = NULL, config_version = :latest", latest=latest)
        talk.gives(Role.COORDINATOR, self.app.store.members(Role.COORDINATOR)[0].ref, "telegram", BOSS)
        self.riders = sorted({message.member_ref for message in talk.messages(kinds={"route"})})
        for rider in self.riders:
            talk.gives(Role.RIDER, rider, "telegram", self.chat(rider))
            self.tell(rider)
        talk.settle()

    def execute(self, statement: str, **values: object) -> None:
        with self.app.store._engine.begin() as connection:
            connection.execute(text(statement), values)

    def chat(self, rider: str) -> str:
        return telegram_id(self.riders.index(rider))

    def tell(self, rider: str) -> None:
        """The rider's round is said anew over Telegram."""
        route = next(each for each in self.talk.messages(kinds={"route"}) if each.member_ref == rider)
        number, now = 2 + len(self.talk.messages()), self.talk.clock.now()
        anew = replace(route, id=str(uuid.uuid4()), revision=number, channel="telegram", address=self.chat(rider))
        anew = replace(anew, state="held", send_at=now, payload=None, bundle=None, attempts=())
        self.app.store.add_messages([anew], actor="test", at=now)

    def look(self) -> None:
        """The clock ticks, and what is due goes out."""
        self.app.tick()
        self.talk.settle()

    def confirms(self, rider: str) -> None:
        """The rider taps the button."""
        route = [each for each in self.talk.messages(kinds={"route"}) if each.member_ref == rider][-1]
        self.talk.telegram_says(self.chat(rider), data=f"seen:{route.id}")

    def cards(self) -> list[Message]:
        found: list[Message] = self.talk.messages(kinds={"status_card"})
        return found

    def sent(self) -> int:
        """How many messages the coordinator's chat ever got."""
        return sum(each.chat_id == BOSS for each in self.telegram.log)

    def stands(self) -> str:
        """What the one message in the coordinator's chat says now."""
        (text,) = [each.text for each in self.telegram.shown.values() if each.chat_id == BOSS]
        return str(text)


@pytest.fixture
def on_the_road(talk: Any) -> Round:
    return Round(talk)


def once(name: str) -> Callable[[str], None]:
    """A failpoint at which the sender dies, the first time."""
    left = [name]

    def passed(point: str) -> None:
        if point in left:
            left.remove(point)
            raise Died

    return passed


def test_one_message_follows_the_round(on_the_road: Round) -> None:
    """It appears once riders were told, is edited as they answer or are not reached, and ends with the round."""
    market, riders = on_the_road, on_the_road.riders
    many = len(riders)
    assert many > 1
    market.look()
    assert market.stands().splitlines()[0] == "รอบเที่ยง วันอังคารที่ 24 พ.ย. 2569: ออกส่งแล้ว"
    assert f"คนส่งตอบรับแล้ว 0 จาก {many} คน" in market.stands()
    assert f"ยังไม่ตอบรับ {many} คน" in market.stands()
    market.look()
    assert (market.sent(), len(market.telegram.edits), len(market.cards())) == (1, 0, 1)

    market.confirms(riders[0])
    market.look()
    assert f"คนส่งตอบรับแล้ว 1 จาก {many} คน" in market.stands()
    market.telegram.blockers.add(market.chat(riders[1]))
    market.tell(riders[1])
    market.talk.settle()
    market.look()
    name = market.talk.member(Role.RIDER, riders[1]).person.name.split()[0]
    assert market.stands().partition("ส่งข้อความไม่ถึง ต้องโทร 1 คน\n")[2].startswith(f"• {name}")
    market.execute("UPDATE run SET state = 'finished'")
    market.look()
    assert market.stands().splitlines()[0].endswith("จบรอบแล้ว")
    market.look()
    assert (market.sent(), len(market.telegram.edits)) == (1, 3)

    listed = schemas.check(market.talk.commands("messages", "list", "--kind", "status_card"))["messages"]
    assert [(each["revision"], each["state"]) for each in listed] == [(number, "accepted") for number in (1, 2, 3, 4)]
    number = listed[0]["attempts"][0]["provider_id"]
    assert [each["edits"] for each in listed] == [None, number, number, number]
    assert {each["attempts"][-1]["provider_id"] for each in listed} == {number}


def test_only_who_is_reached_by_a_chat_that_edits_has_a_card(on_the_road: Round) -> None:
    """Over LINE it would cost a push for each change; a wish for LINE counts."""
    market, talk = on_the_road, on_the_road.talk
    both = (ChatAddress(channel="line", address=line_id(901)), ChatAddress(channel="telegram", address=BOSS))
    for wish, cards in (("line", 0), ("telegram", 1)):
        (member,) = talk.app.store.members(Role.COORDINATOR)
        person = replace(member.person, addresses=both, chat_channel=wish)
        talk.app.store.save_members([replace(member, person=person)], actor="test", at=talk.clock.now())
        market.look()
        assert len(market.cards()) == cards
    assert [each for each in talk.line.log if each.to == line_id(901)] == []


def test_a_death_after_the_first_card_makes_no_second(on_the_road: Round) -> None:
    """Nobody can tell whether it arrived: it stays so, whatever changes, until a person decides; the phone list is
    left alone."""
    market, talk = on_the_road, on_the_road.talk
    talk.send_by(limits={}, failpoint=once("outbox.after_call"))
    market.app.tick()
    with pytest.raises(Died):
        talk.settle()
    for rider in market.riders:
        market.confirms(rider)
        market.look()
    (doubt,) = market.cards()
    assert (doubt.state, market.sent()) == ("unknown", 1)
    listed = talk.commands("messages", "calls", str(doubt.date))["calls"]
    assert doubt.id not in {call["message_id"] for call in listed}
    talk.commands("messages", "resolve", doubt.id, "--as", "drop")
    market.telegram.shown.clear()  # the coordinator deletes what did arrive
    market.look()
    assert f"คนส่งตอบรับครบแล้ว {len(market.riders)} คน" in market.stands()


def test_a_death_after_an_edit_costs_nothing(on_the_road: Round) -> None:
    """The edit is made again half a minute later; that the card reads so already is success."""
    market, talk = on_the_road, on_the_road.talk
    market.look()
    market.confirms(market.riders[0])
    market.app.tick()
    talk.send_by(limits={}, failpoint=once("outbox.after_call"))
    with pytest.raises(Died):
        talk.settle()
    talk.settle()
    assert [card.state for card in market.cards()] == ["accepted", "unknown"]
    talk.later(seconds=31)
    market.look()
    assert [card.state for card in market.cards()] == ["accepted", "superseded", "accepted"]
    assert market.cards()[-1].attempts[-1].status == 400
    assert (market.sent(), len(market.telegram.edits)) == (1, 1)


def test_a_card_that_was_deleted_comes_anew_once(on_the_road: Round) -> None:
    """The edit is refused, a fresh card is sent, and from then on that one is edited."""
    market = on_the_road
    market.look()
    market.telegram.shown.clear()
    market.confirms(market.riders[0])
    market.look()
    market.look()
    assert [(card.state, card.reason) for card in market.cards()][1] == ("failed", "uneditable")
    market.confirms(market.riders[1])
    market.look()
    assert (market.sent(), len(market.telegram.edits)) == (2, 1)
    assert "คนส่งตอบรับครบแล้ว 2 คน" in market.stands()


def test_an_edit_takes_its_turn(on_the_road: Round) -> None:
    """Beside another message to the same chat: Telegram, which counts edits too, has nothing against the pace."""
    market, talk = on_the_road, on_the_road.talk
    market.look()
    market.confirms(market.riders[0])
    market.app.tick()
    _, edit = market.cards()
    other = replace(edit, id=str(uuid.uuid4()), event="test:1", revision=1, edits=None, klass="critical", kind="sos")
    talk.app.store.add_messages([other], actor="test", at=talk.clock.now())
    market.telegram.enforce = True
    talk.send_by()
    talk.settle()
    assert (market.telegram.limited, market.sent(), len(market.telegram.edits)) == (0, 2, 1)
    assert [each.state for each in market.cards()] == ["accepted", "accepted"]


def test_a_card_goes_no_other_way(on_the_road: Round) -> None:
    """Whose chat closes before an edit goes out gets it neither over LINE nor by phone."""
    market, talk = on_the_road, on_the_road.talk
    market.look()
    ref = talk.app.store.members(Role.COORDINATOR)[0].ref
    member = talk.member(Role.COORDINATOR, ref)
    both = (*member.person.addresses, ChatAddress(channel="line", address=line_id(901)))
    person = replace(member.person, addresses=both)
    talk.app.store.save_members([replace(member, person=person)], actor="test", at=talk.clock.now())
    market.confirms(market.riders[0])
    market.app.tick()
    talk.telegram_says(BOSS, status="kicked")
    market.look()
    assert [(card.state, card.reason) for card in market.cards()] == [("accepted", None), ("suppressed", "blocked")]
    assert [each for each in talk.line.log if each.to == line_id(901)] == []
    listed = talk.commands("messages", "calls", str(market.cards()[-1].date))["calls"]
    assert market.cards()[-1].id not in {call["message_id"] for call in listed}
