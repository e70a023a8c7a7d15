"""What a restore leaves open of the day: which waves may have been approved, and have ridden, since the backup.

Reads rows and writes nothing; what becomes of such a wave a person says.
"""

from __future__ import annotations

import datetime as dt

from scheduler.config import Config
from scheduler.day import given_up
from scheduler.gathering import TO_PLAN
from storage import Store
from storage.records import DATABASE, Run

NOT_APPROVED = frozenset({"closed", "planned"})
"""States of a wave that nobody here knows as approved."""


def forgot(store: Store, run: Run, config: Config) -> dt.datetime | None:
    """The restore that cannot tell whether a wave was approved; None: no restore lies over the time for it.

    Its cut-off had come when it was brought back, and when the backup was taken the hour had not at which the clock
    gives it up: in between somebody may have approved it.
    """
    cut_off, hour = config.wave(run.wave).cut_off.at(run.date, config.market.time_zone), given_up(run, config)
    for restore in store.audit(subject=DATABASE):
        taken_at = dt.datetime.fromisoformat(restore.detail["taken_at"])
        if taken_at < hour and cut_off <= restore.at and not _knew(store, run, restore.at):
            return restore.at
    return None


def _knew(store: Store, run: Run, restored_at: dt.datetime) -> bool:
    """Whether the backup held the wave's plan as approved, or it was since: then it was planned anew here, by somebody
    who knew."""
    plans = store.plans(run.date, run.wave, current_only=False)
    held = [plan for plan in plans if plan.created_at <= restored_at]
    since = any(plan.approved_at is not None and plan.approved_at >= restored_at for plan in plans)
    return since or (bool(held) and held[-1].approved_at is not None)


def may_have_ridden(store: Store, run: Run, config: Config) -> bool:
    """Whether a wave waits for a person to say if it rode. One without orders does not: nobody is waiting for it."""
    if run.state not in NOT_APPROVED or forgot(store, run, config) is None:
        return False
    return bool(store.orders(date=run.date, wave=run.wave, states=TO_PLAN, limit=1))


def command(run: Run) -> str:
    """What a person types to settle a wave, but for the answer."""
    return f"songsuk plan settle {run.date} --wave {run.wave}"
