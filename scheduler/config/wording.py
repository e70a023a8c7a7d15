"""What each problem says, in Thai and English: what is wrong, and what to write instead.

Knows codes and facts, nothing of where they come from. Each entry: Thai, English, Thai hint, English hint.
"""

from __future__ import annotations

from collections.abc import Mapping

_LONGEST = 60


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


WORDING: Mapping[str, tuple[str, str, str, str]] = {
    # the file
    "file.unreadable": (
        "เปิดไฟล์ {value} ไม่ได้ ({reason})",
        "{value} cannot be read ({reason})",
        "ตรวจชื่อไฟล์และสิทธิ์การเปิดอ่าน",
        "check its name and permissions",
    ),
    "file.too_big": (
        "ไฟล์ใหญ่เกินไป (เกิน {limit} MB)",
        "the file is too big (over {limit} MB)",
        "ลดจำนวนจุดของแผนที่ หรือแยกออกเป็นหลายไฟล์",
        "use fewer map points, or split it",
    ),
    "file.encoding": (
        "ไฟล์ไม่ได้บันทึกเป็น UTF-8",
        "the file is not UTF-8 text",
        "บันทึกไฟล์ใหม่โดยเลือก UTF-8",
        "save it again as UTF-8",
    ),
    "file.outside": (
        "ไฟล์ {value} อยู่นอกโฟลเดอร์ของ config",
        "{value} lies outside the config's folder",
        "ย้ายไฟล์มาไว้ข้าง config.yaml เช่น zones/talat.geojson",
        "move it beside config.yaml, e.g. zones/talat.geojson",
    ),
    "file.geojson": (
        "ไฟล์ {value} ไม่ใช่ GeoJSON ของพื้นที่ ({reason})",
        "{value} is not the GeoJSON of an area ({reason})",
        "ใช้ Feature, Polygon หรือ MultiPolygon เพียงรายการเดียว",
        "give one Feature, Polygon or MultiPolygon",
    ),
    "file.texts": (
        "ไฟล์ข้อความ {value} ไม่ใช่ข้อความ UTF-8 ธรรมดา",
        "the wording file {value} is not plain UTF-8 text",
        "บันทึกไฟล์ใหม่โดยเลือก UTF-8",
        "save it again as UTF-8",
    ),
    # the YAML
    "yaml.syntax": (
        "รูปแบบ YAML ไม่ถูกต้องตรงนี้ ({reason})",
        "this is not valid YAML here ({reason})",
        "ตรวจวงเล็บ เครื่องหมาย : และการย่อหน้าของบรรทัดนี้และบรรทัดก่อนหน้า",
        "look at brackets, colons and indentation on this line and the one before",
    ),
    "yaml.tab": (
        "ย่อหน้าด้วยแท็บ (Tab)",
        "a tab is used for indentation",
        "ใช้เว้นวรรคแทนแท็บ",
        "use spaces instead",
    ),
    "yaml.character": (
        "มีอักขระที่มองไม่เห็น ({value})",
        "there is an invisible character ({value})",
        "ลบแล้วพิมพ์ใหม่",
        "delete it and type the text again",
    ),
    "yaml.alias": (
        "ใช้ anchor หรือ alias ({value}) ไม่ได้",
        "anchors and aliases ({value}) are not allowed",
        "เขียนค่าเต็มตรงนี้",
        "write the value out in full",
    ),
    "yaml.merge": (
        "ใช้ << ไม่ได้",
        "merge keys (<<) are not allowed",
        "เขียนค่าเต็มตรงนี้",
        "write the values out in full",
    ),
    "yaml.tag": (
        "ใช้ป้ายกำกับ YAML ({value}) ไม่ได้",
        "YAML tags ({value}) are not allowed",
        "ลบป้ายกำกับออก",
        "remove the tag",
    ),
    "yaml.key": (
        "ชื่อหัวข้อต้องเป็นข้อความธรรมดา",
        "a key must be plain text",
        "เขียนเป็น ชื่อ: ค่า",
        "write name: value",
    ),
    "yaml.documents": (
        "มีมากกว่าหนึ่งเอกสารในไฟล์ (---)",
        "the file holds more than one document (---)",
        "ลบ --- และส่วนที่ตามมา",
        "remove --- and what follows",
    ),
    "yaml.empty": (
        "ไฟล์ว่างเปล่า",
        "the file is empty",
        "เริ่มจาก config.yaml ตัวอย่าง",
        "begin with the sample config.yaml",
    ),
    "yaml.too_deep": (
        "ซ้อนกันลึกเกินไป (เกิน {limit} ชั้น)",
        "nested too deeply (over {limit} levels)",
        "ตรวจวงเล็บ [ และ {{",
        "look at the brackets [ and {{",
    ),
    "yaml.too_many": (
        "มีค่ามากเกินไป (เกิน {limit} ค่า)",
        "too many values (over {limit})",
        "ลดจำนวนจุดของแผนที่",
        "use fewer map points",
    ),
    # keys
    "key.duplicate": (
        "หัวข้อ {key} ซ้ำ (มีแล้วที่บรรทัด {first})",
        "the key {key} is given twice (first on line {first})",
        "เหลือไว้เพียงหนึ่ง",
        "keep one of them",
    ),
    "key.unknown": ("ไม่รู้จักหัวข้อ {key}", "unknown key {key}", "{meant}", "{meant}"),
    "key.missing": ("ขาดหัวข้อ {key}", "the key {key} is missing", "เพิ่ม {key}: …", "add {key}: …"),
    "version.unknown": (
        "โปรแกรมนี้อ่าน version 1 ไม่ใช่ {value}",
        "this program reads version 1, not {value}",
        "เขียน version: 1",
        "write version: 1",
    ),
    # plain values
    "value.empty": ("ยังไม่ได้ใส่ค่า", "there is no value here", "ใส่ค่า หรือลบหัวข้อนี้ออก", "write a value, or remove the key"),
    "value.text": ("ต้องเป็นข้อความ", "this must be text", "เขียนข้อความบรรทัดเดียว", "write one piece of text"),
    "value.number": ("{value} ไม่ใช่ตัวเลข", "{value} is not a number", "เขียนตัวเลข เช่น 12.5", "write a number, e.g. 12.5"),
    "value.whole": (
        "{value} ไม่ใช่จำนวนเต็ม",
        "{value} is not a whole number",
        "เขียนจำนวนเต็ม เช่น 12",
        "write a whole number, e.g. 12",
    ),
    "value.decimals": (
        "{value} มีทศนิยมหรือหลักมากเกินไป",
        "{value} has too many digits",
        "ใช้ทศนิยมไม่เกิน {limit} ตำแหน่ง",
        "use at most {limit} decimal places",
    ),
    "value.yes_no": ("{value} ไม่ใช่ yes หรือ no", "{value} is neither yes nor no", "เขียน yes หรือ no", "write yes or no"),
    "value.choice": ("ใช้ {value} ตรงนี้ไม่ได้", "{value} cannot be used here", "{meant}", "{meant}"),
    "value.min": ("{value} น้อยเกินไป", "{value} is too small", "ใช้ค่าตั้งแต่ {limit} ขึ้นไป", "write {limit} or more"),
    "value.above": ("{value} น้อยเกินไป", "{value} is too small", "ใช้ค่าที่มากกว่า {limit}", "write more than {limit}"),
    "value.max": ("{value} มากเกินไป", "{value} is too big", "ใช้ค่าไม่เกิน {limit}", "write {limit} or less"),
    "value.too_long": (
        "ข้อความยาวเกินไป",
        "this text is too long",
        "ใช้ไม่เกิน {limit} ตัวอักษร",
        "use at most {limit} characters",
    ),
    "value.too_few": ("ต้องมีอย่างน้อย {limit} รายการ", "at least {limit} is needed here", "เพิ่มรายการ", "add one"),
    "value.too_many": ("มีมากเกินไป", "this list is too long", "ใช้ไม่เกิน {limit} รายการ", "keep it to {limit} entries"),
    "value.list": (
        "ต้องเป็นรายการ",
        "this must be a list",
        "เขียนเป็น [ก, ข] หรือขึ้นบรรทัดด้วย -",
        "write [a, b], or lines that begin with -",
    ),
    "value.section": (
        "ต้องเป็นกลุ่มของ ชื่อ: ค่า",
        "this must be a group of name: value",
        "เขียนเป็น {{ชื่อ: ค่า}} หรือย่อหน้าบรรทัดถัดไป",
        "write {{name: value}}, or indent the lines below",
    ),
    "value.languages": (
        "ชื่อต้องเขียนแยกตามภาษา",
        "a name is written for each language",
        "เขียน {{th: {value}, en: …}}",
        "write {{th: {value}, en: …}}",
    ),
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
    # places
    "coordinates.format": (
        "พิกัดต้องเป็นตัวเลขสองตัว",
        "a place is two numbers",
        "เขียน [ลองจิจูด, ละติจูด] เช่น [99.3257, 9.1463]",
        "write [longitude, latitude], e.g. [99.3257, 9.1463]",
    ),
    "coordinates.swapped": (
        "ละติจูดกับลองจิจูดสลับกัน",
        "latitude and longitude are swapped",
        "เขียน [{lon}, {lat}]",
        "write [{lon}, {lat}]",
    ),
    "coordinates.outside": (
        "พิกัด [{lon}, {lat}] อยู่นอกประเทศไทย",
        "[{lon}, {lat}] is not in Thailand",
        "ลองจิจูด 97.3-105.7 ละติจูด 5.6-20.5 ตามลำดับ",
        "longitude 97.3 to 105.7 first, then latitude 5.6 to 20.5",
    ),
    "coordinates.impossible": (
        "ไม่มีพิกัด [{lon}, {lat}] บนโลก",
        "there is no place [{lon}, {lat}] on earth",
        "ลองจิจูดไม่เกิน ±180 ละติจูดไม่เกิน ±90",
        "longitude is within ±180, latitude within ±90",
    ),
    "polygon.few_points": (
        "พื้นที่ต้องมีอย่างน้อย 3 จุดที่ไม่ซ้ำกัน ตอนนี้มี {value} จุด",
        "an area needs at least 3 different points, and there are {value}",
        "เพิ่มจุดตามมุมของพื้นที่ เช่น [[99.31, 9.13], [99.34, 9.13], [99.34, 9.15]]",
        "add the corners of the area, e.g. [[99.31, 9.13], [99.34, 9.13], [99.34, 9.15]]",
    ),
    "polygon.too_many": (
        "มีจุดมากเกินไป ({value} จุด)",
        "too many points ({value})",
        "ลดให้เหลือไม่เกิน {limit} จุด",
        "keep it to {limit} points",
    ),
    "polygon.crossing": (
        "เส้นขอบเขตตัดกันเองใกล้ [{lon}, {lat}]",
        "the border crosses itself near [{lon}, {lat}]",
        "เรียงจุดตามขอบเขตทีละจุดโดยไม่ข้ามกัน",
        "list the points in order around the area",
    ),
    "polygon.flat": (
        "จุดอยู่บนเส้นเดียวกันหรือใกล้กันเกินไป ล้อมพื้นที่เพียง {area} ตร.ม.",
        "the points lie on one line or too close together: they enclose {area} m²",
        "ย้ายจุดให้ล้อมพื้นที่อย่างน้อย {limit} ตร.ม.",
        "move the points so that they enclose an area of {limit} m² or more",
    ),
    "zone.two_shapes": (
        "มีทั้ง polygon และ file",
        "both polygon and file are given",
        "เหลือไว้เพียงหนึ่ง",
        "keep one of them",
    ),
    "zone.overlap": (
        "ทับกับโซน {other} {area} ตร.กม.",
        "overlaps zone {other} by {area} km²",
        "แก้ขอบเขต หรือถ้าตั้งใจให้ทับ เขียน priority: {priority} ในโซน {small} แล้วโซนนั้นจะได้ส่วนที่ทับ",
        "trim one, or if it is meant, write priority: {priority} in zone {small}: it then serves what they share",
    ),
    "zone.gap": (
        "มีช่องว่าง {area} ตร.กม. กว้างราว {width} เมตร ใกล้ {near} ที่ไม่อยู่ในโซนนี้และไม่อยู่ในโซน {other}",
        "a strip of {area} km², some {width} m wide, near {near} is neither in this zone nor in zone {other}",
        "ลากขอบช่วงนี้ให้ชนโซน {other} เริ่มจากย้ายมุม {corner} ไปที่ {onto} ถ้าตั้งใจเว้นไว้ ปล่อยไว้ได้",
        "draw this side onto the border of {other}, first the corner {corner} to {onto}; if it is meant, leave it",
    ),
    "zone.far": (
        "{what} อยู่ห่างจากจุดรวมของที่ใกล้สุด ({hub}) {km} กม.",
        "{what} lies {km} km from the nearest hub, {hub}",
        "ตรวจตัวเลขพิกัด จุดรวม {hub} อยู่ที่ {place} ถ้าถูกแล้ว เพิ่มจุดรวมที่ใกล้กว่า",
        "check the numbers: the hub {hub} is at {place}; if they are right, add a hub that is nearer",
    ),
    "zone.divided": (
        "โซนนี้อยู่สองฝั่งของ {barrier} (อีกฝั่งมี {area} ตร.กม.) แต่ข้ามใกล้ๆ ไม่ได้: {known}",
        "this zone lies on both sides of {barrier} ({area} km² on the other one) with no way across nearby: {known}",
        "แบ่งเป็นสองโซนตามแนวนี้ หรือถ้ามีทางข้าม เพิ่มใน crossings ของ {barrier}: {{id: …, location: {place}}}",
        "split it in two along the line, or where there is a way add to the crossings of {barrier}: "
        "{{id: …, location: {place}}}",
    ),
    "zone.tambon": (
        "ตำบล {value} อยู่ในโซน {other} ด้วย ({first})",
        "the tambon {value} stands in zone {other} too ({first})",
        "{meant}",
        "{meant}",
    ),
    # communities and hubs
    "community.no_zone": (
        "ชุมชน {value} ไม่มีโซนจัดส่ง",
        "no zone belongs to the community {value}",
        "{meant}",
        "{meant}",
    ),
    "hub.outside_zones": (
        "จุดรวม {value} อยู่นอกโซนของชุมชน {community} ห่างจากโซน {zone} {km} กม.",
        "the hub {value} lies {km} km outside {zone}, the nearest zone of the community {community}",
        "ตรวจพิกัด ในโซน {zone} เช่น {place} หรือขยายโซนให้ถึงจุดรวม",
        "check its place: in zone {zone} is for example {place}; or draw the zone around it",
    ),
    "hub.wrong_bank": (
        "จุดรวม {value} อยู่คนละฝั่งของ {barrier} กับโซน {zone} ของชุมชน {community}",
        "the hub {value} is across {barrier} from zone {zone} of the community {community}",
        "ตรวจพิกัด ฝั่งเดียวกับโซน {zone} เช่น {place} หรือเปลี่ยน hub ของชุมชน {community}",
        "check its place: on the bank of {zone} is for example {place}; or give {community} another hub",
    ),
    "hub.closed": (
        "จุดรวมเปิด {value} แต่รอบ {wave} รับและส่งของ {out}",
        "the hub is open {value}, and the wave {wave} is out {out}",
        "เขียน open: {right} ไม่เช่นนั้นไรเดอร์และของที่จุดนี้จะมีเวลาน้อยลง",
        "write open: {right}; otherwise its riders and the goods there have less time",
    ),
    "riders.ask_not_yet": (
        "ยังถามไรเดอร์ทางแชตไม่ได้",
        "riders cannot be asked by chat yet",
        "เขียน assume",
        "write assume",
    ),
    # areas out of GeoJSON
    "geojson.json": (
        "ไม่ใช่ JSON (บรรทัด {line} ช่อง {column})",
        "this is not JSON (line {line}, column {column})",
        "ส่งออกจากโปรแกรมแผนที่ใหม่ โดยเลือก GeoJSON",
        "export it from the map program again, as GeoJSON",
    ),
    "geojson.number": (
        "{value} ไม่ใช่ตัวเลขใน JSON",
        "{value} is not a number in JSON",
        "แก้หรือลบพื้นที่นั้น แล้วส่งออกใหม่",
        "mend or leave out that area, and export it again",
    ),
    "geojson.deep": (
        "ซ้อนกันลึกเกินไป",
        "it is nested too deeply",
        "ส่งออกจากโปรแกรมแผนที่ใหม่ โดยเลือก GeoJSON",
        "export it from the map program again, as GeoJSON",
    ),
    "geojson.none": (
        "ไม่มีพื้นที่ในไฟล์นี้",
        "there is no area in it",
        "ใช้ FeatureCollection, Feature, Polygon หรือ MultiPolygon",
        "give a FeatureCollection, Feature, Polygon or MultiPolygon",
    ),
    "geojson.kind": (
        "{value} ไม่ใช่พื้นที่",
        "{value} is not an area",
        "ใช้ Polygon หรือ MultiPolygon",
        "give a Polygon or MultiPolygon",
    ),
    "geojson.text_number": (
        "พิกัดไม่ใช่ตัวเลขสองตัว",
        "a place is not two numbers",
        "เขียน [99.3257, 9.1463] ไม่ใส่เครื่องหมายคำพูด",
        "write [99.3257, 9.1463], without quotes",
    ),
    "geojson.heights": (
        "ตัดความสูงออก ({count} เส้น)",
        "heights are left out ({count} rings)",
        "",
        "",
    ),
    "geojson.open_ring": (
        "เส้นขอบเขตไม่ปิด ปิดให้แล้ว ({count} เส้น)",
        "rings that were open are closed ({count})",
        "",
        "",
    ),
    "geojson.winding": (
        "เส้นขอบเขตวนผิดทาง กลับให้แล้ว ({count} เส้น)",
        "rings that wound the wrong way are turned ({count})",
        "",
        "",
    ),
    "geojson.no_id": (
        "ไม่รู้ว่าเป็นโซนไหน เพราะไม่มี {value}",
        "which zone this is nobody can tell: it has no {value}",
        "ใช้ --id-property กับหนึ่งใน: {known} หรือถ้ามีพื้นที่เดียว ใช้ --zone",
        "use --id-property with one of: {known}; or --zone where there is one area only",
    ),
    "geojson.same_id": (
        "มีมากกว่าหนึ่งพื้นที่สำหรับโซน {value}",
        "more than one area is for zone {value}",
        "เหลือไว้พื้นที่เดียว หรือรวมเป็น MultiPolygon",
        "keep one, or join them in a MultiPolygon",
    ),
    "geojson.zone_absent": (
        "ไม่มีพื้นที่ของโซน {value} ในไฟล์",
        "no area in the file is for zone {value}",
        "ตรวจรหัสโซน หรือใช้ --id-property",
        "check the id, or use --id-property",
    ),
    "geojson.key_missing": (
        "โซน {value} ยังไม่มีใน config และพื้นที่นี้ไม่มี {key}",
        "zone {value} is new, and this area has no {key}",
        "เพิ่ม {key} ใน properties เช่น {example} หรือนำเข้าเฉพาะโซนที่มีแล้วด้วย --zone",
        "add {key} to its properties, e.g. {example}; or take in only the zones that are there, with --zone",
    ),
    "geojson.keys_kept": (
        "โซน {value} คงค่าเดิมของ {keys} เปลี่ยนแต่เส้นขอบเขต",
        "zone {value} keeps its {keys}: only its border is taken",
        "ถ้าต้องการเปลี่ยน ให้แก้ใน config",
        "edit the config to change them",
    ),
    "geojson.keys_ignored": (
        "โซน {value} ไม่ใช้ {keys}",
        "zone {value} does not use {keys}",
        "",
        "",
    ),
    "geojson.file_shared": (
        "ไฟล์ {file} ของโซน {value} เป็นของโซนอื่นด้วย",
        "the file {file} of zone {value} is another zone's too",
        "ให้แต่ละโซนมีไฟล์ของตัวเอง",
        "give each zone a file of its own",
    ),
    # edits by program
    "zone.unknown": ("ไม่มีโซน {value}", "there is no zone {value}", "โซนที่มี: {known}", "there are: {known}"),
    "zone.last": (
        "โซน {value} เป็นโซนสุดท้าย ลบไม่ได้",
        "zone {value} is the last one: it cannot be removed",
        "เพิ่มโซนอื่นก่อน",
        "add another one first",
    ),
    "edit.unsafe": (
        "แก้ส่วน zones (ใกล้บรรทัด {line}) ด้วยโปรแกรมโดยไม่กระทบส่วนอื่นไม่ได้",
        "zones (near line {line}) cannot be edited by program without touching something else",
        "แก้ไฟล์ด้วยมือ",
        "edit the file by hand",
    ),
    "file.changed": (
        "มีคนบันทึก {value} ระหว่างนี้ จึงไม่เขียนทับ",
        "{value} was saved by somebody meanwhile: it is not overwritten",
        "สั่งใหม่อีกครั้ง",
        "run the command again",
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
