"""The process that is measured: ``python -m benchmarks.child MODULE ARGUMENTS`` prints what its ``child`` answers."""

from __future__ import annotations

import json
import sys
from importlib import import_module


def main() -> None:
    module, arguments = sys.argv[1:]
    print(json.dumps(import_module(module).child(**json.loads(arguments))))


if __name__ == "__main__":
    main()
