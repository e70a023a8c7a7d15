"""Public pickup-and-delivery instances: ours beside its peers, ablations and two workers, over several seeds.

Every run is ``python -m benchmarks.pdptw`` in a process of its own, pinned to one core, engines taking turns. Runs are
kept in ``var/peers.jsonl`` as they end: what was run at this commit already is not run again, so the whole may be done
in parts.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from math import exp, inf, log
from pathlib import Path
from typing import Any

from benchmarks.harness import HOUSE, Cell, Skipped, Table, commit, scaled

INSTANCES = HOUSE.parent / "shared" / "bench" / "pdptw"
KEPT = HOUSE / "var" / "peers.jsonl"
SEEDS = 3
"""A scale of a third is one seed; less of it also cuts the seconds."""
SECONDS = ((150, 10.0), (300, 20.0), (600, 30.0), (10**9, 60.0))
"""Up to how many tasks an instance is given how long."""
SIZES = ((150, 100), (300, 200), (600, 400), (10**9, 1000))
"""Up to how many tasks an instance is called one of about how many."""
BUSY = 0.9
"""A run that got less of its core than this is repeated, up to `TRIALS` times."""
TRIALS = 3
PEERS = ("ortools", "vroom", "pyvrp", "pyvrp+fleet")
WAYS = ("songsuk", "kernel", *PEERS)
TWO = "songsuk, two workers"
Line = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One run: an engine on an instance with a seed."""

    file: Path
    tasks: int
    engine: str
    seed: int
    workers: int = 1

    @property
    def seconds(self) -> float:
        return next(seconds for most, seconds in SECONDS if self.tasks <= most)

    @property
    def way(self) -> str:
        return self.engine if self.workers == 1 else TWO


def measure(scale: float) -> Table:
    files = sorted(INSTANCES.glob("*.txt"))
    if not files:
        raise Skipped("the instances are not beside this checkout, in shared/bench/pdptw")
    missing = [name for name in ("vroom", "pyvrp") if find_spec(name) is None]
    if missing:
        raise Skipped(f"{' and '.join(missing)} not installed: make bench-full does it")
    seeds = range(1, scaled(SEEDS, scale) + 1)
    sizes = {file: _tasks(file) for file in files}
    alone = [
        Wanted(file=file, tasks=tasks, engine=way, seed=seed)
        for file, tasks in sizes.items()
        for seed in seeds
        for way in WAYS
        if seed == 1 or way not in {"ortools", "vroom"}  # these draw no lots
    ]
    both = [
        Wanted(file=file, tasks=tasks, engine="songsuk", seed=seed, workers=2)
        for file, tasks in sizes.items()
        for seed in seeds
    ]
    version = commit()
    kept = {_key(line): line for line in _read() if line["commit"] == version and line["scale"] == scale}
    _run(alone, kept, version, scale, at_once=_cores())
    _run(both, kept, version, scale, at_once=1)
    return _table(sizes, [kept[_wish(each, version, scale)] for each in (*alone, *both)])


def _tasks(file: Path) -> int:
    from benchmarks.pdptw_files import read

    return 2 * len(read(file).pairs)


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0))


def _run(wanted: Sequence[Wanted], kept: dict[Any, Line], version: str, scale: float, at_once: list[int] | int) -> None:
    """Run what is not kept yet: one on each core at a time, or one alone over all cores."""
    free: queue.Queue[set[int]] = queue.Queue()
    for cores in [{core} for core in at_once] if isinstance(at_once, list) else [set(_cores())]:
        free.put(cores)
    writing = threading.Lock()

    def one(each: Wanted) -> None:
        cores = free.get()
        try:
            line = _once(each, cores, scale)
        finally:
            free.put(cores)
        line |= {"commit": version, "scale": scale, "workers": each.workers, "tasks": each.tasks}
        with writing:
            kept[_key(line)] = line
            KEPT.parent.mkdir(exist_ok=True)
            with KEPT.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(line) + "\n")
            sys.stderr.write(
                f"{line['instance']} {each.way} seed {each.seed}: {line['vehicles']} / {line['distance']:.0f}, "
                f"{line['cpu_seconds']:.1f} of {line['seconds']:.1f} s\n"
            )

    missing = [each for each in wanted if _wish(each, version, scale) not in kept]
    with ThreadPoolExecutor(free.qsize()) as pool:
        list(pool.map(one, missing))


def _once(each: Wanted, cores: set[int], scale: float) -> Line:
    """The run with most of its core, of at most `TRIALS`."""
    command = [sys.executable, "-m", "benchmarks.pdptw", each.file, "--engine", each.engine, "--json"]
    command += ["--seconds", each.seconds * min(1.0, scale * SEEDS), "--seed", each.seed, "--workers", each.workers]
    command += ["--cores", ",".join(map(str, sorted(cores)))]
    best: Line | None = None
    for _ in range(TRIALS):
        done = subprocess.run(
            [str(word) for word in command],
            cwd=HOUSE,
            capture_output=True,
            text=True,
        )
        if done.returncode not in {0, 1} or not done.stdout.strip():
            raise RuntimeError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        line: Line = json.loads(done.stdout)
        broken = line.pop("faults", [])
        if any(not fault.startswith("missing") for fault in broken):
            raise RuntimeError(f"{each.way} on {each.file.name} breaks rules: {broken}")
        line["whole"] = not broken
        del line["routes"]
        if best is None or _share(line) > _share(best):
            best = line
        if each.workers > 1 or _share(best) >= BUSY:
            break
    assert best is not None
    return best


def _share(line: Line) -> float:
    """Of the time on the wall, how much its core worked for it."""
    return float(line["cpu_seconds"] / line["seconds"])


