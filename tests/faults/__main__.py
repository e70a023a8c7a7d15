"""What faults cost, part by part; each prints one JSON document, and exits with 1 where a promise was broken.

    python tests/faults sender    [--database …]   a sender killed once at each point it passes
    python tests/faults kills     [--database …]   a whole day through which the daemon is killed
    python tests/faults databases [--database …]   databases that stop, fill up or are locked while the day goes on
    python tests/faults backups   [--database …]   backups while it sends, and days brought back from one
    python tests/faults services                   services that refuse, hang, break off or are gone for an hour
    python tests/faults together                   three daemons on one PostgreSQL: one speaks, within the limits

`--write` puts the figures into docs/reliability.md. `python tests/faults PART --help` tells the rest.
"""

from __future__ import annotations

import argparse
import importlib
import json
import signal
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent / "fakes")]

PARTS = {
    "sender": "sending",
    "kills": "day_of_kills",
    "databases": "databases",
    "backups": "backups",
    "services": "services",
    "together": "together",
}


def main() -> int:
    word, *rest = sys.argv[1:] or [""]
    if word not in PARTS:
        sys.stderr.write(__doc__ or "")
        return 2
    part = importlib.import_module(PARTS[word])
    options = argparse.ArgumentParser(prog=f"tests/faults {word}", description=part.__doc__)
    options.add_argument("--seed", type=int, default=1, help="of everything that is drawn")
    options.add_argument("--write", action="store_true", help="put the figures into docs/reliability.md")
    part.options(options)
    asked = options.parse_args(rest)
    sys.stderr.write(f"{word}: seed {asked.seed}\n")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended on the way out
    import report

    from benchmarks.harness import commit

    version, broken = commit(), False
    for name, figures in part.run(asked):
        print(json.dumps({"part": word, "database": name, **figures}, ensure_ascii=False, indent=1))  # noqa: T201
        broken = broken or bool(figures["broken"])
        if asked.write:
            report.keep(word, name, figures, seed=asked.seed, version=version)
            report.write(word, part.ROWS, *part.TRIALS)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
