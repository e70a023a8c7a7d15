"""How functions become machine code. Importing this module imports numba, which takes a second or two.

Machine code is kept on disk, in a folder named after the text of all kernel sources: numba itself looks at the file of
the outermost function only, and would run old code after a change in another one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any, TypeVar, cast

import numba

NOT_COMPILED = ("__init__", "session", "decision", "pricing", "helpers", "parts", "crew", "processes")
"""Modules here whose text does not matter to machine code."""

ENTRIES = (".search", ".pool", ".breeding", ".exact")
"""The modules whose functions Python calls; wrappers for that would double the code of all others."""

F = TypeVar("F", bound=Callable[..., Any])


def _folder() -> Path:
    """Where machine code is kept: where NUMBA_CACHE_DIR says, beside the sources, or in the user's cache.

    Beside an installation that may only be read there may be code already; numba wants to write where it reads, so
    that is copied. Where nothing else can be written a folder of this process alone serves, and is gone at its end.
    """
    here = Path(__file__).parent
    sources = (path for path in sorted(here.glob("*.py")) if path.stem not in NOT_COMPILED)
    name = f"kernel-{sha256(b''.join(path.read_bytes() for path in sources)).hexdigest()[:16]}"
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        return Path(given) / name
    beside = here / "__pycache__" / name
    home = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "songsuk" / name
    for folder in (beside, home):
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                break
    else:
        own = TemporaryDirectory(prefix="songsuk-")
        _own.append(own)
        folder = Path(own.name)
    if folder != beside and beside.is_dir() and not any(folder.iterdir()):
        for path in beside.glob("*/*"):
            (folder / path.parent.name).mkdir(exist_ok=True)
            copyfile(path, folder / path.parent.name / path.name)
    return folder


_own: list[TemporaryDirectory[str]] = []
_CACHE = str(_folder())
_config: Any = numba.config


def jit(function: F) -> F:
    """Compile on first call, or take the code kept by an earlier process.

    It runs without the interpreter's lock, and without counting references: nothing here makes an array.
    """
    return _jit(function, "never")


def inlined(function: F) -> F:
    """The same for what is called most: its code is repeated where it is called.

    A call hands over every array of the problem and of the routes, which takes as long as a look at one route does.
    """
    return _jit(function, "always")


def _jit(function: F, inline: str) -> F:
    options: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False, "inline": inline}
    if not function.__module__.endswith(ENTRIES):
        options |= {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    before = _config.CACHE_DIR
    _config.CACHE_DIR = _CACHE
    try:
        return cast(F, numba.njit(**options)(function))
    finally:
        _config.CACHE_DIR = before
