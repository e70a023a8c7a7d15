"""What can go wrong between the Store and its database, by fault.

    StorageError
    ├── BadUrl        the address names no database we speak: the operator's to mend
    ├── NewerSchema   a later Songsuk has migrated this database: install that one
    ├── OlderSchema   only read here, and not migrated yet: songsuk db upgrade
    ├── Unreachable   no server, no file, no room on the disk: try again later
    │   └── Busy      another writer kept its lock longer than we wait
    ├── BadBackup     a file that is no backup, not a whole one, or of another schema
    ├── NotEmpty      a market is in the database already: nothing is restored over it
    ├── BadValue      a value no database of ours can keep (NUL, half a surrogate, a number out of range)
    └── IllegalRun    a step the wave's life-cycle does not have, such as a new plan for a dispatched wave

Expected outcomes (a stale plan, a lost race) are values, not errors. Foreign exceptions are translated here alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class StorageError(Exception):
    """The database did not do as asked."""


class BadUrl(StorageError):
    """Not an address of a SQLite or PostgreSQL database."""


class NewerSchema(StorageError):
    """The database was migrated by a newer Songsuk than this one: it stands at `found`, of `known` at most we know."""

    def __init__(self, found: str, known: str) -> None:
        super().__init__(f"the database is at migration {found}, this Songsuk knows up to {known}")
        self.found, self.known = found, known


class OlderSchema(StorageError):
    """The database has still to be migrated, which whoever only reads does not do."""


class Unreachable(StorageError):
    """The database cannot be read or written just now."""


class Busy(Unreachable):
    """Another writer held its lock for too long."""


class BadBackup(StorageError):
    """The file is no backup that this Songsuk can restore; `thai` says why, as the error itself does in English."""

    def __init__(self, english: str, thai: str) -> None:
        super().__init__(english)
        self.thai = thai


class NotEmpty(StorageError):
    """The database has rows."""


class BadValue(StorageError):
    """A value the database cannot keep."""


class IllegalRun(StorageError):
    """The wave's run is not in a state that allows this."""


_TOO_MUCH = "54"
"""PostgreSQL's class of errors for what is beyond its bounds, such as a key too long for its index."""
_BUSY = ("database is locked", "database table is locked", "lock timeout", "deadlock detected")


@contextmanager
def translated() -> Iterator[None]:
    """The libraries' exceptions become those of the tree above; what only a bug of ours explains is a StorageError."""
    from sqlalchemy import exc

    try:
        yield
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError, exc.InternalError) as error:
        reason = str(getattr(error, "orig", None) or error)
        if (getattr(getattr(error, "orig", None), "sqlstate", None) or "").startswith(_TOO_MUCH):
            raise BadValue(reason) from error
        busy = any(words in reason for words in _BUSY)
        raise (Busy if busy else Unreachable)(reason) from error
    except exc.DataError as error:
        raise BadValue(str(error.orig)) from error
    except exc.StatementError as error:
        if isinstance(
            error.orig, (BadValue, ValueError, OverflowError)
        ):  # refused on its way in, here or by the driver
            raise BadValue(str(error.orig)) from error
        raise StorageError(str(error.orig or error)) from error
    except (UnicodeEncodeError, OverflowError) as error:
        raise BadValue(str(error)) from error
    except exc.SQLAlchemyError as error:
        raise StorageError(str(error)) from error
