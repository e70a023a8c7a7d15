"""`songsuk config check` as its readers see it: what the environment lacks beside what the file says."""

from __future__ import annotations

import schemas
from commands import House
from samples import SECRETS, config_text

VARIABLES = ["SONGSUK_LINE_CHANNEL_ACCESS_TOKEN", "SONGSUK_LINE_CHANNEL_SECRET"]


def test_a_channel_without_its_secrets_is_a_warning(house: House) -> None:
    """The file is good, exit 0; each variable that is not set is named at the channel's place, in text and in JSON."""
    path = house.folder / "chat.yaml"
    path.write_text(config_text("line: {}"), encoding="utf-8")
    found = schemas.check(house.json("config", "check", path), "config.check")
    assert [(each["code"], each["path"]) for each in found["warnings"]] == [("secret.missing", "channels.line")] * 2
    line = next(number for number, text in enumerate(path.read_text("utf-8").splitlines(), 1) if "line: {}" in text)
    assert {each["line"] for each in found["warnings"]} == {line}
    said = house.run("config", "check", path).out
    assert [name for name in VARIABLES if f"{name} " in said] == VARIABLES
    assert said.startswith(f"chat.yaml:{line}:")


def test_a_channel_with_its_secrets_is_no_matter(house: House) -> None:
    """Once the variables are set there is nothing to warn of."""
    path = house.folder / "chat.yaml"
    path.write_text(config_text("line: {}"), encoding="utf-8")
    found = house.json(
        "config",
        "check",
        path,
        SONGSUK_LINE_CHANNEL_ACCESS_TOKEN=SECRETS["SONGSUK_LINE_CHANNEL_ACCESS_TOKEN"],
        SONGSUK_LINE_CHANNEL_SECRET=SECRETS["SONGSUK_LINE_CHANNEL_SECRET"],
    )
    assert found["warnings"] == []
