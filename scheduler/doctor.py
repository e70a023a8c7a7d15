"""Is this machine ready for a market day? Looks, changes nothing, sends nothing.

Each check is a value: its name, whether it is well, and in words what to do where it is not.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections import Counter
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
from scheduler import doubts, restored
from scheduler.app import database_url, official_channels
from scheduler.areas import unplanned
from scheduler.clock import ClockError, SystemClock, clock_from
from scheduler.planning.travel import REASONS, ways_of
from scheduler.versions import Versions
from scheduler.zones import ZoneIndex

ENOUGH_BYTES = 500_000_000
MOST_PINS = 10


def examine(config_path: Path | None, environ: Mapping[str, str] = os.environ) -> list[dict[str, Any]]:
    """Every check, in the order a person would mend them."""
    path = config_path or Path(environ.get("SONGSUK_CONFIG", "config.yaml"))
    report = configs.check(path)
    found = [_packages(), _config(path, report, environ), _clock(environ), _database(environ), _disk(environ)]
    found.append(_secret_key(environ))
    if report.config is not None:
        found.append(_travel(report.config))
        found += _channels(report.config, environ, path)
        found += _stranded(report.config, environ)
        found += _planning(environ)
        found += _unsettled(environ, path)
        found += _places(report.config, environ)
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


def _config(path: Path, report: configs.Report, environ: Mapping[str, str]) -> dict[str, Any]:
    errors = [*report.errors, *(of_another_market(path, report.config, environ) if report.config is not None else ())]
    first = errors[0] if errors else None
    count = len(errors) + report.more
    return _check(
        "config",
        first is None,
        f"{path}: ถูกต้อง" if first is None else f"มี {count} ข้อผิด แรกสุด {first.text('th')}",
        f"{path}: good" if first is None else f"{count} errors, first {first.text('en')}",
    )


def of_another_market(path: Path, config: configs.Config, environ: Mapping[str, str]) -> list[configs.Problem]:
    """Whether the database belongs to another market than the file; one that cannot be asked says so by itself."""
    try:
        if not storage.exists(database_url(environ)):
            return []
        with storage.open_store(database_url(environ)) as store:
            versions = Versions(store, path)
            return (
                versions.problems(config) if versions.resume(configs.ConfigError([]), dt.datetime.now(dt.UTC)) else []
            )
    except (storage.StorageError, configs.UnreadableSecret):
        return []


def _clock(environ: Mapping[str, str]) -> dict[str, Any]:
    try:
        now = clock_from(environ.get("SONGSUK_CLOCK")).now()
    except ClockError as error:
        what = "has no such speed" if error.speed else "is not a moment"
        return _check("clock", False, f"อ่าน SONGSUK_CLOCK ไม่ได้: {error}", f"SONGSUK_CLOCK {what}: {error}")
    moment = now.astimezone().isoformat(timespec="seconds")
    sane = now >= dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return _check("clock", sane, moment if sane else f"{moment}: นาฬิกาเครื่องผิด", moment if sane else f"{moment}: wrong")


def _database(environ: Mapping[str, str]) -> dict[str, Any]:
    try:
        url = database_url(environ)
    except configs.UnreadableSecret as error:
        return _unreadable("database", error)
    try:
        with storage.open_store(url) as store:
            return _check("database", True, store.url_safe, store.url_safe)
    except storage.StorageError as error:
        return _check("database", False, f"เปิดไม่ได้: {error}", f"cannot be opened: {error}")


def _secret_key(environ: Mapping[str, str]) -> dict[str, Any]:
    try:
        keys = configs.secret_keys(environ)
    except configs.UnreadableSecret as error:
        return _unreadable("secret key", error)
    return _check(
        "secret key",
        True,
        "ตั้งแล้ว" if keys else "ไม่ได้ตั้ง SONGSUK_SECRET_KEY: ออกรหัสเชิญสมาชิกไม่ได้",
        "set" if keys else "SONGSUK_SECRET_KEY is not set: nobody can be invited",
    )


def _unreadable(name: str, error: configs.UnreadableSecret) -> dict[str, Any]:
    th, en = (f"{error.message[each]}; {error.hint[each]}" for each in ("th", "en"))
    return _check(name, False, th, en)


def _disk(environ: Mapping[str, str]) -> dict[str, Any]:
    """Room where the database's file grows; with a server of its own, where road data is kept."""
    try:
        folder = storage.folder_of(database_url(environ))
    except (storage.BadUrl, configs.UnreadableSecret):
        folder = None
    wanted = folder or Path("var").absolute()
    place = next(each for each in (wanted, *wanted.parents) if os.path.exists(each))
    free = shutil.disk_usage(place).free
    gigabytes = f"{free / 1e9:.1f} GB"
    return _check(
        "disk",
        free > ENOUGH_BYTES,
        f"{place}: ว่าง {gigabytes}" if free > ENOUGH_BYTES else f"{place}: เหลือเพียง {gigabytes}",
        f"{place}: {gigabytes} free" if free > ENOUGH_BYTES else f"{place}: only {gigabytes} left",
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


def _stranded(config: configs.Config, environ: Mapping[str, str]) -> list[dict[str, Any]]:
    """Channels that the config does not have any more and over which something is still to be sent."""
    try:
        if not storage.exists(database_url(environ)):
            return []
        with storage.open_store(database_url(environ)) as store:
            waiting = Counter(message.channel for message in store.messages(states={"held", "ready", "retry"}))
    except (storage.StorageError, configs.UnreadableSecret):
        return []
    return [
        _check(
            f"channel {name}",
            False,
            f"ข้อความที่รอส่ง: {count} แต่ไม่มีช่องทางนี้ใน config: ใส่กลับ หรือโทรหา",
            f"messages that wait to go over it: {count}; the config does not have it: put it back, or phone them",
        )
        for name, count in sorted((name, count) for name, count in waiting.items() if name is not None)
        if name not in config.channels
    ]


def _planning(environ: Mapping[str, str]) -> list[dict[str, Any]]:
    """Whether areas wait to be planned and nobody comes for them, or nobody can."""
    try:
        if not storage.exists(database_url(environ)):
            return []
        with storage.open_store(database_url(environ)) as store:
            trouble = unplanned(store, SystemClock())
    except (storage.StorageError, configs.UnreadableSecret):
        return []
    if trouble is None:
        return [_check("planning", True, "ไม่มีพื้นที่ที่ค้างอยู่", "no area is stuck")]
    return [_check("planning", False, trouble.message["th"], trouble.message["en"])]


def _unsettled(environ: Mapping[str, str], path: Path) -> list[dict[str, Any]]:
    """Waves that a restore left open, until a person has said whether they rode."""
    try:
        if not storage.exists(database_url(environ)):
            return []
        with storage.open_store(database_url(environ)) as store:
            versions = Versions(store, path)
            runs = store.runs(states=restored.NOT_APPROVED)
            waiting = [run for run in runs if restored.may_have_ridden(store, run, versions.config(run.config_version))]
    except (storage.StorageError, configs.UnreadableSecret, configs.ConfigError, LookupError):
        return []
    return [
        _check(
            f"wave {run.date} {run.wave}",
            False,
            f"กู้คืนจากข้อมูลสำรอง อาจออกส่งไปแล้ว ถามไรเดอร์ ถ้าออกแล้ว: {restored.command(run)} --as rode "
            "ถ้ายัง: อนุมัติถ้ายังทัน หรือ --as put_off",
            f"a restore left open if it rides: ask the riders; if so, {restored.command(run)} --as rode; "
            "if not, approve it while there is time, or --as put_off",
        )
        for run in waiting
    ]


def _places(config: configs.Config, environ: Mapping[str, str]) -> list[dict[str, Any]]:
    """Pins of members and of waiting orders on the wrong bank of a river, and members outside every zone.

    Living outside is no fault; a pin beyond the river sends a rider to the wrong bank.
    """
    try:
        if not storage.exists(database_url(environ)):
            return []
        with storage.open_store(database_url(environ)) as store:
            people = [member for member in store.members() if member.active]
            waiting = store.orders(states={"received", "batched", "planned"})
    except (storage.StorageError, configs.UnreadableSecret):
        return []
    zones = ZoneIndex(config)
    told = [*doubts.of_members(people, zones), *doubts.of_orders(waiting, zones)]
    found = [doubt for doubt in told if doubt.code.startswith("pin.")]
    if not found:
        return [_check("pins", True, "หมุดทุกจุดอยู่ถูกฝั่งและอยู่ในโซน", "every pin is in a zone and on its bank")]
    lines = [(doubt.subject, doubt.told(0)) for doubt in found[:MOST_PINS]]
    more = f" · … +{len(found) - MOST_PINS}" if len(found) > MOST_PINS else ""
    th, en = (" · ".join(f"{who}: {said.message[each]}" for who, said in lines) + more for each in ("th", "en"))
    return [_check("pins", all(doubt.code != "pin.wrong_bank" for doubt in found), th, en)]


def _public(config: configs.Config) -> dict[str, Any]:
    url = config.web.public_url
    needed = any(name in config.channels for name in ("line", "telegram"))
    return _check(
        "public_url",
        bool(url) or not needed,
        str(url) if url else "ไม่ได้ตั้ง web.public_url: รับข้อความจากแชตและเปิดหน้าเว็บผู้ซื้อไม่ได้",
        str(url) if url else "web.public_url is not set: no webhooks and no buyer pages",
    )
