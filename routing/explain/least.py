"""What has to give for a shipment to fit in at one place of one route: the least, found exactly. Chooses no place.

Loads and limits by what `timetable` says is missing, times by bisection over `timetable`. So what is found always does,
and none of its figures could be smaller there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from routing.fixes import FixCode, Relaxation
from routing.model import Amount, Reason, Shipment, Vehicle
from routing.timetable import Broken, Timetable

from .relax import loosen, weight_of, widened
from .trial import Trial

_FREE = 10**9
"""Seconds more than anyone can need."""

_SIDES: tuple[Literal["earlier", "later"], ...] = ("earlier", "later")
_TIMES = (Reason.TIME_WINDOW, Reason.SHIFT, Reason.MAX_RIDE_TIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    relaxations: list[Relaxation]
    times: Timetable


def least(trial: Trial, needed: Sequence[Relaxation]) -> Given | None:
    """The least that has to give for the shipment to fit in at this place, with what is `needed` anyway."""
    given = list(needed)
    while isinstance(times := trial.times(given), Broken):
        more = _for_time(trial, given, times) if times.code in _TIMES else _for_limit(trial, given, times)
        if not more or {r.code for r in more} & {r.code for r in given}:
            return None
        given.extend(more)
    given = [_dated(trial, r, times) for r in given]
    return Given(relaxations=sorted(given, key=lambda r: -weight_of(r, trial.shipment)), times=times)


def _for_limit(trial: Trial, given: Sequence[Relaxation], broken: Broken) -> list[Relaxation]:
    """What loosens a limit that has nothing to do with the clock."""
    match broken.code:
        case Reason.CAPACITY:
            return _lighter(trial, given)
        case Reason.MAX_TASKS:
            return [Relaxation(code=FixCode.MAX_TASKS, tasks=len(trial.sequence) - (trial.vehicle.max_tasks or 0))]
        case Reason.MAX_TRAVEL_TIME:
            return [Relaxation(code=FixCode.MAX_TRAVEL_TIME, seconds=broken.seconds)]
        case Reason.MAX_DISTANCE:
            return [Relaxation(code=FixCode.MAX_DISTANCE, metres=broken.metres)]
    return []


def _lighter(trial: Trial, given: Sequence[Relaxation]) -> list[Relaxation]:
    """What has to stay behind. What is fetched first stays behind first: it is aboard the longest."""
    shipment = trial.shipment
    nothing = tuple((0,) * len(a) for a in shipment.amounts)
    unloaded = Relaxation(code=FixCode.LIGHTER, amounts=nothing, collected=shipment.collected)
    behind = _excess(trial, given, unloaded)
    amounts: list[Amount] = list(nothing)
    for k in sorted(range(len(shipment.amounts)), key=lambda k: trial.positions[k]):
        amounts[k] = tuple(map(min, behind, shipment.amounts[k]))
        behind = tuple(b - a for b, a in zip(behind, amounts[k], strict=True))
    empty = Relaxation(code=FixCode.LIGHTER, amounts=shipment.amounts, collected=tuple(0 for _ in shipment.collected))
    collected = _excess(trial, given, empty) if shipment.collected else ()
    lighter = Relaxation(code=FixCode.LIGHTER, amounts=tuple(amounts), collected=collected)
    return [lighter] if _something_left(shipment, lighter) else []


def _excess(trial: Trial, given: Sequence[Relaxation], less: Relaxation) -> Amount:
    """By how much the load is still over with this much left behind."""
    times = trial.times([*given, less])
    over = isinstance(times, Broken) and times.code is Reason.CAPACITY
    return times.excess if isinstance(times, Broken) and over else (0,) * trial.size


def _something_left(shipment: Shipment, lighter: Relaxation) -> bool:
    """Lighter, but not empty, and not without all that makes its weight or its volume."""
    _, left = loosen(Vehicle(id=""), shipment, [lighter])
    before = [sum(c) for c in zip(*shipment.amounts, strict=True)] + list(shipment.collected)
    after = [sum(c) for c in zip(*left.amounts, strict=True)] + list(left.collected)
    return all(b > 0 for a, b in zip(before, after, strict=True) if a > 0)


def _for_time(trial: Trial, given: Sequence[Relaxation], broken: Broken) -> list[Relaxation]:
    """One thing about time that does by itself, the cheapest; where none does, as few together as do."""
    guess = broken.seconds or 1
    others = [r for r in given if r.code is not FixCode.ONE_MORE_RIDER]

    def fits(relaxations: Sequence[Relaxation]) -> bool:
        return isinstance(trial.times([*given, *relaxations]), Timetable)

    possible = list(_loosenable(trial, new=len(others) < len(given)))

    def just(r: Relaxation, rest: Sequence[Relaxation]) -> Relaxation:
        return replace(r, seconds=_smallest(lambda n: fits([*rest, replace(r, seconds=n)]), guess))

    possible = list(_loosenable(trial, new=len(others) < len(given)))
    if not fits(possible):
        return []
    by_itself = [just(r, ()) for r in possible if fits([r])]
    if by_itself:
        return [min(reversed(by_itself), key=lambda r: weight_of(r, trial.shipment))]
    together = possible
    for r in possible:
        fewer = [other for other in together if other is not r]
        if fits(fewer):
            together = fewer
    for k, r in enumerate(together):
        together[k] = just(r, [*together[:k], *together[k + 1 :]])
    return together


def _loosenable(trial: Trial, *, new: bool) -> Iterator[Relaxation]:
    """All that can be asked about time, each without end, the least welcome first."""
    shipment = trial.shipment
    if shipment.max_ride_time is not None:
        yield Relaxation(code=FixCode.MAX_RIDE_TIME, seconds=_FREE)
    window = trial.vehicle.window
    if window is not None and not new:
        for side in _SIDES:
            yield Relaxation(code=FixCode.LONGER_SHIFT, seconds=_FREE, side=side, was=window)
    for pickup, task in [*enumerate(shipment.pickups), (None, shipment.delivery)]:
        if task.windows:
            for side in _SIDES:
                yield Relaxation(code=FixCode.WINDOW, seconds=_FREE, side=side, task=task.id, pickup=pickup)


def _smallest(fits: Callable[[int], bool], guess: int) -> int:
    """The smallest number that fits; `guess` is likely it, and `_FREE` fits."""
    low, high = 0, _FREE
    for n in (guess, guess - 1):
        if fits(n):
            high = n
        else:
            low = max(low, n)
            break
    step = max(1, guess)
    while high == _FREE and low + step < high:
        if fits(low + step):
            high = low + step
        else:
            low, step = low + step, 2 * step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def _dated(trial: Trial, r: Relaxation, times: Timetable) -> Relaxation:
    """The relaxation with the window as it would be: of a task's windows the one that is used."""
    match r.code:
        case FixCode.ONE_MORE_RIDER:
            return replace(r, window=(times.start, times.end))
        case FixCode.LONGER_SHIFT if r.was is not None:
            return replace(r, window=widened(r.was, r))
        case FixCode.WINDOW:
            task = trial.shipment.delivery if r.pickup is None else trial.shipment.pickups[r.pickup]
            begin = times.begins[trial.positions[-1 if r.pickup is None else r.pickup]]
            was = min(task.windows, key=lambda w: max(widened(w, r)[0] - begin, begin - widened(w, r)[1], 0))
            return replace(r, was=was, window=widened(was, r))
    return r
