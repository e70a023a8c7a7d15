"""`songsuk`, noting each failpoint that it passes, a line each, in a file.

python tests/faults/watched.py FILE serve --port 0
"""

from __future__ import annotations

import os
import sys

from scheduler.cli import main
from storage import failpoints


class _Passed(dict[str, int]):
    """Stands where the armed points stand; it only looks on."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def __bool__(self) -> bool:
        return True

    def pass_by(self, name: str) -> None:
        os.write(self._file, f"{name}\n".encode())


if __name__ == "__main__":
    failpoints._armed = _Passed(sys.argv.pop(1))  # type: ignore[assignment]
    sys.argv[0] = "songsuk"
    main()
