"""Builds a data set: cut, then OSRM's own programs for each profile. Runs them; knows no market.

Each step leaves a mark when it is done, so a build that was broken off goes on behind the last one. Contraction
hierarchies, not OSRM's other way (multi-level Dijkstra): all that is asked are tables, which they answer seven times as
fast, and nothing of ours changes speeds between builds.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from .cut import as_of, cut
from .dataset import Box, DataSet, current, put_in_use, size_of
from .profiles import PROFILES, lay_out

CUT = "cut.osm.pbf"


class RoadsError(Exception):
    """No data set was built; the one before is in use as it was. ``code`` is stable, ``detail`` for who mends it."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to build: of which extract, where, which part of it, for which profiles."""

    extract: Path
    folder: Path
    area: Box
    profiles: tuple[str, ...]


Step = Callable[[str, int, int], None]
"""Is told what begins now, the how-manyeth step it is, and of how many."""


def build(order: Order, *, now: dt.datetime, on_step: Step = lambda name, done, of: None) -> DataSet:
    """Build the data set and put it in use. The same order again finds it built. Raises `RoadsError`."""
    profiles = tuple(sorted(set(order.profiles)))
    unknown = [name for name in profiles if name not in PROFILES]
    if unknown or not profiles:
        raise RoadsError("profile_unknown", f"{', '.join(unknown)}; there are {', '.join(PROFILES)}")
    programs = _programs()
    if not order.extract.is_file():
        raise RoadsError("extract_missing", str(order.extract))
    try:
        order.folder.mkdir(parents=True, exist_ok=True)
        with _alone(order.folder):
            return _build(order, profiles, programs, now, on_step)
    except OSError as error:
        raise RoadsError("disk", f"{error.filename or order.folder}: {error.strerror}") from error


def _build(order: Order, profiles: tuple[str, ...], programs: Path, now: dt.datetime, on_step: Step) -> DataSet:
    name = _version(order, profiles, programs)
    found = current(order.folder)
    if found is not None and found.version == name and all(_contracted(found.base(p)) for p in profiles):
        return found
    steps = 1 + 2 * len(profiles)
    work = order.folder / f"building-{name}"
    work.mkdir(exist_ok=True)
    on_step("cut", 0, steps)
    ways = _cut(order, work)
    lay_out(programs.parent / "share" / "profiles", work / "profiles")
    for number, profile in enumerate(profiles):
        base = work / profile / "roads.osrm"
        base.parent.mkdir(exist_ok=True)
        lua = work / "profiles" / f"{profile}.lua"
        done = base.with_name("extracted")
        on_step(f"{profile}: extract", 1 + 2 * number, steps)
        if not done.exists():
            _run(programs / "osrm-extract", "-p", lua, "-d", name, "-o", base, work / CUT)
            done.touch()
        on_step(f"{profile}: contract", 2 + 2 * number, steps)
        if not _contracted(base):
            _run(programs / "osrm-contract", base)
            base.with_name("contracted").touch()
    shutil.rmtree(work / "profiles")
    (work / CUT).unlink()
    target = order.folder / name
    shutil.rmtree(target, ignore_errors=True)
    work.rename(target)
    built = DataSet(
        folder=order.folder,
        version=name,
        extract=order.extract.name,
        as_of=as_of(order.extract),
        built_at=now,
        area=order.area,
        profiles=profiles,
        ways=ways,
        size=size_of(target),
    )
    put_in_use(built)
    _tidy(order.folder, {name, found.version if found is not None else name})
    on_step("done", steps, steps)
    return built


def _cut(order: Order, work: Path) -> int:
    done = work / "cut"
    if not done.exists():
        try:
            made = cut(order.extract, order.area, work / CUT)
        except RuntimeError as error:
            raise RoadsError("extract_unreadable", f"{order.extract}: {error}") from error
        if not made.ways:
            shutil.rmtree(work)
            raise RoadsError("area_empty", str(order.extract))
        done.write_text(str(made.ways))
    return int(done.read_text())


def _contracted(base: Path) -> bool:
    return base.with_name("contracted").exists()


def _version(order: Order, profiles: tuple[str, ...], programs: Path) -> str:
    """A name that changes with anything that the data set is made from."""
    made_from = hashlib.blake2b(digest_size=8)
    with order.extract.open("rb") as file:
        made_from.update(hashlib.file_digest(file, "sha256").digest())
    made_from.update(repr((order.area, profiles, version("osrm-bindings"))).encode())
    for lua in sorted(Path(__file__).with_name("profiles").glob("*.lua")):
        made_from.update(lua.read_bytes())
    return made_from.hexdigest()


def _programs() -> Path:
    """Where the wheel keeps OSRM's programs."""
    spec = find_spec("osrm")
    if spec is None or spec.origin is None:
        raise RoadsError("not_installed")
    return Path(spec.origin).parent / "bin"


def _run(program: Path, *arguments: object) -> None:
    ran = subprocess.run(  # noqa: S603 - OSRM's own program, our own paths
        [str(program), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if ran.returncode != 0:
        said = [line for line in ran.stdout.splitlines() if re.search(r"error|exception|warn", line, re.IGNORECASE)]
        last = (said or ran.stdout.splitlines() or [f"ended with {ran.returncode}"])[-1]
        raise RoadsError("osrm_failed", f"{program.name}: {last.strip()}")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One build in a folder at a time; the lock goes with the process that holds it."""
    import fcntl  # not on Windows, where there is no OSRM to build with either

    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RoadsError("busy", str(folder)) from None
        yield


def _tidy(folder: Path, keep: set[str]) -> None:
    """Remove what nobody reads any more: all but the data set in use and the one before, which may still be open."""
    for old in folder.iterdir():
        if old.is_dir() and re.fullmatch(r"(building-)?[0-9a-f]{16}", old.name) and old.name not in keep:
            shutil.rmtree(old, ignore_errors=True)
