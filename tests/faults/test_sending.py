"""What faults cost: the short way; ``make faults`` is the long one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from together import busiest

HERE = Path(__file__).parent


def _part(*words: object) -> dict[str, Any]:
    """The document of one part, which kept its promises."""
    command = [sys.executable, str(HERE), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["broken"] == []
    return found


def test_a_killed_sender_loses_nothing_and_says_nothing_twice() -> None:
    """Killed between a call and its record, the next sender leaves LINE exact and of Telegram's in doubt a list."""
    found = _part("sender", "--database", "sqlite", "--messages", 24, "--points", "outbox.after_call")
    assert found["kills"] == 1


def test_the_busiest_second_is_found_wherever_it_begins() -> None:
    """Calls on both sides of a full second count together; those a second apart do not."""
    assert busiest([0.0, 0.6, 0.9, 1.1, 1.55, 1.89, 3.0]) == 4
    assert busiest([0.0, 1.0, 2.0]) == 1
    assert busiest([]) == 0
