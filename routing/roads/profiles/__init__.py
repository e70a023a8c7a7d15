"""The road profiles: which roads a vehicle may take and how fast, in OSRM's Lua.

``car``, ``bicycle`` and ``foot`` are OSRM's own; the others stand here and are laid over its car.
"""

from __future__ import annotations

import shutil
from pathlib import Path

PROFILES = ("bicycle", "car", "foot", "motorcycle", "sidecar")


def lay_out(theirs: Path, target: Path) -> None:
    """OSRM's profiles and ours in one folder: they load one another by name."""
    shutil.copytree(theirs, target, dirs_exist_ok=True)
    for ours in Path(__file__).parent.glob("*.lua"):
        shutil.copy(ours, target)
