"""What waits for a chat that takes no more messages: it goes over the person's other chat, else on the phone list.

Looks at what is due, just before it is sent; so whoever left or blocked the account a moment ago is not written to, and
whatever was refused there is said elsewhere. Knows no service.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

from scheduler.clock import Clock
from scheduler.notices import CARD, content_from_json, reach
from scheduler.notices.messages import content_to_json
from scheduler.notices.people import Reach
from scheduler.outbox.verdicts import said_again, unknown_attempts
from scheduler.versions import Versions
from storage import Store
from storage.records import Member, Message, Role

_NAMESPACE = uuid.UUID("b1d4f6a0-7c52-5e0f-9a41-3f0b6f1c2d11")
_ACTOR = "outbox"


class Redirect:
    """Finds another way for one market's messages."""

    def __init__(self, store: Store, versions: Versions, clock: Callable[[], Clock]) -> None:
        self._store, self._versions, self._clock = store, versions, clock

    def due_over(self, channel: str) -> int:
        """What is due over `channel` to chats that are blocked, dead or left; returns how many found another way."""
        now = self._clock().now()
        stranded = self._store.stranded(channel, now)
        if not stranded:
            return 0
        ways = self._ways(stranded)
        moved: list[tuple[str, str, str]] = []
        anew: list[Message] = []
        phoned: dict[str, list[str]] = defaultdict(list)
        for message in stranded:
            way = ways.get((message.role, message.member_ref)) or Reach(channel=None, address=None, reason="no_address")
            if message.kind == CARD:  # it stands in one chat alone: elsewhere it would be pushed, or cannot be edited
                way = Reach(channel=None, address=None, reason="blocked")
            if way.channel is None or way.address is None:
                if message.state != "failed":
                    phoned[way.reason or "no_address"].append(message.id)
            elif message.state == "failed":
                anew.append(_said_elsewhere(message, way.channel, way.address, now))
            else:
                moved.append((message.id, way.channel, way.address))
        found = self._store.redirect_messages(moved, actor=_ACTOR, at=now) if moved else 0
        found += self._store.add_messages(anew, actor=_ACTOR, at=now) if anew else 0
        for reason, ids in phoned.items():
            self._store.move_messages(ids, "suppressed", reason=reason, actor=_ACTOR, at=now)
        return found

    def _ways(self, stranded: list[Message]) -> dict[tuple[Role, str], Reach]:
        config = self._versions.config()
        refs: dict[Role, set[str]] = defaultdict(set)
        for message in stranded:
            refs[message.role].add(message.member_ref)
        found: list[Member] = [
            member for role, wanted in refs.items() for member in self._store.members(role, refs=sorted(wanted))
        ]
        return {(member.role, member.ref): reach(member, config) for member in found}


def _said_elsewhere(message: Message, channel: str, address: str, now: dt.datetime) -> Message:
    """What one chat refused, as a message of its own to the other; the same one whoever writes it, and how often.

    Its button confirms it, and not the one that was refused; it says so where the other may have come all the same.
    """
    id, old = str(uuid.uuid5(_NAMESPACE, f"{message.id}:{channel}")), f"seen:{message.id}"
    actions = [
        {**action, "value": f"seen:{id}"} if action["value"] == old else action
        for action in message.content.get("actions", ())
    ]
    content = {**message.content, "actions": actions}
    if unknown_attempts(message):
        content = content_to_json(said_again(content_from_json(content)))
    return replace(
        message,
        id=id,
        content=content,
        revision=message.revision + 1,
        channel=channel,
        address=address,
        via="push",
        state="ready",
        reason=None,
        send_at=now,
        bundle=None,
        payload=None,
        attempts=(),
    )
