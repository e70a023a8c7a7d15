"""Files replaced in one step, and never over somebody else's edit."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.editing import ChangedMeanwhile, save


def test_a_file_is_replaced_with_its_permissions(tmp_path: Path) -> None:
    """Nothing else is left in the folder."""
    path = tmp_path / "config.yaml"
    path.write_bytes(b"old")
    path.chmod(0o640)
    save(path, b"old", b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o640)
    assert list(tmp_path.iterdir()) == [path]


def test_what_somebody_saved_meanwhile_stays(tmp_path: Path) -> None:
    """Refused, their text whole, no file of ours left."""
    path = tmp_path / "config.yaml"
    path.write_bytes(b"theirs")
    with pytest.raises(ChangedMeanwhile):
        save(path, b"old", b"new")
    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_written_through(tmp_path: Path) -> None:
    """It stays a link; what it leads to is new."""
    target, link = tmp_path / "real" / "market.yaml", tmp_path / "config.yaml"
    target.parent.mkdir()
    target.write_bytes(b"old")
    link.symlink_to(target)
    save(link, b"old", b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_file_that_is_gone_is_an_os_error(tmp_path: Path) -> None:
    """Nothing is made in its place."""
    with pytest.raises(FileNotFoundError):
        save(tmp_path / "config.yaml", b"old", b"new")
    assert list(tmp_path.iterdir()) == []
