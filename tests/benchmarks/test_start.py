"""What `songsuk --help` loads, which is what its speed rests on; the clock itself is no test's business."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("alembic", "asyncio", "fastapi", "jinja2", "linebot", "numpy", "ortools", "pydantic", "shapely", "sqlalchemy")
LISTING = """
import sys
sys.argv = ["songsuk", "--help"]
from scheduler.cli import main
try:
    main()
finally:
    print(*sorted(sys.modules), file=sys.stderr)
"""


def test_help_loads_nothing_heavy() -> None:
    """The commands' definitions need Typer and the standard library; what a command needs it loads when it runs."""
    done = subprocess.run([sys.executable, "-c", LISTING], capture_output=True, text=True)
    assert done.returncode == 0
    assert "orders" in done.stdout
    assert not set(HEAVY) & set(done.stderr.split())
