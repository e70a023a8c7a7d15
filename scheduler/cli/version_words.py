"""How versions of the config are spoken of at the terminal: the log's table, and what came of a step.

Knows the documents of `config publish`, `rollback` and `log`; nothing of where they come from.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from scheduler.cli import screen
from scheduler.cli.screen import Words

MOST_KEYS = 12
"""How many changed keys one line names."""
LOG = {
    "th": ["เวอร์ชัน", "เมื่อ", "โดย", "สถานะ", "เปลี่ยนอะไร", "เพราะ"],
    "en": ["version", "when", "by", "state", "what changed", "why"],
}
STATES: dict[str, Words] = {
    "in_force": {"th": "ใช้อยู่", "en": "in force"},
    "waiting": {"th": "รอถึงวัน", "en": "waits for its day"},
    "past": {"th": "เลิกใช้", "en": "past"},
    "withdrawn": {"th": "ถอนก่อนถึงวัน", "en": "withdrawn"},
}


def show_log(rows: Sequence[dict[str, Any]]) -> None:
    """The log's table, the latest first."""
    screen.table(
        "",
        screen.spoken(LOG),
        (
            [
                row["version"],
                f"{dt.datetime.fromisoformat(row['at']):%Y-%m-%d %H:%M}",
                row["actor"],
                screen.spoken(STATES[row["state"]]) + (f" {row['from']}" if row["state"] == "waiting" else ""),
                _in_words(row["changes"], row["restores"], first=row["version"] == 1),
                row["note"],
            ]
            for row in rows
        ),
    )


def show(found: dict[str, Any]) -> None:
    """What came of `publish` or `rollback`, in a few lines."""
    version, wave, file = found["version"], found["first_wave"], found["file"]
    when = {
        "th": f"ตั้งแต่รอบ {wave['wave']} วันที่ {wave['date']}" if wave else "ตั้งแต่รอบถัดไปที่ยังไม่ปิด",
        "en": f"from the wave {wave['wave']} of {wave['date']} on" if wave else "from the next wave not yet closed",
    }
    back = dict.fromkeys(when, "")
    if found["restores"] is not None:
        back = {"th": f" (ข้อความของเวอร์ชัน {found['restores']})", "en": f" (the text of version {found['restores']})"}
    already = {"th": "อยู่แล้ว " if found["already"] else "", "en": " already" if found["already"] else ""}
    lines: list[Words] = [
        {
            "th": f"เวอร์ชัน {version}{back['th']} มีผล{already['th']}{when['th']}",
            "en": f"version {version}{back['en']} is in force{already['en']} {when['en']}",
        }
    ]
    changed = _words_of(found["changes"])
    if changed["en"]:
        lines.append({"th": f"เปลี่ยน: {changed['th']}", "en": f"changed: {changed['en']}"})
    for number in found["replaces"]:
        lines.append(
            {
                "th": f"เวอร์ชัน {number} ที่รอถึงวันจะไม่ถูกใช้แล้ว",
                "en": f"version {number}, which waits for its day, will not come in force any more",
            }
        )
    if file.get("no_longer_read"):
        beside = ", ".join(file["no_longer_read"])
        lines.append(
            {
                "th": f"เนื้อหาของ {beside} อยู่ใน {file['name']} เองแล้ว จากนี้ระบบไม่อ่านไฟล์เหล่านี้",
                "en": f"what {beside} held stands in {file['name']} itself now: those files are not read any more",
            }
        )
    if file["version"] != version and file["in_force"]:
        lines.append(
            {
                "th": f"ก่อนถึงวันนั้นยังใช้ {file['name']} ตามเดิม เมื่อถึงวันให้คัดลอกร่างทับ {file['name']}",
                "en": f"until then {file['name']} stays what is in force; copy the draft over it when the day has come",
            }
        )
    elif file["version"] != version:
        holds = {
            "th": f"ยังเป็นข้อความของเวอร์ชัน {file['version']}" if file["version"] else "มีการแก้ที่ไม่เป็นเวอร์ชันใด",
            "en": f"still holds version {file['version']}" if file["version"] else "holds an edit that is no version",
        }
        lines.append(
            {
                "th": f"ไฟล์ {file['name']} {holds['th']} ระบบจะไม่นำมาใช้อีกจนกว่าจะมีคนแก้ไฟล์",
                "en": f"{file['name']} {holds['en']}; it is not taken up again until somebody edits it",
            }
        )
    for line in lines:
        screen.out().print(screen.spoken(line), markup=False, soft_wrap=True)


def _in_words(changes: dict[str, Any], restores: int | None, *, first: bool) -> str:
    if first:
        return screen.spoken({"th": "เวอร์ชันแรก", "en": "the first one"})
    back = {"th": f"กลับไปเวอร์ชัน {restores}; ", "en": f"back to version {restores}; "}
    text = screen.spoken(_words_of(changes)) or screen.spoken({"th": "ค่าไม่เปลี่ยน", "en": "no value"})
    return (screen.spoken(back) if restores is not None else "") + text


def _words_of(changes: dict[str, Any]) -> Words:
    """``new zone: a · moved: b · waves.midday.cut_off``"""
    zones, keys = changes["zones"], changes["keys"]
    named = (
        ("added", "โซนใหม่", "new"),
        ("removed", "โซนที่เอาออก", "gone"),
        ("moved", "ขอบเขตเปลี่ยน", "moved"),
    )
    shown = keys[:MOST_KEYS] + ([f"+{len(keys) - MOST_KEYS}"] if len(keys) > MOST_KEYS else [])
    listed = [", ".join(shown)] if shown else []
    return {
        "th": " · ".join([*(f"{th}: {', '.join(zones[name])}" for name, th, _ in named if zones[name]), *listed]),
        "en": " · ".join([*(f"{en}: {', '.join(zones[name])}" for name, _, en in named if zones[name]), *listed]),
    }
