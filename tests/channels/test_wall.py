"""No test can reach an official host."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from channels import connect
from channels.base import Content, Later

CONTENT = Content(title="x")


def test_official_hosts_are_out_of_reach(
    only_loopback: list[str], line_secrets: dict[str, str], telegram_secrets: dict[str, str]
) -> None:
    """A channel left at its official base is stopped before a name is looked up."""

    async def use() -> None:
        for name, secrets in (("line", line_secrets), ("telegram", telegram_secrets)):
            channel = connect(name, {}, secrets)
            assert channel.official
            outcome = await channel.send("U1", channel.render(CONTENT), key=str(uuid.uuid4()))
            assert outcome == Later(reason="unreachable")
            await channel.close()

    asyncio.run(use())
    assert only_loopback == ["api.line.me", "api.telegram.org"]
    only_loopback.clear()


def test_no_connection_leaves_the_machine(only_loopback: list[str]) -> None:
    """An address that needs no look-up is stopped as well; the loopback is not."""
    with socket.socket() as listening, socket.socket() as near, socket.socket() as far:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        near.connect(listening.getsockname())
        with pytest.raises(OSError, match="may not reach"):
            far.connect(("192.0.2.1", 443))
    assert only_loopback == ["192.0.2.1"]
    only_loopback.clear()


def test_a_process_of_a_test_has_the_same_wall() -> None:
    """What a test starts with the walled path cannot leave the machine either."""
    walled = Path(__file__).parents[1] / "fakes"
    environ = {**os.environ, "PYTHONPATH": f"{walled / 'walled'}{os.pathsep}{walled}"}
    code = "import socket; socket.create_connection(('api.line.me', 443))"
    ended = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "tests may not reach api.line.me" in ended.stderr
