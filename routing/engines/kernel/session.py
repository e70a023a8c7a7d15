"""One search from the first plan to the last. Chooses lengths and temperatures, within bounds; moves nothing itself.

Annealing goes in rounds, each twice as long as the one before and started from the best routes: small problems are done
after the first few, larger ones spend their whole budget in one. Large ones are annealed in parts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic
from typing import Protocol

import numpy as np

from routing.compiled import Compiled
from routing.engines import Report, greedy
from routing.engines._partition import Effort
from routing.model import Settings
from routing.whole import counts_moves, most_moved

from . import columns as c
from . import search
from .decision import Decision
from .parts import Part, Routes, Taken, cut
from .pricing import PRICED
from .tables import Data, data_of, state_of, table_of

HOT, COLD = 1.0, 0.03
"""First and last temperature, in middling legs' cost."""

ROUND = 500
"""Iterations of the first round, per shipment."""

WORTHWHILE = 0.001
"""A round, from the third on, that saves less than this share of the cost is idle."""

IDLE = 2
"""So many idle rounds in turn end the search."""

LARGE = 400
"""Shipments above which a problem is searched in parts."""

SWEEP = 4
"""Iterations, per shipment, before the parts are taken anew."""

SLICE = 0.05
"""Seconds of one call, between looks at the clock."""

FLEET_SHARE = 0.4
"""Most of the time or iterations that the reduction of the fleet may take."""

FLEET_TRIES, FLEET_SIGN = 3000, 300
"""Iterations, per shipment, to empty one route; and those after which only one shipment must have been left once."""

FLEET_SLICE = 200
EJECT_EVERY = 3
"""While the fleet is reduced, one round out of so many ejects; the others ruin and recreate."""

WARM = 0.2
"""Temperature, in middling legs' cost, while the fleet is reduced."""

SLICES = 100
"""Calls per round when the search is bounded by iterations: their lengths must not depend on the clock."""

BLOCK = 20
"""Iterations between two looks at the routes there are, for the pool."""

DECISIONS = (0.7,)
"""Shares of a round after which CP-SAT is asked, besides its end; at its end alone where routes are priced first."""

DECIDING, PRICING = 0.05, 0.25
"""Share of a round's time for each of these; where routes are priced first, that of all the time that is left."""

FEWER = 0.5
"""Share of a decision's time in which CP-SAT is asked for routes of one vehicle less, where vehicles are dear."""

FLEET_AGAIN = 0.25
"""Most of the time or iterations left that placing what those leave out may take."""

LEAST_DECIDING = 0.5
"""Seconds of work that CP-SAT is given in any case where a search is bounded by iterations. One that has less for
prices does without, and asks at the end of a round alone: both would take longer than all else."""

STEADY_RATE = 20_000
"""Iterations a second that a search bounded by iterations assumes, to measure out CP-SAT's share."""

REPORT_EVERY = 0.25
ROOM = 64
"""Stops that a route has room for at first; it grows when one needs more."""

BATCH = 64
"""Shipments inserted between two looks at the clock."""

NONE = np.zeros(0, dtype=np.int64)


class Crew(Protocol):
    """Who searches parts."""

    def searched(self, parts: Sequence[Part]) -> list[Routes]:
        """The routes of each part after the search, in their order."""


class Company(Protocol):
    """Other searches of the same problem."""

    def meet(self, session: Session) -> None:
        """Exchange what was found; comes before each decision, and in the end."""


