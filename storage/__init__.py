"""What is remembered: tables, migrations and a Store of named verbs. The only home of SQLModel.

Knows nothing of chats, solvers, clocks or configuration. Importing it loads no database library; `open_store` does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from storage.errors import (
    BadBackup,
    BadUrl,
    BadValue,
    Busy,
    IllegalRun,
    NewerSchema,
    NotEmpty,
    OlderSchema,
    StorageError,
    Unreachable,
)
from storage.records import (
    Approval,
    Attempt,
    AttemptEnd,
    AttemptStart,
    AuditEntry,
    ChatAddress,
    ConfigVersion,
    Leg,
    LegMove,
    Member,
    Message,
    Order,
    Person,
    Pickup,
    Plan,
    PlanningArea,
    PlanRoute,
    PlanStep,
    PlanUnassigned,
    QuotaReading,
    RiderDetails,
    Role,
    Run,
    Saved,
    SellerDetails,
    Sequel,
    Standing,
)

if TYPE_CHECKING:
    from storage.store import Store

__all__ = [
    "Approval",
    "Attempt",
    "AttemptEnd",
    "AttemptStart",
    "AuditEntry",
    "BadBackup",
    "BadUrl",
    "BadValue",
    "Busy",
    "ChatAddress",
    "ConfigVersion",
    "IllegalRun",
    "Leg",
    "LegMove",
    "Member",
    "Message",
    "NewerSchema",
    "NotEmpty",
    "OlderSchema",
    "Order",
    "Person",
    "Pickup",
    "Plan",
    "PlanRoute",
    "PlanStep",
    "PlanUnassigned",
    "PlanningArea",
    "QuotaReading",
    "RiderDetails",
    "Role",
    "Run",
    "Saved",
    "SellerDetails",
    "Sequel",
    "Standing",
    "StorageError",
    "Store",
    "Unreachable",
    "exists",
    "folder_of",
    "open_reading",
    "open_store",
]


def exists(url: str) -> bool:
    """Whether there may be something behind `url`; of a SQLite file that would be made new, False."""
    from storage.engine import parse

    try:
        parsed = parse(url)
    except BadUrl:
        return False
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").is_file()


def folder_of(url: str) -> Path | None:
    """Where a SQLite file lies, or will; None: the database is not in a file of this machine's."""
    from storage.engine import in_memory, parse

    parsed = parse(url)
    if parsed.get_backend_name() != "sqlite" or in_memory(parsed):
        return None
    return Path(str(parsed.database)).absolute().parent


def open_store(url: str) -> Store:
    """The Store behind `url`, its schema up to date: ``sqlite:///var/songsuk.db`` or ``postgresql+psycopg://…``."""
    from storage.store import Store

    return Store.open(url)


def open_reading(url: str) -> Store:
    """The Store behind `url` for whoever only looks: it cannot write, and the database stays as it is."""
    from storage.store import Store

    return Store.open_reading(url)


def __getattr__(name: str) -> Any:
    if name == "Store":
        from storage.store import Store

        return Store
    raise AttributeError(f"module 'storage' has no attribute {name!r}")
