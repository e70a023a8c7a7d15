"""What never stands in a file: tokens from the environment, and whether the ones the channels need are there.

A variable may also come as ``NAME_FILE``, the path of a file that holds the value. Values are `SecretStr`: they do not
show in logs or tracebacks.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from scheduler.config.models import Config, TelegramSettings
from scheduler.config.problems import Problem, problem
from scheduler.config.reader import Reading

_MOST_BYTES = 65_536


def read_secret(name: str, environ: Mapping[str, str] = os.environ) -> SecretStr | None:
    """The secret called `name`, or None where it is not set; `OSError` where its file cannot be read."""
    if environ.get(name):
        return SecretStr(environ[name])
    if not environ.get(f"{name}_FILE"):
        return None
    with Path(environ[f"{name}_FILE"]).open("rb") as stream:
        value = stream.read(_MOST_BYTES).decode("utf-8", "replace").strip()
    return SecretStr(value) if value else None


def needed_secrets(config: Config) -> list[tuple[str, str]]:
    """(channel, variable) for every secret the configured channels cannot do without."""
    needed: list[tuple[str, str]] = []
    for name, settings in config.channels.items():
        if name == "line":
            needed += [(name, "SONGSUK_LINE_CHANNEL_ACCESS_TOKEN"), (name, "SONGSUK_LINE_CHANNEL_SECRET")]
        elif isinstance(settings, TelegramSettings):
            needed.append((name, "SONGSUK_TELEGRAM_BOT_TOKEN"))
            if settings.updates == "webhook":
                needed.append((name, "SONGSUK_TELEGRAM_WEBHOOK_SECRET"))
    return needed


def missing_secrets(config: Config, environ: Mapping[str, str] = os.environ) -> list[Problem]:
    """A problem for each channel that is on and lacks a secret."""
    problems = []
    root = Reading(config.text, "config.yaml").root
    for channel, variable in needed_secrets(config):
        try:
            code = "secret.missing" if read_secret(variable, environ) is None else ""
        except (OSError, ValueError):
            code = "secret.unreadable"
        if code:
            facts = {"channel": channel, "variable": variable}
            node = root.find(("channels", channel))[0] if root else None
            line, column = (node.line, node.column) if node else (1, 1)
            path = f"channels.{channel}"
            problems.append(problem(code, facts, file="config.yaml", line=line, column=column, path=path))
    return problems
