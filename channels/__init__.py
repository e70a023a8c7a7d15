"""Chat services: send a message, read a webhook. One module per service; `connect` opens the one a name asks for.

Knows nothing of orders, plans, clocks or databases. Importing this package, or any module in it, loads no SDK.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any, cast

from channels.base import Channel, ChannelError
from channels.fit import leads_to

_NOT_SERVICES = frozenset({"base", "fit", "hooks", "texts"})


def services() -> tuple[str, ...]:
    """The names a configuration may use: one per module of this package that is a chat service."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(__path__) if found.name not in _NOT_SERVICES))


def connect(name: str, settings: Mapping[str, Any] | object, secrets: Mapping[str, str]) -> Channel:
    """The channel `name`, ready to send.

    `settings` is that channel's part of the configuration, as a mapping or as an object with the same names;
    `secrets` maps names of environment variables to values. Raises `NotConfigured` where a needed one is missing.
    """
    return cast("Channel", _module(name).connect(settings, secrets))


def secrets_of(name: str) -> tuple[str, ...]:
    """The environment variables the channel `name` reads; those ending in ``_PREVIOUS`` may be absent."""
    return cast("tuple[str, ...]", _module(name).SECRETS)


def is_official(name: str, settings: Mapping[str, Any]) -> bool:
    """Whether the channel `name` with these settings would reach real people: a base address is the service's own."""
    module = _module(name)
    bases = [str(settings.get(key) or default) for key, default in getattr(module, "BASES", {}).items()]
    return any(leads_to(base, module.DOMAINS) for base in bases)


def _module(name: str) -> Any:
    # Only names found on disk are imported: a configuration never decides what else gets loaded.
    if name not in services():
        raise ChannelError(f"no channel is called {name!r}; there are: {', '.join(services())}")
    return importlib.import_module(f"channels.{name}")
