"""Is this machine ready for a market day? Looks, changes nothing, sends nothing.

Each check is a value: its name, whether it is well, and in words what to do where it is not.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import channels
import routing
import scheduler
import storage
from routing import roads
from routing.travel import Unavailable
from scheduler import config as configs
from scheduler.app import database_url, official_channels
from scheduler.clock import ClockError, clock_from
from scheduler.planning.travel import REASONS, ways_of

ENOUGH_BYTES = 500_000_000


def examine(config_path: Path | None, environ: Mapping[str, str] = os.environ) -> list[dict[str, Any]]:
    """Every check, in the order a person would mend them."""
    path = config_path or Path(environ.get("SONGSUK_CONFIG", "config.yaml"))
    report = configs.check(path)
    found = [_packages(), _config(path, report), _clock(environ), _database(environ), _disk(environ)]
    if report.config is not None:
        found.append(_travel(report.config))
        found += _channels(report.config, environ, path)
        found.append(_public(report.config))
    return found


def _check(name: str, ok: bool, th: str, en: str) -> dict[str, Any]:
    return {"name": name, "ok": ok, "message": {"th": th, "en": en}}


def _packages() -> dict[str, Any]:
    """Another package of the same name in this environment would be loaded in our place."""
    roots = {Path(str(package.__file__)).parent.parent for package in (scheduler, channels, routing, storage)}
    return _check(
        "packages",
        len(roots) == 1,
        "แพ็กเกจทั้งสี่มาจากที่เดียวกัน" if len(roots) == 1 else "มีแพ็กเกจชื่อซ้ำ ใช้ venv แยกของตัวเอง",
        "all four come from one place" if len(roots) == 1 else "another package shadows ours: use a venv of its own",
    )


def _config(path: Path, report: configs.Report) -> dict[str, Any]:
    first = report.errors[0] if report.errors else None
    count = len(report.errors) + report.more
    return _check(
        "config",
        report.ok,
        f"{path}: ถูกต้อง" if first is None else f"มี {count} ข้อผิด แรกสุด {first.text('th')}",
        f"{path}: good" if first is None else f"{count} errors, first {first.text('en')}",
    )


def _clock(environ: Mapping[str, str]) -> dict[str, Any]:
    try:
        now = clock_from(environ.get("SONGSUK_CLOCK")).now()
    except ClockError as error:
        return _check("clock", False, f"อ่าน SONGSUK_CLOCK ไม่ได้: {error}", f"SONGSUK_CLOCK is not a moment: {error}")
    moment = now.astimezone().isoformat(timespec="seconds")
    sane = now >= dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return _check("clock", sane, moment if sane else f"{moment}: นาฬิกาเครื่องผิด", moment if sane else f"{moment}: wrong")


def _database(environ: Mapping[str, str]) -> dict[str, Any]:
    url = database_url(environ)
    try:
        with storage.open_store(url) as store:
            return _check("database", True, store.url_safe, store.url_safe)
    except storage.StorageError as error:
        return _check("database", False, f"เปิดไม่ได้: {error}", f"cannot be opened: {error}")


def _disk(environ: Mapping[str, str]) -> dict[str, Any]:
    free = shutil.disk_usage(Path.cwd()).free
    gigabytes = f"{free / 1e9:.1f} GB"
    return _check(
        "disk",
        free > ENOUGH_BYTES,
        f"ว่าง {gigabytes}" if free > ENOUGH_BYTES else f"เหลือเพียง {gigabytes}",
        f"{gigabytes} free" if free > ENOUGH_BYTES else f"only {gigabytes} left",
    )


def _travel(config: configs.Config) -> dict[str, Any]:
    """Whether plans can be made with the travel times that the config asks for; what the road data is."""
    ways = ways_of(config)
    if ways.asked.estimate:
        low, high = config.travel.range
        return _check(
            "travel",
            True,
            f"{config.travel.provider}: ประมาณจากเส้นตรง เวลาจริง {low:g}–{high:g} เท่า",
            f"{config.travel.provider}: an estimate, real times are {low:g} to {high:g} times as long",
        )
    first = config.hubs[0].location
    other = next((hub.location for hub in config.hubs if hub.location != first), (first[0] + 0.001, first[1]))
    found = ways.asked.measure([first, other], [kind.id for kind in config.vehicles])
    if isinstance(found, Unavailable):
        th, en = REASONS[found.why]
        told = f"({found.detail})" if found.detail else ""
        return _check(
            "travel",
            False,
            f"{config.travel.provider}: {th} {told} แผนจะประมาณจากเส้นตรง",
            f"{config.travel.provider}: {en} {told}: plans are estimated on straight lines",
        )
    data = roads.current(Path(config.travel.data)) if config.travel.url is None else None
    if data is None:
        server = f"{config.travel.provider}: {config.travel.url}"
        return _check("travel", True, server, server)
    age = f"{data.as_of:%Y-%m-%d}" if data.as_of is not None else "?"
    size = f"{data.size / 1e6:.1f} MB"
    profiles = ", ".join(data.profiles)
    return _check(
        "travel",
        True,
        f"{config.travel.provider}: {data.extract} แผนที่ของ {age} สร้างเมื่อ {data.built_at:%Y-%m-%d} {size} ({profiles})",
        f"{config.travel.provider}: {data.extract}, map of {age}, built {data.built_at:%Y-%m-%d}, {size} ({profiles})",
    )


def _channels(config: configs.Config, environ: Mapping[str, str], path: Path) -> list[dict[str, Any]]:
    missing: dict[str, list[configs.Problem]] = {}
    for problem in configs.missing_secrets(config, environ, file=path.name):
        missing.setdefault(problem.path.removeprefix("channels."), []).append(problem)
    official = official_channels(config)
    return [
        _check(
            f"channel {name}",
            name not in missing,
            " · ".join(each.text("th") for each in missing[name])
            if name in missing
            else "ส่งถึงคนจริง"
            if name in official
            else "พร้อม",
            " · ".join(each.text("en") for each in missing[name])
            if name in missing
            else "reaches real people"
            if name in official
            else "ready",
        )
        for name in config.channels
    ]


def _public(config: configs.Config) -> dict[str, Any]:
    url = config.web.public_url
    needed = any(name in config.channels for name in ("line", "telegram"))
    return _check(
        "public_url",
        bool(url) or not needed,
        str(url) if url else "ไม่ได้ตั้ง web.public_url: รับข้อความจากแชตและเปิดหน้าเว็บผู้ซื้อไม่ได้",
        str(url) if url else "web.public_url is not set: no webhooks and no buyer pages",
    )
