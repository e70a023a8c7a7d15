"""What a configuration holds, key by key, as frozen typed values. Knows no file and no YAML.

Amounts are written as people count them (kilograms, litres, baht, minutes) and handed on as grams, millilitres,
satang and seconds by the properties beside them. Places are ``(lon, lat)``. `Config` is one market.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema

from scheduler.config.channels import Channels, ConsoleSettings
from scheduler.config.shapes import Area, Located, as_geometry
from scheduler.config.values import (
    WEEKDAYS,
    Baht,
    Date,
    DayRange,
    Days,
    Id,
    Kilograms,
    Language,
    Litres,
    Minutes,
    Moment,
    Name,
    NightRange,
    Section,
    SendAt,
    Tambon,
    Text,
    TimeZone,
    Url,
    Weekday,
    refused,
    satang,
    thousandths,
)

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


class Market(Section):
    id: Id
    name: Text
    time_zone: TimeZone
    language: Language = Field("th", description="ภาษาหลักของข้อความ / the language people get unless they chose another")


class Calendar(Section):
    country: Annotated[str, Field(min_length=2, max_length=2)] = "TH"
    public_holidays: Literal["open", "closed"] = "open"
    closed: tuple[Date, ...] = Field((), description="วันหยุดของตลาด / dates without market")
    open: tuple[Date, ...] = Field((), description="วันที่เปิดแม้เป็นวันหยุด / dates open after all; wins over closed")


class Capacity(Section):
    weight_kg: Kilograms
    volume_l: Litres

    @property
    def weight_g(self) -> int:
        return thousandths(self.weight_kg)

    @property
    def volume_ml(self) -> int:
        return thousandths(self.volume_l)


class Hub(Section):
    """Where goods of a community come together and riders begin."""

    id: Id
    name: Text
    location: Located
    open: DayRange | None = None
    capacity: Capacity | None = None


class Community(Section):
    id: Id
    name: Text
    hub: Id


class Zone(Section):
    """Where the market delivers, on which days and waves, and for what."""

    id: Id
    name: Text
    community: Id
    tambons: tuple[Tambon, ...] = ()
    area: Id = Field("main", description="โซนที่วางแผนร่วมกัน / zones of one area are planned together")
    priority: int = Field(
        0, ge=-1000, le=1000, description="โซนที่เลขสูงกว่าชนะเมื่อทับกัน / the higher wins where zones overlap"
    )
    fee_baht: Baht = Decimal(0)
    waves: tuple[Id, ...] = Field((), min_length=1, description="ไม่เขียน = ทุกรอบ / not written means every wave")
    days: tuple[Weekday, ...] = Field(WEEKDAYS, min_length=1)
    max_orders: int | None = Field(None, ge=1, le=100_000, description="จำนวนออเดอร์สูงสุดต่อรอบ / most orders in one wave")
    min_order_baht: Baht = Decimal(0)
    polygon: Area

    @property
    def fee_satang(self) -> int:
        return satang(self.fee_baht)

    @property
    def min_order_satang(self) -> int:
        return satang(self.min_order_baht)

    @cached_property
    def shape(self) -> BaseGeometry:
        """The area as a shapely geometry, in degrees."""
        return as_geometry(self.polygon)


class Crossing(Section):
    id: Id
    location: Located
    minutes: Minutes = Field(0.0, description="เวลาที่เสียเพิ่ม / extra minutes, e.g. waiting for a ferry")
    vehicles: tuple[Id, ...] = Field((), description="ไม่เขียน = ทุกพาหนะ / none written means every vehicle")

    @property
    def seconds(self) -> int:
        return round(self.minutes * 60)


class Barrier(Section):
    """A line that is passed only at its crossings: a river, a railway."""

    id: Id
    line: Annotated[tuple[Located, ...], Field(min_length=2, max_length=2000)]
    crossings: tuple[Crossing, ...] = ()


class Wave(Section):
    """A round of deliveries: until when orders are taken, when the plan is approved and when goods move."""

    id: Id
    name: Text | None = None
    cut_off: Moment
    approve_by: Moment
    dispatch: Moment
    pickup: DayRange
    deliver: DayRange

    @property
    def label(self) -> Text:
        """Its name, or its id where it has none."""
        return self.name or Text(th=self.id)


class Cost(Section):
    per_use_baht: Baht = Decimal(0)
    per_hour_baht: Baht = Decimal(60)
    per_km_baht: Baht = Decimal(2)

    @property
    def per_use_satang(self) -> int:
        return satang(self.per_use_baht)

    @property
    def per_hour_satang(self) -> int:
        return satang(self.per_hour_baht)

    @property
    def per_km_satang(self) -> int:
        return satang(self.per_km_baht)


RoadProfile = Literal["bicycle", "car", "foot", "motorcycle", "sidecar"]


class Roads(Section):
    """How a kind of vehicle goes by the roads of a road engine, which knows nothing of loads, heat and alleys."""

    profile: RoadProfile = Field("car", description="ถนนที่ไปได้และความเร็ว / which roads it may take, and how fast")
    time_factor: float = Field(1.0, ge=0.2, le=5, description="คูณเวลาของแผนที่ถนน / times the road engine's times")


class Vehicle(Section):
    """A kind of vehicle. ``aliases`` are the other words people write for it in their files."""

    id: Id
    aliases: tuple[Name, ...] = ()
    weight_kg: Kilograms
    volume_l: Litres
    max_stops: int = Field(15, ge=1, le=500)
    speed_kmh: float = Field(18.0, gt=0, le=150)
    roads: Roads = Roads()
    cost: Cost = Cost()

    @property
    def weight_g(self) -> int:
        return thousandths(self.weight_kg)

    @property
    def volume_ml(self) -> int:
        return thousandths(self.volume_l)


class ServiceMinutes(Section):
    """How long a stop takes: at a seller, at a door, and what is added for elderly buyers and for carrying in."""

    pickup: Minutes = 5.0
    delivery: Minutes = 3.0
    elderly: Minutes = 2.0
    door_help: Minutes = 2.0

    @property
    def pickup_seconds(self) -> int:
        return round(self.pickup * 60)

    @property
    def delivery_seconds(self) -> int:
        return round(self.delivery * 60)

    @property
    def elderly_seconds(self) -> int:
        return round(self.elderly * 60)

    @property
    def door_help_seconds(self) -> int:
        return round(self.door_help * 60)


class Travel(Section):
    """How travel times are found. ``straight``: straight lines made longer by a factor, an estimate with a range.
    ``osrm``: real roads, of a server at ``url``, else of the data that `songsuk roads build` left in ``data``."""

    provider: Id = "straight"
    url: Url | None = Field(None, description="เซิร์ฟเวอร์ OSRM / an OSRM server")
    data: Name = Field("var/roads", description="โฟลเดอร์ข้อมูลถนน / the folder of road data")
    timeout_seconds: float = Field(10.0, gt=0, le=120, description="รอคำตอบนานสุด / patience with the road engine")
    detour_factor: float = Field(1.3, ge=1, le=10)
    minutes_per_leg: Minutes = 1.0
    range: tuple[Annotated[float, Field(gt=0, le=1)], Annotated[float, Field(ge=1, le=10)]] = Field(
        (0.75, 1.6), description="เวลาจริงอยู่ระหว่างกี่เท่าของที่ประมาณ / real time over estimated, from and to"
    )

    @property
    def seconds_per_leg(self) -> int:
        return round(self.minutes_per_leg * 60)


class Solver(Section):
    engine: Id = "auto"
    seconds: float = Field(20.0, gt=0, le=3600)
    workers: int = Field(0, ge=0, le=1024, description="0 = ทุกคอร์ / one per core")
    seed: int = Field(1, ge=0, le=2**31 - 1)
    change_baht: Baht = Decimal(20)

    @property
    def change_satang(self) -> int:
        return satang(self.change_baht)


EngineKind = Literal["local", "procrastinate"]


class EngineChoice(Section):
    """Who works off what is to be planned: `songsuk serve` alone, or every machine that works the queues."""

    kind: EngineKind = "local"


class Riders(Section):
    availability: Literal["assume", "ask"] = "assume"


class Approval(Section):
    mode: Literal["manual", "auto"] = "manual"
    at_deadline: Literal["hold", "approve", "roll_over"] = "hold"
    approvers: int = Field(1, ge=1, le=5)


class Publishing(Section):
    publish: Literal["auto", "manual"] = "auto"


class Send(Section):
    """When the messages of an approved plan go out: at the dispatch, at the approval, or at a time of day."""

    route: SendAt = "dispatch"
    pick_list: SendAt = "approval"
    window: SendAt = "approval"
    summary: SendAt = "approval"


Droppable = Literal["availability", "window", "summary", "eta", "receipt", "ask_pin", "invite", "digest"]


def _over_line(value: object) -> object:
    if value == "status_card":
        raise refused(
            "value.choice",
            value=value,
            meant_th="การ์ดสถานะไม่ส่งทาง LINE จึงไม่ใช้โควตา ลบออกได้",
            meant_en="status cards do not go over LINE and take nothing of its month; leave it out",
        )
    return value


def _quota_source(value: object) -> Literal["api"] | int:
    if value == "api":
        return "api"
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value.strip()) < 10:
        return int(value)
    raise refused(
        "value.choice",
        value=value,
        meant_th="เขียน api หรือจำนวนข้อความต่อเดือน",
        meant_en="write api, or the messages a month",
    )


class LineQuota(Section):
    """LINE's monthly count: where it is read, when to warn, and what is left out first when it runs short."""

    source: Annotated[
        Literal["api"] | int,
        PlainValidator(_quota_source),
        WithJsonSchema({"anyOf": [{"const": "api"}, {"type": "integer", "minimum": 0}]}),
    ] = "api"
    warn_percent: int = Field(80, ge=1, le=100)
    drop: tuple[Annotated[Droppable, BeforeValidator(_over_line)], ...] = ("digest", "receipt", "eta", "window")


