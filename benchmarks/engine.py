"""Planning on several machines: a wave of a hundred areas by one and by two workers, and by two of which one is killed.

Real processes over a real PostgreSQL: `songsuk serve --queues sending` closes the wave, posts its areas and saves the
plan; `songsuk worker` solves. Times are those of the rows' own transactions.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.harness import Table, measured, scaled

AREAS, ORDERS = 100, 16
"""Areas of the wave, and orders in each: too many for an area to be proven in a moment."""
SECONDS = 1.0
"""What each area's search may take."""
KILLS = 3
DAY = dt.date(2026, 11, 24)
CUT_OFF = "2026-11-23T18:00:00+07:00"
PATIENCE = 600.0
MARKET = """\
market: {id: wide, name: {th: ตลาดกว้าง}, time_zone: Asia/Bangkok}
hubs: [{id: hub, name: {th: จุดรวม}, location: [99.0, 9.0]}]
communities: [{id: all, name: {th: ทั้งหมด}, hub: hub}]
waves:
  - {id: midday, cut_off: {days_before: 1, time: 18:00}, approve_by: {days_before: 1, time: 20:00},
     dispatch: {time: 08:00}, pickup: 09:30-11:30, deliver: 11:00-13:00}
vehicles: [{id: motorcycle, weight_kg: 25, volume_l: 70}]
engine: {kind: procrastinate}
"""
SIDE = 0.02
"""Degrees along a zone's edge: two kilometres."""


def corner(number: int) -> tuple[float, float]:
    return 99.0 + SIDE * (number % 10), 9.0 + SIDE * (number // 10)


def config(areas: int, seconds: float) -> str:
    """A market of so many zones, each an area of its own."""
    lines = [MARKET, f"solver: {{seconds: {seconds}, workers: 1}}", "zones:"]
    for number in range(areas):
        west, south = corner(number)
        ring = [(west, south), (west + SIDE, south), (west + SIDE, south + SIDE), (west, south + SIDE)]
        shape = ", ".join(f"[{lon:.4f}, {lat:.4f}]" for lon, lat in ring)
        lines.append(
            f"  - {{id: z{number}, name: {{th: โซน {number}}}, community: all, area: a{number}, polygon: [{shape}]}}"
        )
    return "\n".join(lines) + "\n"


def fill(url: str, areas: int, orders: int) -> None:
    """Two riders, two sellers and their orders in every zone."""
    from storage import Leg, Member, Order, Person, Pickup, RiderDetails, Role, SellerDetails, open_store

    chance = random.Random(1)
    at = dt.datetime.fromisoformat(CUT_OFF) - dt.timedelta(hours=3)
    members, placed = [], []
    for number in range(areas):
        west, south = corner(number)

        def place(west: float = west, south: float = south) -> tuple[float, float]:
            return (
                round(west + SIDE * chance.uniform(0.05, 0.95), 5),
                round(south + SIDE * chance.uniform(0.05, 0.95), 5),
            )

        for each in range(2):
            ref = f"{number}-{each}"
            rider = RiderDetails(vehicle="motorcycle", home=place(), zones=(f"z{number}",))
            members.append(Member(role=Role.RIDER, ref=f"R{ref}", person=Person(name=ref), rider=rider))
            seller = SellerDetails(shop_name=ref, location=place())
            members.append(Member(role=Role.SELLER, ref=f"S{ref}", person=Person(name=ref), seller=seller))
        for each in range(orders):
            placed.append(
                Order(
                    order_id=f"O{number:03}-{each:02}",
                    service_date=DAY,
                    placed_at=at,
                    received_at=at,
                    buyer_ref=f"B{number}-{each}",
                    buyer=Person(name=f"{number}-{each}"),
                    location=place(),
                    pickups=(Pickup(seller_id=f"S{number}-{each % 2}", items="x", weight_g=1200, volume_ml=2500),),
                    legs=(Leg(date=DAY, wave="midday", zone=f"z{number}", area=f"a{number}"),),
                )
            )
    with open_store(url) as store:
        store.save_members(members, actor="bench", at=at)
        store.save_orders(placed, actor="bench", at=at)


def child(workers: int, areas: int, orders: int, seconds: float, kill: bool) -> dict[str, Any]:
    """One wave planned by so many workers; `kill`: the first dies by SIGKILL as soon as it has an area in hand."""
    from benchmarks.sent import database
    from storage import open_store

    with tempfile.TemporaryDirectory() as folder, database("postgresql") as url:
        path = Path(folder) / "config.yaml"
        path.write_text(config(areas, seconds), encoding="utf-8")
        fill(url, areas, orders)
        environ = {
            **os.environ,
            "SONGSUK_CONFIG": str(path),
            "SONGSUK_DATABASE_URL": url,
            "SONGSUK_CLOCK": CUT_OFF,
        }
        songsuk(environ, "config", "publish")
        with contextlib.ExitStack() as running, open_store(url) as store:
            crew = [running.enter_context(started(environ, "worker", "--concurrency", "1")) for _ in range(workers)]
            running.enter_context(started(environ, "serve", "--queues", "sending", "--port", "0"))
            killed = None
            if kill:
                (run,) = until(lambda: store.runs(states={"closed"}))
                until(lambda: sum(each.tries for each in store.areas(run.id)) == workers)
                killed = dt.datetime.now(dt.UTC)
                crew[0].kill()
            (plan,) = until(lambda: store.plans(DAY))
            entries = store.audit(limit=10 * areas + 1000)
    at = {entry.verb: entry.recorded_at for entry in entries if entry.verb in {"post_areas", "save_plan"}}
    again = [e.recorded_at for e in entries if e.verb == "answer_area" and e.detail["tries"] > 1]
    return {
        "seconds": (at["save_plan"] - at["post_areas"]).total_seconds(),
        "cost": plan.summary["cost"],
        "served": plan.summary["orders"],
        "takeover": (max(again) - killed).total_seconds() if killed is not None else None,
        "load": os.getloadavg()[0],
    }


def songsuk(environ: dict[str, str], *words: str) -> None:
    subprocess.run([Path(sys.executable).with_name("songsuk"), *words], env=environ, check=True, capture_output=True)


@contextlib.contextmanager
def started(environ: dict[str, str], *words: str) -> Iterator[subprocess.Popen[str]]:
    """A command that runs until this is left; begun when it has said its first line."""
    command = [str(Path(sys.executable).with_name("songsuk")), *words]
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(command, env=environ, stderr=said, text=True) as process,
    ):
        try:
            until(lambda: os.fstat(said.fileno()).st_size or process.poll() is not None)
            yield process
        finally:
            process.terminate()


