"""The verbs of the house itself: leases, versions of the configuration, API keys, audit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from sqlalchemy import Executable, RowMapping, bindparam, func, or_, select, update

from storage.failpoints import writes
from storage.records import DATABASE, AuditEntry, ConfigVersion
from storage.tables import ApiKeyRow, AuditRow, ConfigVersionRow, LeaseRow
from storage.verbs import TONGUES, Insert, Verbs

LEASE, VERSION, KEY, AUDIT = (row.__table__ for row in (LeaseRow, ConfigVersionRow, ApiKeyRow, AuditRow))

_NOW = bindparam("now", type_=LEASE.c.until.type)
_RENEW = (
    update(LEASE)
    .where(LEASE.c.name == bindparam("lease"), LEASE.c.holder == bindparam("who"), LEASE.c.until > _NOW)
    .values(until=bindparam("longer"))
    .returning(LEASE.c.token)
)


def _taking(take: Insert) -> Executable:
    """Takes a lease that nobody has: new, over, of an end that it can never have been given, or still `dead`'s."""
    free = or_(LEASE.c.until <= _NOW, LEASE.c.until > bindparam("far"), LEASE.c.holder == bindparam("dead"))
    taken = {"holder": take.excluded.holder, "token": LEASE.c.token + 1, "until": take.excluded.until}
    return take.on_conflict_do_update(index_elements=[LEASE.c.name], set_=taken, where=free).returning(LEASE.c.token)


_TAKE = {tongue: _taking(insert(LEASE)) for tongue, insert in TONGUES.items()}
_HOLDER = select(LEASE.c.holder).where(LEASE.c.name == bindparam("lease"), LEASE.c.until > _NOW)
_STARTS = (
    select(VERSION.c.version, VERSION.c.from_date)
    .where(VERSION.c.version > bindparam("after"))
    .order_by(VERSION.c.version)
)


