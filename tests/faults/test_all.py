"""All parts as one command, in a repository of its own, with parts that only end: well, badly or by an error."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from report import of_one_commit, placed

HERE = Path(__file__).resolve().parent
PAGE = "docs/reliability.md"
PARTS: dict[str, str] = runpy.run_path(str(HERE / "__main__.py"), run_name="faults")["PARTS"]
ENDS = {"sending": '["lost 1"]', "day_of_kills": "[]", "databases": "1 / 0", "services": "[]"}
"""How a part ends: the promises that it says were broken, or an error of its own. All others keep theirs."""
PART = """
TRIALS, ROWS = ("trials", "trials"), (("broken", ["broken"]),)

def options(parser):
    parser.add_argument("--database")

def run(asked):
    if asked.database == "postgresql":
        run.pipe = open("pipe", "w")  # a pipe lets both in, or neither; it ends with this run
    elif asked.database == "sqlite":
        open("pipe").read()
    yield asked.database or "sqlite", {{"trials": 300, "broken": {ends}}}
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A repository with the harness's own program and page, and such parts."""
    for name in (
        "tests/faults/__main__.py",
        "tests/faults/report.py",
        "benchmarks/__init__.py",
        "benchmarks/harness.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE.parents[1] / name, tmp_path / name)
    for module in PARTS.values():
        ends = ENDS.get(module, "[]")
        (tmp_path / f"tests/faults/{module}.py").write_text(PART.format(ends=ends), encoding="utf-8")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / ".gitignore").write_text("pipe\nvar\n", encoding="utf-8")
    places = [f"<!-- faults: {name} -->\n<!-- end -->\n" for name in ("all", *PARTS)]
    (tmp_path / "docs").mkdir()
    (tmp_path / PAGE).write_text("\n".join(places), encoding="utf-8")
    _git(tmp_path, "init", "--quiet")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "--quiet", "--message", "All of it")
    return tmp_path


def _git(house: Path, *words: str) -> str:
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *words], cwd=house, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _faults(house: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(house / "tests" / "faults"), *words]
    return subprocess.run(command, cwd=house, capture_output=True, text=True, timeout=120, check=False)


def test_each_part_runs_to_its_end_whatever_became_of_the_others(house: Path) -> None:
    """One that breaks a promise and one that fails by itself are named; what all others found stands in the page."""
    done = _faults(house, "--write")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert done.stderr.endswith("failed: sender, databases\n")
    page = (house / PAGE).read_text(encoding="utf-8")
    tables = {part: of_one_commit(f"<!-- faults: {part} -->{text}") for part, text in _sections(page).items()}
    assert {part for part, found in tables.items() if not found} == {"all", "databases"}
    assert f"All tables below: commit {_git(house, 'rev-parse', '--short', 'HEAD')}, " in _sections(page)["all"]
    assert "promises broken" in _sections(page)["sender"]
    assert "fewer than 1.0 % of such trials do" in _sections(page)["services"]


def test_the_long_parts_run_on_both_databases_at_once(house: Path) -> None:
    """Each of these runs waits for the other to be there; whichever ends first, SQLite stands before PostgreSQL."""
    _faults(house, "--write")
    page = _sections((house / PAGE).read_text(encoding="utf-8"))
    assert {part for part, text in page.items() if "| | SQLite | PostgreSQL |" in text} == {"kills", "backups"}


def _sections(page: str) -> dict[str, str]:
    found = [text.partition(" -->") for text in page.split("<!-- faults: ")[1:]]
    return {part: text for part, _, text in found}


def test_every_part_has_its_place_in_the_page() -> None:
    """What a part found after an hour has somewhere to stand, and so has the line on all of them."""
    assert set(_sections((HERE.parents[1] / PAGE).read_text(encoding="utf-8"))) == {"all", *PARTS}


def test_what_is_not_committed_is_not_written_down(house: Path) -> None:
    """With a changed file the commit would not be what ran: refused, in one line, before anything runs. The page itself
    may be changed, for a run changes it."""
    (house / PAGE).write_text((house / PAGE).read_text(encoding="utf-8") + "more\n", encoding="utf-8")
    assert _faults(house, "services", "--write").returncode == 0
    written = (house / PAGE).read_text(encoding="utf-8")
    with (house / "benchmarks" / "__init__.py").open("a", encoding="utf-8") as file:
        file.write("\n")
    for words in (["--write"], ["services", "--write"]):
        done = _faults(house, *words)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert "commit" in done.stderr
        assert Path(PAGE).name in done.stderr
    assert (house / PAGE).read_text(encoding="utf-8") == written
    assert _faults(house, "services").returncode == 0


def test_tables_of_several_commits_are_said_to_be() -> None:
    """A page whose tables are not all of one commit and machine says which is of which."""
    page = "".join(f"<!-- faults: {part} -->\n<!-- end -->\n" for part in ("all", "kills", "services"))

    def ran(name: str, day: int, at: str) -> str:
        return f"{name}: 2026-11-{day}, commit {at}, seed 1, load 0.1 at the end: 20 deaths.  "

    page = placed(page, "services", [ran("services", 29, "abc, a machine")])
    page = placed(page, "kills", [ran("SQLite", 29, "abc, a machine"), ran("PostgreSQL", 30, "abc, a machine")])
    assert of_one_commit(page) == ["All tables below: commit abc, a machine, 2026-11-29 to 2026-11-30."]
    page = placed(page, "kills", [ran("SQLite", 29, "abc, a machine"), ran("PostgreSQL", 30, "def+, a machine")])
    assert of_one_commit(page)[2:] == [
        "- abc, a machine: kills (SQLite), services",
        "- def+, a machine: kills (PostgreSQL)",
    ]
