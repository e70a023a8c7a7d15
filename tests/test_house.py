"""The house stands as drawn: who may import whom, and where the packages come from."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import pytest

import channels
import routing
import scheduler
import storage

ROOT = Path(scheduler.__file__).parent.parent
PACKAGES = ("scheduler", "channels", "routing", "storage")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """What import-linter says of a copy of the packages."""
    linter = Path(sys.executable).parent / "lint-imports"
    return subprocess.run([linter, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages and their contracts, in a folder that may be spoilt."""
    folder = tmp_path_factory.mktemp("house")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_all_four_packages_come_from_one_root() -> None:
    """Another distribution with a package of our name would be loaded in our place; none is."""
    assert {Path(str(package.__file__)).parent.parent for package in (scheduler, channels, routing, storage)} == {ROOT}


def test_no_default_needs_a_newer_python() -> None:
    """No field of a class has a read-only mapping as its default: dataclasses refuse that in Python 3.11."""
    found = []
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        said = [node for node in tree.body if isinstance(node, ast.AnnAssign) and _is_mapping(node.value)]
        named = {ast.unparse(node.target) for node in said}
        bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        fields = [node for body in bodies for node in body if isinstance(node, ast.AnnAssign)]
        found += [f"{path}:{node.lineno}" for node in fields if _is_mapping(node.value, named)]
    assert found == []


def _is_mapping(value: ast.expr | None, named: Collection[str] = ()) -> bool:
    """Whether this makes a read-only mapping, or is one of these names."""
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id == "MappingProxyType"
    return isinstance(value, ast.Name) and value.id in named


def test_the_house_keeps_its_contracts(copy: Path) -> None:
    """Every import goes the way the contracts say."""
    said = lint(copy)
    assert said.returncode == 0, said.stdout


@pytest.mark.parametrize(
    ("where", "line", "contract"),
    [
        ("routing/spoilt.py", "import storage.records", "three below do not know each other"),
        ("storage/spoilt.py", "import scheduler.states", "three below do not know each other"),
        ("scheduler/spoilt.py", "import ortools", "OR-Tools has one home"),
        ("scheduler/spoilt.py", "import telegram", "python-telegram-bot has one home"),
        ("channels/spoilt.py", "import linebot", "line-bot-sdk has one home"),
        ("scheduler/spoilt.py", "import sqlmodel", "SQLModel and SQLAlchemy have one home"),
        ("scheduler/spoilt.py", "import apscheduler", "APScheduler has one home"),
        ("scheduler/spoilt.py", "import procrastinate", "Procrastinate has one home"),
        ("scheduler/batch.py", "import scheduler.app", "rooms look downward only"),
        ("channels/console.py", "import channels.fit\nimport channels.telegram", "No channel knows another"),
        ("routing/model.py", "import routing.solving", "knows the problem, not who asks"),
    ],
)
def test_each_contract_breaks_when_violated(copy: Path, where: str, line: str, contract: str) -> None:
    """A contract that cannot fail holds nothing: one forbidden import breaks just the contract that forbids it."""
    spoilt = copy / where
    before = spoilt.read_text(encoding="utf-8") if spoilt.exists() else None
    spoilt.write_text(f"{before or ''}\n{line}\n", encoding="utf-8")
    try:
        said = lint(copy)
    finally:
        if before is None:
            spoilt.unlink()
        else:
            spoilt.write_text(before, encoding="utf-8")
    assert said.returncode != 0
    broken = [row for row in said.stdout.splitlines() if row.endswith("BROKEN")]
    assert any(contract in row for row in broken), said.stdout
