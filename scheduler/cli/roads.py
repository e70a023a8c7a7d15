"""`songsuk roads`: road data from an OpenStreetMap extract, and what driven rounds say of the planned times."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scheduler.cli import screen
from scheduler.cli.opened import ConfigFile, Json, clock_now
from scheduler.cli.screen import Refusal

if TYPE_CHECKING:
    from routing.roads import RoadsError
    from scheduler.config import Config

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

WORDS = {
    "extract_missing": ("ไม่มีไฟล์นี้", "there is no such file"),
    "extract_unreadable": ("อ่านไฟล์แผนที่ไม่ได้", "the extract cannot be read"),
    "area_empty": (
        "ไม่มีถนนในเขตของตลาด ไฟล์นี้เป็นของที่อื่นหรือไม่",
        "it has no roads in the market's area: is it of another place?",
    ),
    "profile_unknown": ("ไม่รู้จักชนิดถนน", "unknown road profile"),
    "not_installed": (
        "เครื่องนี้ไม่มี osrm-bindings ต้องใช้ Linux และ Python 3.12 ขึ้นไป หรือใช้เซิร์ฟเวอร์ OSRM (travel.url)",
        "osrm-bindings is not on this machine: it needs Linux and Python 3.12; or use an OSRM server (travel.url)",
    ),
    "osrm_failed": ("OSRM สร้างข้อมูลไม่สำเร็จ", "OSRM could not make the data"),
    "disk": ("เขียนหรืออ่านดิสก์ไม่ได้", "the disk could not be read or written"),
    "busy": ("มีการสร้างข้อมูลถนนอยู่แล้ว", "another build is at work in this folder"),
}
NOT_BUILT = {
    "th": "ข้อมูลถนนเดิม (ถ้ามี) ยังใช้อยู่",
    "en": "the road data from before, if any, is still in use",
}


@app.command()
def build(
    extract: Annotated[Path, typer.Argument(help="An OpenStreetMap extract: .osm.pbf, .osm.bz2 or .osm.")],
    margin_km: Annotated[
        float, typer.Option("--margin-km", min=0, max=200, help="Roads kept around the market's zones and hubs.")
    ] = 10.0,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Cut an extract to the market's area and make road data of it, for the vehicles of the config."""
    from routing.roads import Order, RoadsError
    from routing.roads import build as build_roads
    from scheduler.planning.travel import area_of

    market, now = _config(config), clock_now()
    order = Order(
        extract=extract,
        folder=Path(market.travel.data),
        area=area_of(market, margin_km),
        profiles=tuple(sorted({kind.roads.profile for kind in market.vehicles})),
    )
    with screen.progress("roads", quiet=json) as show:

        def on_step(name: str, done: int, of: int) -> None:
            show(done, of)
            if not json and not sys.stderr.isatty():  # a terminal has the bar
                screen.say(name)

        try:
            built = build_roads(order, now=now, on_step=on_step)
        except RoadsError as error:
            raise _refused(error, extract) from None
    found: dict[str, Any] = {
        "schema": "songsuk/roads.build/1",
        "folder": str(built.folder),
        "version": built.version,
        "extract": built.extract,
        "as_of": built.as_of.isoformat() if built.as_of is not None else None,
        "built_at": built.built_at.isoformat(),
        "area": list(built.area),
        "profiles": list(built.profiles),
        "ways": built.ways,
        "bytes": built.size,
        "in_use": market.travel.provider == "osrm" and market.travel.url is None,
    }
    if json:
        screen.document(found)
        return
    of = f", map of {built.as_of:%Y-%m-%d}" if built.as_of is not None else ""
    screen.out().print(
        f"{built.folder}: {built.ways:,} roads for {', '.join(built.profiles)}, {built.size / 1e6:.1f} MB{of}"
    )
    if not found["in_use"]:
        unused = {
            "th": "ยังไม่ได้ใช้: เขียน  travel: {provider: osrm}  ลงใน config",
            "en": "not in use yet: write  travel: {provider: osrm}  into the config",
        }
        screen.say(screen.spoken(unused))


@app.command()
def calibrate(
    file: Annotated[Path, typer.Argument(help="Driven legs: vehicle, from, to, minutes, and km if counted.")],
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Compare driven legs with planned times; print the lines to write into the config. Changes nothing."""
    from routing.travel import Unavailable
    from scheduler import calibrating
    from scheduler.intake import UnreadableFile
    from scheduler.intake.rounds import read_rounds
    from scheduler.planning.travel import REASONS

    market = _config(config)
    try:
        read = read_rounds(file, calibrating.context_of(market, clock_now()))
    except UnreadableFile as error:
        raise Refusal(error.code, str(file), error.message, error.hint, exit_code=2) from None
    found = calibrating.calibrated(market, read.legs)
    if isinstance(found, Unavailable):
        th, en = REASONS[found.why]
        raise Refusal(
            f"travel.{found.why}",
            "travel",
            {"th": f"{th} {found.detail}".strip(), "en": f"{en} {found.detail}".strip()},
            {"th": "เทียบเวลาไม่ได้ ดู songsuk doctor", "en": "there is nothing to compare with; see songsuk doctor"},
        )
    shown = {
        "schema": "songsuk/roads.calibrate/1",
        "file": file.name,
        "rows": read.rows,
        **found,
        "errors": [error.as_json() for error in read.errors],
    }
    if json:
        screen.document(shown)
    else:
        _show(shown)
    raise typer.Exit(1 if read.errors else 0)


def _show(found: dict[str, Any]) -> None:
    chosen = screen.language()
    if found["errors"]:
        screen.table(
            "rows not taken",
            ["row", "column", "value", "why"],
            ([e["row"], e["column"] or "", e["value"], e["message"][chosen]] for e in found["errors"]),
        )
    screen.table(
        f"real over planned time on the move ({found['provider']}), {found['legs']} legs",
        ["vehicle", "legs", "factor", "nine times of ten", "off before", "off after"],
        (
            [kind["vehicle"], kind["legs"], f"{kind['factor']:.2f}", f"{kind['low']:.2f} to {kind['high']:.2f}"]
            + [f"{kind[name]:.0%}" for name in ("error_before", "error_after")]
            if kind["factor"] is not None
            else [kind["vehicle"], kind["legs"], "–", f"too few: {found['enough']} are needed", "", ""]
            for kind in found["kinds"]
        ),
        right=(1, 2, 4, 5),
    )
    if found["lines"]:
        screen.out().print("write into the config:", *found["lines"], sep="\n  ", markup=False, soft_wrap=True)


def _config(path: Path | None) -> Config:
    from scheduler import config as configs

    try:
        return configs.load(path or Path(os.environ.get("SONGSUK_CONFIG", "config.yaml")))
    except configs.ConfigError as error:
        raise Refusal.of([problem.as_json() for problem in error.errors], 2) from None


def _refused(error: RoadsError, extract: Path) -> Refusal:
    th, en = WORDS[error.code]
    mine = error.code in {"extract_missing", "extract_unreadable", "area_empty"}
    detail = "" if error.code in {"extract_missing", "area_empty"} else f": {error.detail}" if error.detail else ""
    return Refusal(
        f"roads.{error.code}",
        str(extract) if mine else "roads build",
        {"th": th + detail, "en": en + detail},
        NOT_BUILT,
        exit_code=2 if mine or error.code == "not_installed" else 1,
    )
