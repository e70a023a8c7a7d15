"""How a person may be reached: the words that orders and members share. Knows cells' values, no columns."""

from __future__ import annotations

from scheduler.intake.values import choice_reader, spellings
from storage.records import ChatAddress

read_chat_channel = choice_reader(
    spellings(
        line="ไลน์ ไลน",
        telegram="เทเลแกรม tg",
        sms="เอสเอ็มเอส",
        none="ไม่มี ไม่ใช้ โทร โทรศัพท์ phone call",
    ),
    "line, telegram, sms, none",
)


def chat_addresses(line_id: str | None, telegram_id: str | None) -> tuple[ChatAddress, ...]:
    """The known addresses, in the order a market in Thailand would try them."""
    known = (("line", line_id), ("telegram", telegram_id))
    return tuple(ChatAddress(channel=channel, address=address) for channel, address in known if address)
