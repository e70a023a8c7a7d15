"""Files replaced in one step: whole or not at all, with their permissions, and never over somebody else's edit.

Knows bytes and paths, nothing of what is in them.
"""

from __future__ import annotations

import contextlib
import difflib
import fcntl
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A file as it was read, and as it is to be."""

    name: str
    path: Path
    before: bytes
    after: bytes

    def diff(self) -> list[str]:
        """The lines that change and no others, each with its number: ``@@ -63 +63 @@``, ``-old``, ``+new``."""
        old, new = (data.decode("utf-8").splitlines() for data in (self.before, self.after))
        return list(difflib.unified_diff(old, new, self.name, self.name, n=0, lineterm=""))


class ChangedMeanwhile(Exception):
    """A file is not what was read any more: somebody saved it since."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Unwritable(Exception):
    """The system will not have a file written: `change` cannot be made, for `error`."""

    def __init__(self, change: FileChange, error: OSError) -> None:
        super().__init__(change.name)
        self.change, self.error = change, error


def save(changes: Sequence[FileChange]) -> None:
    """Make every change, or none. A link is followed: what it leads to is replaced.

    Raises `ChangedMeanwhile` where a file holds something else by now, `Unwritable` where one cannot be written; then
    all of them are as they were.
    """
    made: list[tuple[FileChange, Path, str]] = []
    try:
        for change in changes:
            with _told(change):
                target = change.path.resolve(strict=True)
                number, fresh = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
                made.append((change, target, fresh))
                _fill(number, change.after, target)
        with contextlib.ExitStack() as alone:
            for folder in sorted({target.parent for _, target, _ in made}):
                alone.enter_context(_alone_in(folder))
            for change, target, _ in made:
                with _told(change):
                    if target.read_bytes() != change.before:
                        raise ChangedMeanwhile(change.name)
            for change, target, fresh in made:
                with _told(change):
                    os.replace(fresh, target)
    finally:
        for _, _, fresh in made:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(fresh)


@contextlib.contextmanager
def _told(change: FileChange) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unwritable(change, error) from error


def _fill(number: int, content: bytes, like: Path) -> None:
    """Write a new file to the disk, with the permissions and the owner of the one it is to replace."""
    with os.fdopen(number, "wb") as stream:
        stream.write(content)
        stream.flush()
        old = like.stat()
        os.fchmod(stream.fileno(), old.st_mode & 0o7777)
        if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
            with contextlib.suppress(PermissionError):
                os.fchown(stream.fileno(), old.st_uid, old.st_gid)
        os.fsync(stream.fileno())


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Another of our programs that saves there waits until this one is through; what was saved is then durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        os.fsync(handle)
    finally:
        os.close(handle)
