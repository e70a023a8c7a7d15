"""The cheapest change that would place a shipment in the plan as it is. Moves no other shipment.

Cheapest is what the routes then cost more plus the `price` of what is loosened. The most promising places of all
routes are looked at closely, and one vehicle more of each kind; `least` says what has to give there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from routing.compiled import ANY_TIME, Compiled, Rider, slight
from routing.fixes import Fix, FixCode, Relaxation
from routing.model import Vehicle
from routing.standing import Standing
from routing.timetable import Broken, alone
from routing.whole import steering

from .least import Given, least
from .places import Place
from .relax import another_id, price
from .trial import Trial

MOST_PLACES = 12
"""How many places in planned routes are looked at closely for one shipment."""

PROMISING = 1.2
"""How much more than the best fix so far a place may look to cost, and still be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    fix: Fix
    total: float


def cheapest_fix(standing: Standing, s: int, places: Sequence[Sequence[Place]]) -> Fix | None:
    """The fix for shipment `s`; None where nothing that we know to loosen would help. `places`: per vehicle."""
    only = standing.bound_to(s)
    more = _one_more(standing, s, standing.compiled.riders) if only is None else ()
    best = min(more, key=lambda f: f.total, default=None)
    promising = sorted((p for of in places for p in of if only in (None, p.v)), key=lambda place: place.rank)
    for place in promising[:MOST_PLACES]:
        if best is not None and place.rank > PROMISING * best.total:
            break
        for sequence in sequences(standing.compiled, standing.routes[place.v], place, s):
            found = _at(standing, place.v, sequence, s)
            if found is not None and (best is None or found.total < best.total):
                best = found
    return best.fix if best is not None else None


def _at(standing: Standing, v: int, sequence: Sequence[int], s: int) -> _Found | None:
    compiled = standing.compiled
    rider, shipment = compiled.riders[v], compiled.problem.shipments[s]
    needed = []
    if shipment.skills - rider.vehicle.skills:
        needed.append(Relaxation(code=FixCode.SKILL, skills=shipment.skills - rider.vehicle.skills))
    named = shipment.allowed_vehicles
    if rider.vehicle.id in shipment.forbidden_vehicles or (named is not None and rider.vehicle.id not in named):
        needed.append(Relaxation(code=FixCode.ALLOWED))
    given = least(trial := Trial(compiled, rider, sequence, s), needed)
    if given is None or standing.moves_too_many(v, sequence, given.times):
        return None
    before = standing.times[v]
    steered = steering(compiled, v, sequence, given.times)
    if before is not None:
        steered -= steering(compiled, v, standing.routes[v], before)
    return _found(trial, given, standing.spent[v], steered)


def one_more(standing: Standing, s: int, like: Sequence[Rider]) -> Fix | None:
    """One vehicle more, of a kind with one of these; None where that would not help."""
    if standing.bound_to(s) is not None:
        return None
    best = min(_one_more(standing, s, like), key=lambda f: f.total, default=None)
    return best.fix if best is not None else None


def _one_more(standing: Standing, s: int, like: Sequence[Rider]) -> Iterator[_Found]:
    """One vehicle more, alone with the shipment: of the cheapest kind that takes it, else what each kind lacks."""
    compiled = standing.compiled
    shipment = compiled.problem.shipments[s]
    if standing.most_moved is not None and s in compiled.before and standing.moved >= standing.most_moved:
        return
    kinds: dict[Vehicle, Rider] = {}
    for rider in like:
        kinds.setdefault(replace(rider.vehicle, id=0, window=None, steps=()), rider)
    ready: list[tuple[float, Rider, list[int]]] = []
    lacking: list[tuple[Rider, list[int]]] = []
    for rider in kinds.values():
        free = replace(rider, window=ANY_TIME[0], locked=())
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
        trial = Trial(compiled, rider, sequence, s, bound=False)
        given = least(trial, needed)
        unknown = replace(rider.vehicle, id=another_id(compiled.problem))
        if given is not None:
            yield _found(trial, given, 0, slight(unknown, shipment))


_NEW = Relaxation(code=FixCode.ONE_MORE_RIDER)


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


def _found(trial: Trial, given: Given, spent: int, steered: int) -> _Found:
    """The fix with its figures; `steered`: what it weighs in the search beyond its cost."""
    added = given.times.cost - spent
    relaxations = given.relaxations
    total = added + (price(relaxations, trial.vehicle, trial.shipment) if relaxations else 0)
    stated = trial.shipment.penalty
    if stated is not None and stated <= added + steered:
        relaxations = [*relaxations, Relaxation(code=FixCode.PENALTY, penalty=added + steered + 1)]
    fix = Fix(
        vehicle=trial.vehicle.id,
        relaxations=tuple(relaxations) or (Relaxation(code=FixCode.FITS),),
        added_cost=added,
        positions=trial.positions,
    )
    return _Found(fix=fix, total=total)
