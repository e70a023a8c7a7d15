"""How values stand in a column, on both databases: instants, words, JSON, and whether they are personal.

Knows the two dialects' manners, no table.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Field

from storage.errors import BadValue

BIG = BigInteger()
SERIAL = BigInteger().with_variant(Integer(), "sqlite")  # only INTEGER PRIMARY KEY counts by itself in SQLite
DOCUMENT = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Instant(TypeDecorator[dt.datetime]):
    """A moment, aware on both sides, kept in UTC. In SQLite it is text of one width, so that it sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Callable[[dt.datetime | None], Any]:
        sqlite = dialect.name == "sqlite"
        last: list[tuple[dt.datetime | None, Any]] = [(None, None)]  # rows written together share their instants

        def ready(value: dt.datetime | None) -> Any:
            before, done = last[0]
            if value is before:
                return done
            if value is None:
                return None
            if value.tzinfo is None:
                raise BadValue(f"{value.isoformat()} has no time zone")
            moment: Any = value.astimezone(dt.UTC)
            if sqlite:
                moment = moment.replace(tzinfo=None).isoformat(" ", "microseconds")
            last[0] = value, moment
            return moment

        return ready

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        moment: dt.datetime = dt.datetime.fromisoformat(value) if dialect.name == "sqlite" else value
        return moment.replace(tzinfo=dt.UTC)  # the PostgreSQL session's own zone is UTC


class Words(TypeDecorator[str]):
    """Text. NUL is refused on both databases alike, because PostgreSQL cannot keep it."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None]:
        return _without_nul


def _without_nul(value: str | None) -> str | None:
    if value is not None and "\0" in value:
        raise BadValue("a text with a NUL character")
    return value


def to_json(value: Any) -> str:
    """JSON as the engines write it: Thai as Thai, any Mapping as an object, NUL refused as in `Words`."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)
    if "\\u0000" in text:
        raise BadValue("a text with a NUL character")
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise BadValue(f"{type(value).__name__} has no place in a JSON column")


def plain(sa_type: Any, *, key: bool = False, index: bool = False, references: str | None = None) -> Any:
    """A column that says nothing about a person."""
    return _column(sa_type, personal=False, key=key, index=index, references=references)


def personal(sa_type: Any, *, key: bool = False, index: bool = False) -> Any:
    """A column that tells of a person: what retention and erasure empty."""
    return _column(sa_type, personal=True, key=key, index=index, references=None)


def _column(sa_type: Any, *, personal: bool, key: bool, index: bool, references: str | None) -> Any:
    extra: dict[str, Any] = {"foreign_key": references} if references else {}
    return Field(
        sa_type=sa_type, primary_key=key, index=index, sa_column_kwargs={"info": {"personal": personal}}, **extra
    )
