"""Files replaced in one step, and never over somebody else's edit."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

import pytest

from scheduler.editing import ChangedMeanwhile, FileChange, Unwritable, save


def change(path: Path, before: bytes = b"old", after: bytes = b"new") -> FileChange:
    return FileChange(name=path.name, path=path, before=before, after=after)


def test_a_file_is_replaced_with_its_permissions(tmp_path: Path) -> None:
    """Nothing else is left in the folder."""
    path = tmp_path / "config.yaml"
    path.write_bytes(b"old")
    path.chmod(0o640)
    save([change(path)])
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o640)
    assert list(tmp_path.iterdir()) == [path]


def test_what_somebody_saved_meanwhile_stays(tmp_path: Path) -> None:
    """Refused by name, their text whole, no file of ours left."""
    path = tmp_path / "config.yaml"
    path.write_bytes(b"theirs")
    with pytest.raises(ChangedMeanwhile, match=r"config\.yaml"):
        save([change(path)])
    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_of_several_files_all_are_replaced_or_none(tmp_path: Path) -> None:
    """One that was saved meanwhile, or is gone, keeps the others from being written too."""
    border, config = tmp_path / "talat.geojson", tmp_path / "config.yaml"
    border.write_bytes(b"old")
    config.write_bytes(b"theirs")
    both = [change(border), change(config)]
    with pytest.raises(ChangedMeanwhile):
        save(both)
    assert border.read_bytes() == b"old"
    config.unlink()
    with pytest.raises(Unwritable):
        save(both)
    assert border.read_bytes() == b"old"
    config.write_bytes(b"old")
    save(both)
    assert (border.read_bytes(), config.read_bytes()) == (b"new", b"new")


def test_another_program_of_ours_is_waited_for_and_what_it_saved_stays(tmp_path: Path) -> None:
    """Whoever holds the folder saves first; the one who waited finds another text and writes nothing."""
    path, caught = tmp_path / "config.yaml", list[BaseException]()
    path.write_bytes(b"old")
    handle = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)

    def second() -> None:
        try:
            save([change(path)])
        except ChangedMeanwhile as error:
            caught.append(error)

    waiting = threading.Thread(target=second)
    waiting.start()
    path.write_bytes(b"the first one's")
    os.close(handle)
    waiting.join()
    assert len(caught) == 1
    assert path.read_bytes() == b"the first one's"


def test_a_link_is_written_through(tmp_path: Path) -> None:
    """It stays a link; what it leads to is new."""
    target, link = tmp_path / "real" / "market.yaml", tmp_path / "config.yaml"
    target.parent.mkdir()
    target.write_bytes(b"old")
    link.symlink_to(target)
    save([change(link)])
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_file_that_is_gone_is_told_by_name(tmp_path: Path) -> None:
    """With the system's reason; nothing is made in its place."""
    with pytest.raises(Unwritable) as caught:
        save([change(tmp_path / "config.yaml")])
    assert (caught.value.change.name, type(caught.value.error)) == ("config.yaml", FileNotFoundError)
    assert list(tmp_path.iterdir()) == []
