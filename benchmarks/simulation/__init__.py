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
from storage import open_store

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a disk would only be slower
"""Where databases of a second lie."""


class Broken(AssertionError):
    """A day that broke a promise."""


def days(count: int, first: int) -> Tally:
    """The days of `count` seeds from `first` on. `Broken` names the seed and all that was wrong with its day."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="songsuk-days-", dir=MEMORY) as folder:
        template = Path(folder) / "template.db"
        open_store(f"sqlite:///{template}").close()
        for seed in range(first, first + count):
            database = Path(folder) / "songsuk.db"
            shutil.copyfile(template, database)
            tally += day(seed, Path(folder), f"sqlite:///{database}")
            for file in Path(folder).glob("songsuk.db*"):
                file.unlink()
    return tally


def day(seed: int, folder: Path, url: str) -> Tally:
    """The day of one seed, on the migrated, empty database behind `url`; `folder` is where its config goes."""
    before, logging.root.manager.disable = logging.root.manager.disable, logging.CRITICAL
    try:
        faults, tally = judge.broken(world.lived(seed, folder, url))
    finally:
        logging.root.manager.disable = before
    if faults:
        raise Broken(f"seed {seed}:\n  " + "\n  ".join(faults))
    tally["days"] = 1
    return tally
