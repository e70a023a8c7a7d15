"""The benchmarks run and find their place in the docs. How fast anything is, is no test's business."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"


def bench(*words: str | Path) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name != "PRISM"}
    command = [sys.executable, "-m", "benchmarks", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environ)


def test_unknown_benchmarks_are_refused_and_every_known_one_has_its_place_in_the_docs() -> None:
    """A wrong name is answered with the right ones, and the page has markers for exactly these."""
    refused = bench("nonsense")
    assert refused.returncode == 2
    known = set(re.search(r"there are (.+)", refused.stderr).group(1).split(", "))  # type: ignore[union-attr]
    page = PAGE.read_text(encoding="utf-8")
    assert known == set(re.findall(r"<!-- (\w+) -->", page)) == set(re.findall(r"<!-- /(\w+) -->", page))


def test_a_trial_measures_and_writes_its_own_table_alone(tmp_path: Path) -> None:
    """Two benchmarks on a hundredth of the work give a JSON line each and replace just their tables on the page."""
    page = tmp_path / "page.md"
    page.write_text("# Figures\n<!-- zones -->\nold\n<!-- /zones -->\n<!-- day -->\nkept\n<!-- /day -->\n"
                    "<!-- messages -->\n<!-- /messages -->\nend\n", encoding="utf-8")  # fmt: skip
    done = bench("zones", "messages", "--scale", "0.01", "--json", "--write", page)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["benchmark"] for line in lines] == ["zones", "messages"]
    assert [row["way"] for row in lines[0]["rows"]] == ["all at once", "one by one", "shapely alone", "one zone edited"]
    assert {"route", "pick_list", "window", "summary", "changed", "cancelled"} <= {
        row["kind"] for row in lines[1]["rows"]
    }
    written = page.read_text(encoding="utf-8")
    assert "old" not in written
    assert "<!-- day -->\nkept\n<!-- /day -->" in written
    assert written.count("| way |") == 1
    assert written.endswith("<!-- /messages -->\nend\n")


def test_what_cannot_be_measured_here_is_left_out_and_its_table_kept(tmp_path: Path) -> None:
    """Without the peer that a table needs, it says so, and the page keeps what was measured elsewhere."""
    page = tmp_path / "page.md"
    page.write_text("<!-- prism -->\nkept\n<!-- /prism -->\n", encoding="utf-8")
    done = bench("prism", "--write", page)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("prism is left out: ")
    assert "kept" in page.read_text(encoding="utf-8")
