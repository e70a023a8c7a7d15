"""The processes that plan: they end with whoever started them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from commands import until

from routing.model import Settings
from scheduler.workers import LONGEST, shared

PARENT = """
import os, sys
from scheduler.workers import Planner
if __name__ == "__main__":
    print(Planner(workers=1, keep_warm=True)._processes().submit(os.getpid).result(), flush=True)
    sys.stdin.read()
"""


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")  # where there is one: a process that nobody has buried yet is over too
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_planning_process_outlives_nobody(tmp_path: Path) -> None:
    """Where the daemon is killed outright, its planning processes end too, instead of waiting for work for ever."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT, encoding="utf-8")
    with subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert running(worker)
        parent.kill()
        parent.wait()
        until(lambda: not running(worker), "the worker's end")


def test_areas_that_wait_for_each_other_share_the_time() -> None:
    """Two areas on two cores have all their time; a hundred have so little that their wave ends in time."""
    asked = Settings(seconds=10, workers=0)
    assert (shared(asked, 2, 2).seconds, shared(asked, 2, 1).workers) == (10, 2)
    many = shared(asked, 2, 100)
    assert (many.workers, 50 * many.seconds) == (1, LONGEST)