class Messages(Section):
    send: Send = Send()
    quiet_hours: NightRange | None = None
    tell_change_minutes: int = Field(15, ge=1, le=240)
    escalate_minutes: int = Field(15, ge=1, le=240)
    line_quota: LineQuota = LineQuota()
    map_link_stops: int = Field(9, ge=1, le=25, description="จุดต่อหนึ่งลิงก์แผนที่ / stops in one map link")


class Web(Section):
    host: Annotated[str, Field(min_length=1, max_length=253)] = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    public_url: Url | None = None
    tiles_url: Url | None = None


class Retention(Section):
    messages_days: Days = 30
    addresses_days: Days = 30
    photos_days: Days = 30


class WordingFile(Section):
    """The coordinators' own wording, as the file they wrote. In config.yaml only its name is given."""

    model_config = ConfigDict(str_strip_whitespace=False)

    name: str
    content: str


def _version(value: object) -> int:
    if str(value).strip() != "1":
        raise refused("version.unknown", value=value if isinstance(value, str | int) else "…")
    return 1


class Document(Section):
    """The whole of config.yaml."""

    version: Annotated[int, PlainValidator(_version), WithJsonSchema({"const": 1})] = 1
    market: Market
    calendar: Calendar = Calendar()
    hubs: tuple[Hub, ...]
    communities: tuple[Community, ...]
    zones: tuple[Zone, ...]
    barriers: tuple[Barrier, ...] = ()
    waves: tuple[Wave, ...]
    vehicles: tuple[Vehicle, ...]
    service_minutes: ServiceMinutes = ServiceMinutes()
    travel: Travel = Travel()
    solver: Solver = Solver()
    engine: EngineChoice = EngineChoice()
    riders: Riders = Riders()
    approval: Approval = Approval()
    config: Publishing = Publishing()
    messages: Messages = Messages()
    texts: WordingFile | None = None
    channels: Channels = Field(default_factory=lambda: {"console": ConsoleSettings()})
    web: Web = Web()
    retention: Retention = Retention()


