"""The wording of every notice: complete in both languages, safe with what people typed, within what a phone shows."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from line_server import limit_faults
from telegram_server import read_html

from channels import connect
from channels.base import Content
from channels.texts import KINDS, TextError, Texts, sample
from channels.texts.book import shipped
from channels.texts.reading import LANGUAGES
from channels.texts.templates import environment

ZONE = timezone(timedelta(hours=7))
TEXTS = Texts()
EACH = [(kind, language) for kind in KINDS for language in LANGUAGES]
HOSTILE = "# คุณ\u202eสมศรี\n! หลอก :: <b>&amp; {{ market }} ~ - --- \x00" + "ยาว" * 300


def names_used(env: ImmutableSandboxedEnvironment, source: str) -> frozenset[str]:
    """Every fact a template asks for, by name; what it names itself is left out."""
    tree = env.parse(source)
    names = {each.name for each in tree.find_all(nodes.Name)}
    own = {each.name for each in tree.find_all(nodes.Name) if each.ctx == "store"}
    return frozenset(names - own | {each.attr for each in tree.find_all(nodes.Getattr)})


@pytest.mark.parametrize("kind", KINDS)
def test_both_languages_say_the_same_things(kind: str) -> None:
    """A kind exists in both languages, is written from the same facts and has the same buttons."""
    used = {}
    for language in LANGUAGES:
        wording = shipped().wordings[language, kind]
        assert wording.title
        assert wording.body
        env = environment(TEXTS.words(language))
        sources = [wording.title, wording.body]
        for button in wording.actions or ():
            sources += [button.label, button.value]
        used[language] = (
            frozenset[str]().union(*(names_used(env, piece.text) for piece in sources)),
            [(button.kind, button.each) for button in wording.actions or ()],
        )
    assert used["th"] == used["en"]


def test_both_languages_know_the_same_reasons() -> None:
    """Every reason code and event has words in both languages."""
    for table in ("reasons", "events"):
        assert shipped().tables["th", table].keys() == shipped().tables["en", table].keys()


@pytest.mark.parametrize(
    "code",
    [
        "needs_pin",
        "out_of_zone",
        "after_cutoff",
        "wave_full",
        "hub_full",
        "market_closed",
        "seller_closed",
        "no_rider",
        "capacity",
        "time_window",
        "shift",
        "skill",
        "max_tasks",
        "max_travel_time",
        "max_distance",
        "max_ride_time",
        "unreachable",
        "refused",
        "priority",
    ],
)
def test_every_reason_of_the_planner_has_words(code: str) -> None:
    """No one is told a bare code."""
    assert TEXTS.words("th").why(code) != code
    assert TEXTS.words("en").why(code) != code


def test_a_typical_window_in_thai() -> None:
    """What a buyer in Surat Thani reads, letter by letter."""
    content = TEXTS.compose("window", sample("window", "th"), "th")
    assert content.text() == (
        "ตลาดสิริสุข: ของจะถึงประมาณ 11:00–11:30 น.\n"
        "เรียน คุณสมศรี ใจดี\n"
        "วันอังคารที่ 24 พ.ย. 2569\n"
        "ของจะถึงประมาณ 11:00–11:30 น.\n"
        "จากร้าน: ป้าแดงข้าวแกง และกลุ่มแม่บ้านขนมไทย\n"
        "คนส่ง: สมชาย\n"
        "เตรียมเงินสด: 240 บาท\n"
        "เลขที่สั่งซื้อ: SR-0001\n"
        "เวลาอาจคลาดเคลื่อนเล็กน้อย ขอบคุณที่อุดหนุนตลาดสิริสุข\n"
        "ดูรายการ: https://songsuk.example/o/sample"
    )
    assert content.language == "th"


def test_a_typical_window_in_english() -> None:
    """The same notice for who reads English."""
    text = TEXTS.compose("window", sample("window", "en"), "en").text()
    assert "Tue 24 Nov 2026\nYour delivery comes at about 11:00–11:30\n" in text
    assert "Cash to have ready: ฿240" in text


@pytest.mark.parametrize(("kind", "language"), EACH)
def test_facts_that_may_be_missing_may_be_missing(kind: str, language: str) -> None:
    """A notice is written without the facts that have a default, and shows no empty line, None or code for them."""
    facts = {name: value for name, value in sample(kind, language).items() if name not in KINDS[kind]}
    content = TEXTS.compose(kind, facts, language)
    assert content.title
    assert all(line.style == "rule" or line.text for line in content.lines)
    assert "None" not in content.text()
    assert "{" not in content.text()


@pytest.mark.parametrize(("kind", "language"), EACH)
def test_names_and_notes_are_never_markup(kind: str, language: str) -> None:
    """What people typed makes no line, style or button of its own, hides nothing, and shows up as typed."""
    plain = TEXTS.compose(kind, _with(sample(kind, language), "x" * 500), language)
    shown = TEXTS.compose(kind, _with(sample(kind, language), HOSTILE), language)
    assert [line.style for line in shown.lines] == [line.style for line in plain.lines]
    assert [line.optional for line in shown.lines] == [line.optional for line in plain.lines]
    assert not {unicodedata.category(letter) for letter in shown.text().replace("\n", "")} & {"Cc", "Cs", "Co"}
    assert "\u202e" not in shown.text()
    if kind in ("window", "route", "ask_pin"):
        assert "# คุณสมศรี" in shown.text()


@pytest.mark.parametrize(("kind", "language"), EACH)
def test_hostile_facts_still_fit(kind: str, language: str) -> None:
    """With names of a thousand letters, every notice is within the limits of LINE and Telegram."""
    content = TEXTS.compose(kind, _with(sample(kind, language), HOSTILE), language)
    assert _fits(content)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(words=st.text(max_size=40), which=st.sampled_from(EACH))
def test_any_words_can_be_told(words: str, which: tuple[str, str]) -> None:
    """Any words in any fact make a message whose lines are single lines."""
    kind, language = which
    content = TEXTS.compose(kind, _with(sample(kind, language), words), language)
    assert not any("\n" in line.text + line.value for line in content.lines)
    content.text().encode("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_thirty_stops_fit_one_message(language: str) -> None:
    """A rider's thirty stops, all with long names, cash and a hand needed, lose notes but never a stop."""
    facts = sample("route", language)
    stop = facts["stops"][1] | dict.fromkeys(("name", "place", "note", "landmark", "items"), "ยาวมาก " * 40)
    facts["stops"] = [stop | {"no": at, "cod_satang": 123_450_00} for at in range(1, 31)]
    content = TEXTS.compose("route", facts, language)
    telegram = connect("telegram", {"updates": "polling"}, {"SONGSUK_TELEGRAM_BOT_TOKEN": "1:x"})
    shown, _ = read_html(telegram.render(content)["text"])
    assert all(f"\n{at}. 11:10" in shown for at in range(1, 31))
    assert shown.count("123,450") == 30
    assert "…\u0020" not in shown.splitlines()[-1]


