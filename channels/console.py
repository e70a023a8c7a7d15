"""The console channel: prints what a person would read, and remembers it. Reaches everybody, needs no account.

Settings: ``quiet`` (bool) prints nothing. It never prints on standard output, which belongs to ``--json``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from channels.base import Change, Content, Inbound, Menu, Outcome, Payload, Receipt, Refused, Wanted
from channels.fit import setting, tidy

SECRETS: tuple[str, ...] = ()


def connect(settings: Mapping[str, Any] | object, secrets: Mapping[str, str]) -> Console:
    """A console on standard error."""
    del secrets
    return Console(quiet=bool(setting(settings, "quiet", False)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One message as it was given to the console."""

    address: str
    key: str
    payload: Payload


class Console:
    """Accepts everything once per key, in order."""

    name = "console"
    keyed = True
    official = False
    replies = False
    edits = False
    holds = 1

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self.sent: list[Sent] = []
        self._quiet, self._stream = quiet, stream
        self._receipts: dict[str, Receipt] = {}

    def render(self, content: Content) -> Payload:
        return {"text": tidy(content).text()}

    def together(self, payloads: Sequence[Payload]) -> Sequence[Payload]:
        return payloads[:1]

    async def send(self, address: str, *parts: Payload, key: str) -> Outcome:
        (payload,) = parts
        if key in self._receipts:
            return self._receipts[key]
        self.sent.append(Sent(address=address, key=key, payload=payload))
        self._receipts[key] = Receipt(provider_id=str(len(self.sent)))
        if not self._quiet:
            text = str(payload.get("text", ""))
            print(f"── {address}\n{text}\n", file=self._stream or sys.stderr, flush=True)
        return self._receipts[key]

    async def edit(self, address: str, number: str, part: Payload) -> Outcome:
        """What is printed stays."""
        del address, number, part
        return Refused(reason="uneditable")

    async def reply(self, token: str, *parts: Payload) -> Outcome:
        del token, parts
        return Refused(reason="reply_token")

    async def heard(self, event: Inbound) -> None:
        """Nobody waits."""

    async def invitation(self, code: str | None) -> str | None:
        del code
        return None

    async def setup(self, wanted: Wanted, *, dry_run: bool) -> Sequence[Change]:
        """There is no account."""
        del wanted, dry_run
        return ()

    def menu_mark(self, menu: Menu) -> str | None:
        del menu
        return None

    async def offer(self, address: str, menu: Menu | None) -> Outcome:
        """A console shows no menu."""
        del address, menu
        return Refused(reason="no_menu", account=True)

    def receive(self, headers: Mapping[str, str], body: bytes) -> Sequence[Inbound]:
        """Nobody talks back through a console."""
        del headers, body
        return ()

    def read(self, body: bytes) -> Sequence[Inbound]:
        del body
        return ()

    async def close(self) -> None:
        """Nothing is held."""
