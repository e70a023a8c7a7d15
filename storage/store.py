"""The Store: every verb there is, on one database. Synchronous; safe to share between threads."""

from __future__ import annotations

from types import TracebackType

from sqlalchemy import text

from storage.areas import Areas
from storage.broken import Broken
from storage.chats import Chats
from storage.day import Day
from storage.engine import connect, let_go, parse
from storage.erasure import Erasure
from storage.errors import NewerSchema
from storage.house import House
from storage.inbox import Inbox
from storage.migrate import HEAD, needs_head, upgrade_engine
from storage.order_views import OrderViews
from storage.orders import Orders
from storage.outbox import Outbox
from storage.people import People
from storage.plans import Plans
from storage.pushes import Pushes
from storage.revisions import Revisions
from storage.stranded import Stranded
from storage.verbs import snapshot


class Store(
    People,
    Orders,
    OrderViews,
    Day,
    Areas,
    Plans,
    Outbox,
    Revisions,
    Broken,
    Inbox,
    Chats,
    Erasure,
    Pushes,
    Stranded,
    House,
):
    """What is remembered, by named verbs. Each verb is one transaction; values go in and come out, rows never."""

    url_safe: str
    """The database's address, its password left out."""

    @classmethod
    def open(cls, url: str) -> Store:
        """Connects and brings the schema up to date; see errors.py for what may be in the way."""
        return cls._made(url, reading=False)

    @classmethod
    def open_reading(cls, url: str) -> Store:
        """A Store whose verbs that write fail, and that leaves the database as it is, its schema too.

        `OlderSchema` where that is not up to date.
        """
        return cls._made(url, reading=True)

    @classmethod
    def _made(cls, url: str, *, reading: bool) -> Store:
        parsed = parse(url)
        engine = connect(parsed, reading=reading)
        try:
            if reading:
                with snapshot(engine) as connection:
                    needs_head(connection)
            else:
                upgrade_engine(engine)
        except BaseException:
            engine.dispose()
            raise
        store = cls(engine)
        store.url_safe = parsed.render_as_string(hide_password=True)
        return store

    def revision(self) -> str:
        """The migration the database stands at; also says whether it answers."""
        with self._read() as connection:
            return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())

    def newer_schema(self) -> NewerSchema | None:
        """What says that a later Songsuk has migrated the database since it was opened; None: it has not."""
        found = self.revision()
        return NewerSchema(found, HEAD) if found > HEAD else None

    def close(self) -> None:
        """Lets the connections go, those of verbs under way at their end. A verb after this opens one for itself."""
        let_go(self._engine)

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
