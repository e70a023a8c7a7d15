"""Li & Lim and Sartori & Buriol instances: reading, best-known solutions, and an independent check in float64."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Instance:
    """One instance in its own units. Node 0 is the depot; ``pairs`` are (pickup, delivery)."""

    name: str
    travel: npt.NDArray[np.float64]
    """Distance and time at once, as both families have it."""
    demand: tuple[int, ...]
    opens: tuple[float, ...]
    closes: tuple[float, ...]
    service: tuple[float, ...]
    pairs: tuple[tuple[int, int], ...]
    capacity: int
    vehicles: int
    best_known: tuple[int, float] | None


class NotAnInstanceError(ValueError):
    """A file of neither family."""


def read(path: Path) -> Instance:
    """An instance of either family; its best-known figures are those of the folder ``bks`` beside it, if any."""
    try:
        lines = path.read_text().splitlines()
        return _sartori_buriol(path, lines) if lines[0].startswith("NAME") else _li_lim(path, lines)
    except (ValueError, IndexError, StopIteration):
        raise NotAnInstanceError(f"{path} is no instance of Li & Lim nor of Sartori & Buriol") from None


def _li_lim(path: Path, lines: Sequence[str]) -> Instance:
    vehicles, capacity, *_ = (int(x) for x in lines[0].split())
    rows = [[float(x) for x in line.split()] for line in lines[1:] if line.strip()]
    xy = np.array([row[1:3] for row in rows])
    travel = np.sqrt(((xy[:, None, :] - xy[None, :, :]) ** 2).sum(axis=2))
    pairs = tuple((k, int(row[8])) for k, row in enumerate(rows) if row[8] > 0)
    return _instance(path, travel, rows, [row[3:7] for row in rows], pairs, capacity, vehicles)


def _sartori_buriol(path: Path, lines: Sequence[str]) -> Instance:
    nodes, edges = lines.index("NODES"), lines.index("EDGES")
    capacity = next(int(line.split()[-1]) for line in lines if line.startswith("CAPACITY"))
    rows = [[float(x) for x in line.split()] for line in lines[nodes + 1 : edges]]
    travel = np.array([[float(x) for x in line.split()] for line in lines[edges + 1 : edges + 1 + len(rows)]])
    pairs = tuple((k, int(row[8])) for k, row in enumerate(rows) if row[3] > 0)
    return _instance(path, travel, rows, [row[3:7] for row in rows], pairs, capacity, len(pairs))


def _instance(
    path: Path,
    travel: npt.NDArray[np.float64],
    rows: Sequence[Sequence[float]],
    columns: Sequence[Sequence[float]],
    pairs: tuple[tuple[int, int], ...],
    capacity: int,
    vehicles: int,
) -> Instance:
    demand, opens, closes, service = zip(*columns, strict=True)
    instance = Instance(
        name=path.stem,
        travel=travel,
        demand=tuple(int(x) for x in demand),
        opens=opens,
        closes=closes,
        service=service,
        pairs=pairs,
        capacity=capacity,
        vehicles=min(vehicles, len(pairs)),
        best_known=None,
    )
    routes = best_routes(path)
    if routes is None:
        return instance
    known = (len(routes), distance(instance, routes))
    return Instance(**{**{f: getattr(instance, f) for f in Instance.__slots__}, "best_known": known})


def best_routes(path: Path) -> list[list[int]] | None:
    """The best-known routes of an instance: a file ``<name>.<vehicles>_<distance>.txt`` in ``bks``."""
    for file in sorted((path.parent / "bks").glob("*.txt")):
        if file.name.lower().startswith(f"{path.stem.lower()}."):
            lines = (line.split(":") for line in file.read_text().splitlines() if line.startswith("Route"))
            return [[int(x) for x in stops.split()] for _, stops in lines]
    return None


def distance(instance: Instance, routes: Sequence[Sequence[int]]) -> float:
    """How far the routes go, from the depot and back."""
    return float(sum(instance.travel[a, b] for r in routes if r for a, b in zip([0, *r], [*r, 0], strict=True)))


def faults(instance: Instance, routes: Sequence[Sequence[int]]) -> list[str]:
    """What a solution breaks, in float64, without anything of the solver's."""
    found: list[str] = []
    seen = [n for route in routes for n in route]
    missing = {n for pair in instance.pairs for n in pair} - set(seen)
    if missing or len(seen) != len(set(seen)):
        found.append(f"missing {sorted(missing)[:5]}, {len(seen) - len(set(seen))} twice")
    mate = dict(instance.pairs)
    for number, route in enumerate(routes):
        at = {n: k for k, n in enumerate(route)}
        if any(n in mate and at.get(mate[n], -1) < k for n, k in at.items()):
            found.append(f"route {number}: a delivery is not behind its pickup")
        time, load, here = instance.opens[0], 0, 0
        for n in [*route, 0]:
            time = max(time + float(instance.travel[here, n]), instance.opens[n])
            if time > instance.closes[n] + TOLERANCE:
                found.append(f"route {number}: {time - instance.closes[n]} late at {n}")
            load += instance.demand[n]
            if load > instance.capacity:
                found.append(f"route {number}: {load - instance.capacity} too much at {n}")
            time += instance.service[n]
            here = n
    return found
