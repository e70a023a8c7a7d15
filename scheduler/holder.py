"""Who holds a lease: a process, named so that another one on its machine can tell that it has died; and by whose time.

A machine whose process was killed need not wait for the lease to run out: the next process there sees that nobody has
its number any more, or somebody who started later. Of a process elsewhere, or where the kernel does not tell (it does
on Linux alone), nothing is known, and its lease runs. Knows no lease.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

    from scheduler.clock import Clock
    from storage import Store

_PROC = Path("/proc")
_ENDED = "ended"


def new_holder() -> str:
    """A name that nobody else has, for this process."""
    return f"{_place()}-{os.getpid()}-{_started(os.getpid()) or ''}-{uuid.uuid4().hex[:12]}"


def is_gone(holder: str) -> bool:
    """Whether the process of this name surely runs no more."""
    place, _, rest = holder.partition("-")
    number, _, rest = rest.partition("-")
    started = rest.partition("-")[0]
    if not (place and started and number.isdecimal()) or place != _place():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False  # somebody else's, and it runs
    return _started(int(number)) not in {started, None}


def lease_now(store: Store, clock: Clock) -> dt.datetime:
    """The moment it is in the time that leases are kept in: the database's, else the machine's; never the market's."""
    return store.shared_now(clock.machine_now())


@cache
def _place() -> str:
    """One start of one kernel, and the room in it where process numbers mean what they mean here; else nothing."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        room = (_PROC / "self/ns/pid").readlink()
    except OSError:
        return ""
    return hashlib.sha256(f"{boot} {room}".encode()).hexdigest()[:12]


def _started(number: int) -> str | None:
    """When the process of this number was started, by the kernel's own count; `_ENDED`: it is dead, and still named.

    None: nobody tells.
    """
    try:
        told = (_PROC / str(number) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *fields = told.rpartition(")")[2].split()
    return _ENDED if state in {"Z", "X"} else fields[18]
