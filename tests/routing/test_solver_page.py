"""docs/reference/solver.md and the JSON Schema say what the reader reads and the check finds, and no more."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from routing.rules import RARE

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "solver.md").read_text(encoding="utf-8")
SCHEMAS = ROOT / "docs" / "reference" / "schemas"

READERS = frozenset(
    {"has", "child", "children", "items", "integer", "optional_integer", "number", "text", "ids", "optional_id"}
    | {"amount", "location", "window", "windows", "durations", "index"}
)
"""The verbs by which fields are read; each names its fields in words."""

OF_PLANS = frozenset({"routes", "lock", "arrival", "waiting_time"})
"""What a plan has, and so the plan before."""


def named(text: str) -> set[str]:
    return set(re.findall(r"`([a-z_]+)`", text))


def read_fields() -> set[str]:
    """The fields that the problem's reader asks for."""
    found: set[str] = set()
    for name in ("problem", "vehicles", "before", "places"):
        tree = ast.parse((ROOT / "routing" / "vroom" / f"{name}.py").read_text(encoding="utf-8"))
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in READERS:
                words = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
                found |= {word for word in words[: 2 if call.func.attr == "index" else 1] if word}
    return found - {"point"}


def properties(schema: Any) -> Iterator[str]:
    """Every field that a schema knows, however deep."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for inner in schema.values():
            yield from properties(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from properties(inner)


def test_the_page_and_the_schema_name_every_field_that_is_read() -> None:
    """Nothing is read in secret."""
    fields = read_fields()
    assert {"breaks", "soft_end", "cost_per_moved", "reload_depots", "time_windows"} <= fields
    assert fields - named(PAGE) - OF_PLANS == set()
    schema = json.loads((SCHEMAS / "solve.problem.schema.json").read_text(encoding="utf-8"))
    inner = {"minutes", "vehicles", "line", "crossings", "arrival", "waiting_time"}
    assert fields - set(properties(schema)) - inner == set()


def test_the_page_names_every_cause_and_every_rare_rule() -> None:
    """What the check can find stands in its table, and what engines may leave to others in theirs."""
    causes: set[str] = set()
    for name in ("check", "walk"):
        text = (ROOT / "routing" / f"{name}.py").read_text(encoding="utf-8")
        causes |= set(re.findall(r'(?:_violation\(|cause=)"([a-z_]+)"', text))
    assert {"capacity", "lock", "churn", "missing_break"} <= causes
    table = PAGE.partition("## What a check finds")[2]
    assert causes - named(table) == set()
    assert {rule.value for rule in RARE} - named(PAGE) == set()
