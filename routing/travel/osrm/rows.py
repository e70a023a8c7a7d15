"""Rows of the matrix that this process has asked for: one a stop, its seconds and metres to every stop it was asked to.

In memory only: where people live is written nowhere but in the database. Bounded; the rows unused longest go first.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from routing.model import Location
from routing.travel import Unavailable

from .source import Floats, Source, Table

MOST_PAIRS = 4_000_000
"""A row is 16 bytes a pair, so 64 MB."""
MOST_PATTERNS = 4
"""Where the rows lack more different sets of stops than this, whole rows are asked for: fewer, bigger questions."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Square:
    """From every point to every point; NaN where there is no way. ``off``: metres from each point to its road."""

    seconds: Floats
    metres: Floats
    off: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Row:
    to: Ints
    """The places it leads to, as `_names`, in order."""
    seconds: npt.NDArray[np.float32]
    metres: npt.NDArray[np.float32]
    off: float


class Rows:
    """The rows of one source, for all its road profiles."""

    def __init__(self, most_pairs: int = MOST_PAIRS) -> None:
        self.most_pairs, self.pairs = most_pairs, 0
        self.rows: OrderedDict[tuple[str, str, int], _Row] = OrderedDict()

    def square(self, source: Source, roads: str, points: Sequence[Location], deadline: float) -> Square | Unavailable:
        """Everything between `points`, asking `source` for what is not known yet."""
        version = source.version(roads)
        if isinstance(version, Unavailable):
            return version
        names = _names(points)
        n = len(points)
        seconds, metres = np.full((n, n), np.nan), np.full((n, n), np.nan)
        off, known = np.zeros(n), np.zeros((n, n), dtype=np.bool_)
        for i, name in enumerate(names.tolist()):
            row = self.rows.get((version, roads, name))
            if row is None:
                continue
            at = np.minimum(np.searchsorted(row.to, names), len(row.to) - 1)
            known[i] = row.to[at] == names
            seconds[i], metres[i] = row.seconds[at], row.metres[at]
            off[i] = row.off
        for sources, targets in _blocks(known, source.block):
            found = source.table(roads, [points[i] for i in sources], [points[j] for j in targets], deadline)
            if isinstance(found, Unavailable):
                return found
            _put(found, sources, targets, seconds, metres, off)
        square = Square(seconds=seconds, metres=metres, off=off)
        self._keep([(version, roads, name) for name in names.tolist()], names, square, known.all(axis=1).tolist())
        return square

    def _keep(self, keys: list[tuple[str, str, int]], names: Ints, square: Square, whole: list[bool]) -> None:
        """Rows of these places, made anew with what the old ones knew beside; those that were `whole` as they are."""
        to, first = np.unique(names, return_index=True)
        for i, key in enumerate(keys):
            if whole[i] and key in self.rows:
                self.rows.move_to_end(key)
                continue
            old = self.rows.pop(key, None)
            row = _Row(
                to=to,
                seconds=square.seconds[i, first].astype(np.float32),
                metres=square.metres[i, first].astype(np.float32),
                off=float(square.off[i]),
            )
            if old is not None:
                self.pairs -= len(old.to)
                row = _joined(row, old)
            self.rows[key] = row
            self.pairs += len(row.to)
        while self.pairs > self.most_pairs and self.rows:
            _, gone = self.rows.popitem(last=False)
            self.pairs -= len(gone.to)


def _names(points: Sequence[Location]) -> Ints:
    """A number for each place; OSRM tells places apart to a millionth of a degree."""
    whole = np.rint((np.array(points, dtype=np.float64).reshape(-1, 2) + np.array([180, 90])) * 1e6).astype(np.int64)
    return np.asarray(whole[:, 0] * 2**28 + whole[:, 1])


def _joined(new: _Row, old: _Row) -> _Row:
    other = ~np.isin(old.to, new.to, assume_unique=True)
    to = np.concatenate([new.to, old.to[other]])
    order = np.argsort(to)
    return _Row(
        to=to[order],
        seconds=np.concatenate([new.seconds, old.seconds[other]])[order],
        metres=np.concatenate([new.metres, old.metres[other]])[order],
        off=new.off,
    )


def _blocks(known: npt.NDArray[np.bool_], block: int) -> Iterator[tuple[list[int], list[int]]]:
    """Questions that ask for all that is not known: sources and targets, at most `block` of each."""
    lacking: dict[bytes, list[int]] = defaultdict(list)
    for i in np.flatnonzero(~known.all(axis=1)).tolist():
        lacking[known[i].tobytes()].append(i)
    patterns = [(rows, np.flatnonzero(~known[rows[0]]).tolist()) for rows in lacking.values()]
    if len(patterns) > MOST_PATTERNS:
        patterns = [(sorted(i for rows, _ in patterns for i in rows), [*range(len(known))])]
    for rows, columns in patterns:
        for a in range(0, len(rows), block):
            for b in range(0, len(columns), block):
                yield rows[a : a + block], columns[b : b + block]


def _put(
    found: Table, sources: Sequence[int], targets: Sequence[int], seconds: Floats, metres: Floats, off: Floats
) -> None:
    seconds[np.ix_(sources, targets)] = found.seconds
    metres[np.ix_(sources, targets)] = found.metres
    off[list(sources)] = found.sources_off
    off[list(targets)] = found.targets_off
