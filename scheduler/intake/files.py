"""Bytes become a table: which kind of file it is, by its content and never by its name, and who reads it.

A file that cannot be trusted is refused with ``UnreadableFile``; nothing of it is taken.
"""

from __future__ import annotations

from pathlib import Path

from scheduler.intake import delimited, json_rows, workbook
from scheduler.intake.encodings import find_encoding
from scheduler.intake.headings import Headings
from scheduler.intake.problems import UnreadableFile
from scheduler.intake.tables import Table

LARGEST_FILE = 128 * 1024 * 1024


def open_table(source: Path | bytes, headings: Headings) -> Table:
    """The table in a file, whatever its kind; the kind is told by the content, never by the name."""
    data = source if isinstance(source, bytes) else _read(source)
    if len(data) > LARGEST_FILE:
        raise UnreadableFile("file.too_large", limit=LARGEST_FILE // 2**20)
    if not data.strip(b" \t\r\n\xef\xbb\xbf"):
        raise UnreadableFile("file.empty")
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return workbook.read(data, headings)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise UnreadableFile("file.encrypted")
        raise UnreadableFile("file.format", found="XLS 97-2003")
    for magic, found in _FOREIGN.items():
        if data.startswith(magic):
            raise UnreadableFile("file.format", found=found)
    return _text_table(data, headings)


_FOREIGN = {
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"\x1f\x8b": "gzip",
    b"7z\xbc\xaf": "7z",
    b"Rar!": "RAR",
    b"<?xml": "XML",
    b"<!DOCTYPE": "HTML",
    b"<html": "HTML",
    b"{\\rtf": "RTF",
}


def _text_table(data: bytes, headings: Headings) -> Table:
    encoding = find_encoding(data)
    start = data[:4096].decode(encoding, errors="ignore").lstrip("\ufeff \t\r\n")
    if start.startswith(("{", "[")):
        return json_rows.read(data, encoding, headings)
    return delimited.read(data, encoding, headings)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as exc:
        raise UnreadableFile("file.unreadable", why=exc.strerror or type(exc).__name__) from exc