def _read() -> Iterable[Line]:
    if KEPT.exists():
        yield from (json.loads(line) for line in KEPT.read_text(encoding="utf-8").splitlines())


def _key(line: Line) -> tuple[Any, ...]:
    return (*(line[name] for name in ("commit", "scale", "instance", "engine", "seed", "workers")),)


def _wish(each: Wanted, version: str, scale: float) -> tuple[Any, ...]:
    return version, scale, each.file.stem, each.engine, each.seed, each.workers


# --- what it came to ---------------------------------------------------------------------------------------------


def _table(sizes: Mapping[Path, int], lines: Sequence[Line]) -> Table:
    found: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        way = line["engine"] if line["workers"] == 1 else TWO
        found.setdefault((line["instance"], way), []).append(line)
    middle = {key: _median(runs) for key, runs in found.items()}
    ways = (*WAYS, TWO)
    order = sorted(sizes, key=lambda file: (sizes[file], file.name))
    rows: list[list[Cell]] = []
    for file in order:
        best = found[file.stem, "songsuk"][0]["best_known"]
        rows.append(
            [
                file.stem,
                sizes[file],
                f"{best[0]} / {best[1]:,.0f}" if best else None,
                *(_said(middle[file.stem, way], found[file.stem, way]) for way in ways),
            ]
        )
    return Table(
        name="peers",
        title="Beside other solvers",
        columns=("instance", "tasks", "best known", *ways),
        rows=rows,
        note=_note(sizes, middle, found),
    )


def _median(runs: Sequence[Line]) -> tuple[float, float]:
    """Vehicles and distance of the middle run, vehicles first."""
    none = (inf, inf)  # not all shipments are served
    ranked = sorted((line["vehicles"], line["distance"]) if line["whole"] else none for line in runs)
    vehicles, distance = ranked[len(ranked) // 2] if len(ranked) % 2 else ranked[len(ranked) // 2 - 1]
    return vehicles, distance


def _said(middle: tuple[float, float], runs: Sequence[Line]) -> str:
    if middle[0] == inf:
        return "not all served"
    counts = {line["vehicles"] for line in runs if line["whole"]}
    spread = f" ({min(counts)}–{max(counts)})" if len(counts) > 1 else ""
    return f"{middle[0]:g}{spread} / {middle[1]:,.0f}"


def _note(
    sizes: Mapping[Path, int],
    middle: Mapping[tuple[str, str], tuple[float, float]],
    found: Mapping[tuple[str, str], Sequence[Line]],
) -> str:
    names = {file.stem: tasks for file, tasks in sizes.items()}
    more, longer, large, equal = [], [], [], 0
    for name, tasks in names.items():
        mine = middle[name, "songsuk"]
        peer = min(middle[name, way] for way in PEERS)
        if mine[0] > peer[0]:
            more.append(name)
        if mine[0] == peer[0]:
            equal += 1
            if mine[1] > peer[1] + 0.5:
                longer.append(name)
        if tasks >= 300 and mine[0] < inf:
            large.append(log(mine[1] / peer[1]))
    over: dict[int, list[float]] = {}
    for name, tasks in names.items():
        best = found[name, "songsuk"][0]["best_known"]
        if best:
            about = next(about for most, about in SIZES if tasks <= most)
            over.setdefault(about, []).append(middle[name, "songsuk"][0] - best[0])
    two = sum(middle[name, TWO] < middle[name, "songsuk"] for name in names)
    worse = sum(middle[name, TWO] > middle[name, "songsuk"] for name in names)
    chosen = sum(middle[name, "songsuk"] < middle[name, "kernel"] for name in names)
    harmed = sum(middle[name, "songsuk"] > middle[name, "kernel"] for name in names)
    starved = [line for runs in found.values() for line in runs if line["workers"] == 1 and _share(line) < BUSY]
    count = max(len(runs) for runs in found.values())
    parts = [
        "Vehicles / distance, vehicles first, in the instance's own unit; the middle of "
        f"{count} seed{'s' * (count > 1)} (OR-Tools and VROOM draw no lots: one run), in brackets "
        "what the seeds' vehicles range over. One pinned core each, after warm-up; on the wall 10 s up to 150 tasks, "
        "20 up to 300, 30 up to 600, else 60. VROOM (exploration 5) may end earlier, and keeps its limit only roughly. "
        "*songsuk* is what a day uses; *kernel* is the same without OR-Tools' choice among its routes; *ortools* is "
        "the routing model alone; *pyvrp+fleet* gives half the time to PyVRP's `minimise_fleet`. Every plan is judged "
        "by a checker of its own.",
        f"Against the best peer of each instance: more vehicles on {_named(more)}; with as many ({equal} of "
        f"{len(names)}), longer on {_named(longer)}.",
    ]
    if large:
        parts.append(
            f"Distance over the best peer's, geometric mean from 300 tasks on: {exp(sum(large) / len(large)):.3f}."
        )
    parts += [
        "Vehicles over the best known, in the mean: "
        + ", ".join(
            f"{sum(gaps) / len(gaps):+.1f} at about {size} tasks"
            for size, gaps in sorted(over.items(), key=lambda e: int(e[0]))
        )
        + ".",
        f"Two workers are better on {two} and worse on {worse} of {len(names)}; OR-Tools' choice is better on {chosen} "
        f"and worse on {harmed}.",
    ]
    if starved:
        parts.append(f"{len(starved)} of the runs had less than 90 % of their core: the machine was busy.")
    return " ".join(parts)


def _named(names: Sequence[str]) -> str:
    return ", ".join(sorted(names)) if names else "none"
