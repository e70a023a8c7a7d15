"""The picture of the rich menu: a few words side by side, in letters that are easy to read. Drawn by Typst."""

from __future__ import annotations

import json
from collections.abc import Sequence

WIDTH, HEIGHT = 2500, 843
"""Pixels; the half-height menu that LINE recommends."""

_PAGE = """
#set page(width: 1250pt, height: 421.5pt, margin: 0pt)
#set text(font: "Sarabun", size: 64pt, weight: "bold", fill: white)
#let words = json(bytes(sys.inputs.words))
#grid(
  columns: words.map(_ => 1fr), rows: 100%, gutter: 4pt,
  ..words.map(word => rect(
    width: 100%, height: 100%, fill: rgb("#1B5E20"), stroke: none, align(center + horizon, word),
  ))
)
"""


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
