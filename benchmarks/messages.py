"""How fast messages are written from a plan and rendered for each service."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from benchmarks.harness import Table, measured

AT_LEAST = 0.5
"""Seconds each thing is repeated for."""
MOST = 200
"""Different messages of one kind that are written in turn."""
CHANNELS = ("line", "telegram", "console")


def child(size: str, seconds: float) -> dict[str, Any]:
    """Seconds to write one message of each kind, to render it for each service, and to write a whole wave's."""
    from benchmarks import market
    from channels.console import Console
    from channels.line import flex
    from channels.telegram import html
    from channels.texts import Texts
    from routing.model import Settings
    from scheduler import notices
    from scheduler.notices import Notice, Notices, People
    from storage.records import Member, Role

    invented = market.invent(size)
    planned = market.plan(invented, market.in_one_wave(invented), Settings(engine="greedy"))[0]
    config, plan, wave = invented.config, planned.plan, planned.wave
    orders = {order.order_id: order for order in planned.orders}
    buyers = {
        order.buyer_ref: Member(role=Role.BUYER, ref=order.buyer_ref, person=order.buyer) for order in planned.orders
    }
    people = People(
        riders=invented.members[Role.RIDER],
        sellers=invented.members[Role.SELLER],
        buyers=buyers,
        coordinators=invented.members[Role.COORDINATOR],
    )
    said = Notices(plan, wave, orders, people, config)
    now, compose = plan.created_at, Texts().compose

    def written(some: Sequence[Notice]) -> list[Any]:
        return notices.messages(some, plan, wave, config, compose, now)

    some = list(planned.orders)[:MOST]
    everything = said.all(some, some)
    everything += [
        each for order in some for each in notices.cancellation(people.buyers[order.buyer_ref], [order], said.wave_end)
    ]
    everything += notices.approval_reminder(plan, now, people.coordinators.values(), said.wave_end)
    everything += said.summaries(written(everything), 1, "bench")
    kinds: dict[str, list[Notice]] = {}
    for notice in everything:
        kinds.setdefault(notice.kind, []).append(notice)
    renderers: dict[str, Callable[[Any], object]] = {
        "line": flex.render,
        "telegram": html.render,
        "console": Console(quiet=True).render,
    }
    rows = []
    for kind, all_of_kind in kinds.items():
        mine = all_of_kind[:MOST]
        contents = [notices.content_from_json(message.content) for message in written(mine)]
        row = {"kind": kind, "lines": statistics.median(len(content.lines) for content in contents)}
        row["write"] = _each(written, mine, seconds)
        for name, render in renderers.items():
            row[name] = _each(partial(_through, render), contents, seconds)
        rows.append(row)
    wave_began = time.perf_counter()
    told = written(said.all([], []))
    written(said.summaries(told, 0, "bench"))
    return {"rows": rows, "messages": len(told) + 1, "wave": time.perf_counter() - wave_began, "orders": len(orders)}


def _through(render: Callable[[Any], object], contents: Sequence[Any]) -> None:
    for content in contents:
        render(content)


def _each(work: Callable[[Sequence[Any]], object], pieces: Sequence[Any], seconds: float) -> float:
    """Seconds that `work` spends on a piece, repeated until the time is long enough to be measured."""
    work(pieces)  # templates are compiled at their first use
    began, rounds = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < seconds or not rounds:
        work(pieces)
        rounds += 1
    return spent / rounds / len(pieces)


def measure(scale: float) -> Table:
    got = measured(__name__, size="festival" if scale == 1 else "small", seconds=AT_LEAST * scale)
    rows = [
        (
            row["kind"],
            round(row["lines"]),
            round(1 / row["write"]),
            *(round(1 / (row["write"] + row[name])) for name in CHANNELS),
        )
        for row in sorted(got["rows"], key=lambda row: row["write"])
    ]
    return Table(
        name="messages",
        title="Writing messages",
        columns=("kind", "lines", "written/s", "and for LINE/s", "and for Telegram/s", "and for the console/s"),
        rows=rows,
        note="In Thai, from the notices of a festival day's plan. *Written* turns facts into words, buttons and an "
        "outbox row; the columns beside it also render the service's own request (LINE Flex, Telegram HTML, plain "
        f"text) within its limits. All {got['messages']:,} messages of one wave of {got['orders']:,} orders are "
        f"written in {got['wave']:.2f} s; peak {got['peak_mib']:.0f} MiB.",
    )
