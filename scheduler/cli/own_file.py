"""The market's config file on disk, read once for a command: its bytes, what they mean, and which files they name.

Knows no database and no versions.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from scheduler.cli.screen import Refusal

if TYPE_CHECKING:
    from scheduler.config import Config, Report


@dataclass(frozen=True, kw_only=True)
class OwnFile:
    """The file as it was when it was read. `report` is what `config check` says of it."""

    path: Path
    data: bytes
    report: Report

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def sha256(self) -> str | None:
        """What tells its text from another; None where it is broken."""
        return self.report.config.sha256 if self.report.config is not None else None

    def good(self) -> OwnFile:
        """Itself; a refusal with all its errors where it is broken."""
        if self.report.config is None:
            raise Refusal.of([problem.as_json() for problem in self.report.errors], 2)
        return self

    @property
    def config(self) -> Config:
        """What it means; a refusal as `good` where it is broken."""
        return cast("Config", self.good().report.config)

    @cached_property
    def zones(self) -> dict[str, dict[str, Any]]:
        """The zones of a good file as they are written, the files that they name included, by id."""
        return {str(zone["id"]).strip(): zone for zone in self._written["zones"]}

    @property
    def files(self) -> list[str]:
        """The files beside it that it names."""
        texts = self._written.get("texts")
        found = [zone.get("file") for zone in self.zones.values()] + [texts]
        return list(dict.fromkeys(name for name in found if isinstance(name, str)))

    @cached_property
    def _written(self) -> dict[str, Any]:
        from scheduler.config.reader import Reading

        root = Reading(self.data.decode("utf-8-sig"), self.name).root
        return root.plain() if root is not None else {"zones": []}


def own_file(config: Path | None) -> OwnFile:
    """The file that ``--config``, else ``SONGSUK_CONFIG`` names."""
    from scheduler import config as configs

    path = config or Path(os.environ.get("SONGSUK_CONFIG", "config.yaml"))
    data, report = configs.look(path)
    return OwnFile(path=path, data=data, report=report)
