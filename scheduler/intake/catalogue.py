"""Every code of the intake and what it says, in Thai and English. Knows words only; who says them is elsewhere.

Codes are stable and documented in docs/reference/csv.md. Placeholders in braces are filled by whoever reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    message: Mapping[str, str]
    hint: Mapping[str, str]


def _say(th: str, en: str, hint_th: str, hint_en: str) -> Words:
    return Words({"th": th, "en": en}, {"th": hint_th, "en": hint_en})


CATALOGUE: Mapping[str, Words] = {
    # --- the file: nothing of it is taken ---------------------------------------------------------------------------
    "file.unreadable": _say(
        "เปิดไฟล์ไม่ได้: {why}",
        "the file cannot be opened: {why}",
        "ตรวจชื่อไฟล์และสิทธิ์การอ่าน",
        "check the name and that it may be read",
    ),
    "file.empty": _say("ไฟล์ว่าง", "the file is empty", "บันทึกไฟล์ใหม่แล้วลองอีกครั้ง", "save it again and retry"),
    "file.too_large": _say(
        "ไฟล์ใหญ่เกิน {limit} MB",
        "the file is larger than {limit} MB",
        "แบ่งเป็นหลายไฟล์",
        "split it into several files",
    ),
    "file.too_many_rows": _say(
        "มีมากกว่า {limit} แถว",
        "there are more than {limit} rows",
        "แบ่งเป็นหลายไฟล์",
        "split it into several files",
    ),
    "file.format": _say(
        "ไฟล์นี้ไม่ใช่ตารางที่อ่านได้ ({found})",
        "this is not a table we can read ({found})",
        "บันทึกเป็น CSV, TSV, XLSX หรือ JSON",
        "save it as CSV, TSV, XLSX or JSON",
    ),
    "file.encrypted": _say(
        "ไฟล์มีรหัสผ่าน",
        "the file is protected by a password",
        "เอารหัสผ่านออกแล้วบันทึกใหม่",
        "remove the password and save it again",
    ),
    "file.encoding": _say(
        "อ่านตัวอักษรในไฟล์ไม่ได้ (ไบต์ที่ {byte})",
        "the characters cannot be read (byte {byte})",
        "บันทึกเป็น CSV UTF-8 หรือ XLSX",
        "save it as CSV UTF-8 or XLSX",
    ),
    "file.nul": _say(
        "ไฟล์มีไบต์ว่าง (NUL) จึงไม่ใช่ข้อความ",
        "the file holds NUL bytes, so it is not text",
        "บันทึกเป็น CSV UTF-8 หรือ XLSX",
        "save it as CSV UTF-8 or XLSX",
    ),
    "file.line_too_long": _say(
        "บรรทัดที่ {line} ยาวเกิน {limit} ตัวอักษร",
        "line {line} is longer than {limit} characters",
        "ตรวจเครื่องหมายคำพูดและการขึ้นบรรทัด",
        "check its quotation marks and line breaks",
    ),
    "file.quotes": _say(
        "เครื่องหมายคำพูดที่เปิดในแถว {row} ไม่ได้ปิด",
        "a quotation mark opened in row {row} is never closed",
        'ปิดด้วย " หรือลบออก',
        'close it with " or remove it',
    ),
    "file.json": _say(
        "JSON ไม่ถูกต้องที่ตัวอักษร {at}: {why}",
        "not valid JSON at character {at}: {why}",
        'ต้องเป็น [{{…}}] หรือ {{"{key}":[{{…}}]}}',
        'write [{{…}}] or {{"{key}":[{{…}}]}}',
    ),
    "file.zip_bomb": _say(
        "ไฟล์ขยายแล้วใหญ่ผิดปกติ จึงไม่เปิด",
        "the workbook would unpack to an absurd size and was not opened",
        "คัดลอกเฉพาะตารางไปไว้ในไฟล์ใหม่",
        "copy just the table into a new file",
    ),
    "file.xml_entities": _say(
        "ไฟล์มีการประกาศ XML ที่ไม่อนุญาต",
        "the workbook declares XML entities, which is not allowed",
        "เปิดด้วยโปรแกรมตารางแล้วบันทึกใหม่",
        "open it in a spreadsheet program and save it again",
    ),
    "file.workbook": _say(
        "ไฟล์ XLSX เสีย: {why}",
        "the XLSX file is damaged: {why}",
        "เปิดด้วยโปรแกรมตารางแล้วบันทึกใหม่",
        "open it in a spreadsheet program and save it again",
    ),
    "file.no_header": _say(
        "ไม่พบแถวหัวตารางใน {limit} แถวแรก",
        "no heading row found in the first {limit} rows",
        "ใส่หัวคอลัมน์ เช่น {example}",
        "add column headings such as {example}",
    ),
    "columns.missing": _say(
        "ขาดคอลัมน์ {columns}",
        "missing columns: {columns}",
        "{near_th}",
        "{near_en}",
    ),
    "columns.twice": _say(
        "มีสองคอลัมน์สำหรับ {column}: {headings}",
        "two columns for {column}: {headings}",
        "เก็บไว้เพียงคอลัมน์เดียว",
        "keep only one of them",
    ),
    "role.unknown": _say(
        "ไม่รู้ว่าเป็นรายชื่อของใคร",
        "nothing tells whose list this is",
        "ใส่คอลัมน์ rider_id, seller_id, buyer_ref หรือ coordinator_id",
        "add a column rider_id, seller_id, buyer_ref or coordinator_id",
    ),
    "role.ambiguous": _say(
        "มีคอลัมน์รหัสหลายแบบ: {columns}",
        "several id columns: {columns}",
        "เก็บไว้แบบเดียว หรือระบุ --role",
        "keep one, or name the role with --role",
    ),
    # --- the row ----------------------------------------------------------------------------------------------------
    "row.quotes": _say(
        "เครื่องหมายคำพูดในแถวนี้ไม่ถูกต้อง",
        "the quotation marks of this row are wrong",
        'เขียน " ในข้อความเป็น ""',
        'write a " inside text as ""',
    ),
    "row.too_wide": _say(
        "แถวนี้มีช่องมากกว่าหัวตาราง",
        "this row has more cells than there are headings",
        "ใส่ข้อความที่มีเครื่องหมายคั่นไว้ในเครื่องหมายคำพูด",
        "put text that holds the separator between quotation marks",
    ),
    "row.not_object": _say(
        "รายการนี้ไม่ใช่ออบเจกต์ JSON",
        "this entry is not a JSON object",
        'เขียนเป็น {{"ชื่อคอลัมน์": ค่า}}',
        'write {{"column": value}}',
    ),
    "row.repeated": _say(
        "แถวนี้ซ้ำกับแถว {row} ทุกช่อง นับครั้งเดียว",
        "this row repeats row {row} exactly; it counts once",
        "ไม่ต้องแก้ไข หรือลบแถวที่ซ้ำ",
        "nothing to do, or remove the copy",
    ),
    "column.unknown": _say(
        "ไม่รู้จักคอลัมน์นี้ จึงไม่อ่าน",
        "unknown column, not read",
        "{near_th}",
        "{near_en}",
    ),
    "column.twice": _say(
        "มีสองค่าสำหรับคอลัมน์เดียวกัน",
        "two values for one column",
        "เก็บไว้เพียงค่าเดียว",
        "keep only one of them",
    ),
    "sheet.ignored": _say(
        "อ่านเฉพาะแผ่นงาน {sheet}",
        "only the sheet {sheet} was read",
        "ย้ายแผ่นงานอื่นไปเป็นไฟล์แยก",
        "put the other sheets into files of their own",
    ),
    "required.missing": _say("ต้องมีค่าในช่องนี้", "a value is required here", "กรอก {columns}", "fill in {columns}"),
    "order.conflict": _say(
        "ไม่ตรงกับแถว {row} ของออเดอร์เดียวกัน ({first})",
        "does not agree with row {row} of the same order ({first})",
        "แถวของออเดอร์เดียวกันต้องมีผู้ซื้อ สถานที่ และเวลาเดียวกัน",
        "rows of one order must have the same buyer, place and window",
    ),
    "order.incomplete": _say(
        "บางแถวของออเดอร์นี้ไม่ผ่าน (แถว {rows}) ออเดอร์จึงยังไม่ครบ",
        "other rows of this order were rejected (row {rows}), so it is not complete",
        "แก้แถวนั้นแล้วนำเข้าไฟล์อีกครั้งก่อนปิดรอบ",
        "repair them and import the file again before the cut-off",
    ),
    "member.conflict": _say(
        "รหัสนี้มีแล้วในแถว {row} แต่ข้อมูลไม่ตรงกัน",
        "this id already stands in row {row} with other values",
        "เก็บไว้เพียงแถวเดียว",
        "keep only one of the rows",
    ),
    # --- the cell ---------------------------------------------------------------------------------------------------
    "text.control": _say(
        "มีอักขระควบคุมที่มองไม่เห็น",
        "invisible control characters",
        "พิมพ์ค่านี้ใหม่",
        "type the value again",
    ),
    "text.bidi": _say(
        "ตัดอักขระกลับทิศข้อความออกแล้ว",
        "characters that reverse the reading direction were removed",
        "ตรวจว่าข้อความยังถูกต้อง",
        "check that the text is still right",
    ),
    "text.formula": _say(
        "ขึ้นต้นเหมือนสูตร เก็บไว้เป็นข้อความ",
        "begins like a formula; kept as plain text",
        "ลบเครื่องหมาย {sign} ถ้าไม่ได้ตั้งใจ",
        "remove the {sign} if it is not meant",
    ),
    "text.too_long": _say("ยาวเกิน {limit} ตัวอักษร", "longer than {limit} characters", "เขียนให้สั้นลง", "make it shorter"),
    "value.type": _say("ชนิดของค่าไม่ถูกต้อง", "a value of the wrong kind", "ใส่เป็นข้อความหรือตัวเลข", "write text or a number"),
    "value.unknown": _say("ไม่รู้จักค่านี้", "not one of the known values", "ใช้ {choices}", "use {choices}"),
    "id.invalid": _say(
        "รหัสไม่ถูกต้อง",
        "not a usable id",
        "ใช้ตัวอักษร ตัวเลข และขีด ไม่เกิน 64 ตัว",
        "letters, digits and dashes, at most 64",
    ),
    "id.date": _say(
        "โปรแกรมตารางเปลี่ยนรหัสเป็นวันที่ไปแล้ว",
        "the spreadsheet turned this id into a date",
        "ตั้งรูปแบบช่องเป็นข้อความแล้วพิมพ์ใหม่",
        "format the cell as text and type the id again",
    ),
    "phone.invalid": _say(
        "เบอร์โทรไม่ถูกต้อง",
        "not a Thai phone number",
        "ใส่เบอร์เดียว มือถือสิบหลัก เช่น 08x-xxx-xxxx",
        "one number; a mobile has ten digits, like 08x-xxx-xxxx",
    ),
    "chat_id.invalid": _say(
        "รหัสผู้ใช้แชตไม่ถูกต้อง",
        "not a chat id",
        "ใส่รหัสที่ระบบแชตออกให้ (LINE ขึ้นต้นด้วย U, Telegram เป็นตัวเลข) ไม่ใช่ชื่อที่ตั้งเอง",
        "the id the service gives (LINE: begins with U, Telegram: a number), not a chosen name",
    ),
    "date.invalid": _say(
        "วันที่ไม่ถูกต้อง",
        "not a date",
        "เขียนเช่น 2026-11-24, 24/11/2569 หรือ 24 พ.ย. 2569",
        "write 2026-11-24, 24/11/2569 or 24 Nov 2026",
    ),
    "date.ambiguous": _say(
        "วันที่นี้อ่านได้หลายแบบ",
        "this date can be read in more than one way",
        "เขียนวันก่อนเดือนและปีสี่หลัก หรือ 2026-11-24",
        "write the day before the month and a four-digit year, or 2026-11-24",
    ),
    "date.day_first": _say(
        "อ่านเป็นวันก่อนเดือน",
        "read with the day before the month",
        "ถ้าไม่ใช่ เขียนแบบ 2026-11-24",
        "if wrong, write 2026-11-24",
    ),
    "date.past": _say(
        "วันส่งอยู่ก่อนวันที่สั่ง ({placed})",
        "the day of delivery is before the day it was ordered ({placed})",
        "ใส่วันที่ต้องการให้ส่ง หรือแก้เวลาสั่ง (placed_at)",
        "write the day it should be delivered, or mend placed_at",
    ),
    "date.over": _say(
        "วันส่งนี้ผ่านไปแล้ว",
        "this day is over",
        "ส่งไปแล้วให้ลบแถวนี้หรือใส่ status=cancelled ถ้ายังไม่ส่ง songsuk serve จะเลื่อนไปรอบถัดไปและแจ้งผู้ซื้อ",
        "if it was delivered, leave the row out or write status=cancelled; "
        "if not, songsuk serve moves it to the next wave and tells the buyer",
    ),
    "date.far": _say("วันที่ห่างจากวันนี้เกินหนึ่งปี", "more than a year from today", "ตรวจปีอีกครั้ง", "check the year"),
    "instant.invalid": _say(
        "วันเวลาไม่ถูกต้อง",
        "not a date and time",
        "เขียนเช่น 2026-11-23T18:31:00+07:00 หรือ 23/11/2569 18:31",
        "write 2026-11-23T18:31:00+07:00 or 23/11/2569 18:31",
    ),
    "instant.no_time": _say(
        "ไม่มีเวลา จึงใช้เวลาที่ได้รับไฟล์แทน",
        "no time of day, so the time of import is used",
        "ใส่เวลาด้วย เช่น 18:31",
        "add the time, e.g. 18:31",
    ),
    "time.invalid": _say(
        "เวลาไม่ถูกต้อง", "not a time of day", "เขียนแบบ 24 ชั่วโมง เช่น 13:30", "write 24-hour time, e.g. 13:30"
    ),
    "window.invalid": _say("ช่วงเวลาไม่ถูกต้อง", "not a time window", "เขียนเช่น 11:00-13:00", "write 11:00-13:00"),
    "window.reversed": _say(
        "เวลาสิ้นสุดอยู่ก่อนเวลาเริ่ม", "the window ends before it begins", "เขียนเช่น 11:00-13:00", "write 11:00-13:00"
    ),
    "window.night": _say(
        "ช่วงเวลานี้อยู่ก่อนรุ่งเช้า",
        "this window lies before dawn",
        "ถ้าหมายถึงบ่าย เขียนแบบ 24 ชั่วโมง เช่น 13:30",
        "if the afternoon is meant, write 24-hour time, e.g. 13:30",
    ),
    "number.invalid": _say("ตัวเลขไม่ถูกต้อง", "not a number", "เขียนเช่น 2 หรือ 2.5", "write 2 or 2.5"),
    "number.ambiguous": _say(
        "ตัวเลขนี้อ่านได้หลายแบบ",
        "this number can be read in more than one way",
        "ใช้จุดสำหรับทศนิยม เช่น 1240.5",
        "use a point for decimals, e.g. 1240.5",
    ),
    "number.negative": _say("ค่าติดลบ", "a negative amount", "ใส่ศูนย์หรือมากกว่า", "zero or more"),
    "number.too_large": _say("ค่ามากเกิน {limit}", "larger than {limit}", "ตรวจหน่วยอีกครั้ง", "check the unit"),
    "postcode.invalid": _say("รหัสไปรษณีย์ไม่ถูกต้อง จึงไม่ใช้", "not a postcode, left out", "ใส่ตัวเลขห้าหลัก", "five digits"),
    "pin.wrong_bank": _say(
        "หมุดอยู่คนละฝั่งของ {barrier} กับโซน {zone}",
        "the pin is across {barrier} from zone {zone}",
        "ตรวจหมุดกับแผนที่ ถ้าผิด แก้แล้วนำเข้าแถวนี้ใหม่ ถ้าถูกแล้ว ปล่อยไว้ได้",
        "look at it on a map: if it is wrong, mend it and import the row again; if it is right, leave it",
    ),
    "pin.outside_zones": _say(
        "หมุดไม่อยู่ในโซนใดเลย โซนใกล้สุดคือ {zone} ห่าง {km} กม.",
        "the pin is in no zone; the nearest, {zone}, is {km} km away",
        "ตรวจหมุดกับแผนที่ ถ้าถูกแล้ว ปล่อยไว้ได้",
        "look at it on a map; if it is right, leave it",
    ),
    "order.below_minimum": _say(
        "ค่าสินค้า {total} บาท ต่ำกว่าขั้นต่ำของโซน {zone} ({least} บาท)",
        "the goods cost {total} baht, below the minimum of zone {zone} ({least} baht)",
        "รับไว้และจะไปส่งตามปกติ ถ้าไม่ส่ง ยกเลิกด้วย songsuk orders cancel และแจ้งผู้ซื้อ",
        "it is taken and rides all the same; to refuse it, run songsuk orders cancel and tell the buyer",
    ),
    "pin.swapped": _say(
        "ละติจูดกับลองจิจูดสลับกัน สลับกลับให้แล้ว",
        "latitude and longitude were swapped; turned round",
        "ละติจูดก่อน เช่น 9.1463,99.3257",
        "latitude first, e.g. 9.1463,99.3257",
    ),
    "pin.differs": _say(
        "หมุดนี้อยู่คนละที่กับ lat, lon จึงใช้ lat, lon",
        "this pin is elsewhere than lat and lon; those are used",
        "เก็บไว้เพียงที่เดียว",
        "keep only one of them",
    ),
    "pin.outside": _say("พิกัดอยู่นอกประเทศไทย", "this place is outside Thailand", "ตรวจตัวเลขพิกัด", "check the coordinates"),
    "pin.incomplete": _say(
        "พิกัดมีเพียงครึ่งเดียว", "only one half of the coordinates", "ใส่ทั้ง lat และ lon", "fill in both lat and lon"
    ),
    "pin.short_link": _say(
        "ลิงก์ย่อไม่บอกพิกัด ออเดอร์จะรอปักหมุด",
        "a short link does not tell the place; it waits for a pin",
        "ขอตำแหน่งทางแชต หรือวางลิงก์แบบยาว",
        "ask for a location message, or paste the long link",
    ),
    "pin.centre": _say(
        "ลิงก์นี้บอกแค่กลางจอแผนที่ ไม่มีหมุด ใช้จุดนั้นไปก่อน",
        "this link tells the middle of a map, no pin; that point is used",
        "ดูตำแหน่ง ถ้าไม่ใช่ให้ปักใหม่ด้วย songsuk orders pin",
        "look at the place; if it is wrong, songsuk orders pin",
    ),
    "pin.several": _say(
        "มีหลายพิกัดในช่องเดียว ไม่รู้ว่าหมายถึงจุดไหน ออเดอร์จะรอปักหมุด",
        "several places in one cell, and no telling which is meant; it waits for a pin",
        "ใส่พิกัดเดียว",
        "write one of them",
    ),
    "pin.unreadable": _say(
        "อ่านพิกัดไม่ได้ ออเดอร์จะรอปักหมุด",
        "no coordinates found here; it waits for a pin",
        "เขียนเช่น 9.1463,99.3257",
        "write 9.1463,99.3257",
    ),
    "pin.missing": _say(
        "ยังไม่มีพิกัดร้าน จึงยังไปรับของไม่ได้",
        "no coordinates, so nothing can be fetched there yet",
        "ใส่ lat และ lon",
        "fill in lat and lon",
    ),
    "tambon.unknown": _say(
        "ไม่รู้จักตำบลนี้", "unknown tambon", "ใส่รหัสหกหลักหรือชื่อตำบลตามใน config", "the six-digit code or name in the config"
    ),
    "seller.unknown": _say("ไม่รู้จักผู้ขายนี้", "unknown seller", "{near_th}", "{near_en}"),
    "zone.unknown": _say("ไม่มีโซนนี้ใน config.yaml", "no such zone in config.yaml", "{near_th}", "{near_en}"),
    "vehicle.unknown": _say("ไม่รู้จักพาหนะนี้", "unknown vehicle", "ใช้ {choices}", "use {choices}"),
    "expected.place": _say(
        "ละติจูดและลองจิจูดต้องเป็นตัวเลขคู่หนึ่งในประเทศไทย",
        "lat and lon must be a pair of numbers in Thailand",
        "เขียนเช่น lat 9.1463 และ lon 99.3257",
        "write lat 9.1463 and lon 99.3257",
    ),
    "expected.no_zone": _say(
        "ไม่มีโซนใดส่งที่นี่",
        "no zone serves this place",
        "เพิ่มโซนใน config ที่จะลอง หรือใส่ lat, lon และ radius_m ในแถวนี้ ({near_th})",
        "add a zone to the config you try, or fill in lat, lon and radius_m here ({near_en})",
    ),
    "expected.apart": _say(
        "วงกลมรอบ lat, lon ไม่มีส่วนใดที่ใช้ได้",
        "nothing of the circle around lat and lon can be used",
        "จุดต้องอยู่ในโซนที่ระบุ หรือนอกโซนอื่นทั้งหมดถ้าเป็นที่ใหม่",
        "it must touch the zone you name or, for a new place, lie outside the zones there are",
    ),
    "expected.twice": _say(
        "ที่นี่มีอยู่ในแถว {row} แล้ว",
        "row {row} has this place already",
        "รวมเป็นแถวเดียว",
        "make one row of them",
    ),
}
