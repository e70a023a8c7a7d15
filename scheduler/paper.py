"""What is printed: the phone list of a day, in large letters, for whoever sits at the telephone. Drawn by Typst.

Takes the document that `messages calls --json` shows, and knows nothing else.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, Literal

from channels.texts.filters import Words

_WORDS = {
    "th": {
        "title": "รายการโทร",
        "calls": "สาย",
        "before": "โทรก่อน",
        "orders": "เลขที่สั่งซื้อ",
        "no_phone": "ไม่มีเบอร์",
        "nobody": "วันนี้ไม่ต้องโทรหาใคร",
        "private": "มีข้อมูลส่วนตัว ใช้เสร็จแล้วทำลาย",
        "rider": "ไรเดอร์",
        "seller": "ผู้ขาย",
        "buyer": "ผู้ซื้อ",
        "coordinator": "ผู้ประสานงาน",
    },
    "en": {
        "title": "Phone list",
        "calls": "calls",
        "before": "call before",
        "orders": "order",
        "no_phone": "no number",
        "nobody": "nobody has to be phoned",
        "private": "Holds personal data: destroy it after use",
        "rider": "rider",
        "seller": "seller",
        "buyer": "buyer",
        "coordinator": "coordinator",
    },
}

_PAGE = """
#let told = json(bytes(sys.inputs.told))
#set document(title: told.title)
#set text(font: "Sarabun", size: 13pt, lang: told.language)
#set par(leading: 0.75em)
#set page(paper: "a4", margin: (x: 15mm, top: 15mm, bottom: 18mm), footer: context [
  #set text(size: 10pt, fill: luma(90))
  #told.private #h(1fr) #counter(page).display() / #counter(page).final().first()
])
#text(size: 20pt, weight: "bold", told.title) \\
#text(size: 15pt)[#told.day #h(1fr) #told.count]
#v(2mm)
#if told.calls.len() == 0 [#told.nobody]
#for call in told.calls {
  block(breakable: call.long, width: 100%, stroke: (top: 0.6pt + luma(120)), inset: (y: 3mm), grid(
    columns: (9mm, 1fr), gutter: 2mm,
    rect(width: 6mm, height: 6mm, stroke: 1pt),
    [
      #text(size: 16pt, weight: "bold")[#call.name] #h(1fr) #text(size: 16pt, weight: "bold")[#call.phone] \\
      #text(size: 11pt, fill: luma(60))[#call.who #h(1fr) #call.before]
      #block(inset: (left: 3mm), stroke: (left: 2pt + luma(180)), call.script)
    ],
  ))
}
"""
_LONG = 1200
"""Letters of a script that may not fit on one page: it may be broken."""


def phone_list(calls: Mapping[str, Any], market: str, language: Literal["th", "en"]) -> bytes:
    """The phone list as PDF, A4; `calls` is a `songsuk/messages.calls/1` document."""
    words, days = _WORDS[language], Words(language=language, reasons={})
    today = dt.date.fromisoformat(calls["date"])

    def until(stamp: str) -> str:
        moment = dt.datetime.fromisoformat(stamp)
        return days.clock(moment) if moment.date() == today else f"{days.day(moment.date())} {days.clock(moment)}"

    told = {
        "language": language,
        "title": f"{words['title']} · {market}",
        "day": days.day(today),
        "count": f"{len(calls['calls'])} {words['calls']}",
        "nobody": words["nobody"],
        "private": words["private"],
        "calls": [
            {
                "name": call["to"]["name"],
                "phone": call["phone"] or words["no_phone"],
                "who": " · ".join(
                    [
                        words[call["to"]["role"]],
                        call["message"][language],
                        *([f"{words['orders']} {', '.join(call['order_ids'])}"] if call["order_ids"] else []),
                    ]
                ),
                "before": f"{words['before']} {until(call['before'])}",
                "script": call["script"],
                "long": len(call["script"]) > _LONG,
            }
            for call in calls["calls"]
        ],
    }
    return drawn(_PAGE, told)


def drawn(page: str, told: Mapping[str, Any]) -> bytes:
    """A Typst page as PDF; it reads `told` from ``sys.inputs.told``. Only the fonts that come with us are used."""
    import fontpkg_sarabun
    import typst

    fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(fontpkg_sarabun.ROOT)])
    pdf: bytes = typst.compile(
        page.encode(), format="pdf", font_paths=fonts, sys_inputs={"told": json.dumps(told, ensure_ascii=False)}
    )
    return pdf
