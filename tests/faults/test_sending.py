"""Senders that are killed: the short way; ``make faults`` is the long one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_a_killed_sender_loses_nothing_and_says_nothing_twice() -> None:
    """Killed between a call and its record, the next sender leaves LINE exact and of Telegram's in doubt a list."""
    script = str(Path(__file__).with_name("sending.py"))
    command = [sys.executable, script, "--messages", "24", "--points", "outbox.after_call"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["broken"] == []
    assert found["kills"] == 1
