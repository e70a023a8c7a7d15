"""A chat shows the menu of its people's role, from their joining until they leave; a crash in between does no harm."""

from __future__ import annotations

from typing import Any

import pytest
from samples import line_id, telegram_id

from channels.base import Inbound
from scheduler.inbox import menus
from scheduler.inbox.menus import menu_for
from scheduler.inbox.words import Meant, understood
from storage import failpoints
from storage.failpoints import Failpoints, Hit
from storage.records import Role

MEANT = {
    "everybody": (Meant.WHERE, Meant.HELP),
    "rider": (Meant.MINE, Meant.SEEN, Meant.HELP),
    "seller": (Meant.MINE, Meant.SEEN, Meant.HELP),
    "coordinator": (Meant.MINE, Meant.HELP),
}


def shown(talk: Any, chat: str) -> str:
    """The role whose menu LINE shows in this chat."""
    menu = talk.line.menu_of.get(chat, talk.line.menu_for_all)
    return str(talk.line.menus[menu]["name"].split("-")[1])


def listed(talk: Any, chat: str) -> list[str]:
    """The commands that Telegram lists in this chat alone."""
    return [each["command"] for each in talk.telegram.commands_of.get(chat, [])]


def joins(talk: Any, role: Role, ref: str, says: Any, chat: str) -> None:
    says(chat, text=talk.commands("members", "invite", ref, "--role", role.value)["code"])
    says(chat, data="yes:consent")


@pytest.mark.parametrize("language", ["th", "en"])
def test_what_is_offered_is_understood(language: str) -> None:
    """Every word of every menu, tapped or typed as a command, means what its role has to do."""
    for menu in menus(language):
        for number, words in enumerate(zip(*menu.words, strict=True)):
            said = [f"/{word}" if number == 0 else word for word in words]
            events = [Inbound(channel="line", event_id="1", kind="text", address="U1", text=each) for each in said]
            assert tuple(understood(each).meant for each in events) == MEANT[menu.name], said


def test_who_has_several_roles_sees_the_one_with_most_to_do() -> None:
    """A rider's before a seller's before a coordinator's; a buyer sees everybody's."""
    order = [[*Role], [Role.SELLER, Role.COORDINATOR], [Role.COORDINATOR, Role.BUYER]]
    assert [getattr(menu_for(roles, "th"), "name", None) for roles in order] == ["rider", "seller", "coordinator"]
    assert menu_for([Role.BUYER], "th") is None


def test_who_joins_gets_their_menu_and_who_leaves_loses_it(talk: Any, somebody: str, someone: str) -> None:
    """Over both services; everybody else keeps the one for everybody, also a buyer."""
    talk.set_up()
    rider, seller = talk.app.store.members(Role.RIDER)[0], talk.app.store.members(Role.SELLER)[0]
    buyer = next(order for order in talk.orders() if order.buyer.phone)
    joins(talk, Role.RIDER, rider.ref, talk.line_says, somebody)
    joins(talk, Role.SELLER, seller.ref, talk.telegram_says, someone)
    talk.gives(Role.BUYER, buyer.buyer_ref, "line", line_id(5))
    talk.show_menus()
    assert (shown(talk, somebody), listed(talk, someone)) == ("rider", ["mylist", "ok", "help"])
    assert shown(talk, line_id(5)) == shown(talk, line_id(6)) == "everybody"
    talk.line_says(somebody, text="เลิกรับข้อความ")
    talk.telegram_says(someone, text="เลิกรับข้อความ")
    talk.show_menus()
    assert (shown(talk, somebody), listed(talk, someone)) == ("everybody", [])
    talk.line_says(somebody, text="กลับมา")
    talk.show_menus()
    assert shown(talk, somebody) == "rider"


def test_another_role_is_another_menu(talk: Any, somebody: str) -> None:
    """A seller who begins to ride sees a rider's; who is erased sees everybody's, and the chat's id is forgotten."""
    talk.set_up()
    seller, rider = talk.app.store.members(Role.SELLER)[0], talk.app.store.members(Role.RIDER)[0]
    talk.gives(Role.SELLER, seller.ref, "line", somebody)
    talk.show_menus()
    assert shown(talk, somebody) == "seller"
    joins(talk, Role.RIDER, rider.ref, talk.line_says, somebody)
    talk.show_menus()
    assert shown(talk, somebody) == "rider"
    for role, ref in ((Role.RIDER, rider.ref), (Role.SELLER, seller.ref)):
        talk.app.store.erase_member((role, ref), actor="test", at=talk.clock.now())
    talk.show_menus()
    assert shown(talk, somebody) == "everybody"
    assert talk.app.store.shown_menus("line") == []


def test_a_crash_after_the_call_does_it_once_more(talk: Any, somebody: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a chat shows is written after LINE has taken it: the next one asks again, and nothing is different."""
    talk.set_up()
    talk.gives(Role.RIDER, talk.app.store.members(Role.RIDER)[0].ref, "line", somebody)
    monkeypatch.setattr(failpoints, "_armed", Failpoints.parse("note_menu.before_commit=raise@1"))
    with pytest.raises(Hit):
        talk.show_menus()
    assert shown(talk, somebody) == "rider"
    assert [chat.mark for chat in talk.app.store.shown_menus("line")] == [None]
    talk.show_menus()
    assert shown(talk, somebody) == "rider"
    assert [str(chat.mark).split("-")[1] for chat in talk.app.store.shown_menus("line")] == ["rider"]


def test_what_cannot_be_shown_holds_up_nobody(talk: Any, somebody: str) -> None:
    """A chat that LINE does not know is left alone for a while; without menus the whole account is, and asked once."""
    riders = talk.app.store.members(Role.RIDER)
    unknown = line_id(1)
    talk.gives(Role.RIDER, riders[0].ref, "line", unknown)
    talk.gives(Role.RIDER, riders[1].ref, "line", somebody)
    talk.gives(Role.RIDER, riders[2].ref, "telegram", telegram_id(7))
    talk.line.friends = {somebody}
    talk.show_menus()
    assert talk.line.menu_of == {}
    assert listed(talk, telegram_id(7)) == ["work", "ok", "help"]
    talk.set_up()
    talk.show_menus()
    assert talk.line.menu_of == {}, "the account rests still"
    talk.rest_is_over()
    talk.show_menus()
    assert list(talk.line.menu_of) == [somebody]


def test_who_is_blocked_is_not_called(talk: Any, somebody: str) -> None:
    """Nothing is shown to who has blocked the account; when they are back it is."""
    talk.set_up()
    talk.gives(Role.RIDER, talk.app.store.members(Role.RIDER)[0].ref, "line", somebody)
    talk.line_tells(talk.line.event(somebody, type="unfollow"))
    assert talk.app.store.shown_menus("line") == []
    talk.line_says(somebody, type="follow", follow={"isUnblocked": True})
    talk.show_menus()
    assert shown(talk, somebody) == "rider"
