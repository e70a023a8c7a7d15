"""The tables of the life-cycles are covered whole by their own tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_branch_of_the_tables_is_tested(tmp_path: Path) -> None:
    """Of scheduler/states.py each line and each branch is reached by test_states.py alone."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    environ["COVERAGE_FILE"] = str(tmp_path / "coverage")

    def coverage(verb: str, *words: str) -> subprocess.CompletedProcess[str]:
        options = [f"--rcfile={os.devnull}", "--include=scheduler/states.py"]  # not how `make test` measures
        command = [sys.executable, "-m", "coverage", verb, *options, *words]
        return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)

    ran = coverage("run", "--branch", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/scheduler/test_states.py")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    report = coverage("report", "--show-missing", "--fail-under=100")
    assert report.returncode == 0, report.stdout
    assert "100%" in report.stdout
