"""No test of the channels can reach an official host."""

from __future__ import annotations

import asyncio
import uuid

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
