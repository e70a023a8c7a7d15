"""The settings of the chat services, one model each; a service without a model here may read what it likes.

A channel is on exactly when its key is present. Secrets never stand here: they come from the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, PlainValidator, SerializeAsAny, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from scheduler.config.values import Section, Url, refused


class ChannelSettings(Section):
    """What every chat service may be told; a service of its own may read more keys from here."""

    model_config = ConfigDict(extra="allow")


class LineSettings(ChannelSettings):
    model_config = ConfigDict(extra="forbid")

    api_base: Url = "https://api.line.me"
    data_base: Url = "https://api-data.line.me"
    timeout_seconds: float = Field(10.0, gt=0, le=120)
    prefer: bool = False


class TelegramSettings(ChannelSettings):
    model_config = ConfigDict(extra="forbid")

    api_base: Url = "https://api.telegram.org"
    updates: Literal["webhook", "polling"] = "webhook"
    timeout_seconds: float = Field(10.0, gt=0, le=120)
    prefer: bool = False


class ConsoleSettings(ChannelSettings):
    model_config = ConfigDict(extra="forbid")


CHANNELS: Mapping[str, type[ChannelSettings]] = {
    "line": LineSettings,
    "telegram": TelegramSettings,
    "console": ConsoleSettings,
}


def _channels(value: object) -> dict[str, ChannelSettings]:
    """Each service with the settings it knows; a key without settings is the service with its defaults."""
    if not isinstance(value, dict):
        raise refused("value.section")
    found: dict[str, ChannelSettings] = {}
    faults: list[InitErrorDetails] = []
    for name, settings in value.items():
        try:
            found[name] = CHANNELS.get(name, ChannelSettings).model_validate({} if settings is None else settings)
        except ValidationError as error:
            for fault in error.errors():
                kind = PydanticCustomError(fault["type"], "refused", fault.get("ctx", {}))
                faults.append(InitErrorDetails(type=kind, loc=(name, *fault["loc"]), input=fault["input"]))
    if faults:
        raise ValidationError.from_exception_data("channels", faults)
    return found


Channels = Annotated[
    Mapping[str, SerializeAsAny[ChannelSettings]],
    PlainValidator(_channels, json_schema_input_type=dict[str, ChannelSettings]),
]
