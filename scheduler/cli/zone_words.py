"""How zones and their changes look at the terminal: the list, what moved, the lines that change and what comes next.

Knows what an edit came to; nothing of how it was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scheduler.cli import screen
from scheduler.cli.screen import Words

if TYPE_CHECKING:
    from scheduler.config import Report
    from scheduler.editing import FileChange, Placed

COLUMNS = {
    "th": ["โซน", "ชื่อ", "ชุมชน", "ตร.กม.", "จุด", "ลำดับ", "บาท", "รอบ", "ไฟล์"],
    "en": ["zone", "name", "community", "km²", "points", "priority", "baht", "waves", "file"],
}
ACTIONS: Mapping[str, Words] = {
    "added": {"th": "โซนใหม่", "en": "new"},
    "moved": {"th": "ขอบเขตเปลี่ยน", "en": "moved"},
    "same": {"th": "เหมือนเดิม", "en": "as it was"},
}


def show_list(rows: Sequence[Mapping[str, Any]]) -> None:
    """The zones of a config file."""
    chosen = screen.language()
    screen.table(
        "",
        screen.spoken(COLUMNS),
        (
            [
                row["id"],
                row["name"][chosen] or row["name"]["th"],
                row["community"],
                f"{row['km2']:.2f}",
                row["points"],
                row["priority"],
                f"{row['fee_baht']:g}",
                " ".join(row["waves"]),
                row["file"],
            ]
            for row in rows
        ),
        right=range(3, 7),
    )


def placed(each: Placed) -> dict[str, Any]:
    """What became of one area, as a document has it."""
    before = None if each.km2_before is None else round(each.km2_before, 3)
    return {
        "id": each.id,
        "feature": each.feature,
        "action": each.action,
        "file": each.file,
        "km2_before": before,
        "km2": round(each.km2, 3),
    }


def show_zones(zones: Iterable[Placed]) -> None:
    """What became of each area, a line each."""
    unit = screen.spoken({"th": "ตร.กม.", "en": "km²"})
    for each in zones:
        before = f"{each.km2_before:.2f} → " if each.km2_before is not None and each.action != "same" else ""
        action = screen.spoken(ACTIONS[each.action])
        screen.out().print(f"{each.id}: {action} ({before}{each.km2:.2f} {unit})", markup=False)


def show_remarks(remarks: Iterable[Mapping[str, Any]]) -> None:
    """What was mended or left out, beside the answer."""
    chosen = screen.language()
    for remark in remarks:
        place = f"{remark['path']}: " if remark["path"] else ""
        hint = f"; {remark['hint'][chosen]}" if remark["hint"][chosen] else ""
        screen.say(f"{place}{remark['message'][chosen]}{hint}")


def show_changes(files: Sequence[FileChange], report: Report, *, dry_run: bool) -> None:
    """The lines that change, what is doubtful about the result, and what comes next."""
    for change in files:
        for line in change.diff():
            screen.out().print(line, markup=False, soft_wrap=True)
    for problem in report.warnings:
        screen.say(problem.text(screen.language()))
    names = ", ".join(change.name for change in files)
    if not files:
        said = {"th": "ไม่มีอะไรเปลี่ยน", "en": "nothing changes"}
    elif dry_run:
        said = {"th": f"ยังไม่ได้เขียน {names} (--dry-run)", "en": f"{names} not written (--dry-run)"}
    elif report.config is not None and report.config.config.publish == "manual":
        said = {
            "th": f"เขียน {names} แล้ว มีผลเมื่อสั่ง songsuk config publish",
            "en": f"{names} written; songsuk config publish puts it in force",
        }
    else:
        said = {
            "th": f"เขียน {names} แล้ว มีผลตั้งแต่รอบถัดไปที่ยังไม่ปิด ย้อนกลับได้ด้วย songsuk config rollback",
            "en": f"{names} written; in force from the next wave not yet closed; songsuk config rollback takes it back",
        }
    screen.say(screen.spoken(said))
