"""What is said of the file itself: how it is read, its YAML, its keys and plain values."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str, str, str]] = {
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
    "value.lines": (
        "{value} มีหลายบรรทัด",
        "{value} runs over several lines",
        "เขียนเป็นบรรทัดเดียว",
        "write it on one line",
    ),
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
}
