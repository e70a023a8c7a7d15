"""Pickup and delivery with time windows on public instances: python -m benchmarks.pdptw FILE ... --seconds 10 --json

Runs production's own `routing.solve`, and peers where they are installed, on Li & Lim and Sartori & Buriol files,
checks every answer with a checker of its own and prints one line a run. ``--seconds`` is wall time after warm-up.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.pdptw_engines import ENGINES, Asked
from benchmarks.pdptw_files import NotAnInstanceError, distance, faults, read


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pdptw", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--engine", choices=ENGINES, default="songsuk")
    parser.add_argument("--objective", choices=("vehicles", "distance"), default="vehicles")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cores", metavar="N,N", help="keep to these cores of the machine")
    parser.add_argument("--json", action="store_true", help="one JSON line a run (else a short line)")
    options = parser.parse_args(arguments)
    if options.cores:
        os.sched_setaffinity(0, {int(core) for core in options.cores.split(",")})
    asked = Asked(objective=options.objective, seconds=options.seconds, workers=options.workers, seed=options.seed)
    failed = False
    for path in options.files:
        try:
            instance = read(path)
            search = ENGINES[options.engine](instance, asked)
        except (OSError, NotAnInstanceError) as wrong:
            parser.error(str(wrong))
        except ModuleNotFoundError as lacking:
            parser.error(f"{options.engine} needs {lacking.name}: it is in the dependency group `bench`")
        began, cpu = time.monotonic(), _cpu()
        routes = search()
        seconds, cpu = time.monotonic() - began, _cpu() - cpu
        broken = faults(instance, routes)
        failed = failed or bool(broken)
        line = {
            "instance": instance.name,
            "engine": options.engine,
            "seed": options.seed,
            "seconds": round(seconds, 3),
            "cpu_seconds": round(cpu, 3),
            "vehicles": len(routes),
            "distance": round(distance(instance, routes), 4),
            "routes": routes,
            "best_known": instance.best_known,
            **({"faults": broken} if broken else {}),
        }
        if options.json:
            print(json.dumps(line), flush=True)
        else:
            best = "" if instance.best_known is None else "  best known {} / {:.1f}".format(*instance.best_known)
            found = f"{instance.name:14} {len(routes):4} / {line['distance']:10.1f}  {seconds:6.1f} s"
            print(found + best, *broken[:1], flush=True)
    return 1 if failed else 0


def _cpu() -> float:
    """Seconds of the processor that this process and those it started, and that have ended, have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    sys.exit(main())
