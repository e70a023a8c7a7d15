"""Days of other seeds than `make soak`'s; that a seed is one day; and that the judge sees what is wrong."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import simulation
from benchmarks.simulation import judge, world
from benchmarks.simulation.__main__ import main
from benchmarks.simulation.loop import WHO, Alone, Clock, Loop
from benchmarks.simulation.services import Service, Taken
from benchmarks.simulation.world import Day
from storage import open_store

FIRST, DAYS, PARTS = 20_261_123, 200, 8
SEED = 20_261_124


@pytest.mark.parametrize("part", range(PARTS))
def test_days_keep_their_promises(part: int) -> None:
    """Whatever dies, hangs, is refused or comes late: nothing is lost, doubled, overtaken or said too late."""
    share = DAYS // PARTS
    tally = simulation.days(share, FIRST + part * share)
    assert tally["days"] == share
    assert min(tally["deaths"], tally["copies"], tally["informative unknown"], tally["critical accepted"]) > 0


def lived(seed: int, folder: Path, template: Path) -> Day:
    folder.mkdir()
    shutil.copyfile(template, folder / "songsuk.db")
    with open_store(f"sqlite:///{folder / 'songsuk.db'}") as store:
        return world.lived(seed, folder, store)


def said(day: Day) -> list[tuple[float, str, str | None, str]]:
    return [(each.at, each.address, each.key, each.text) for service in day.services for each in service.log]


def test_a_seed_is_one_day(tmp_path: Path, sqlite_template: Path) -> None:
    """The same seed says the same words to the same people at the same moments under the same keys; another others."""
    first, again = (lived(SEED, tmp_path / name, sqlite_template) for name in ("first", "again"))
    assert said(first) == said(again)
    assert len(said(first)) > 3
    assert said(lived(SEED + 1, tmp_path / "other", sqlite_template)) != said(first)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Day]:
    """A day on which all went well, though not everything did."""
    day = lived(SEED, tmp_path_factory.mktemp("day") / "good", sqlite_template)
    with day.store:  # the judge reads it
        assert judge.broken(day)[0] == []
        yield day


@contextlib.contextmanager
def another_log(service: Service, log: list[Taken]) -> Iterator[None]:
    before, service.log = service.log, log
    yield
    service.log = before


def test_the_judge_sees_what_is_lost_doubled_late_and_made_up(good: Day) -> None:
    """A log with one request less, twice, an hour later or under another key breaks a promise each time."""
    service = next(each for each in good.services if any(taken.key for taken in each.log))
    at = next(at for at, taken in enumerate(service.log) if taken.key)
    taken, rest = service.log[at], [*service.log[:at], *service.log[at + 1 :]]
    late = dt.timedelta(days=2).total_seconds()
    for log, fault in (
        (rest, "lost"),
        ([*service.log, taken], "times, after"),
        ([*rest, replace(taken, at=taken.at + late)], "of use until"),
        ([*rest, replace(taken, asked=-1e6)], "not to be before"),
        ([*service.log, replace(taken, key="another")], "in no row"),
    ):
        with another_log(service, log):
            assert any(fault in each for each in judge.broken(good)[0]), fault


def test_the_judge_sees_who_was_overtaken(good: Day) -> None:
    """Of two things said to one chat, the later one said first breaks a promise; in their order they break none."""
    chats: dict[tuple[str, str], list[Taken]] = {}
    for taken in (each for service in good.services for each in service.log if each.key is not None):
        chats.setdefault((taken.channel, taken.address), []).append(taken)
    first, second = next(said[:2] for said in chats.values() if len({each.key for each in said[:2]}) == 2)
    service = next(each for each in good.services if each.name == first.channel)
    swapped = replace(first, at=second.at + 1, asked=second.at + 1)
    with another_log(service, [swapped if each is first else each for each in service.log]):
        assert any("overtook" in each for each in judge.broken(good)[0])


def test_waiting_takes_no_time_and_the_dead_do_nothing() -> None:
    """A day's sleep is over at once, threads' work is done in its turn, and nobody who is dead gets any done."""

    class Dead:
        alive = False

        def pauses(self) -> tuple[float, float]:
            return 1.0, 1.0

        def die(self) -> None:
            """It is dead."""

    async def day() -> list[str]:
        did: list[str] = []
        slow = asyncio.create_task(asyncio.sleep(86_400))
        await asyncio.to_thread(did.append, "alive")
        await slow
        WHO.set(Dead())
        with pytest.raises(asyncio.CancelledError):
            await asyncio.to_thread(did.append, "dead")
        return did

    with contextlib.closing(Loop()) as loop:
        clock = Clock(dt.datetime(2026, 11, 24, tzinfo=dt.UTC), loop)
        assert loop.run_until_complete(day()) == ["alive"]
        assert clock.now() - dt.datetime(2026, 11, 25, tzinfo=dt.UTC) < dt.timedelta(minutes=1)
        with pytest.raises(Alone):
            loop.run_until_complete(asyncio.Event().wait())


def test_a_day_is_counted_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command plays the days that it is asked for, and shows one by its seed with all that became of it."""

    def told(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["simulation", "--state", str(tmp_path / "days.json"), *words])
        assert main() == 0
        return capsys.readouterr().out

    assert told("--count", "1").startswith("1 of 1 days in ")
    assert "accepted" in told("--seed", str(SEED), "--show")
