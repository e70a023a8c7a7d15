"""Opening a channel by the name in the configuration."""

from __future__ import annotations

import subprocess
import sys

import pytest

from channels import connect, is_official, secrets_of, services
from channels.base import ChannelError, NotConfigured


def test_services_are_the_modules() -> None:
    """Every chat service is found by itself, and nothing else of the package is taken for one."""
    assert services() == ("console", "line", "telegram")


@pytest.mark.parametrize("name", ["base", "texts", "fit", "hooks", "", "../line", "os", "line.flex", "Line", "sms"])
def test_other_names_are_refused(name: str) -> None:
    """A name that is no service is refused with the names that are."""
    with pytest.raises(ChannelError, match="console, line, telegram"):
        connect(name, {}, {})


@pytest.mark.parametrize("name", ["line", "telegram"])
def test_missing_secrets_are_named(name: str, line_secrets: dict[str, str], telegram_secrets: dict[str, str]) -> None:
    """Each needed secret that is missing or empty is named; a previous one may be absent."""
    secrets = {"line": line_secrets, "telegram": telegram_secrets}[name]
    needed = [variable for variable in secrets_of(name) if not variable.endswith("_PREVIOUS")]
    assert set(needed) == set(secrets)
    for variable in needed:
        with pytest.raises(NotConfigured) as caught:
            connect(name, {}, {**secrets, variable: ""})
        assert caught.value.variable == variable


def test_polling_needs_no_webhook_secret() -> None:
    """A bot that asks for its updates has no webhook, so none of its secrets."""
    assert connect("telegram", {"updates": "polling"}, {"SONGSUK_TELEGRAM_BOT_TOKEN": "1:x"}).name == "telegram"


@pytest.mark.parametrize("settings", [{"api_base": "ftp://x"}, {"api_base": "https://"}, {"api_base": "x y"}])
def test_a_base_must_be_an_address(settings: dict[str, str], line_secrets: dict[str, str]) -> None:
    """A base address that is none is refused when the channel is opened, not when the first message goes out."""
    with pytest.raises(ChannelError, match="api_base"):
        connect("line", settings, line_secrets)


def test_official_hosts_are_known(line_secrets: dict[str, str], telegram_secrets: dict[str, str]) -> None:
    """A channel says when real people would get what is sent, also when only one of its bases is the official one."""
    local = {"api_base": "http://127.0.0.1:1", "data_base": "http://127.0.0.1:1/"}
    assert connect("line", {}, line_secrets).official
    assert not connect("line", {**local, "data_base": "https://api-data.line.me"}, line_secrets).official
    assert connect("line", {**local, "api_base": "https://api.line.me"}, line_secrets).official
    assert not connect("line", local, line_secrets).official
    assert connect("telegram", {}, telegram_secrets).official
    assert not connect("telegram", local, telegram_secrets).official
    assert not connect("console", {}, {}).official


@pytest.mark.parametrize(
    "base",
    [
        "https://api.telegram.org.",
        "https://API.Telegram.ORG",
        "https://api.telegram.org:8443",
        "https://me:secret@api.telegram.org",
        "https://api.telegram。org",
        "https://api．telegram.org",
        "https://ａｐｉ.telegram.org",
        "https://api.telegram%2Eorg",
        "https://api.telegram.org.:443/behind",
    ],
)
def test_an_official_host_is_known_however_it_is_written(base: str, telegram_secrets: dict[str, str]) -> None:
    """A final dot, another case or script, a port or a user's name leads to the same real people."""
    assert is_official("telegram", {"api_base": base})
    if base.isascii():  # no channel opens at any other
        assert connect("telegram", {"api_base": base}, telegram_secrets).official


@pytest.mark.parametrize(
    "base",
    [
        "https://api.telegram.org@127.0.0.1:9",
        "https://api.telegram.org.example",
        "https://nottelegram.org.",
        "http://[::1]:9",
        "http://bücher.example",
        "http://" + "x" * 70 + ".example",
    ],
)
def test_a_host_that_only_looks_official_is_not(base: str) -> None:
    """What counts is the host that is asked, not words elsewhere in the address."""
    assert not is_official("telegram", {"api_base": base})


def test_settings_may_be_an_object(telegram_secrets: dict[str, str]) -> None:
    """Settings are read from an object as from a mapping, and None means the default."""

    class Settings:
        api_base = "http://127.0.0.1:1"
        timeout_seconds = None

    assert not connect("telegram", Settings(), telegram_secrets).official


def test_importing_loads_no_sdk() -> None:
    """The SDKs take seconds to import, so importing or opening a channel loads neither."""
    code = (
        "import sys, channels, channels.line, channels.telegram, channels.console, channels.texts;"
        "channels.connect('telegram', {'updates': 'polling'}, {'SONGSUK_TELEGRAM_BOT_TOKEN': '1:x'});"
        "print([name for name in ('linebot', 'telegram', 'aiohttp', 'pydantic') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


WATCHED = """
import asyncio, sys, threading
import channels

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "linebot.v3.messaging":
            print(threading.current_thread() is threading.main_thread())

sys.meta_path.insert(0, Watch())
secrets = {"SONGSUK_LINE_CHANNEL_ACCESS_TOKEN": "token", "SONGSUK_LINE_CHANNEL_SECRET": "secret"}
line = channels.connect("line", {"api_base": "http://127.0.0.1:9"}, secrets)

async def two_at_once():
    print(await asyncio.gather(line.invitation("code"), line.invitation("code")))
    await line.close()

asyncio.run(two_at_once())
"""


def test_the_first_call_loads_the_sdk_beside_the_loop() -> None:
    """LINE's SDK takes more than a second to import: a thread does it, so that what else the loop does goes on."""
    shown = subprocess.run([sys.executable, "-c", WATCHED], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines() == ["False", "[None, None]"]
    assert shown.stderr == ""