@pytest.mark.parametrize(
    ("role", "has", "lacks"),
    [
        ("buyer", "ขอเลื่อนเวลาส่งของ", "เส้นทางเปลี่ยน"),
        ("rider", "เส้นทางเปลี่ยน", "เวลาใหม่"),
        ("seller", "รายการเตรียมของเปลี่ยน", "เวลาใหม่"),
    ],
)
def test_a_change_is_told_to_each_in_her_words(role: str, has: str, lacks: str) -> None:
    """Buyer, rider and seller read of a change what concerns them."""
    text = TEXTS.compose("changed", sample("changed", "th") | {"role": role, "what": ""}, "th").text()
    assert has in text
    assert lacks not in text


def test_a_moved_order_without_a_new_time_says_so() -> None:
    """A buyer whose order found no new wave is not told a time that nobody knows."""
    facts = sample("changed", "th") | {"what": "", "new_date": None, "new_from": None, "new_to": None}
    assert "ตลาดจะแจ้งเวลาใหม่อีกครั้ง" in TEXTS.compose("changed", facts, "th").text()


def test_mistakes_of_the_caller_are_named() -> None:
    """An unknown kind, an unknown language and a missing fact are errors that say which."""
    with pytest.raises(TextError, match="window"):
        TEXTS.compose("windw", {}, "th")
    with pytest.raises(TextError, match="th, en"):
        TEXTS.compose("window", {}, "my")
    facts = sample("window", "th")
    del facts["told_from"]
    with pytest.raises(TextError, match="told_from"):
        TEXTS.compose("window", facts, "th")


