"""The console channel, which is also the fake that is shipped."""

from __future__ import annotations

import asyncio
import io

import pytest

from channels import connect
from channels.base import Action, Content, Line, Receipt
from channels.console import Console

CONTENT = Content(
    title="สวัสดี",
    lines=(Line(text="เวลา", value="11:00", style="row"),),
    actions=(Action(label="ดู", kind="link", value="https://songsuk.example"),),
)


def test_it_prints_and_remembers() -> None:
    """What is sent is printed as a person would read it, and remembered in order."""
    stream = io.StringIO()
    console = Console(stream=stream)
    receipt = asyncio.run(console.send("B0001", console.render(CONTENT), key="k1"))
    assert receipt == Receipt(provider_id="1")
    assert "B0001\nสวัสดี\nเวลา: 11:00\nดู: https://songsuk.example\n" in stream.getvalue()
    assert [sent.address for sent in console.sent] == ["B0001"]


def test_a_key_is_sent_once() -> None:
    """A second attempt with one key is the first one's receipt and prints nothing."""
    console = Console(stream=io.StringIO())
    payload = console.render(CONTENT)
    first = asyncio.run(console.send("B0001", payload, key="k1"))
    assert asyncio.run(console.send("B0001", payload, key="k1")) == first
    assert len(console.sent) == 1


@pytest.mark.parametrize("quiet", [True, False])
def test_standard_output_stays_clean(quiet: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing goes to standard output, which belongs to --json; quiet says nothing at all."""
    console = connect("console", {"quiet": quiet}, {})
    asyncio.run(console.send("B0001", console.render(CONTENT), key="k1"))
    shown = capsys.readouterr()
    assert shown.out == ""
    assert bool(shown.err) is not quiet