class House(Verbs):
    @writes
    def acquire_lease(
        self,
        name: str,
        holder: str,
        *,
        now: dt.datetime,
        seconds: float,
        gone: Callable[[str], bool] = lambda holder: False,
    ) -> int | None:
        """Takes or renews the lease `name`; its fencing token, which grows with every taking. None: another has it.

        One that lasts far longer than it can was written before the clock was set back: nobody waits for its end.
        `gone`: whether a holder surely is no more, so that its lease need not run out first.
        """
        until = now + dt.timedelta(seconds=seconds)
        with self._write("acquire_lease", holder, now) as write:
            asked = {"lease": name, "who": holder, "now": now, "longer": until}
            kept = write.connection.execute(_RENEW, asked).scalar()
            if kept is not None:
                return int(kept)  # a renewal tells nothing new: no audit row every few seconds
            other = write.connection.execute(_HOLDER, asked).scalar()
            dead = other if other is not None and gone(other) else None
            first = {"name": name, "holder": holder, "token": 1, "until": until}
            over = {"now": now, "far": until + dt.timedelta(seconds=seconds), "dead": dead}
            token = write.connection.execute(_TAKE[write.tongue], first | over).scalar()
            if token is None:
                return None
            write.tell(f"lease:{name}", token=token)
            return int(token)

    def lease_holder(self, name: str, *, now: dt.datetime) -> str | None:
        """Who has the lease `name` now; None: nobody."""
        query = select(LEASE.c.holder).where(LEASE.c.name == name, LEASE.c.until > now)
        with self._read() as connection:
            holder: str | None = connection.execute(query).scalar()
        return holder

    def shared_now(self, now: dt.datetime) -> dt.datetime:
        """The time that leases are kept in, when this machine's clock shows `now`: the database's; a file has none.

        So machines whose clocks differ agree on who has one.
        """
        if self._engine.dialect.name != "postgresql":
            return now
        with self._read() as connection:
            shared: dt.datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return shared

    @writes
    def release_lease(self, name: str, holder: str, *, now: dt.datetime) -> bool:
        """Lets a lease go that `holder` has, so that the next need not wait for its end."""
        with self._write("release_lease", holder, now) as write:
            held = update(LEASE).where(LEASE.c.name == name, LEASE.c.holder == holder, LEASE.c.until > now)
            if not write.connection.execute(held.values(until=now)).rowcount:
                return False
            write.tell(f"lease:{name}")
            return True

    @writes
    def publish_config(
        self,
        text: str,
        sha256: str,
        *,
        actor: str,
        at: dt.datetime,
        note: str = "",
        after: int | None = None,
        from_date: dt.date | None = None,
        restores: int | None = None,
        file_sha256: str | None = None,
    ) -> ConfigVersion | None:
        """Keeps a configuration as the next version.

        The latest again is that same version, unless it is to be in force from an earlier day than it waits for.
        `after`: what the caller holds for the latest; None comes back where it is not.
        """
        with self._write("publish_config", actor, at) as write:
            write.lock_day()
            latest = (
                write.connection.execute(select(VERSION).order_by(VERSION.c.version.desc()).limit(1)).mappings().first()
            )
            if after is not None and after != (latest["version"] if latest is not None else 0):
                return None
            if latest is not None and latest["sha256"] == sha256 and not _earlier(from_date, latest["from_date"]):
                return _version(latest)
            new = ConfigVersion(
                version=latest["version"] + 1 if latest else 1,
                text=text,
                sha256=sha256,
                created_at=at.astimezone(dt.UTC),
                actor=actor,
                note=note,
                from_date=from_date,
                restores=restores,
                file_sha256=file_sha256,
            )
            write.insert_all(VERSION, [{name: getattr(new, name) for name in ConfigVersion.__slots__}])
            start = {"from": from_date.isoformat()} if from_date is not None else {}
            back = {"restores": restores} if restores is not None else {}
            write.tell(f"config:{new.version}", sha256=sha256, **start, **back)
            return new

    def config_starts(self, after: int = 0) -> list[tuple[int, dt.date | None]]:
        """The versions behind `after`, the first first, and from which day on each is meant to be in force."""
        with self._read() as connection:
            return [(row[0], row[1]) for row in connection.execute(_STARTS, {"after": after})]

    def config_version(self, version: int) -> ConfigVersion | None:
        with self._read() as connection:
            row = connection.execute(select(VERSION).where(VERSION.c.version == version)).mappings().first()
        return None if row is None else _version(row)

    def config_versions(self) -> list[ConfigVersion]:
        """All versions, the first first."""
        with self._read() as connection:
            return [_version(row) for row in connection.execute(select(VERSION).order_by(VERSION.c.version)).mappings()]

    @writes
    def create_key(self, name: str, digest: str, *, actor: str, at: dt.datetime) -> bool:
        """Lets the holder of the key with this digest in; False: the name, or the digest, is in use."""
        with self._write("create_key", actor, at) as write:
            if write.connection.execute(select(KEY.c.name).where(KEY.c.digest == digest)).first():
                return False
            fresh = {"digest": digest, "created_at": at, "revoked_at": None}
            made = write.insert(KEY).values(name=name, **fresh)
            again = made.on_conflict_do_update(
                index_elements=[KEY.c.name], set_=fresh, where=KEY.c.revoked_at.is_not(None)
            )
            if write.connection.execute(again.returning(KEY.c.name)).first() is None:
                return False
            write.tell(f"key:{name}")
            return True

    @writes
    def revoke_key(self, name: str, *, actor: str, at: dt.datetime) -> bool:
        """Shuts a key out; False: there is none of that name in use."""
        with self._write("revoke_key", actor, at) as write:
            used = update(KEY).where(KEY.c.name == name, KEY.c.revoked_at.is_(None))
            if not write.connection.execute(used.values(revoked_at=at)).rowcount:
                return False
            write.tell(f"key:{name}")
            return True

    def key_name(self, digest: str) -> str | None:
        """Whose key this is; None: nobody's, or revoked."""
        with self._read() as connection:
            query = select(KEY.c.name).where(KEY.c.digest == digest, KEY.c.revoked_at.is_(None))
            name: str | None = connection.execute(query).scalar()
        return name

    def audit(self, limit: int = 100, subject: str | None = None) -> list[AuditEntry]:
        """Who did what, the latest first."""
        query = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
        if subject is not None:
            query = query.where(AUDIT.c.subject == subject)
        with self._read() as connection:
            rows = connection.execute(query).mappings().all()
        return [AuditEntry(**{name: row[name] for name in AuditEntry.__slots__}) for row in rows]

    def restored_at(self) -> dt.datetime | None:
        """When the database was last brought back from a backup; None: never, or with nothing that ran since it."""
        return next((each.at for each in self.audit(limit=1, subject=DATABASE)), None)


def _earlier(day: dt.date | None, than: dt.date | None) -> bool:
    return than is not None and (day is None or day < than)


def _version(row: RowMapping) -> ConfigVersion:
    return ConfigVersion(**{name: row[name] for name in ConfigVersion.__slots__})
