"""``python -m benchmarks.simulation``: ten thousand days, in parts that go on where they stopped; or one, shown."""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from pathlib import Path

from benchmarks import parts
from benchmarks.harness import HOUSE
from benchmarks.parts import Tally
from benchmarks.simulation import Broken, days, judge, market, world
from storage import open_store

COUNT, PART, SEED = 10_000, 50, 1
STATE = HOUSE / "var" / "simulation.json"


def main() -> int:
    parser = parts.options(
        "python -m benchmarks.simulation",
        "Whole days with faults, each by its seed.",
        count=COUNT,
        seed=SEED,
        state=STATE,
    )
    parser.add_argument("--show", action="store_true", help="the day of --seed alone, whole")
    asked = parser.parse_args()
    if asked.show:
        return _show(asked.seed)
    try:
        done = parts.run(asked, "days", PART, lambda count, before: days(count, asked.seed + before["days"]))
    except Broken as broken:
        print(broken)
        return 1
    tally, rate = done.tally, done.tally["days"] / done.seconds if done.seconds else 0.0
    print(
        f"{tally['days']:,} of {asked.count:,} days in {done.seconds:,.0f} s, {rate:,.1f} a second: "
        f"{tally['messages']:,} messages, {tally['taken']:,} requests taken, {tally['deaths']:,} deaths, "
        f"{tally['copies']:,} copies, {_unknown(tally):,} not known; no promise broken. Commit {done.commit}."
    )
    return 0


def _unknown(tally: Tally) -> int:
    return tally["critical unknown"] + tally["informative unknown"]


def _show(seed: int) -> int:
    """What was said and what became of it, in order; then what was wrong."""
    with (
        tempfile.TemporaryDirectory(prefix="songsuk-day-") as folder,
        open_store(f"sqlite:///{folder}/songsuk.db") as store,
    ):
        lived = world.lived(seed, Path(folder), store)
        faults, tally = judge.broken(lived)
        for each in sorted((taken for service in lived.services for taken in service.log), key=lambda taken: taken.at):
            print(f"{_clock(each.at)} {each.channel} {each.address[-3:]} {each.key or 'reply'} {each.text[:100]}")
        for row in store.messages():
            tries = ", ".join(f"{_local(attempt.at)} {attempt.outcome}" for attempt in row.attempts)
            print(f"{row.kind} {row.channel} {(row.address or '')[-3:]} {row.klass} {row.state} {row.reason or ''}")
            print(f"    of use {_local(row.send_at)} to {_local(row.expires_at)}; {tries}; {row.bundle or ''}")
        print(dict(tally), *faults, sep="\n")
    return int(bool(faults))


def _clock(seconds: float) -> str:
    return _local(market.BEGINS + dt.timedelta(seconds=seconds))


def _local(moment: dt.datetime) -> str:
    return f"{moment.astimezone(market.ZONE):%d. %H:%M:%S}"


if __name__ == "__main__":
    sys.exit(main())