class Session:
    """Routes on their way; `routes` are the best so far."""

    def __init__(
        self, compiled: Compiled, settings: Settings, report: Report, deadline: float, company: Company, crew: Crew
    ) -> None:
        self.company, self.crew = company, crew
        self.compiled, self.settings, self.report, self.deadline = compiled, settings, report, deadline
        self.data = data_of(compiled)
        self.seed = settings.seed
        self.iterations = 0
        self.rate = 20000.0
        self.reported = 0.0
        self.longest = max(1, min(len(compiled.stops), ROOM), *map(len, compiled.stops_of))
        self.state = state_of(self.data, self.longest, self.seed)
        self.possible = np.arange(len(compiled.stops_of))
        self.start([[] for _ in compiled.riders])
        search.search(self.data, self.state, search.ALONE, self.possible, EJECT_EVERY, 1, 1.0, 1.0)
        self.data.by_alone[:] = np.argsort(self.data.alone, axis=1, kind="stable")
        self.possible = np.flatnonzero(np.isfinite(self.data.alone).any(axis=1))
        self.start([[] for _ in compiled.riders])
        self.unit = _middling_leg(self.data)
        self.decision = Decision(self.data, self.state)
        self.decided = False
        enough = settings.iterations is None or PRICING * settings.iterations >= LEAST_DECIDING * STEADY_RATE
        self.priced = len(self.possible) <= PRICED and enough
        self.deciding = PRICING if self.priced else DECIDING
        self.moments: Sequence[float] = DECISIONS if enough and not self.priced else ()

    # -- routes ------------------------------------------------------------------------------------------------

    @property
    def weight(self) -> float:
        return float(self.state.value[c.LEAST])

    def routes(self) -> list[list[int]]:
        state = self.state
        return [
            state.copy[c.BEST, v, : state.total[v, c.BEST_STOPS]].tolist() for v in range(len(self.compiled.riders))
        ]

    def start(self, routes: Sequence[Sequence[int]]) -> None:
        """Go on from these routes."""
        longest = max(map(len, routes), default=0)
        if longest > self.longest:
            self._room(longest)
        table, counts = table_of(routes, max(1, longest))
        if not search.start(self.data, self.state, table, counts, self.possible):
            raise AssertionError("the kernel was given routes that break a rule")

    def _room(self, longest: int) -> None:
        """Make all routes' tables longer; what they hold is loaded anew."""
        self.longest = min(len(self.compiled.stops), max(longest, 2 * self.longest))
        old, self.state = self.state, state_of(self.data, self.longest, self.seed)
        self.state.note[[c.RANDOM_1, c.RANDOM_2]] = old.note[[c.RANDOM_1, c.RANDOM_2]]
        self.state.score[:] = old.score
        self.decision.grow(self.state)

    def _grow_if_full(self) -> None:
        if self.state.note[c.FULL] and self.longest < len(self.compiled.stops):
            routes = self.routes()
            self._room(2 * self.longest)
            self.start(routes)

    # -- steps -------------------------------------------------------------------------------------------------

    def first(self) -> None:
        """A first plan by cheapest insertion, the weightiest first, then what closes first, then along a walk; into the
        plan before, where moves count."""
        if counts_moves(self.compiled):
            self._start_from_before()
        stop, shipment = self.data.stop, self.data.shipment[self.possible]
        last = shipment[:, c.FIRST] + shipment[:, c.COUNT] - 1
        order = np.lexsort((stop[last, c.PLACE], stop[last, c.CLOSES], -self.data.weight[self.possible, c.PENALTY]))
        queue = self.possible[order]
        queue = queue[self.state.list[c.WHERE, queue] < 0]
        for begin in range(0, len(queue), BATCH):
            batch = queue[begin : begin + BATCH]
            absent = self.state.list[c.LEFT, : self.state.note[c.ABSENT]]
            rest = absent[~np.isin(absent, batch)]
            absent[:] = np.concatenate((rest, batch))
            search.search(self.data, self.state, search.BUILD, batch, EJECT_EVERY, 1, 1.0, 1.0)
            self._grow_if_full()
            if not self._wanted(self.deadline):
                break
        self._tell(force=True)

    def _start_from_before(self) -> None:
        """Take what can still be driven of the plan before, without what could not be by itself."""
        compiled, possible = self.compiled, set(self.possible.tolist())
        wanted = [[n for n in route if compiled.stops[n].shipment in possible] for route in greedy.begin(compiled)]
        self.start(greedy.fitted(compiled, wanted))

    def run(self) -> None:
        """Search until the time is up or the iterations are used.

        Where moves are bounded it is not in parts: none could tell how many are moved in the others.
        """
        self.company.meet(self)
        if len(self.possible) > LARGE and most_moved(self.compiled) is None:
            self._in_parts()
        else:
            self._in_rounds()
        self.company.meet(self)
        self._tell(force=True)

    def _in_parts(self) -> None:
        """One annealing, of parts that are taken anew in each sweep; in the end CP-SAT is asked."""
        random = np.random.default_rng(self.seed)
        present = best = self.routes()
        least = self.weight
        began, first, sweep = monotonic(), self.iterations, 0.0
        while (done := self._share_done(began, first)) < 1 and not self.report.stopped():
            hot, cold = (self.unit * HOT * (COLD / HOT) ** min(1.0, share) for share in (done, done + sweep))
            parts = [
                self.part(present, vehicles, shipments, (hot, cold), int(random.integers(2**31)))
                for vehicles, shipments in Taken(self.compiled, self.data, present, self.possible).parts(random)
            ]
            for part, routes in zip(parts, self.crew.searched(parts), strict=True):
                for v, route in zip(part.vehicles, routes, strict=True):
                    present[v] = [part.stops[n] for n in route]
            self.iterations += sum(part.iterations for part in parts)
            sweep = self._share_done(began, first) - done
            self.start(present)
            self.decision.gather()
            if self.weight < least:
                best, least = self.routes(), self.weight
                self._tell()
        self.start(best)
        self._decide(DECIDING * (self.deadline - began) if self.settings.iterations is None else LEAST_DECIDING)

    def _share_done(self, began: float, first: int) -> float:
        """How much is done of what is left for the parts since then."""
        if self.settings.iterations is not None:
            return (self.iterations - first) / max(1, self.settings.iterations - first)
        return (monotonic() - began) / max(1e-6, (1 - DECIDING) * (self.deadline - began))

    def _left_each(self) -> float:
        """How many iterations are left for each shipment."""
        bound = self.settings.iterations
        return math.inf if bound is None else (bound - self.iterations) / len(self.possible)

    def part(
        self, present: Routes, vehicles: list[int], shipments: list[int], heat: tuple[float, float], seed: int
    ) -> Part:
        """These vehicles' routes and these shipments as a problem of their own."""
        problem, stops = cut(self.compiled, vehicles, shipments)
        number = {n: k for k, n in enumerate(stops)}
        return Part(
            problem=problem,
            routes=[[number[n] for n in present[v]] for v in vehicles],
            vehicles=vehicles,
            stops=stops,
            hot=heat[0],
            cold=heat[1],
            iterations=max(1, int(min(SWEEP, self._left_each()) * len(shipments))),
            seed=seed,
        )

    def _in_rounds(self) -> None:
        """Rounds of annealing until the end, or until one was hardly worth it."""
        length, rounds, idle = ROUND * len(self.possible), 0, 0
        last = not length
        while not last and self._left():
            before = self.weight
            last = self._round(length)
            rounds += 1
            length *= 2
            if not last:
                self.start(self.routes())
                idle = idle + 1 if rounds > 2 and before - self.weight < WORTHWHILE * self._cost() else 0
                last = idle == IDLE

    def _cost(self) -> float:
        """What the present routes cost, without their vehicles' fixed costs, which a round seldom changes."""
        return float(self.state.value[c.SPENT] - self.state.value[c.FIXES])

    def reduce(self) -> None:
        """Empty one route after the other, where a vehicle costs more than what its route costs besides.

        The route whose shipments were least trouble goes first; one that cannot be emptied in time ends it.
        """
        data, state = self.data, self.state
        share = self.settings.iterations
        bound = None if share is None else int(FLEET_SHARE * share)
        until = monotonic() + FLEET_SHARE * (self.deadline - monotonic())
        while state.note[c.BEST_ABSENT] == 0 and self.weight > 0:
            routes, least = self.routes(), self.weight
            used = [v for v, route in enumerate(routes) if route]
            fixed = [float(data.rate[v, c.FIXED]) for v in used]
            free = [v for v in used if self._may_be_emptied(v)]
            if len(used) < 2 or 2 * sum(fixed) < least or not free:
                return
            shipments = data.stop[:, c.SHIPMENT]
            trouble = {v: float(self.state.score[c.BLAME, shipments[routes[v]]].sum()) for v in free}
            victim = min(free, key=lambda v: (trouble[v] / (1 + data.rate[v, c.FIXED]), v))
            self.start([[] if v == victim else route for v, route in enumerate(routes)])
            if not self._placed(until, bound) or self.weight >= least:
                self.start(routes)
                return
            self._tell()

    def _may_be_emptied(self, v: int) -> bool:
        """Whether all that vehicle `v` brings may be moved to others."""
        most, moved = int(self.data.flag[c.MOST_MOVED]), self.state.total[: len(self.compiled.riders), c.MOVED]
        stays = int(np.count_nonzero((self.data.shipment[:, c.BEFORE] == v) & (self.state.list[c.WHERE] == v)))
        return most < 0 or stays <= most - int(moved.sum() - moved[v])

    def _placed(self, until: float, bound: int | None) -> bool:
        """Whether what the routes leave out could be placed in them, without one vehicle more.

        Given up early where never only one of it is left.
        """
        placed = bool(self.state.note[c.ABSENT] == 0)
        tries = FLEET_SIGN * len(self.possible)
        more = FLEET_TRIES * len(self.possible) - tries
        while tries > 0 and not placed and self._wanted(until) and (bound is None or self.iterations < bound):
            size = FLEET_SLICE if bound is None else min(FLEET_SLICE, bound - self.iterations)
            warm = WARM * self.unit
            placed = bool(search.search(self.data, self.state, search.REDUCE, NONE, EJECT_EVERY, size, warm, warm))
            self.iterations += size
            tries -= size
            if self.state.note[c.ABSENT] == 1:
                tries, more = tries + more, 0
        return placed

    def _left(self) -> bool:
        if self.settings.iterations is not None and self.iterations >= self.settings.iterations:
            return False
        return self._wanted(self.deadline)

    def _wanted(self, until: float) -> bool:
        return monotonic() < until and not self.report.stopped()

    def _round(self, length: int) -> bool:
        """Anneal for `length` iterations, or to the end where that is not much farther; whether it was."""
        if self.settings.iterations is not None:
            left = self.settings.iterations - self.iterations
            last = left < 3 * length
            self._by_count(left if last else length)
        else:
            left_over = self.deadline - monotonic()
            seconds = length / self.rate
            last = left_over < 3 * seconds
            self._by_clock(left_over if last else seconds)
        return last

    def _by_count(self, length: int) -> None:
        done, moments = 0, list(self.moments)
        while done < length and self._wanted(self.deadline):
            size = min(length - done, max(1, length // SLICES))
            self._anneal(size, done / length, (done + size) / length)
            done += size
            if moments and done >= moments[0] * length:
                moments.pop(0)
                self._decide(max(LEAST_DECIDING, self.deciding * length / STEADY_RATE))
        self._decide(max(LEAST_DECIDING, self.deciding * length / STEADY_RATE))

    def _by_clock(self, seconds: float) -> None:
        began = now = monotonic()
        end, moments = began + (1 - self.deciding) * seconds, list(self.moments)
        size = 10
        while now < end and not self.report.stopped():
            done, coming = ((t - began) / (end - began) for t in (now, now + size / self.rate))
            self._anneal(size, done, min(1.0, coming))
            then, now = now, monotonic()
            self.rate = 0.5 * self.rate + 0.5 * size / max(1e-6, now - then)
            size = max(10, min(4 * size, int(self.rate * min(SLICE, seconds / 20))))
            if moments and done >= moments[0]:
                moments.pop(0)
                self._decide(self.deciding * seconds)
                now = monotonic()
        self._decide(self.deciding * max(seconds, self.deadline - now if self.priced else 0.0))

    def _anneal(self, size: int, done: float, coming: float) -> None:
        """So many iterations, between these shares of a round."""
        improved = 0
        for begin in range(0, size, BLOCK):
            count = min(BLOCK, size - begin)
            shares = (done + (coming - done) * k / size for k in (begin, begin + count))
            hot, cold = (self.unit * HOT * (COLD / HOT) ** share for share in shares)
            improved += search.search(self.data, self.state, search.ANNEAL, NONE, EJECT_EVERY, count, hot, cold)
            self.decision.gather()
        self.iterations += size
        self._grow_if_full()
        if improved:
            self._tell()

    def _decide(self, seconds: float) -> None:
        """Ask which of all routes met so far are best together, and go on from them."""
        steady = self.settings.iterations is not None
        if not steady:
            seconds = min(seconds, self.deadline - monotonic())
        if seconds <= 0 or self.report.stopped():
            return
        self.company.meet(self)
        effort = Effort(seconds=seconds, seed=self.seed, steady=steady, stopped=self.report.stopped)
        if self.priced and self.state.note[c.DEAR] and self.state.note[c.BEST_ABSENT] == 0:
            self._save_one(replace(effort, seconds=FEWER * seconds))
            if not steady:
                effort = replace(effort, seconds=min(seconds, self.deadline - monotonic()))
        if effort.seconds <= 0:
            return
        better = self.decision.better(self.routes(), self.possible, effort, priced=self.priced)
        if better is not None:
            self.decided = True
            self.start(better)
            self._tell()

    def _save_one(self, effort: Effort) -> None:
        """Try one vehicle less, where prices do not show that to be hopeless.

        CP-SAT chooses the routes; what these leave out, the reduction of the fleet tries to place in them.
        """
        routes, least = self.routes(), self.weight
        fewer = self.decision.fewer(routes, self.possible, effort)
        if fewer is None:
            return
        self.start(fewer)
        until = monotonic() + FLEET_AGAIN * (self.deadline - monotonic())
        share = self.settings.iterations
        bound = None if share is None else self.iterations + int(FLEET_AGAIN * (share - self.iterations))
        if self._placed(until, bound) and self.weight < least:
            self.decided = True
            self._tell()
        else:
            self.start(routes)

    def _tell(self, force: bool = False) -> None:
        now = monotonic()
        if force or now - self.reported > REPORT_EVERY:
            self.reported = now
            self.report(self.routes())


def _middling_leg(data: Data) -> float:
    """The median cost of a leg between two stops' places."""
    places = np.unique(data.stop[:, c.PLACE])[:500]
    if not len(places) or not len(data.vehicle):
        return 1.0
    legs = data.travel[c.OUT, data.vehicle[0, c.CLASS]][np.ix_(places, places)]
    second = data.rate[0, c.PER_SECOND]
    if data.flag[c.EVEN]:  # as in an hour's route of a rider who has neither much nor little
        second = np.median(data.rate[:, c.PER_SECOND]) + 3600 * data.rate[0, c.UNEVEN_TIME]
    costs = second * legs[:, :, 0] + data.rate[0, c.PER_METRE] * legs[:, :, 1]
    seen = costs[(costs > 0) & (legs[:, :, 0] < c.UNREACHABLE)]
    return float(np.median(seen)) if len(seen) else 1.0
