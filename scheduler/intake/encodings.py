"""Which characters a text file's bytes stand for: UTF-8, UTF-16, or Thai Windows (CP874, TIS-620). Pure.

Never guesses where a wrong answer would look like text: bytes that are not clearly Thai are refused.
"""

from __future__ import annotations

import codecs
import re

from scheduler.intake.problems import UnreadableFile

_MARKS = "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
_STRAY_MARK = re.compile(f"(?<![ก-ฮ\u0e24\u0e26{_MARKS}])[{_MARKS}]")
_THAI = re.compile("[\u0e01-\u0e5b]")


def find_encoding(data: bytes) -> str:
    """The name of the codec that reads all of `data`."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise UnreadableFile("file.encoding", byte=0)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        _must_decode(data, "utf-16")
        if b"\x00\x00" in data[2:] and "\x00" in data.decode("utf-16"):
            raise UnreadableFile("file.nul")
        return "utf-16"
    if b"\x00" in data:
        raise UnreadableFile("file.nul")
    bom = data.startswith(codecs.BOM_UTF8)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as exc:
        if bom or not _is_thai(data):
            raise UnreadableFile("file.encoding", byte=exc.start) from None
        return "cp874"
    return "utf-8-sig" if bom else "utf-8"


def _must_decode(data: bytes, encoding: str) -> None:
    try:
        data.decode(encoding)
    except UnicodeDecodeError as exc:
        raise UnreadableFile("file.encoding", byte=exc.start) from None


def _is_thai(data: bytes) -> bool:
    """Whether the bytes read as CP874 give Thai as it is written: marks follow consonants, nothing else stands out."""
    try:
        text = data.decode("cp874")
    except UnicodeDecodeError:
        return False
    thai = len(_THAI.findall(text))
    if not thai:
        return False
    # Broken UTF-8 Thai is full of the pair that its bytes E0 B8 / E0 B9 make.
    broken_utf8 = text.count("เธ") + text.count("เน")
    return len(_STRAY_MARK.findall(text)) <= thai / 50 and broken_utf8 <= thai / 8
