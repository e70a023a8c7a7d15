"""What is said of the map: places, zones, communities and hubs, areas out of GeoJSON, and edits of zones by program."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str, str, str]] = {
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
    "polygon.rings": (
        "ส่วนหรือรูของพื้นที่ทับกัน หรือรูอยู่นอกพื้นที่ ใกล้ [{lon}, {lat}]",
        "parts or holes of the area overlap, or a hole lies outside it, near [{lon}, {lat}]",
        "ลบส่วนหรือรูนั้นออก หรือวาดใหม่ให้อยู่ข้างในและไม่ทับกัน",
        "take that part or hole out, or draw it inside and apart from the others",
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
    "zone.strip": (
        "ทับกับโซน {other} เป็นแถบแคบตามแนวเขต {area} ตร.กม. กว้างไม่เกิน {width} ม.",
        "overlaps zone {other} in a strip along their border, {area} km², at most {width} m wide",
        "โซน {first} ซึ่งอยู่ก่อนในไฟล์จะได้แถบนี้ ถ้าไม่ตรงใจ ให้แก้เส้นขอบหรือใส่ priority ต่างกัน",
        "zone {first}, the first in the file, serves it; if it should not, move the border or write another priority",
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
        "เพิ่ม {key} ใน properties เช่น {example} หรือบอกด้วย {option} หรือนำเข้าเฉพาะโซนที่มีแล้วด้วย --zone",
        "add {key} to its properties, e.g. {example}, or say it with {option}; or take in others alone, with --zone",
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
    "file.own": (
        "{value} เป็นไฟล์ของ config ตลาดเอง ไม่เขียนแผนที่ทับ",
        "{value} is a file of the market's own config: no map is written over it",
        "ตั้งชื่ออื่น เช่น zones.geojson",
        "give another name, e.g. zones.geojson",
    ),
    "file.changed": (
        "มีคนบันทึก {value} ระหว่างนี้ จึงไม่เขียนทับ",
        "{value} was saved by somebody meanwhile: it is not overwritten",
        "สั่งใหม่อีกครั้ง",
        "run the command again",
    ),
}
