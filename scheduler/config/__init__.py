"""config.yaml: one market's settings, read once, checked whole, typed for good.

    load(path) -> Config            or `ConfigError` with every error and its place
    check(path) -> Report           errors and warnings, for people
    look(path) -> bytes, Report     the same, with what was read
    parse(text) -> Config           the same from a stored version
    json_schema()                   what editors use
    missing_secrets(config)         what the channels need from the environment

Knows nothing of orders, people or the clock.
"""

from scheduler.config.edits import another_market, newly_missing, placed
from scheduler.config.loading import check, examine, load, look, parse
from scheduler.config.models import Config, Document
from scheduler.config.problems import ConfigError, Problem, Report
from scheduler.config.schema import json_schema
from scheduler.config.secrets import UnreadableSecret, missing_secrets, read_secret, secret_keys
from scheduler.config.values import Moment, Text, TimeRange

__all__ = [
    "Config",
    "ConfigError",
    "Document",
    "Moment",
    "Problem",
    "Report",
    "Text",
    "TimeRange",
    "UnreadableSecret",
    "another_market",
    "check",
    "examine",
    "json_schema",
    "load",
    "look",
    "missing_secrets",
    "newly_missing",
    "parse",
    "placed",
    "read_secret",
    "secret_keys",
]