class Config(Document):
    """One market's valid configuration. ``text`` is all of it: what it names in other files stands in it."""

    model_config = ConfigDict(str_strip_whitespace=False)

    text: str = Field(repr=False)

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def hub(self, id: str) -> Hub:
        return self._hubs[id]

    def community(self, id: str) -> Community:
        return self._communities[id]

    def zone(self, id: str) -> Zone:
        return self._zones[id]

    def wave(self, id: str) -> Wave:
        return self._waves[id]

    def wave_label(self, id: str) -> Text:
        """What people call a wave; its id where it is another version's, older or newer than this one."""
        return self._waves[id].label if id in self._waves else Text(th=id)

    def vehicle(self, word: str) -> Vehicle | None:
        """The kind of vehicle people mean by `word`, its id or one of its aliases; None where nobody knows."""
        return self._vehicles.get(word.strip().casefold())

    @cached_property
    def _vehicles(self) -> dict[str, Vehicle]:
        return {word.casefold(): kind for kind in self.vehicles for word in (*kind.aliases, kind.id)}

    @cached_property
    def _hubs(self) -> dict[str, Hub]:
        return {hub.id: hub for hub in self.hubs}

    @cached_property
    def _communities(self) -> dict[str, Community]:
        return {community.id: community for community in self.communities}

    @cached_property
    def _zones(self) -> dict[str, Zone]:
        return {zone.id: zone for zone in self.zones}

    @cached_property
    def _waves(self) -> dict[str, Wave]:
        return {wave.id: wave for wave in self.waves}
