"""What a folder of road data holds, and which of its data sets is in use. Knows no OSRM."""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

CURRENT = "current.json"

Box = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """One data set. ``version`` is the name of its folder; ``as_of`` is when OpenStreetMap looked like this."""

    folder: Path
    version: str
    extract: str
    as_of: dt.datetime | None
    built_at: dt.datetime
    area: Box
    profiles: tuple[str, ...]
    ways: int
    size: int
    """Bytes on the disk."""

    def base(self, profile: str) -> Path:
        """What OSRM calls the data set of one profile."""
        return self.folder / self.version / profile / "roads.osrm"


def current(folder: Path) -> DataSet | None:
    """The data set in use; None where there is none, or none that can be read."""
    try:
        about = json.loads((folder / CURRENT).read_text(encoding="utf-8"))
        return DataSet(
            folder=folder,
            version=about["version"],
            extract=about["extract"],
            as_of=dt.datetime.fromisoformat(about["as_of"]) if about["as_of"] else None,
            built_at=dt.datetime.fromisoformat(about["built_at"]),
            area=(about["area"][0], about["area"][1], about["area"][2], about["area"][3]),
            profiles=tuple(about["profiles"]),
            ways=about["ways"],
            size=about["size"],
        )
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return None


def put_in_use(found: DataSet) -> None:
    """From now on this is the data set in use, for whoever looks; never half of it."""
    about = asdict(found)
    del about["folder"]
    about["as_of"] = found.as_of.isoformat() if found.as_of is not None else None
    about["built_at"] = found.built_at.isoformat()
    beside = found.folder / f"{CURRENT}.new"
    with beside.open("w", encoding="utf-8") as file:
        json.dump(about, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(found.folder / CURRENT)


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
