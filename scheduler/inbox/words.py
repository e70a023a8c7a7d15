"""What people mean: the few words of each role, in Thai and English, as they are really typed. Pure.

Nobody has to spell well: polite endings, blanks, signs and capitals do not matter, nor whether a button was tapped or
its words typed. What is not understood is `OTHER`, never an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from channels.base import Inbound
from scheduler.intake.thai import arabic
from scheduler.intake.values import read_phone
from scheduler.keys import read_code


class Meant(StrEnum):
    """What an event asks for."""

    WHERE = "where"
    """Where is my order?"""
    MINE = "mine"
    """Show me my work once more."""
    SEEN = "seen"
    """I have read it; ``value`` is the message's id where a button says so."""
    YES = "yes"
    """``value`` is the question that a button answers; empty where it was typed."""
    NO = "no"
    CODE = "code"
    """An invitation."""
    PHONE = "phone"
    CONTACT = "contact"
    """A phone number that the service itself vouches for."""
    NO_NUMBER = "no_number"
    """I have no order number: let a coordinator look."""
    LINK = "link"
    """A coordinator's answer to a request; ``value`` is ``yes:ID`` or ``no:ID``."""
    PLACE = "place"
    ERASE = "erase"
    LEAVE = "leave"
    BACK = "back"
    HELP = "help"
    SOS = "sos"
    """Something bad has happened."""
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    JOIN = "join"
    SENT = "sent"
    """A picture or the like; ``value`` is the event's kind, ``text`` what is written under it."""
    UNSENT = "unsent"
    """What was written is taken back; ``value`` is its number."""
    SERVICE = "service"
    """Nobody has said anything."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Said:
    """What one event means. ``text`` is what was typed, for questions that take any word as their answer."""

    meant: Meant
    value: str = ""
    text: str = ""
    among_others: bool = False
    """The words were found among many others, and may be part of something else that is told."""


_ENDINGS = re.compile(r"(?:นะ|น่ะ|ครับผม|ครับ|คับ|ค่ะ|คะ|ค่า|จ้า|จ้ะ|จ๊ะ|จ้ะ|ฮะ|หน่อย|please)+$")
_SIGNS = re.compile(r"[\s.,!?…ๆ\"'“”()/]+")
_FEW = 15
"""Letters beside the words that were understood."""
_LONGEST = 200
"""More letters than this are a letter, not a command."""

_EXACT = {
    Meant.YES: "ใช่ ใช่แล้ว ยินยอม ตกลง ยืนยัน ถูกต้อง yes y agree confirm ส่งที่นี่",
    Meant.NO: "ไม่ ไม่ใช่ ไม่ยินยอม ไม่ตกลง ไม่เอา ไม่ลบ ยกเลิก no n cancel disagree",
    Meant.SEEN: "รับทราบ รับทราบแล้ว ทราบ ทราบแล้ว รับงาน โอเค โอเช ได้ ok okay okey k seen 👍 👌 🙏 รับ "
    "ครับ ครับผม คับ ค่ะ คะ จ้า จ้ะ ขอบคุณ ขอบคุณมาก ขอบใจ ขอบพระคุณ ขอบคุณค่ะ thanks thankyou thx",
    Meant.LEAVE: "ออก ออกจากระบบ เลิก stop unsubscribe leave หยุด",
    Meant.BACK: "กลับมา กลับมาใหม่ เริ่ม เริ่มใหม่ start back restart",
    Meant.SOS: "sos ช่วยด้วย",
    Meant.HELP: "ช่วย ช่วยเหลือ help เมนู menu วิธีใช้ สวัสดี hello hi หวัดดี สวัสดีตอนเช้า อรุณสวัสดิ์ goodmorning",
    Meant.MINE: "งาน งานของฉัน งานวันนี้ งานพรุ่งนี้ เส้นทาง รายการ รายการของฉัน เตรียมของ ของที่ต้องเตรียม สรุป "
    "mywork work route myroute picklist mylist summary",
    Meant.WHERE: "where eta track tracking ของฉัน ของฉันล่ะ ตามของ",
    Meant.NO_NUMBER: "ไม่มี ไม่มีเลข ไม่ทราบ ไม่รู้ ไม่ทราบเลข จำไม่ได้ ให้ผู้ประสานงานช่วย nonumber idonotknow dontknow",
}
_INSIDE = {
    Meant.ERASE: "ลบข้อมูล ลบประวัติ deletemydata erasemydata forgetme deletemyinformation",
    Meant.LEAVE: "เลิกรับ หยุดส่งข้อความ ไม่รับข้อความ ไม่ต้องส่งข้อความ stopmessages",
    Meant.SOS: "รถล้ม รถชน รถคว่ำ อุบัติเหตุ ฉุกเฉิน accident emergency",
    Meant.WHERE: "ถึงไหน ถึงใหน อยู่ไหน อยู่ใหน อยุ่ไหน อยุ่ใหน ถึงรึยัง ถึงหรือยัง ถึงยัง กี่โมง เมื่อไหร่ เมื่อไร ติดตาม "
    "whereis wheremy whenwill myorder",
}
_WORDS = {word: meant for meant, words in _EXACT.items() for word in words.split()}
_PARTS = [(part, meant) for meant, parts in _INSIDE.items() for part in parts.split()]


def understood(event: Inbound) -> Said:
    """What `event` means."""
    match event.kind:
        case "follow":
            return Said(Meant.FOLLOW)
        case "unfollow":
            return Said(Meant.UNFOLLOW)
        case "join":
            return Said(Meant.JOIN)
        case "unsend":
            return Said(Meant.UNSENT, event.data)
        case "service":
            return Said(Meant.SERVICE)
        case "location":
            return Said(Meant.PLACE)
        case "contact":
            return _contact(event)
        case "postback":
            return _tapped(event.data)
        case "text":
            return _typed(event.text)
        case "photo" | "video" | "voice" | "file" | "sticker":
            written = _typed(event.text)
            return written if written.meant is Meant.SOS else Said(Meant.SENT, event.kind, event.text.strip())
    return Said(Meant.OTHER)


def _contact(event: Inbound) -> Said:
    phone = read_phone(event.text if event.text.startswith(("0", "+")) else f"+{event.text}")
    own = event.private and event.data != "" and event.data == event.address
    if isinstance(phone, str):
        return Said(Meant.CONTACT if own else Meant.PHONE, phone)
    return Said(Meant.OTHER)


def _tapped(data: str) -> Said:
    word, _, value = data.partition(":")
    if word in {"seen", "yes", "no", "link"} and len(value) <= _LONGEST:
        return Said(Meant(word), value)
    return Said(Meant.OTHER)


def _typed(text: str) -> Said:
    text = text.strip()
    if len(text) > _LONGEST:
        return Said(Meant.OTHER, text=text)
    if text.startswith("/start"):
        payload = text.removeprefix("/start").strip()
        code = read_code(payload)
        return Said(Meant.CODE, code, text) if code else Said(Meant.BACK, text=text)
    if code := read_code(text):
        return Said(Meant.CODE, code, text)
    phone = read_phone(text)
    if isinstance(phone, str):
        return Said(Meant.PHONE, phone, text)
    word = bare(text)
    if word in _WORDS:
        return Said(_WORDS[word], text=text)
    for part, meant in _PARTS:
        if part in word:
            return Said(meant, text=text, among_others=len(word) - len(part) > _FEW)
    return Said(Meant.OTHER, text=text)


def bare(text: str) -> str:
    """`text` without blanks, signs, capitals and polite endings; what it is compared by."""
    word = _SIGNS.sub("", arabic(text).casefold())
    return _ENDINGS.sub("", word) or word
