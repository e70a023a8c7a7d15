"""Why a shipment found no place: per vehicle the rule that binds, and one code for it all. Changes no plan.

Each vehicle is tried twice: empty, with this shipment alone, and as the plan has it. Alone is the stronger answer: what
does not fit alone fits nowhere. What fits alone in some vehicle but in none as planned was left out for others
(`Reason.PRIORITY`); then each vehicle names what its own route is short of.

Where very many are left out only the weightiest are looked at so closely. The others have the same code, but only the
vehicles nearest to them speak, alone with the shipment, and the fix is one vehicle more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from routing.compiled import ANY_TIME, Compiled, Rider, may_carry
from routing.model import Problem, Reason, Shipment, Unassigned, VehicleReason
from routing.plans import left_out
from routing.sentences import sentence_for
from routing.standing import Standing
from routing.timetable import Broken, Timetable, alone, timetable

from .places import Nearest, Place, Places
from .search import cheapest_fix, one_more, sequences

EACH = 2
"""How many places in a planned route are asked for the rule that binds there: the cheapest, and the least short."""

CLOSELY = 10_000
"""So many times a vehicle is asked about a shipment, in all; a fix counts as `FIXING` times. Some seconds of work."""

FIXING = 40
BRIEFLY = 3
"""How many vehicles are asked about one of the others."""

_RANK = {reason: rank for rank, reason in enumerate(Reason)}


def explain(compiled: Compiled, routes: Sequence[Sequence[int]]) -> list[Unassigned]:
    """One `Unassigned` for every shipment that the routes do not serve."""
    missing = left_out(compiled, routes)
    if not missing:
        return []
    standing, places, nearest = Standing(compiled, routes), Places(compiled, routes), Nearest(compiled, routes)
    weightiest = sorted(missing, key=lambda s: (-compiled.penalties[s], s))
    closely = set(weightiest[: CLOSELY // (len(compiled.riders) + FIXING)])
    return [
        _explain(standing, s, places.best(s, EACH)) if s in closely else _explain_briefly(standing, s, nearest.to(s))
        for s in missing
    ]


def _explain(standing: Standing, s: int, places: Sequence[Sequence[Place]]) -> Unassigned:
    compiled, routes = standing.compiled, standing.routes
    shipment = compiled.problem.shipments[s]
    only = standing.bound_to(s)
    reasons: list[VehicleReason] = []
    fits_alone = False
    for v, rider in enumerate(compiled.riders):
        if not may_carry(rider.vehicle, shipment) or only not in (None, v):
            reasons.append(_unable(rider, shipment))
            continue
        by_itself = fits(compiled, rider, s)
        if isinstance(by_itself, Broken):
            reasons.append(_reason(rider, by_itself))
        else:
            fits_alone = True
            near = places[v][:EACH] if routes[v] else []
            tried = [sequence for place in near for sequence in sequences(compiled, routes[v], place, s)]
            reasons.append(_as_planned(compiled, rider, tried, standing.spent[v], by_itself))
    return Unassigned(
        shipment=shipment.id,
        code=_overall(reasons, fits_alone),
        vehicles=tuple(reasons),
        fix=cheapest_fix(standing, s, places),
    )


def _explain_briefly(standing: Standing, s: int, nearest: Sequence[int]) -> Unassigned:
    """The same code, by the vehicles nearest to the shipment; by all others too where it fits into none of these."""
    compiled, shipment, only = standing.compiled, standing.compiled.problem.shipments[s], standing.bound_to(s)
    able = [v for v in nearest if may_carry(compiled.riders[v].vehicle, shipment) and only in (None, v)]
    reasons: list[VehicleReason] = []
    fits_alone = False
    for k, v in enumerate(able):
        if k >= BRIEFLY and fits_alone:
            break
        by_itself = fits(compiled, compiled.riders[v], s)
        if isinstance(by_itself, Broken):
            reasons.append(_reason(compiled.riders[v], by_itself))
        else:
            fits_alone = True
            name = compiled.riders[v].vehicle.id
            reasons.append(VehicleReason(vehicle=name, code=Reason.PRIORITY, added_cost=by_itself.cost))
    if not able:
        reasons = [_unable(rider, shipment) for rider in compiled.riders]
    like = [compiled.riders[v] for v in (able or nearest)[:BRIEFLY]]
    return Unassigned(
        shipment=shipment.id,
        code=_overall(reasons, fits_alone),
        vehicles=tuple(reasons),
        fix=one_more(standing, s, like),
    )


def _unable(rider: Rider, shipment: Shipment) -> VehicleReason:
    lacking = not shipment.skills <= rider.vehicle.skills
    return VehicleReason(vehicle=rider.vehicle.id, code=Reason.SKILL if lacking else Reason.REFUSED)


def _overall(reasons: Sequence[VehicleReason], fits_alone: bool) -> Reason:
    """One code for all vehicles: what most of those say that might carry it at all."""
    if not reasons:
        return Reason.NO_RIDER
    if fits_alone:
        return Reason.PRIORITY
    codes: list[Reason] = [r.code for r in reasons if r.code not in (Reason.SKILL, Reason.REFUSED)] or [
        r.code for r in reasons
    ]
    return min(set(codes), key=lambda code: (-codes.count(code), _RANK[code]))


def fits(compiled: Compiled, rider: Rider, s: int) -> Timetable | Broken:
    """The shipment alone in this vehicle: its cheapest schedule, or the rule that forbids it."""
    sequence, times = alone(compiled, rider, s)
    if isinstance(times, Broken) and times.code in (Reason.TIME_WINDOW, Reason.SHIFT):
        return _shift_or_window(compiled, rider, sequence, times)
    return times


def _shift_or_window(compiled: Compiled, rider: Rider, sequence: Sequence[int], broken: Broken) -> Broken:
    """A window missed only because the vehicle starts late, or must be back early, is a matter of its shift."""
    free = timetable(compiled, replace(rider, window=ANY_TIME[0]), sequence)
    code = Reason.TIME_WINDOW if isinstance(free, Broken) else Reason.SHIFT
    return replace(broken, code=code)


def _reason(rider: Rider, broken: Broken, added_cost: int | None = None) -> VehicleReason:
    return VehicleReason(
        vehicle=rider.vehicle.id,
        code=broken.code,
        excess=broken.excess,
        seconds=broken.seconds,
        metres=broken.metres,
        added_cost=added_cost,
    )


def _as_planned(
    compiled: Compiled, rider: Rider, tried: Sequence[Sequence[int]], spent: int, by_itself: Timetable
) -> VehicleReason:
    """What the planned route lacks to take the shipment in as well, at the place where it lacks least."""
    least: tuple[Broken, Sequence[int]] | None = None
    for sequence in tried:
        times = timetable(compiled, rider, sequence)
        if not isinstance(times, Broken):
            return VehicleReason(vehicle=rider.vehicle.id, code=Reason.PRIORITY, added_cost=times.cost - spent)
        if least is None or _shortfall(times) < _shortfall(least[0]):
            least = (times, sequence)
    if least is None:
        return VehicleReason(vehicle=rider.vehicle.id, code=Reason.PRIORITY, added_cost=by_itself.cost)
    broken, sequence = least
    if broken.code in (Reason.TIME_WINDOW, Reason.SHIFT):
        broken = _shift_or_window(compiled, rider, sequence, broken)
    return _reason(rider, broken, by_itself.cost)


def _shortfall(broken: Broken) -> tuple[int, int]:
    """Smaller is nearer to fitting; shortfalls of different rules are ranked by rule."""
    return (_RANK[broken.code], sum(broken.excess) + (broken.seconds or 0) + (broken.metres or 0))


def sentence(unassigned: Unassigned, problem: Problem) -> Mapping[str, str]:
    """The reason in Thai and English (keys ``th`` and ``en``), as short as a table cell wants it."""
    return sentence_for(unassigned, problem)