@pytest.mark.parametrize(
    ("method", "arguments", "thai", "english"),
    [
        ("day", (date(2026, 11, 24),), "อังคารที่ 24 พ.ย. 2569", "Tue 24 Nov 2026"),
        ("clock", (datetime(2026, 11, 24, 9, 5, tzinfo=ZONE),), "09:05 น.", "09:05"),
        ("between", (datetime(2026, 11, 24, 11, 0, tzinfo=ZONE), None), "11:00 น.", "11:00"),
        ("baht", (124050,), "1,240.50 บาท", "฿1,240.50"),
        ("baht", (-24000,), "-240 บาท", "฿-240"),
        ("kg", (2500,), "2.5 กก.", "2.5 kg"),
        ("kg", (12000,), "12 กก.", "12 kg"),
        ("km", (999,), "1 กม.", "1 km"),
        ("amount", (2.0,), "2", "2"),
        ("amount", (1000.25,), "1,000.25", "1,000.25"),
        ("listed", (["A", "B", "C"],), "A, B และ C", "A, B and C"),
        ("listed", (["ก", "ข"],), "ก และข", "ก and ข"),
        ("listed", ([],), "", ""),
        ("polite", ("สมศรี",), "คุณสมศรี", "สมศรี"),
        ("polite", ("ป้าแดง",), "ป้าแดง", "ป้าแดง"),
        ("polite", (None,), "คุณลูกค้า", "customer"),
        ("why", ("nobody_knows",), "nobody_knows", "nobody_knows"),
    ],
)
def test_how_each_language_writes(method: str, arguments: tuple[Any, ...], thai: str, english: str) -> None:
    """Dates of the Buddhist era, money, weights and lists as each reader knows them."""
    assert getattr(TEXTS.words("th"), method)(*arguments) == thai
    assert getattr(TEXTS.words("en"), method)(*arguments) == english


def _with(facts: Mapping[str, Any], words: str) -> dict[str, Any]:
    """Facts with every free text replaced."""
    fixed = {"type", "role", "language", "reason", "why", "what", "temperature", "ack", "url"}

    def changed(name: str, value: Any) -> Any:
        if isinstance(value, str):
            return value if name in fixed or not value else words
        if isinstance(value, Mapping):
            return {key: changed(key, each) for key, each in value.items()}
        return [changed(name, each) for each in value] if isinstance(value, list) else value

    return {name: changed(name, value) for name, value in facts.items()}


def _fits(content: Content) -> bool:
    line = connect("line", {}, {"SONGSUK_LINE_CHANNEL_ACCESS_TOKEN": "t", "SONGSUK_LINE_CHANNEL_SECRET": "s"})
    telegram = connect("telegram", {"updates": "polling"}, {"SONGSUK_TELEGRAM_BOT_TOKEN": "1:x"})
    messages = line.render(content)["messages"]
    text, wrong = read_html(telegram.render(content)["text"])
    return len(messages) <= 5 and not any(map(limit_faults, messages)) and wrong is None and len(text) <= 4096
