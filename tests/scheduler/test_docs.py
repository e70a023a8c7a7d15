"""The documents say what is there: arrows, commands, keys, variables, routes and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from typer.main import get_command

import scheduler
from scheduler import states
from scheduler.app import App
from scheduler.cli import app as cli
from scheduler.config import json_schema
from scheduler.web import create

ROOT = Path(scheduler.__file__).parent.parent
DOCS = ROOT / "docs"
PACKAGES = ("scheduler", "channels", "routing", "storage")
TABLES = {"wave run": states.RUN, "leg": states.LEG, "message": states.MESSAGE}


def section(page: str, heading: str) -> str:
    """What stands under one heading, up to the next of its level or a higher one."""
    level = heading.partition(" ")[0]
    found = re.search(rf"^{re.escape(heading)}$(.*?)(?=^#{{1,{len(level)}}} |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found is not None, f"there is no {heading!r}"
    return found[1]


@pytest.mark.parametrize("thing", TABLES)
def test_life_cycles_are_drawn(thing: str) -> None:
    """Each diagram has every arrow of its table and no other, and ends where nothing follows."""
    table = TABLES[thing]
    part = section((DOCS / "developer" / "life-cycles.md").read_text(encoding="utf-8"), f"## {thing}")
    arrows = re.findall(r"^    (\S+) --> (\S+)$", part, re.MULTILINE)
    drawn = [arrow for arrow in arrows if "[*]" not in arrow]
    assert sorted(drawn) == sorted((before, after) for before in table for after in table[before])
    assert {before for before, after in arrows if after == "[*]"} == {state for state in table if not table[state]}


def commands(group: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    """Every command below a group, with its options."""
    if hasattr(group, "commands"):
        for name, each in group.commands.items():
            yield from commands(each, f"{path} {name}")
    else:
        yield path, [opt for parameter in group.params for opt in parameter.opts if opt.startswith("--")]


def test_every_command_and_option_stands_in_cli() -> None:
    """cli.md has a section for each command, and names each of its options there; no section is about nothing."""
    page = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    known = dict(commands(get_command(cli), "songsuk"))
    assert sorted(re.findall(r"^### (.+)$", page, re.MULTILINE)) == sorted(known)
    for command, options in known.items():
        part = section(page, f"### {command}")
        assert [option for option in options if not re.search(rf"{option}\b", part)] == [], command


def keys(node: dict[str, Any], definitions: dict[str, Any], path: str = "") -> Iterator[str]:
    """Every key of config.yaml, as ``zones[].max_orders``; a name in two languages is one key."""
    for name, value in node.get("properties", {}).items():
        inner = [value, *value.get("anyOf", ())]
        items = [each["items"] for each in inner if "items" in each]
        parts = [part for each in (*inner, *items) if (part := _group(each, definitions)) is not None]
        here = f"{path}{name}" + ("[]" if items and parts else "")
        if parts:
            yield from (key for part in parts for key in keys(part, definitions, f"{here}."))
        else:
            yield here


def _group(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any] | None:
    called = node.get("$ref", "").rpartition("/")[2]
    found = definitions[called] if called else node
    return found if "properties" in found and called != "Text" else None


def documented_keys(page: str) -> Iterator[str]:
    """The keys of the tables; a heading of one section of the file stands before its keys."""
    for heading, part in re.findall(r"^## (.+?)$(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL):
        title = heading.strip("*")
        own = title if "[]" in title or title in {"market", "calendar", "messages", "channels"} else ""
        for cell in re.findall(r"^\| (`.+?) \|", part, re.MULTILINE):
            yield from (f"{own}.{key}" if own else key for key in re.findall(r"`([^`]+)`", cell))
    yield from re.findall(r"^\| `([^`]+)`", page.partition("\n## ")[0], re.MULTILINE)


def test_every_config_key_stands_in_config() -> None:
    """config.md names each key of the JSON Schema once, and none that is not there."""
    schema = json_schema()
    found = list(documented_keys((DOCS / "reference" / "config.md").read_text(encoding="utf-8")))
    assert sorted(found) == sorted(keys(schema, schema["$defs"]))


def test_every_variable_stands_in_operator() -> None:
    """operator.md names each environment variable that the code reads."""
    page = (DOCS / "guide" / "operator.md").read_text(encoding="utf-8")
    read = {
        name
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for name in re.findall(r"SONGSUK_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8"))
    }
    assert read
    assert {name for name in read if f"`{name}`" not in page} == set()


def test_every_route_stands_in_api() -> None:
    """api.md names each route of openapi.json, with its method."""
    page = (DOCS / "reference" / "api.md").read_text(encoding="utf-8")
    described = create(cast(App, None)).openapi()["paths"]
    routes = [f"{method.upper()} {path}" for path, methods in described.items() for method in methods]
    assert routes
    assert [route for route in routes if f"`{route}`" not in page] == []


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    """Each relative link of a page is a file or a folder of the repository, and its heading is there."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\((?!https?://|mailto:)([^)\s]+)\)", text):
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        assert file.is_relative_to(ROOT), target
        if anchor:
            assert anchor in anchors(file.read_text(encoding="utf-8")), target


def anchors(text: str) -> set[str]:
    """What a heading or an ``<a id>`` of a page is called in a link."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a id="([^"]+)"', text))
