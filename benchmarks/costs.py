"""What one order costs a market's database and its one daemon: rows, bytes of the log, commits, processor.

Days of the typical market as `benchmarks.month` lives them, on PostgreSQL, whose own statistics are what is counted.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Mapping
from typing import Any

from benchmarks import sent
from benchmarks.harness import Cell, Table, measured, scaled

DAYS = 6
MIX = "everybody on LINE"
ROWS = ("n_tup_ins", "n_tup_upd", "n_tup_del")


def child(days: int, size: str) -> dict[str, Any]:
    """Rows of each table, bytes, commits and processor seconds of `days` market days."""
    import sqlalchemy

    from benchmarks.month import lived

    with sent.database("postgresql") as url:
        engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")

        def asked(query: str) -> Any:
            with engine.connect() as connection:
                return connection.execute(sqlalchemy.text(query)).all()

        def log() -> int:
            return int(asked("SELECT pg_current_wal_lsn() - '0/0'")[0][0])

        def commits() -> int:
            return int(asked("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")[0][0])

        def files() -> int:
            return int(asked("SELECT pg_database_size(current_database())")[0][0])

        before, empty, committed, cpu = log(), files(), commits(), time.process_time()
        with lived(MIX, days, size, lambda folder: url) as month:
            cpu = time.process_time() - cpu
            written = log() - before
            committed = commits() - committed  # the app is closed: what its connections did is counted
            counted = month.counted()
        rows = asked(f"SELECT relname, {', '.join(ROWS)} FROM pg_stat_user_tables")  # noqa: S608 - names of our own
        grown = files() - empty
        engine.dispose()
    planners = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "orders": counted["delivered"],
        "messages": sum(counted["states"].values()),
        "tables": {name: rest for name, *rest in rows},
        "log": written,
        "files": grown,
        "commits": committed,
        "cpu": cpu,
        "planning_cpu": planners.ru_utime + planners.ru_stime,
    }


def measure(scale: float) -> Table:
    days = scaled(DAYS, scale)
    got = measured(__name__, days=days, size="typical" if scale == 1 else "small")
    orders = got["orders"]

    def each(count: int) -> float:
        return count / int(orders)

    tables = sorted(got["tables"].items(), key=lambda named: -sum(named[1]))
    most = [(name, rows) for name, rows in tables if sum(rows) >= orders / 20]
    rest = [rows for name, rows in tables if sum(rows) < orders / 20]
    named = [*most, ("all others", [sum(column) for column in zip(*rest, strict=True)] if rest else [0, 0, 0])]
    named.append(("together", [sum(column) for column in zip(*got["tables"].values(), strict=True)]))
    rows: list[tuple[Cell, ...]] = [(name, *map(each, rows), each(sum(rows))) for name, rows in named]
    return Table(
        name="costs",
        title="What an order costs",
        columns=("table", "rows new", "changed", "deleted", "rows written"),
        rows=rows,
        note=_note(orders, days, got),
    )


def _note(orders: int, days: int, got: Mapping[str, Any]) -> str:
    log, files = (got[name] / 1024 / orders for name in ("log", "files"))
    ours, search = (got[name] * 1000 / orders for name in ("cpu", "planning_cpu"))
    return (
        f"An order delivered, of {orders:,} in {days} days of the typical market as in *A month in LINE's count*, "
        f"{MIX}, on PostgreSQL, by its own statistics. Beside these rows an order costs {log:.1f} KiB of the log, "
        f"{files:.1f} KiB of the files, {got['commits'] / orders:.1f} transactions (most only read), "
        f"{got['messages'] / orders:.2f} messages, and {ours:.0f} ms of a processor for all but the search, which had "
        f"{search:.0f} ms. The process that lived the days also played both services and all people: what it took of a "
        "processor is an upper bound."
    )
