"""The house: leases, versions of the configuration, API keys, audit."""

import datetime as dt
from typing import Any

from sqlalchemy import Date, Index, Integer, UniqueConstraint

from storage.columns import BIG, DOCUMENT, SERIAL, Instant, Words, plain
from storage.tables.base import Row


class LeaseRow(Row, table=True):
    """Who does a job that only one may do. `token` grows with every taking, so that a late holder can be told apart."""

    __tablename__ = "lease"

    name: str = plain(Words, key=True)
    holder: str = plain(Words)
    token: int = plain(BIG)
    until: dt.datetime = plain(Instant)


class QuotaReadingRow(Row, table=True):
    """What a service last said of an account's month: how many messages it may push, and how many it has."""

    __tablename__ = "quota_reading"

    channel: str = plain(Words, key=True)
    month: str = plain(Words, key=True)
    limit: int | None = plain(Integer)
    used: int = plain(Integer)
    at: dt.datetime = plain(Instant)


class ConfigVersionRow(Row, table=True):
    """A configuration that was put in force. `from_date`: for no wave before that day. `restores`: the version whose
    text it is again. `file_sha256`: what config.yaml held when it was put in force from elsewhere."""

    __tablename__ = "config_version"

    version: int = plain(Integer, key=True)
    text: str = plain(Words)
    sha256: str = plain(Words)
    created_at: dt.datetime = plain(Instant)
    actor: str = plain(Words)
    note: str = plain(Words)
    from_date: dt.date | None = plain(Date)
    restores: int | None = plain(Integer)
    file_sha256: str | None = plain(Words)


class ApiKeyRow(Row, table=True):
    __tablename__ = "api_key"
    __table_args__ = (UniqueConstraint("digest"),)

    name: str = plain(Words, key=True)
    digest: str = plain(Words)
    created_at: dt.datetime = plain(Instant)
    revoked_at: dt.datetime | None = plain(Instant)


class AuditRow(Row, table=True):
    """Rows are only ever added, each in the transaction of what it tells."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "subject"),)

    id: int | None = plain(SERIAL, key=True)
    at: dt.datetime = plain(Instant)
    recorded_at: dt.datetime = plain(Instant)
    actor: str = plain(Words)
    verb: str = plain(Words)
    subject: str = plain(Words)
    detail: dict[str, Any] = plain(DOCUMENT)
