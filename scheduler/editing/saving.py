"""A file replaced in one step: whole or not at all, with its permissions, and never over somebody else's edit.

Knows bytes and paths, nothing of what is in them.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


class ChangedMeanwhile(Exception):
    """The file is not what was read any more: somebody saved it since."""


def save(path: Path, before: bytes, after: bytes) -> None:
    """Put `after` where `before` was read. A link is followed: what it leads to is replaced.

    Raises `ChangedMeanwhile` where the file holds something else by now, `OSError` where it cannot be written; then it
    is as it was.
    """
    target = path.resolve(strict=True)
    number, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(after)
            stream.flush()
            old = target.stat()
            os.fchmod(stream.fileno(), old.st_mode & 0o7777)
            if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
                with contextlib.suppress(PermissionError):
                    os.fchown(stream.fileno(), old.st_uid, old.st_gid)
            os.fsync(stream.fileno())
        if target.read_bytes() != before:
            raise ChangedMeanwhile(path.name)
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
