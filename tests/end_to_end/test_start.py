"""What starting the command line costs, and where its packages come from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from commands import House
from samples import config_text

import channels
import routing
import scheduler
import storage

HEAVY = ("aiohttp", "fastapi", "linebot", "numpy", "ortools", "rich", "shapely", "sqlalchemy", "telegram")


def test_the_four_packages_come_from_one_place() -> None:
    """No other package of the same name is loaded in the place of one of ours."""
    roots = {Path(str(package.__file__)).parents[1] for package in (channels, routing, scheduler, storage)}
    assert roots == {Path(__file__).resolve().parents[2]}


def test_help_loads_nothing_heavy() -> None:
    """`songsuk --help` answers without solver, chat services, database or web; so does the help of each group."""
    code = (
        "import sys\n"
        "from scheduler.cli import main\n"
        "sys.argv = ['songsuk', *sys.argv[1:], '--help']\n"
        "try:\n    main()\n"
        "except SystemExit as ended:\n    assert not ended.code\n"
        f"print('loaded:', *[name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    for words in ([], ["orders"], ["plan", "show"]):
        ended = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
        assert ended.stdout.startswith("Usage: songsuk")
        assert ended.stdout.splitlines()[-1] == "loaded:"


def test_a_look_at_the_market_loads_no_solver_chat_or_templates(tmp_path: Path, sqlite_url: str) -> None:
    """What opens the market pays for config, zones and storage; the rest is loaded by whoever plans, says or serves."""
    unneeded = ("aiohttp", "apscheduler", "fastapi", "jinja2", "linebot", "numba", "ortools", "rich", "telegram")
    code = (
        "import sys\n"
        "from scheduler.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as ended:\n    assert not ended.code\n"
        f"print([name for name in {unneeded!r} if name in sys.modules], file=sys.stderr)\n"
    )
    (tmp_path / "config.yaml").write_text(config_text(), encoding="utf-8")
    environ = House(folder=tmp_path, url=sqlite_url).settings()
    words = [sys.executable, "-c", code, "orders", "list", "--json"]
    ended = subprocess.run(words, capture_output=True, text=True, check=True, env=environ)
    assert ended.stderr == "[]\n"
