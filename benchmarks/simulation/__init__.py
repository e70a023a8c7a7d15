"""Whole small days by their seeds: the real application on simulated time, over simulated services, with faults.

Flow: fate (what goes wrong) -> world (people, and processes that die: house) on a loop whose time jumps -> two
services' logs and a database -> judge (what was promised). One seed is one day, the same on every machine.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from pathlib import Path

from benchmarks.parts import Tally
from benchmarks.simulation import judge, world
from storage import Store, open_store

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a disk would only be slower
"""Where databases of a second lie."""


class Broken(AssertionError):
    """A day that broke a promise."""


def days(count: int, first: int) -> Tally:
    """The days of `count` seeds from `first` on. `Broken` names the seed and all that was wrong with its day."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="songsuk-days-", dir=MEMORY) as folder:
        template, database = Path(folder) / "template.db", Path(folder) / "songsuk.db"
        store = open_store(f"sqlite:///{database}")  # for all days: its statements are compiled once
        store.close()
        database.rename(template)
        for seed in range(first, first + count):
            shutil.copyfile(template, database)
            tally += day(seed, Path(folder), store)
            store.close()
            for file in Path(folder).glob("songsuk.db*"):
                file.unlink()
    return tally


def day(seed: int, folder: Path, store: Store) -> Tally:
    """The day of one seed, on an empty database in a file; `folder` is where its config goes."""
    before, logging.root.manager.disable = logging.root.manager.disable, logging.CRITICAL
    try:
        faults, tally = judge.broken(world.lived(seed, folder, store))
    finally:
        logging.root.manager.disable = before
    if faults:
        raise Broken(f"seed {seed}:\n  " + "\n  ".join(faults))
    tally["days"] = 1
    return tally