def until(happened: Callable[[], Any]) -> Any:
    began = time.monotonic()
    while not (found := happened()):
        if time.monotonic() - began > PATIENCE:
            raise RuntimeError("it takes too long")
        time.sleep(0.05)
    return found


def measure(scale: float) -> Table:
    areas = scaled(AREAS, scale, least=4)
    runs = {n: measured(__name__, workers=n, areas=areas, orders=ORDERS, seconds=SECONDS, kill=False) for n in (1, 2)}
    deaths = [
        measured(__name__, workers=2, areas=2, orders=ORDERS, seconds=4.0, kill=True)
        for _ in range(scaled(KILLS, scale))
    ]
    one = runs[1]["seconds"]
    later = ", ".join(f"{run['takeover']:.1f}" for run in deaths)
    loads = [run["load"] for run in (*runs.values(), *deaths)]
    return Table(
        name="engine",
        title="Planning by workers, over PostgreSQL",
        columns=("workers", "areas", "seconds", "speed-up", "orders served", "cost baht"),
        rows=[
            (n, areas, run["seconds"], one / run["seconds"], run["served"], round(run["cost"] / 100))
            for n, run in runs.items()
        ],
        note=f"A wave of {ORDERS} orders an area, whose search may take {SECONDS:g} s on one core: from the rows that "
        "`songsuk serve --queues sending` posts to the plan it saves; each worker solves one area at a time. *Killed*: "
        "of two workers with an area each one got SIGKILL; its area was solved by the other "
        f"{later} s later, {4:g} s of search included. "
        f"The load was between {min(loads):.1f} and {max(loads):.1f}, other work on the machine included.",
    )
