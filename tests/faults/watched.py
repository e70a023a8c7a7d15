"""`songsuk`, noting each failpoint that it comes by, a line each, in a file; what is armed there happens all the same.

python tests/faults/watched.py FILE serve --port 0
"""

from __future__ import annotations

import os
import sys

from scheduler.cli import main
from storage import failpoints


class _Noted(failpoints.Failpoints):
    def __init__(self, file: str) -> None:
        super().__init__(failpoints.Failpoints.parse(os.environ.get(failpoints.VARIABLE, ""))._orders)
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def __bool__(self) -> bool:
        return True

    def pass_by(self, name: str) -> None:
        os.write(self._file, f"{name}\n".encode())
        super().pass_by(name)


if __name__ == "__main__":
    failpoints._armed = _Noted(sys.argv.pop(1))
    sys.argv[0] = "songsuk"
    main()
