"""What doctor says of the machine itself; its other checks are held where what they look at is."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples import config_text

from scheduler import doctor


def disk(folder: Path, url: str) -> tuple[bool, dict[str, str]]:
    """The check of the disk, for a market whose config is in `folder`."""
    config = folder / "config.yaml"
    config.write_text(config_text(), encoding="utf-8")
    checks = doctor.examine(config, {"SONGSUK_DATABASE_URL": url})
    return next((check["ok"], check["message"]) for check in checks if check["name"] == "disk")


def test_the_disk_is_the_one_that_fills_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of SQLite the folder of its file, wherever the command is typed; with a server var/, or where that will be."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    monkeypatch.chdir(here)
    server = f"postgresql+psycopg://u@/d?host={tmp_path}"
    for url, place in (
        (f"sqlite:///{there}/songsuk.db", there),
        ("sqlite:///own/songsuk.db", here / "own"),
        (server, here),
        ("nonsense", here),
    ):
        _, told = disk(here, url)
        assert all(said.startswith(f"{place}: ") for said in told.values()), (url, told)
    (here / "var").mkdir()
    assert disk(here, server)[1]["en"].startswith(f"{here / 'var'}: ")


def test_a_disk_that_is_nearly_full_fails_its_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Less room than a market needs is no more well, and says how much there is."""
    monkeypatch.setattr(doctor, "ENOUGH_BYTES", 10**18)
    well, told = disk(tmp_path, f"sqlite:///{tmp_path}/songsuk.db")
    assert not well
    assert "only" in told["en"]
    assert "เหลือเพียง" in told["th"]
