"""Leases, configuration, keys and audit."""

from __future__ import annotations

import datetime as dt
from threading import Event, Thread
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool

from storage import Store, open_store

SECOND = dt.timedelta(seconds=1)


def test_one_holder_at_a_time(store: Store, make: Any) -> None:
    """A lease is renewed by its holder under one token, and taken by another only when it is over."""
    now = make.at
    assert store.acquire_lease("line", "a", now=now, seconds=10) == 1
    assert store.acquire_lease("line", "b", now=now, seconds=10) is None
    assert store.acquire_lease("line", "a", now=now + 5 * SECOND, seconds=10) == 1
    assert store.acquire_lease("line", "b", now=now + 14 * SECOND, seconds=10) is None
    assert store.acquire_lease("line", "b", now=now + 15 * SECOND, seconds=10) == 2
    assert store.acquire_lease("telegram", "a", now=now, seconds=10) == 1
    assert [entry.detail["token"] for entry in store.audit(subject="lease:line")] == [2, 1]


def test_a_lease_from_before_the_clock_was_set_back_holds_nobody_up(store: Store, make: Any) -> None:
    """A lease that lasts longer than any can is taken at once; one that is only nearly over is not."""
    assert store.acquire_lease("line", "a", now=make.at, seconds=10) == 1
    assert store.acquire_lease("line", "b", now=make.at - 9 * SECOND, seconds=10) is None
    assert store.acquire_lease("line", "b", now=make.at - 3600 * SECOND, seconds=10) == 2


def test_the_time_that_all_share_is_the_databases(store: Store) -> None:
    """A machine whose clock is an hour late is told so by a server, and not by a file, which has no clock."""
    late = dt.datetime.now(dt.UTC) - 3600 * SECOND
    ahead = store.shared_now(late) - late
    assert ahead == dt.timedelta() if store.url_safe.startswith("sqlite") else abs(ahead - 3600 * SECOND) < 60 * SECOND


def test_the_lease_of_one_who_is_gone_is_free(store: Store, make: Any) -> None:
    """Who asks is told whose it is, and may say that nobody has it any more; a holder who lives keeps it."""
    now = make.at
    assert store.acquire_lease("line", "a", now=now, seconds=10) == 1
    assert store.acquire_lease("line", "b", now=now, seconds=10, gone=lambda holder: holder != "a") is None
    assert store.acquire_lease("line", "b", now=now, seconds=10, gone=lambda holder: holder == "a") == 2
    assert store.acquire_lease("line", "a", now=now, seconds=10) is None


def test_a_lease_let_go_is_free(store: Store, make: Any) -> None:
    """Only its holder releases it, and the next taker has a higher token."""
    store.acquire_lease("line", "a", now=make.at, seconds=10)
    assert not store.release_lease("line", "b", now=make.at)
    assert store.release_lease("line", "a", now=make.at)
    assert not store.release_lease("line", "a", now=make.at)
    assert store.acquire_lease("line", "b", now=make.at, seconds=10) == 2


def test_a_configuration_is_a_version_once(store: Store, make: Any) -> None:
    """The latest text again is the same version; an older one again is a new version."""

    def publish(text: str) -> int:
        made = store.publish_config(text, f"sha-{text}", actor="C1", at=make.at, note="n")
        assert made is not None
        return made.version

    assert [publish("a"), publish("a"), publish("b"), publish("a")] == [1, 1, 2, 3]
    assert [version.text for version in store.config_versions()] == ["a", "b", "a"]
    second = store.config_version(2)
    assert second is not None
    assert (second.text, second.sha256, second.actor, second.created_at) == ("b", "sha-b", "C1", make.at)
    assert store.config_version(9) is None


def test_a_version_is_made_after_the_one_its_maker_knew(store: Store, make: Any) -> None:
    """Not behind somebody else's; the same text again counts only where it is to begin earlier."""
    day = dt.date(2026, 12, 1)

    def publish(text: str, after: int, **more: Any) -> int | None:
        made = store.publish_config(text, f"sha-{text}", actor="C1", at=make.at, after=after, **more)
        return made.version if made is not None else None

    assert publish("a", 0) == 1
    assert publish("b", 0) is None
    assert publish("b", 1, from_date=day) == 2
    assert publish("b", 2, from_date=day) == 2
    assert publish("b", 2) == 3
    assert publish("a", 3, restores=1, file_sha256="sha-b") == 4
    assert store.config_starts() == [(1, None), (2, day), (3, None), (4, None)]
    assert store.config_starts(2) == [(3, None), (4, None)]
    fourth = store.config_version(4)
    assert fourth is not None
    assert (fourth.restores, fourth.file_sha256) == (1, "sha-b")


def test_a_key_opens_until_it_is_revoked(store: Store, make: Any) -> None:
    """One digest, one name; a revoked name may be given out anew with another digest."""
    assert store.create_key("shop", "d1", actor="C1", at=make.at)
    assert not store.create_key("shop", "d2", actor="C1", at=make.at)
    assert not store.create_key("other", "d1", actor="C1", at=make.at)
    assert store.key_name("d1") == "shop"
    assert store.revoke_key("shop", actor="C1", at=make.at)
    assert not store.revoke_key("shop", actor="C1", at=make.at)
    assert store.key_name("d1") is None
    assert store.create_key("shop", "d2", actor="C1", at=make.at)
    assert (store.key_name("d1"), store.key_name("d2")) == (None, "shop")


def test_the_audit_knows_both_clocks(store: Store, make: Any) -> None:
    """An entry has the market's instant as given and the machine's own, and the latest comes first."""
    before = dt.datetime.now(dt.UTC)
    store.create_key("a", "d1", actor="C1", at=make.at)
    store.create_key("b", "d2", actor="C2", at=make.at)
    latest, first = store.audit()
    assert (latest.actor, latest.verb, latest.subject) == ("C2", "create_key", "key:b")
    assert first.at == make.at
    assert before <= first.recorded_at <= dt.datetime.now(dt.UTC)
    assert store.audit(limit=1) == [latest]
    assert store.audit(subject="key:a") == [first]


def test_no_connection_outlives_a_store(database_url: str) -> None:
    """Closed while a thread is in a verb, and asked again afterwards: each connection ends with its verb."""
    opened, inside, go_on = list[object](), Event(), Event()
    listeners = {
        "connect": lambda connection, _: opened.append(connection),
        "close": lambda connection, _: opened.remove(connection),
    }
    for name, listener in listeners.items():
        event.listen(Pool, name, listener)
    try:
        store = open_store(database_url)
        at = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
        assert store.acquire_lease("line", "a", now=at, seconds=10) == 1

        def gone(_holder: str) -> bool:
            inside.set()
            return go_on.wait(30)

        thread = Thread(target=lambda: store.acquire_lease("line", "b", now=at, seconds=10, gone=gone))
        thread.start()
        assert inside.wait(30)
        store.close()
        assert len(opened) == 1
        go_on.set()
        thread.join()
        assert opened == []
        assert store.audit(subject="lease:line")[0].detail["token"] == 2
        assert opened == []
    finally:
        for name, listener in listeners.items():
            event.remove(Pool, name, listener)
