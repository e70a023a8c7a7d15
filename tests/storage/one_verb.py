"""Does one verb on a database, in a process of its own: what test_races.py kills."""

import importlib.util
import sys
from pathlib import Path

from storage import Sequel, open_store


def main(url: str, verb: str) -> None:
    spec = importlib.util.spec_from_file_location("builders", Path(__file__).parent / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    builders = importlib.util.module_from_spec(spec)
    sys.modules["builders"] = builders  # frozen dataclasses look their module up
    spec.loader.exec_module(builders)
    make = builders.Make()
    with open_store(url) as store:
        if verb == "save_orders":
            changed = [make.order(1, note="ใหม่"), *(make.order(number) for number in range(2, 40))]
            store.save_orders(changed, actor="child", at=make.at)
        elif verb == "cancel_order":
            rule = lambda standing: Sequel(messages=(make.message(),))  # noqa: E731
            store.cancel_order("SR-0001", actor="child", at=make.at, rule=rule)
        else:
            (plan,) = store.plans(make.day)
            answer = store.approve_plan(plan.id, messages=[make.message()], moves=[], actor="child", at=make.at)
            sys.stdout.write(answer.value)


if __name__ == "__main__":
    main(*sys.argv[1:])
