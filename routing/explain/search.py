"""The cheapest change that would place a shipment in the plan as it is. Moves no other shipment.

Cheapest is what the routes then cost more plus the `price` of what is loosened. The most promising places of all
routes are looked at closely, and one vehicle more of each kind. At a place, what has to give is found exactly: loads,
limits and skills by what `timetable` says is missing, times by bisection over `timetable`. So a fix always does, and
none of its figures could be smaller there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

from routing.compiled import ANY_TIME, Compiled, Rider, slight
from routing.fixes import Fix, FixCode, Relaxation
from routing.model import Amount, Reason, Shipment, Vehicle
from routing.timetable import Broken, Timetable, alone

from .places import Place
from .relax import another_id, loosen, price, weight_of, widened
from .trial import Trial

MOST_PLACES = 8
"""How many places in planned routes are looked at closely for one shipment."""

_FREE = 10**9
"""Seconds more than anyone can need."""

_SIDES: tuple[Literal["earlier", "later"], ...] = ("earlier", "later")
_TIMES = (Reason.TIME_WINDOW, Reason.SHIFT, Reason.MAX_RIDE_TIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    fix: Fix
    total: float


def cheapest_fix(
    compiled: Compiled, routes: Sequence[Sequence[int]], spent: Sequence[int], s: int, places: Sequence[Sequence[Place]]
) -> Fix | None:
    """The fix for shipment `s`; None where nothing that we know to loosen would help. `places`: per vehicle."""
    promising = sorted(chain.from_iterable(places), key=lambda place: place.rank)[:MOST_PLACES]
    found = [
        _at(compiled, place.v, sequence, spent[place.v], s)
        for place in promising
        for sequence in sequences(compiled, routes[place.v], place, s)
    ]
    found.extend(_one_more(compiled, s))
    best = min((f for f in found if f is not None), key=lambda f: f.total, default=None)
    return best.fix if best is not None else None


def sequences(compiled: Compiled, route: Sequence[int], place: Place, s: int) -> Iterator[list[int]]:
    """The route with the shipment at this place; with several pickups also each where it is least out of the way."""
    *pickups, delivery = compiled.stops_of[s]
    i, j = place.pickups, place.delivery
    yield [*route[:i], *pickups, *route[i:j], delivery, *route[j:]]
    if len(pickups) > 1:
        spread = [*route[:i], pickups[0], *route[i:j], delivery, *route[j:]]
        for n in pickups[1:]:
            spread = min(_with(compiled, place.v, spread, n, spread.index(delivery)), key=lambda found: found[0])[1]
        yield spread


def _with(compiled: Compiled, v: int, route: list[int], n: int, last: int) -> Iterator[tuple[int, list[int]]]:
    """Stop `n` before each position up to `last`: seconds more, and the route."""
    rider, x = compiled.riders[v], compiled.stops[n].index
    places = [rider.vehicle.start, *(compiled.stops[m].index for m in route)]

    def seconds(here: int | None, there: int) -> int:
        return 0 if here is None else rider.durations[here, there]

    for k in range(last + 1):
        here, there = places[k], compiled.stops[route[k]].index
        yield seconds(here, x) + seconds(x, there) - seconds(here, there), [*route[:k], n, *route[k:]]


def _at(compiled: Compiled, v: int, sequence: Sequence[int], spent: int, s: int) -> _Found | None:
    vehicle, shipment = compiled.problem.vehicles[v], compiled.problem.shipments[s]
    needed = []
    if shipment.skills - vehicle.skills:
        needed.append(Relaxation(code=FixCode.SKILL, skills=shipment.skills - vehicle.skills))
    named = shipment.allowed_vehicles
    if vehicle.id in shipment.forbidden_vehicles or (named is not None and vehicle.id not in named):
        needed.append(Relaxation(code=FixCode.ALLOWED))
    return _least(Trial(compiled, vehicle, sequence, s), needed, spent, slight(vehicle, shipment))


def _one_more(compiled: Compiled, s: int) -> Iterator[_Found | None]:
    """One vehicle more of each kind, alone with the shipment: the cheapest if there is one, else what each lacks."""
    shipment = compiled.problem.shipments[s]
    kinds: dict[Vehicle, Rider] = {}
    for rider in compiled.riders:
        kinds.setdefault(replace(rider.vehicle, id=0, window=None), rider)
    ready: list[tuple[float, Rider, list[int]]] = []
    lacking: list[tuple[Rider, list[int]]] = []
    for rider in kinds.values():
        free = replace(rider, window=ANY_TIME[0])
        sequence, times = alone(compiled, free, s)
        if isinstance(times, Broken) or not shipment.skills <= rider.vehicle.skills:
            lacking.append((rider, sequence))
        else:
            ready.append((times.cost + price([_NEW], rider.vehicle, shipment), rider, sequence))
    if ready:
        _, rider, sequence = min(ready, key=lambda found: found[0])
        lacking = [(rider, sequence)]
    for rider, sequence in lacking:
        needed = [_NEW]
        if shipment.skills - rider.vehicle.skills:
            needed.append(Relaxation(code=FixCode.SKILL, skills=shipment.skills - rider.vehicle.skills))
        unknown = replace(rider.vehicle, id=another_id(compiled.problem))
        yield _least(Trial(compiled, rider.vehicle, sequence, s), needed, 0, slight(unknown, shipment))


_NEW = Relaxation(code=FixCode.ONE_MORE_RIDER)


def _least(trial: Trial, needed: Sequence[Relaxation], spent: int, slighted: int) -> _Found | None:
    """The least that has to give for the shipment to fit in at this place, beside what is `needed` anyway."""
    given = list(needed)
    while isinstance(times := trial.times(given), Broken):
        more = _for_time(trial, given, times) if times.code in _TIMES else _for_limit(trial, given, times)
        if not more or {r.code for r in more} & {r.code for r in given}:
            return None
        given.extend(more)
    added = times.cost - spent
    given = [_dated(trial, r, times) for r in given]
    stated = trial.shipment.penalty
    asked = price(given, trial.vehicle, trial.shipment) if given else 0
    given.sort(key=lambda r: -weight_of(r, trial.shipment))
    if stated is not None and stated <= added + slighted:
        given.append(Relaxation(code=FixCode.PENALTY, penalty=added + slighted + 1))
    fix = Fix(
        vehicle=trial.vehicle.id,
        relaxations=tuple(given) or (Relaxation(code=FixCode.FITS),),
        added_cost=added,
        positions=trial.positions,
    )
    return _Found(fix=fix, total=added + asked)


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

    def least(r: Relaxation, rest: Sequence[Relaxation]) -> Relaxation:
        return replace(r, seconds=_smallest(lambda n: fits([*rest, replace(r, seconds=n)]), guess))

    possible = list(_loosenable(trial, new=len(others) < len(given)))
    by_itself = [least(r, ()) for r in possible if fits([r])]
    if by_itself:
        return [min(reversed(by_itself), key=lambda r: weight_of(r, trial.shipment))]
    if not fits(possible):
        return []
    together = possible
    for r in possible:
        fewer = [other for other in together if other is not r]
        if fits(fewer):
            together = fewer
    for k, r in enumerate(together):
        together[k] = least(r, [*together[:k], *together[k + 1 :]])
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
