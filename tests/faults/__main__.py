"""What faults cost, part by part; each prints a JSON document a database, and exits with 1 where a promise was broken.

    python tests/faults                            all parts, one after the other, each to its end; of the long
                                                   ones both databases at once
    python tests/faults sender    [--database …]   a sender killed once at each point it passes
    python tests/faults kills     [--database …]   a whole day through which the daemon is killed
    python tests/faults databases [--database …]   databases that stop, fill up or are locked while the day goes on
    python tests/faults backups   [--database …]   backups while it sends, and days brought back from one
    python tests/faults services                   services that refuse, hang, break off or are gone for an hour
    python tests/faults together                   three daemons on one PostgreSQL: one speaks, within the limits

`--write` puts the figures into docs/reliability.md as they come, from committed files alone. `python tests/faults PART
--help` tells the rest.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
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


AT_ONCE = {"kills", "databases", "backups"}
"""Long parts whose databases take a core each."""


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended on the way out
    words = sys.argv[1:]
    if not words or words[0].startswith("-"):
        return _all(words)
    if words[0] not in PARTS:
        sys.stderr.write(__doc__ or "")
        return 2
    return _part(*words)


def _all(words: Sequence[str]) -> int:
    """Each part is a program of its own: one that fails, or begins itself anew in a mount, does so alone."""
    _asked(words, prog="tests/faults", description=__doc__)
    failed = [word for word in PARTS if any(_ended(_runs(word, words)))]
    sys.stderr.write(f"failed: {', '.join(failed)}\n" if failed else "every part kept its promises\n")
    return int(bool(failed))


def _runs(word: str, words: Sequence[str]) -> list[list[str]]:
    run = [sys.executable, str(HERE), word, *words]
    return [[*run, "--database", kind] for kind in ("sqlite", "postgresql")] if word in AT_ONCE else [run]


def _ended(commands: Sequence[Sequence[str]]) -> list[int]:
    """How each ended, of commands that run side by side."""
    with contextlib.ExitStack() as ends:
        children = [ends.enter_context(subprocess.Popen(command)) for command in commands]
        for child in children:
            ends.callback(child.terminate)
        return [child.wait() for child in children]


def _part(word: str, *words: str) -> int:
    import report

    part, broken = importlib.import_module(PARTS[word]), False
    asked, version = _asked(words, prog=f"tests/faults {word}", description=part.__doc__, further=part.options)
    sys.stderr.write(f"{word}: seed {asked.seed}\n")
    for name, figures in part.run(asked):
        broken = broken or bool(figures["broken"])
        with report.alone():
            print(json.dumps({"part": word, "database": name, **figures}, ensure_ascii=False, indent=1), flush=True)  # noqa: T201
            if asked.write:  # daemons load what is in the folder as they start: changed since, it is no commit's
                ran = version if _version() == version else f"{version.rstrip('+')}+"
                report.keep(word, name, figures, seed=asked.seed, version=ran)
                report.write(word, part.ROWS, *part.TRIALS)
    return int(broken)


def _asked(
    words: Sequence[str],
    *,
    prog: str,
    description: str | None,
    further: Callable[[argparse.ArgumentParser], None] = lambda _: None,
) -> tuple[argparse.Namespace, str]:
    """What is asked for, and the commit that it is asked of; it ends here where its figures would name another."""
    from report import PAGE

    form = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(prog=prog, description=description, formatter_class=form)
    options.add_argument("--seed", type=int, default=1, help="of everything that is drawn")
    options.add_argument("--write", action="store_true", help="put the figures into docs/reliability.md")
    further(options)
    asked = options.parse_args(words)
    version = _version()
    if asked.write and version.endswith("+"):
        options.exit(
            2, f"--write names the commit that ran: commit or stash what is changed beside {PAGE.name} first\n"
        )
    return asked, version


def _version() -> str:
    """The commit that the folder holds, with a + where tracked files are changed; the page may be."""
    from report import PAGE

    from benchmarks.harness import HOUSE, commit

    return commit(apart_from=[PAGE.relative_to(HOUSE).as_posix()])


if __name__ == "__main__":
    sys.exit(main())
