"""`python -m benchmarks.pdptw`: one JSON line a run, judged by a checker of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.pdptw import main
from benchmarks.pdptw_files import faults, read

LI_LIM = """2 10 1
0 0 0 0 0 1000 0 0 0
1 30 40 5 0 1000 10 0 2
2 30 0 -5 0 1000 10 1 0
3 0 40 5 0 1000 10 0 4
4 0 80 -5 100 1000 10 3 0
"""

SARTORI_BURIOL = """NAME: small
LOCATION: somewhere
COMMENT: ...
TYPE: PDPTW
SIZE: 3
DISTRIBUTION: ...
DEPOT: ...
ROUTE-TIME: 240
TIME-WINDOW: 60
CAPACITY: 10
NODES
0 9.1 99.3 0 0 240 0 0 0
1 9.1 99.4 5 0 240 3 0 2
2 9.2 99.3 -5 0 240 3 1 0
EDGES
0 7 8
7 0 9
8 9 0
EOF
"""


def test_a_run_is_one_json_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both families are read and solved; the line has its figures in the instance's own unit, and holds."""
    (tmp_path / "lim.txt").write_text(LI_LIM)
    (tmp_path / "small.txt").write_text(SARTORI_BURIOL)
    (tmp_path / "bks").mkdir()
    (tmp_path / "bks" / "small.1_24.txt").write_text("Route 1 : 1 2\n")
    files = [tmp_path / "lim.txt", tmp_path / "small.txt"]
    assert main([*map(str, files), "--engine", "kernel", "--seconds", "1", "--seed", "2", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    keys = ["instance", "engine", "seed", "seconds", "cpu_seconds", "vehicles", "distance", "routes", "best_known"]
    assert [list(line) for line in lines] == [keys, keys]
    assert [(line["instance"], line["engine"], line["seed"]) for line in lines] == [
        ("lim", "kernel", 2),
        ("small", "kernel", 2),
    ]
    assert [line["vehicles"] for line in lines] == [1, 1]
    assert [line["distance"] for line in lines] == [40 + 40 + 50 + 40 + 30, 24]
    assert [line["best_known"] for line in lines] == [None, [1, 24.0]]
    assert [faults(read(file), line["routes"]) for file, line in zip(files, lines, strict=True)] == [[], []]


@pytest.mark.parametrize(
    ("routes", "fault"),
    [
        ([[1, 2]], "missing [3, 4], 0 twice"),
        ([[2, 1], [3, 4]], "route 0: a delivery is not behind its pickup"),
        ([[1, 4], [3, 2]], "route 0: a delivery is not behind its pickup"),
        ([[1, 2, 1, 2], [3, 4]], "missing [], 2 twice"),
    ],
)
def test_the_checker_finds_what_a_plan_breaks(tmp_path: Path, routes: list[list[int]], fault: str) -> None:
    """Left out, in the wrong order, on two vehicles or twice: each is named."""
    (tmp_path / "lim.txt").write_text(LI_LIM)
    assert fault in faults(read(tmp_path / "lim.txt"), routes)


@pytest.mark.parametrize(
    "text", [None, "", "no instance", "NAME: x", LI_LIM.replace("1000 10 0 2", "1000"), "1 2 3\n0"]
)
def test_what_is_no_instance_is_refused_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    """A file that is not there or is none ends as a usage error that names it."""
    if text is not None:
        (tmp_path / "x.txt").write_text(text)
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path / "x.txt"), "--json"])
    assert ended.value.code == 2
    assert "x.txt" in capsys.readouterr().err.splitlines()[-1]
