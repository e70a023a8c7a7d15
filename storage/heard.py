"""What people told us and what it changes, as frozen values: events, talks, invitations, consents.

Instants are aware; a chat is ``(channel, address)``. Rows stay inside this package.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from storage.records import AttemptStart, Location, Message, Role

Data = Mapping[str, Any]
Who = tuple[Role, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event on its way in: the service's own id for it, and a webhook body with just this event in it."""

    event_id: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One event as it lies in the inbox. ``outcome`` names what it came to, once it was worked off."""

    seq: int
    channel: str
    event_id: str
    received_at: dt.datetime
    body: bytes
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """Where the talk with one chat stands. ``step`` None: nothing was asked. ``tries``: wrong guesses since then.

    ``passed_on_at``: when something of it was last passed on to the coordinators, or will be; until then it is
    ``gathered``: ``news`` as in `PassedOn`, and ``messages``, the ids of those that hold it.
    """

    channel: str
    address: str
    step: str | None = None
    data: Data = field(default_factory=dict)
    step_at: dt.datetime | None = None
    tries: int = 0
    tries_since: dt.datetime | None = None
    passed_on_at: dt.datetime | None = None
    gathered: Data = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What one event has for people: words, a ``thing`` (the kind of a picture or the like), a place.

    ``way``: the words tell the way to a house.
    """

    event_id: str
    words: str = ""
    thing: str = ""
    place: Location | None = None
    way: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOn:
    """What a chat wrote and sent that people are told of: now, or at a moment ahead, until which more may be gathered.

    ``instead`` are the ids of the messages that hold some of it already: those that wait are withdrawn.
    """

    at: dt.datetime
    news: tuple[News, ...]
    instead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMenu:
    """Whose chat this is now (``roles`` but buyers), and the mark of the menu that it shows; None: everybody's."""

    address: str
    roles: frozenset[Role]
    mark: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A code that lets one chat in as one member. ``digest`` is what is kept of it."""

    digest: str
    role: Role
    ref: str
    created_at: dt.datetime
    expires_at: dt.datetime
    used_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRequest:
    """A chat that says it belongs to a phone number; a coordinator decides."""

    id: str
    channel: str
    address: str
    phone: str
    created_at: dt.datetime
    decided_at: dt.datetime | None = None
    confirmed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What one person answered to which text. ``version`` names the text, ``wording`` is all of it."""

    who: Who
    given: bool
    version: str
    wording: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where the talk with one chat goes on; ``name`` None: it is over."""

    channel: str
    address: str
    name: str | None
    data: Data = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heeded:
    """All that one event changes; written in one transaction, or not at all.

    ``links`` gives the chat to these members; ``address_state`` is what the chat's address becomes. ``used`` is the
    digest of an invitation: where another chat has used it meanwhile, nothing is written. ``wrong`` counts a guess
    against the chat, ``guessed`` against a phone number, by its digest. ``passed_on``: words of the chat go to people,
    as the ones among ``messages`` of kind ``word``. ``unsent`` is the id of an event whose words are taken back: they
    are forgotten, and not passed on where they have not been.
    ``reply`` is the id of the one among ``messages`` that goes out at once, by the event's own reply token, and
    ``along`` is what waits for the same address and goes out with it: where some of that waits no longer, or something
    else is under way there, nothing is written.
    """

    outcome: str
    address: str | None = None
    links: tuple[Who, ...] = ()
    address_state: str | None = None
    consents: tuple[Consent, ...] = ()
    used: str | None = None
    confirmed: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    wrong: bool = False
    guessed: str | None = None
    passed_on: PassedOn | None = None
    unsent: str | None = None
    request: LinkRequest | None = None
    decided: tuple[str, bool] | None = None
    erased: tuple[Who, ...] = ()
    messages: tuple[Message, ...] = ()
    reply: str | None = None
    along: tuple[AttemptStart, ...] = ()
