"""Named points where a test may stop the process dead, to show that nothing is lost or half done.

``SONGSUK_FAILPOINTS="approve_plan.before_commit=kill@3, claim_messages.after_commit=raise"`` kills the process at the
third pass of the one and raises `Hit` at every pass of the other. Unset, a point costs one comparison. Every verb of
the Store that writes has two: ``<verb>.before_commit`` and ``<verb>.after_commit``; `declared()` lists them.
"""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

VARIABLE = "SONGSUK_FAILPOINTS"
_GRAMMAR = re.compile(r"(?P<name>[\w.]+)=(?P<action>kill|raise)(?:@(?P<at>[1-9]\d*))?")


class Hit(RuntimeError):
    """A failpoint of this name was armed with `raise`."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to do at a point; ``at`` None: at every pass, else at that one only."""

    action: str
    at: int | None = None


class Failpoints:
    """The armed points of one process, and how often each was passed."""

    def __init__(self, orders: Mapping[str, Order]) -> None:
        self._orders = dict(orders)
        self._passes = dict.fromkeys(self._orders, 0)
        self._lock = threading.Lock()

    @classmethod
    def parse(cls, text: str) -> Failpoints:
        """From the variable's text; ValueError names what is not understood."""
        orders: dict[str, Order] = {}
        for part in filter(None, (piece.strip() for piece in re.split("[,;]", text))):
            match = _GRAMMAR.fullmatch(part)
            if match is None:
                raise ValueError(f"{VARIABLE}: {part!r} is not name=kill or name=raise, with an optional @pass")
            orders[match["name"]] = Order(match["action"], int(match["at"]) if match["at"] else None)
        return cls(orders)

    def __bool__(self) -> bool:
        return bool(self._orders)

    def pass_by(self, name: str) -> None:
        order = self._orders.get(name)
        if order is None:
            return
        with self._lock:
            self._passes[name] += 1
            due = order.at in (None, self._passes[name])
        if due and order.action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if due:
            raise Hit(name)


_armed: Failpoints | None = None
_declared: set[str] = set()


def failpoint(name: str) -> None:
    """Passes by, unless the environment says otherwise (read once, at the first pass)."""
    global _armed
    if _armed is None:
        _armed = Failpoints.parse(os.environ.get(VARIABLE, ""))
    if _armed:
        _armed.pass_by(name)


def declared() -> frozenset[str]:
    """Every failpoint of the Store, for a harness to draw from. Verbs declare themselves as storage.store is loaded."""
    return frozenset(_declared)


Verb = TypeVar("Verb", bound=Callable[..., object])


def writes(verb: Verb) -> Verb:
    """Marks a verb that writes: its two failpoints become known."""
    _declared.update((f"{verb.__name__}.before_commit", f"{verb.__name__}.after_commit"))
    return verb
