"""What starting the command line costs, and where its packages come from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
