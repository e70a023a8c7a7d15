"""The preview from beginning to end: two configs and the past in, what differs out. Reads nothing, writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scheduler.config import Config
from scheduler.preview import expecting, page
from scheduler.preview.changes import ZoneChange, section_changes, zone_changes
from scheduler.preview.expecting import Plans
from scheduler.preview.falling import Change
from scheduler.preview.figures import Moved, flows, moves, outcome
from scheduler.preview.page import Period, Side
from scheduler.preview.replay import Past, Replay
from scheduler.preview.scatter import scatter
from scheduler.preview.solving import Progress, Solve, settings_for, solve_all
from storage.records import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A config and what it is called: a version in the database, or a file."""

    config: Config
    version: int | None = None
    file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a change would do: the document, and what a map of it is drawn from."""

    document: dict[str, Any]
    changes: Sequence[ZoneChange]
    moved: Sequence[Moved]


def preview(
    old: Named,
    new: Named,
    period: Period,
    past: Past,
    pending: Sequence[Order],
    solve: Solve,
    *,
    expected: Plans | None = None,
    on_progress: Progress = lambda done, of: None,
) -> Preview:
    """Replay `past` under both configs and compare. `pending` orders, which are not dispatched, are only placed."""
    before, after = Replay(old.config, past), Replay(new.config, past)
    weeks = expecting.weeks(expected, past, new.config.solver.seed) if expected is not None and past.orders else None
    solver = new.config.solver
    replays = [before, after, *(weeks.all if weeks is not None else ())]
    settings = settings_for(solver.engine, solver.seed)
    solved = solve_all(replays, solve, settings, on_progress)
    luck = scatter(before, after, solve, settings)
    was, becomes = before.placed(), after.placed()
    changes, moved = zone_changes(old.config, new.config), moves(was, becomes)
    falling = Change(old.config, new.config)
    found = page.document(
        Side(config=old.config, version=old.version, file=old.file, outcome=outcome(before, was)),
        Side(config=new.config, version=new.version, file=new.file, outcome=outcome(after, becomes)),
        period,
        changes,
        section_changes(old.config, new.config),
        moved,
        flows(moved, [change.zone for change in changes]),
        {
            "orders": falling.orders(pending),
            "riders": falling.riders(past.riders),
            "sellers": falling.sellers(past.sellers.values()),
        },
        page.how(solved, replays, settings, luck) if solved.problems else None,
    )
    if weeks is not None and expected is not None:
        found["expected"] = page.expected(expected, weeks.days, expecting.needs(weeks), expecting.left_out(weeks))
    return Preview(document=found, changes=changes, moved=moved)
