"""What a chat service is to us: something that takes a written message and says what became of it.

Knows nothing of orders, plans, clocks or databases. One module per service sits beside this one; the key in
``config.yaml`` is the module's name. What a channel does:

    render(content) -> payload      pure: what would be sent, as JSON; frozen by the caller before the first attempt
    together(payloads) -> parts     pure: as many of them as one request carries, each as it stands in it
    send(address, *parts, ...)      one attempt over the network; returns what happened, never raises for it
    edit(address, number, part)     the same, in place of what was sent before under the service's own number
    reply(token, *parts)            the same, as the answer to one event: free, once, soon after it
    offer(address, menu)            one attempt at giving a chat its menu
    receive(headers, body)          pure: a webhook body, once its signature is verified, becomes events
    read(body)                      pure: the same of a body that was verified before it was stored

Outcomes are values, because a lost reply or a blocked bot is an everyday thing:

    Receipt    the service accepted it (not: the person read it)
    Later      provably not sent; try again after ``after`` seconds
    Gone       this address will never work: blocked, unknown, left, moved to another
    Refused    the service will never take this payload, or this account; ``account`` tells which
    Unknown    nobody can tell: the request left, no answer came

    ChannelError
    +-- NotConfigured    a channel's key is present and its secret is not
    +-- BadSignature     a webhook body that is not the service's
    +-- Overtaken        who calls may not any more; raised inside a channel, which says `Later` of it
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Payload = dict[str, Any]

still_ours: ContextVar[Callable[[], bool]] = ContextVar("still_ours", default=lambda: True)
"""Whether who calls may speak still. A channel whose service refuses no copy asks once more just before the first byte:
its caller may have stood still since it asked itself, and another speaks by now."""


class ChannelError(Exception):
    """Base of what this package raises."""


class NotConfigured(ChannelError):
    """A channel is configured and its secret is missing. ``variable`` is the environment variable to set."""

    def __init__(self, channel: str, variable: str) -> None:
        super().__init__(f"channel {channel}: {variable} is not set")
        self.channel, self.variable = channel, variable


class Overtaken(ChannelError):
    """`still_ours` said no, and nothing has left."""


class BadSignature(ChannelError):
    """The webhook body does not carry the service's signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a message. ``row`` has a label and a value; ``optional`` lines go first when room is short."""

    text: str
    style: Literal["text", "heading", "strong", "small", "row", "item", "rule"] = "text"
    value: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button. ``value`` is the link it opens, the data it comes back with, or the words that it says for a person.

    ``location`` and ``contact`` ask the service's own way for a place or the person's number; their value is unused.
    """

    label: str
    kind: Literal["link", "postback", "say", "location", "contact"]
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is said, free of any service: a title, lines, buttons, in the reader's language."""

    title: str
    lines: tuple[Line, ...] = ()
    actions: tuple[Action, ...] = ()
    language: str = "th"

    def text(self) -> str:
        """The message as plain text: what console prints, what the call list reads out."""
        shown = [self.title] if self.title else []
        for line in self.lines:
            if line.style == "rule":
                shown.append("")
            elif line.style == "row":
                shown.append(f"{line.text}: {line.value}")
            elif line.style == "item":
                shown.append(f"• {line.text}")
            else:
                shown.append(line.text)
        shown += [f"{action.label}: {action.value}" for action in self.actions if action.kind == "link"]
        return "\n".join(shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The service accepted the request; ``provider_id`` is its own number for it, ``others`` for its further parts."""

    provider_id: str | None
    status: int = 200
    others: tuple[str | None, ...] = ()

    @property
    def numbers(self) -> tuple[str | None, ...]:
        """The service's own number for each part, in their order."""
        return (self.provider_id, *self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Provably not sent. ``after`` seconds is the service's own word, or None where it said none."""

    reason: str
    after: float | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The address is dead: ``reason`` is ``blocked``, ``unknown_recipient`` or ``moved``.

    ``moved_to``: the chat lives on under this address.
    """

    reason: str
    status: int | None = None
    moved_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Repeating will not help. ``account`` True: nothing of ours will pass until a person mends it.

    ``reason`` is ``uneditable`` where what was to be edited is not there any more, or cannot be edited.
    """

    reason: str
    status: int | None = None
    account: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The request left and no usable answer came: it may have been delivered."""

    reason: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """The few words that a chat offers to tap; services show them as they can.

    ``name`` tells menus apart. ``words`` are (command in letters, what it says in ``language``).
    """

    name: str
    words: tuple[tuple[str, str], ...]
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How an account should be set up: where its events go (None: nowhere), and its menus, the first for everybody."""

    webhook: str | None
    menus: tuple[Menu, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of one part of an account: ``webhook``, ``commands``, ``menu`` or ``old_menus``.

    ``detail`` says which one, or why it failed.
    """

    what: Literal["webhook", "menu", "old_menus", "commands"]
    state: Literal["unchanged", "changed", "would_change", "failed"]
    detail: str = ""


Outcome = Receipt | Later | Gone | Refused | Unknown


# fmt: off
Kind = Literal[
    "text", "location", "postback", "contact", "follow", "unfollow", "join", "leave", "other",
    "photo", "video", "voice", "file", "sticker", "unsend", "service",
]
# fmt: on
"""What an event is; ``voice`` is any sound, ``service`` what the service tells by itself and nobody has said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """Something a person or the service told us; ``event_id`` is the service's own, for de-duplication.

    ``body`` is a webhook body with this event alone, for `Channel.read` to find it again. ``private`` False: said in a
    group. ``number`` is the service's own of this message, ``quoted`` of the one that it answers. ``text`` is also what
    is written under a picture or the like. ``data`` is a button's data, a photo's id, whose number a contact is, the
    number of a message that is ``unsend``, or ``moved`` where a place is the next of one that is shared on the move.
    ``standby``: somebody else has the chat, as LINE's module channels do, and nothing is to be said there.
    """

    channel: str
    event_id: str
    kind: Kind
    address: str | None
    text: str = ""
    location: tuple[float, float] | None = None
    data: str = ""
    reply_token: str | None = None
    redelivered: bool = False
    private: bool = True
    number: str | None = None
    quoted: str | None = None
    standby: bool = False
    body: bytes = b""


class Channel(Protocol):
    """One service, connected with its settings and secrets."""

    name: str

    @property
    def keyed(self) -> bool:
        """True where the service itself refuses a second copy of one key (LINE), so `Unknown` is retried safely."""
        ...

    @property
    def official(self) -> bool:
        """True where the base address is the service's own host: real people would get what is sent."""
        ...

    def render(self, content: Content) -> Payload:
        """The payload for one request, within the service's limits whatever the input. Pure."""
        ...

    @property
    def holds(self) -> int:
        """How many messages one request can carry at most; 1 where each goes by itself."""
        ...

    def together(self, payloads: Sequence[Payload]) -> Sequence[Payload]:
        """The longest beginning of `payloads` that one request carries, each as it stands in it; never none. Pure."""
        ...

    async def send(self, address: str, *parts: Payload, key: str) -> Outcome:
        """One attempt at a request of these parts. ``key`` is a UUID, the same for every attempt of one request."""
        ...

    @property
    def edits(self) -> bool:
        """True where what was sent can be edited. Such a service's requests carry one message each."""
        ...

    async def edit(self, address: str, number: str, part: Payload) -> Outcome:
        """One attempt at putting `part` in the place of what stands there under `number`; without a sound.

        Done twice, the second time changes nothing. `Refused` as ``uneditable`` where it is too late.
        """
        ...

    @property
    def replies(self) -> bool:
        """True where an answer may go out by an event's reply token, which costs nothing."""
        ...

    async def reply(self, token: str, *parts: Payload) -> Outcome:
        """Answer the event of this token, once; `Refused` where it is too late."""
        ...

    async def heard(self, event: Inbound) -> None:
        """Tell the service that a tap was heard, where it waits for that; what comes of it does not matter."""
        ...

    async def invitation(self, code: str | None) -> str | None:
        """An address that opens a chat with this account and says `code` there; None where there is none to be had."""
        ...

    async def setup(self, wanted: Wanted, *, dry_run: bool) -> Sequence[Change]:
        """Bring the account to what is wanted; done twice, the second time changes nothing. Never raises for it."""
        ...

    def menu_mark(self, menu: Menu) -> str | None:
        """What tells this menu from any that looks otherwise; None where no chat shows one of its own. Pure."""
        ...

    async def offer(self, address: str, menu: Menu | None) -> Outcome:
        """Let one chat show `menu`, or again the one for everybody; done twice, the second time changes nothing."""
        ...

    def receive(self, headers: Mapping[str, str], body: bytes) -> Sequence[Inbound]:
        """Verify and parse a webhook body; `BadSignature` where it is not the service's. Pure."""
        ...

    def read(self, body: bytes) -> Sequence[Inbound]:
        """The events of a body that is known to be the service's. Pure."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...
