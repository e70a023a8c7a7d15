"""A rich menu: a few words side by side, as LINE is told of them, and their picture in letters easy to read.

Drawn by Typst. The menu's name carries a digest of all that it shows, so that the same menu is known again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from channels.base import Menu

PREFIX = "songsuk-"
"""Of the names of our menus; others are somebody else's."""
_CHAT_BAR = {"th": "เมนู", "en": "Menu"}
WIDTH, HEIGHT = 2500, 843
"""Pixels; the half-height menu that LINE recommends."""

_PAGE = """
#set page(width: 1250pt, height: 421.5pt, margin: 0pt)
#set text(font: "Sarabun", weight: "bold", fill: white)
#let words = json(bytes(sys.inputs.words))
#context {
  let widest = calc.max(..words.map(word => measure(text(size: 100pt, word)).width))
  let size = calc.min(100pt, 100pt * (0.88 * 1250pt / words.len() / widest))
  grid(
    columns: words.map(_ => 1fr), rows: 100%, gutter: 4pt,
    ..words.map(word => rect(
      width: 100%, height: 100%, fill: rgb("#1B5E20"), stroke: none, align(center + horizon, text(size: size, word)),
    ))
  )
}
"""
"""As large as the longest word lets all of them be."""


def rich_menu(menu: Menu) -> dict[str, Any]:
    """LINE's description of the menu: one tap area for each word, side by side."""
    width = WIDTH // max(1, len(menu.words))
    shown: dict[str, Any] = {
        "size": {"width": WIDTH, "height": HEIGHT},
        "selected": True,
        "chatBarText": _CHAT_BAR.get(menu.language, _CHAT_BAR["en"]),
        "areas": [
            {
                "bounds": {"x": at * width, "y": 0, "width": width, "height": HEIGHT},
                "action": {"type": "message", "label": said[:20], "text": said},
            }
            for at, (_, said) in enumerate(menu.words)
        ],
    }
    drawn = json.dumps([shown, _PAGE], sort_keys=True).encode()
    return {**shown, "name": f"{PREFIX}{menu.name}-{hashlib.sha256(drawn).hexdigest()[:12]}"}


def picture(words: Sequence[str]) -> bytes:
    """The menu as PNG."""
    import fontpkg_sarabun
    import typst

    fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(fontpkg_sarabun.ROOT)])
    drawn: bytes = typst.compile(
        _PAGE.encode(),
        format="png",
        ppi=144.0,
        font_paths=fonts,
        sys_inputs={"words": json.dumps(list(words), ensure_ascii=False)},
    )
    return drawn
