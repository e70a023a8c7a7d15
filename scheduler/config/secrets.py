"""What never stands in a file: tokens from the environment, and whether the ones the channels need are there.

A variable may also come as ``NAME_FILE``, the path of a file that holds the value. Values are `SecretStr`: they do not
show in logs or tracebacks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import SecretStr

import channels
from scheduler.config.channels import TelegramSettings
from scheduler.config.files import unreadable
from scheduler.config.models import Config
from scheduler.config.problems import Problem, problem
from scheduler.config.reader import Reading
from scheduler.config.wording import wording

_MOST_BYTES = 65_536


class UnreadableSecret(Exception):
    """The file that ``NAME_FILE`` names cannot be read; `message` and `hint` say so to people."""

    def __init__(self, variable: str, path: str, error: Exception) -> None:
        self.variable, self.path = f"{variable}_FILE", path
        self.facts = {"variable": variable, "value": path, **unreadable(error)}
        self.message, self.hint = wording("secret.unreadable", self.facts)
        super().__init__(self.message["en"])


def read_secret(name: str, environ: Mapping[str, str] = os.environ) -> SecretStr | None:
    """The secret called `name`, or None where it is not set; `UnreadableSecret` where its file cannot be read."""
    if environ.get(name):
        return SecretStr(environ[name])
    path = environ.get(f"{name}_FILE")
    if not path:
        return None
    try:
        with Path(path).open("rb") as stream:
            value = stream.read(_MOST_BYTES).decode("utf-8", "replace").strip()
    except (OSError, ValueError) as error:
        raise UnreadableSecret(name, path, error) from None
    return SecretStr(value) if value else None


def secret_keys(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The house's own secret keys, the one in use first; empty where none is set."""
    found = (read_secret(name, environ) for name in ("SONGSUK_SECRET_KEY", "SONGSUK_SECRET_KEY_PREVIOUS"))
    return tuple(secret.get_secret_value() for secret in found if secret is not None)


def _read_by(config: Config) -> Iterator[tuple[str, str, bool]]:
    """(channel, variable, needed) for every secret the configured channels read; some they can do without."""
    for name, settings in config.channels.items():
        polls = isinstance(settings, TelegramSettings) and settings.updates == "polling"
        for variable in channels.secrets_of(name):
            yield name, variable, not variable.endswith("_PREVIOUS") and not (polls and "WEBHOOK" in variable)


def missing_secrets(
    config: Config, environ: Mapping[str, str] = os.environ, *, file: str = "config.yaml"
) -> list[Problem]:
    """A problem for each secret that a channel of `config` lacks; `file` is what people call the config's file."""
    problems = []
    root = Reading(config.text, file).root
    for channel, variable, needed in _read_by(config):
        facts: Mapping[str, object] = {"channel": channel, "variable": variable}
        try:
            code = "secret.missing" if read_secret(variable, environ) is None and needed else ""
        except UnreadableSecret as error:
            code, facts = "secret.unreadable", error.facts
        if code:
            node = root.find(("channels", channel))[0] if root else None
            line, column = (node.line, node.column) if node else (1, 1)
            path = f"channels.{channel}"
            problems.append(problem(code, facts, file=file, line=line, column=column, path=path))
    return problems
