"""What each problem says, in Thai and English: what is wrong, and what to write instead.

Knows codes and facts, nothing of where they come from; the words themselves stand in words/.
"""

from __future__ import annotations

from collections.abc import Mapping

from scheduler.config.words import market, places, text

_LONGEST = 60

WORDING: Mapping[str, tuple[str, str, str, str]] = {**text.WORDS, **market.WORDS, **places.WORDS}
"""Each code: Thai, English, Thai hint, English hint."""


def wording(code: str, facts: Mapping[str, object]) -> tuple[dict[str, str], dict[str, str]]:
    """(message, hint), each ``{"th", "en"}``. A fact that reads differently in the two comes as ``x_th``/``x_en``."""
    th, en, hint_th, hint_en = WORDING[code]
    shown = {name: str(fact) if name.startswith("meant") else _short(fact) for name, fact in facts.items()}
    thai = {name.removesuffix("_th"): fact for name, fact in shown.items() if not name.endswith("_en")}
    english = {name.removesuffix("_en"): fact for name, fact in shown.items() if not name.endswith("_th")}
    return (
        {"th": th.format(**thai), "en": en.format(**english)},
        {"th": hint_th.format(**thai), "en": hint_en.format(**english)},
    )


def near(word: str, known: list[str]) -> str | None:
    """The right word that a wrong one most likely means, if any is near."""
    from difflib import get_close_matches

    word = word[:_LONGEST]
    close = get_close_matches(word, known, n=1, cutoff=0.6) or get_close_matches(
        word.lower(), [name for name in known if name == name.lower()], n=1, cutoff=0.6
    )
    return close[0] if close else None


def nearest(word: str, known: list[str]) -> dict[str, str]:
    """The fact ``meant``: the nearest right word, or the list of what may be written."""
    known = list(dict.fromkeys(known))
    close = near(word, known)
    if close is not None:
        return {"meant_th": f"หมายถึง {close} ใช่ไหม", "meant_en": f"did you mean {close}?"}
    if not known:
        return {"meant_th": "ลบบรรทัดนี้ออก", "meant_en": "remove it"}
    listed = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
    return {"meant_th": f"เขียนได้: {listed}", "meant_en": f"write one of: {listed}"}


def _short(fact: object) -> str:
    text = " ".join(str(fact).split()) or '""'
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
