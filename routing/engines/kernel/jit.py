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
from typing import Any, TypeVar, cast

import numba

NOT_COMPILED = ("__init__", "session")
"""Modules here whose text does not matter to machine code."""

ENTRY = ".search"
"""The module whose functions Python calls; wrappers for that would double the code of all others."""

F = TypeVar("F", bound=Callable[..., Any])


def _folder() -> Path:
    here = Path(__file__).parent
    sources = (path for path in sorted(here.glob("*.py")) if path.stem not in NOT_COMPILED)
    digest = sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        return Path(given) / digest
    beside = here / "__pycache__"
    with suppress(OSError):
        beside.mkdir(exist_ok=True)
    home = beside if os.access(beside, os.W_OK) else Path.home() / ".cache" / "songsuk"
    return home / f"kernel-{digest}"


_CACHE = str(_folder())
_config: Any = numba.config


def jit(function: F) -> F:
    """Compile on first call, or take the code kept by an earlier process.

    It runs without the interpreter's lock, and without counting references: nothing here makes an array.
    """
    options: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}
    if not function.__module__.endswith(ENTRY):
        options |= {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    before = _config.CACHE_DIR
    _config.CACHE_DIR = _CACHE
    try:
        return cast(F, numba.njit(**options)(function))
    finally:
        _config.CACHE_DIR = before
