"""What is said of a market's parts and days: references, times, addresses, waves, what an edit may not do."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str, str, str]] = {
    # ids and references
    "id.format": (
        "รหัส {value} ใช้ไม่ได้",
        "{value} cannot be an id",
        "ใช้ a-z 0-9 - _ และขึ้นต้นด้วยตัวอักษรอังกฤษ",
        "use a-z 0-9 - _, beginning with a letter",
    ),
    "id.duplicate": (
        "รหัส {value} ซ้ำ (มีแล้วที่ {first})",
        "the id {value} is used twice (first at {first})",
        "ตั้งรหัสใหม่",
        "give it another id",
    ),
    "reference.unknown": ("ไม่มี {value} ใน {family}", "there is no {value} among the {family}", "{meant}", "{meant}"),
    "channel.unknown": ("ไม่มีช่องทางแชต {value}", "there is no channel {value}", "{meant}", "{meant}"),
    # times and dates
    "time.format": (
        "{value} ไม่ใช่เวลา",
        "{value} is not a time of day",
        "เขียน ชั่วโมง:นาที เช่น 18:00",
        "write hours:minutes, e.g. 18:00",
    ),
    "range.format": (
        "{value} ไม่ใช่ช่วงเวลา",
        "{value} is not a time range",
        "เขียน เช่น 09:30-11:30",
        "write it like 09:30-11:30",
    ),
    "range.backwards": (
        "ช่วงเวลา {value} จบก่อนหรือพร้อมเวลาเริ่ม",
        "the time range {value} does not end after it begins",
        "เขียนเวลาเริ่มก่อนเวลาจบ เช่น 09:30-11:30",
        "write the earlier time first, e.g. 09:30-11:30",
    ),
    "date.format": (
        "{value} ไม่ใช่วันที่",
        "{value} is not a date",
        "เขียน ปี ค.ศ.-เดือน-วัน เช่น 2026-12-31",
        "write it like 2026-12-31",
    ),
    "date.buddhist": (
        "{value} เป็นปี พ.ศ.",
        "{value} has a Buddhist-era year",
        "เขียนเป็น ค.ศ.: {right}",
        "write {right}",
    ),
    "send.format": (
        "{value} ไม่ใช่เวลาส่ง",
        "{value} is not a time to send",
        "เขียน dispatch, approval หรือเวลา เช่น 19:00",
        "write dispatch, approval or a time like 19:00",
    ),
    "time_zone.unknown": ("ไม่รู้จักเขตเวลา {value}", "unknown time zone {value}", "{meant}", "{meant}"),
    "country.unknown": ("ไม่มีปฏิทินวันหยุดของ {value}", "there is no holiday calendar for {value}", "เขียน TH", "write TH"),
    # addresses on the net
    "url.format": (
        "{value} ไม่ใช่ที่อยู่เว็บ",
        "{value} is not a web address",
        "เขียน เช่น https://example.org",
        "write it like https://example.org",
    ),
    "url.slash": ("ที่อยู่เว็บลงท้ายด้วย /", "the address ends with a slash", "เขียน {right}", "write {right}"),
    "tambon.format": (
        "{value} ไม่ใช่รหัสตำบล",
        "{value} is not a tambon code",
        "เขียนเลข 6 หลัก เช่น 840101",
        "write six digits, e.g. 840101",
    ),
    # waves
    "wave.cut_off_late": (
        "เวลาปิดรับออเดอร์ไม่อยู่ก่อนเวลา{before}",
        "the cut-off is not before {before}",
        "ตั้ง cut_off ให้เร็วขึ้น หรือเพิ่ม days_before",
        "make the cut-off earlier, or raise its days_before",
    ),
    "wave.approve_by": (
        "เส้นตายอนุมัติไม่อยู่ระหว่างเวลาปิดรับกับเวลาปล่อยรถ",
        "approve_by is not between the cut-off and the dispatch",
        "ตั้งให้หลัง cut_off และไม่เกิน dispatch",
        "set it after the cut-off and no later than the dispatch",
    ),
    "wave.dispatch_late": (
        "เวลาปล่อยรถอยู่หลังเวลาเริ่มรับของ",
        "the dispatch is after the pickups begin",
        "ตั้ง dispatch ไม่เกินเวลาเริ่มของ pickup",
        "dispatch no later than the start of pickup",
    ),
    "wave.deliver_early": (
        "ช่วงส่งของเริ่มหรือจบก่อนช่วงรับของ",
        "the deliveries begin or end before the pickups do",
        "ตั้ง deliver ให้อยู่หลัง pickup",
        "set deliver after pickup",
    ),
    # what an edit may not do to a running market
    "market.changed": (
        "ฐานข้อมูลนี้เป็นของตลาด {value} เปลี่ยน id ไม่ได้",
        "this database belongs to the market {value}: its id cannot change",
        "เขียน {value} ตามเดิม ตลาดอื่นต้องใช้ฐานข้อมูลของตัวเอง (SONGSUK_DATABASE_URL)",
        "write {value} again; another market needs a database of its own (SONGSUK_DATABASE_URL)",
    ),
    "channel.official": (
        "ช่องทาง {channel} ส่งถึงคนจริง ขณะที่ตั้ง SONGSUK_CLOCK หรือ SONGSUK_FAILPOINTS ไว้",
        "the channel {channel} would reach real people while SONGSUK_CLOCK or SONGSUK_FAILPOINTS is set",
        "เปลี่ยน api_base หรือเริ่มใหม่โดยไม่ตั้งตัวแปรนี้",
        "point api_base elsewhere, or start again without the variable",
    ),
    "engine.needs_postgresql": (
        "ให้หลายเครื่องช่วยวางแผนไม่ได้ เพราะฐานข้อมูลนี้คือ SQLite",
        "several machines cannot plan together over SQLite",
        "เขียน local หรือย้ายไป PostgreSQL ด้วย songsuk db backup และ restore (SONGSUK_DATABASE_URL)",
        "write local, or move to PostgreSQL by songsuk db backup and restore (SONGSUK_DATABASE_URL)",
    ),
    # the rest
    "crossing.off_barrier": (
        "จุดข้าม {value} อยู่ห่างจากแนว {barrier} {metres} เมตร",
        "the crossing {value} is {metres} m away from {barrier}",
        "ย้ายจุดข้ามไปที่ {place} ซึ่งอยู่บนแนว",
        "move it onto the line, to {place}",
    ),
    "secret.missing": (
        "ช่องทาง {channel} เปิดอยู่ แต่ยังไม่ได้ตั้ง {variable}",
        "the channel {channel} is on and {variable} is not set",
        "ตั้งตัวแปร {variable} (หรือ {variable}_FILE) หรือลบช่องทางนี้ออก",
        "set {variable} (or {variable}_FILE), or remove the channel",
    ),
    "secret.unreadable": (
        "อ่านไฟล์ {value} ของ {variable}_FILE ไม่ได้ ({reason})",
        "{value}, which {variable}_FILE names, cannot be read ({reason})",
        "ตรวจชื่อไฟล์และสิทธิ์การเปิดอ่าน หรือลบตัวแปร {variable}_FILE ออก",
        "check its path and permissions, or unset {variable}_FILE",
    ),
}
