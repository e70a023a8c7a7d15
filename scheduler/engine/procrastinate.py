"""The engine of several machines: wake-ups are Procrastinate's jobs in the market's own PostgreSQL, keys of rows alone.

Its tables have a schema of their own beside ours. Nothing in them is worth keeping: where they are not as the installed
Procrastinate wants them they are made anew, and the sweep wakes again. A worker that died leaves a job that nobody
ends; such are cleared away, for its row is found by the sweep.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from scheduler.engine.base import SWEEP_SECONDS, Engine, EngineUnavailable, Work, attend
from storage.engine import PATIENT, STANDS_STILL

if TYPE_CHECKING:
    import procrastinate

SCHEMA = "procrastinate"
_LOCK = 7_306_004  # PostgreSQL's advisory lock while one process makes the tables
SILENT_SECONDS = 30.0
"""A worker that has not been heard of for so long is dead."""
FORGOTTEN = dt.timedelta(minutes=10)
"""A wake-up that nobody came for in so long is thrown away: its queue may be a dead process's own."""


def connect(database: str) -> Engine:
    """An engine over this PostgreSQL; makes Procrastinate's tables where they are missing. `EngineUnavailable`."""
    return Procrastinate(database.replace("postgresql+psycopg://", "postgresql://", 1))


class Procrastinate:
    def __init__(self, address: str) -> None:
        from procrastinate import App, SyncPsycopgConnector

        self._reach: dict[str, Any] = {
            "conninfo": address,
            "kwargs": {"options": f"-c search_path={SCHEMA} {STANDS_STILL}", **PATIENT},
            "max_size": 4,
        }
        with _translated():
            _make_tables(address)
            self._waking = App(connector=SyncPsycopgConnector(min_size=0, **self._reach))
            self._waking.open()

    def wake(self, name: str, queue: str, keys: Collection[str]) -> None:
        from procrastinate.exceptions import AlreadyEnqueued

        with _translated():
            queued = {job.queueing_lock for job in self._waking.job_manager.list_jobs(queue=queue, status="todo")}
            for key in keys:
                lock = f"{queue} {name} {key}"
                if lock not in queued:
                    with suppress(AlreadyEnqueued):
                        now = dt.datetime.now(dt.UTC)  # said, so that its age is known
                        self._waking.configure_task(name, queue=queue, queueing_lock=lock, schedule_at=now).defer(
                            key=key
                        )

    async def run(self, works: Mapping[Work, int], stop: asyncio.Event) -> None:
        from procrastinate import App, PsycopgConnector

        app = App(connector=PsycopgConnector(min_size=1, **self._reach))
        for work in works:
            app.task(name=work.name, queue=work.queue)(_task(work))
        with _translated():
            async with app.open_async():
                going = [asyncio.create_task(_clear(app))]
                for work, many in works.items():
                    working = app.run_worker_async(
                        queues=[work.queue],
                        name=work.name,
                        concurrency=many,
                        fetch_job_polling_interval=SWEEP_SECONDS,
                        delete_jobs="always",
                        install_signal_handlers=False,
                        stalled_worker_timeout=SILENT_SECONDS,
                    )
                    going.append(asyncio.create_task(working))
                await _until(stop, going)

    def close(self) -> None:
        self._waking.close()


def _task(work: Work) -> Any:
    async def job(key: str) -> None:
        await attend(work, key)

    return job


async def _until(stop: asyncio.Event, going: Sequence[asyncio.Task[None]]) -> None:
    """Returns after `stop`, or after one of these has ended by itself; they have all ended what was under way then."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([stopping, *going], return_when=asyncio.FIRST_COMPLETED)
    for task in (stopping, *going):
        task.cancel()
    ended = await asyncio.gather(*going, return_exceptions=True)
    for problem in ended:
        if isinstance(problem, Exception):
            raise problem


async def _clear(app: procrastinate.App) -> None:
    """Now and then, clears away what dead workers had in hand, or would have been woken for."""
    from procrastinate.jobs import Status

    while True:
        old = dt.datetime.now(dt.UTC) - FORGOTTEN
        for job in await app.job_manager.list_jobs_async(status="todo"):
            if job.id is not None and job.scheduled_at is not None and job.scheduled_at < old:
                await app.job_manager.cancel_job_by_id_async(job.id, delete_job=True)
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=SILENT_SECONDS):
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
        await app.job_manager.prune_stalled_workers(SILENT_SECONDS)
        await asyncio.sleep(SILENT_SECONDS)


def _make_tables(address: str) -> None:
    import psycopg
    from procrastinate.schema import SchemaManager

    tables = SchemaManager.get_schema()
    wanted = hashlib.sha256(tables.encode()).hexdigest()[:16]
    with psycopg.connect(address, **PATIENT) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        found = connection.execute(
            "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s", (SCHEMA,)
        ).fetchone()
        if found == (wanted,):
            return
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
        connection.execute(f"SET LOCAL search_path TO {SCHEMA}")
        connection.execute(tables)
        connection.execute(f"COMMENT ON SCHEMA {SCHEMA} IS '{wanted}'")


@contextmanager
def _translated() -> Iterator[None]:
    import psycopg
    from procrastinate.exceptions import ProcrastinateException

    try:
        yield
    except (ProcrastinateException, psycopg.Error) as error:
        said = " ".join(str(error.__cause__ or error).split())
        raise EngineUnavailable(said) from error
