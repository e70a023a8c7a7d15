"""What a valid edit may not do to a running market: become another one, or ask for what this process does not have.

Knows two configurations and the environment; what the database holds it is told.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping

from scheduler.config.models import Config
from scheduler.config.problems import Path, Problem, problem, written
from scheduler.config.reader import Reading
from scheduler.config.secrets import missing_secrets


def another_market(new: Config, ids: Collection[str], *, file: str = "config.yaml") -> list[Problem]:
    """A problem where `new` is the config of another market than `ids`, whose orders and waves are in the database."""
    if not ids or new.market.id in ids:
        return []
    return [placed(new, ("market", "id"), "market.changed", {"value": sorted(ids)[-1]}, file=file)]


def newly_missing(
    new: Config, before: Config, environ: Mapping[str, str] = os.environ, *, file: str = "config.yaml"
) -> list[Problem]:
    """A problem for each secret that `new` needs and that is not there, where `before` did not lack it too."""
    lacked = {(each.path, each.message["en"]) for each in missing_secrets(before, environ)}
    return [each for each in missing_secrets(new, environ, file=file) if (each.path, each.message["en"]) not in lacked]


def placed(config: Config, path: Path, code: str, facts: Mapping[str, object], *, file: str) -> Problem:
    """A problem at the line and column of `path` in the config's own text."""
    root = Reading(config.text, file).root
    node = root.find(path)[0] if root else None
    line, column = (node.line, node.column) if node else (1, 1)
    return problem(code, facts, file=file, line=line, column=column, path=written(path))
