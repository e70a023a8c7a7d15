"""`Texts`: the shipped wording with a market's own laid over it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from channels.base import Content
from channels.texts.filters import Words
from channels.texts.kinds import KINDS, sample
from channels.texts.reading import LANGUAGES, TABLES, Book, Wording, read
from channels.texts.templates import TextError, environment
from channels.texts.writing import FAILURES, Ready, laid_over, prepare

_log = logging.getLogger(__name__)


class Texts:
    """Writes notices. `own` is a market's wording that has passed its trial; see `load`."""

    def __init__(self, own: Book | None = None) -> None:
        self._own = own or Book()
        self._ready: dict[tuple[str, str, bool], Ready] = {}
        self._words = {language: _words(language, self._own) for language in LANGUAGES}
        self._environments = {language: environment(words) for language, words in self._words.items()}

    def compose(self, kind: str, facts: Mapping[str, Any], language: str) -> Content:
        """The notice of `kind` in `language`. A market's wording that fails on these facts gives way to the shipped."""
        if kind not in KINDS:
            raise TextError(f"no notice is called {kind!r}; there are: {', '.join(KINDS)}")
        if language not in LANGUAGES:
            raise TextError(f"no wording in {language!r}; there is: {', '.join(LANGUAGES)}")
        whole = {**KINDS[kind], **facts}
        if (language, kind) in self._own.wordings:
            try:
                return self._prepared(kind, language, own=True).write(whole, language)
            except FAILURES as fault:
                _log.warning("own wording of %s (%s) failed, the shipped one is used: %s", kind, language, type(fault))
        try:
            return self._prepared(kind, language, own=False).write(whole, language)
        except FAILURES as fault:
            absent = ", ".join(sample(kind, language).keys() - whole.keys())
            told = f"without {absent}" if absent else str(fault)
            raise TextError(f"{kind} ({language}) cannot be written: {told}") from fault

    def words(self, language: str) -> Words:
        """How `language` writes dates, money and reasons, for those who print tables."""
        return self._words[language]

    def _prepared(self, kind: str, language: str, *, own: bool) -> Ready:
        found = self._ready.get((kind, language, own))
        if found is None:
            wording = shipped().wordings[language, kind]
            if own:
                wording = laid_over(wording, self._own.wordings[language, kind])
            found = self._ready[kind, language, own] = prepare(self._environments[language], wording)
        return found


@cache
def as_shipped() -> Texts:
    """Our own wording alone, for all who want it: its templates are compiled once."""
    return Texts()


@cache
def shipped() -> Book:
    """Our own wording, read once by the same reader as a market's."""
    wordings: dict[tuple[str, str], Wording] = {}
    tables: dict[tuple[str, str], Mapping[str, str]] = {}
    for name in (f"{language}{part}.yaml" for language in LANGUAGES for part in ("", "-talk")):
        book = read(files("channels").joinpath("locales", name).read_text(encoding="utf-8"), KINDS)
        if book.problems:
            raise TextError(f"locales/{name}: {book.problems[0]}")
        wordings.update(book.wordings)
        for key, table in book.tables.items():
            tables[key] = {**tables.get(key, {}), **table}
    return Book(wordings=wordings, tables=tables)


def _words(language: str, own: Book) -> Words:
    phrases: dict[str, str] = {}
    for book in (shipped(), own):
        for table in TABLES:
            phrases |= book.tables.get((language, table), {})
    return Words(language=language, reasons=phrases)
