"""A process that has a name can be told dead by its machine, and by no other."""

from __future__ import annotations

import subprocess
import sys

import pytest

from scheduler import holder

NAMING = "from scheduler.holder import new_holder; print(new_holder(), flush=True); input()"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel tells on Linux alone")


def test_a_killed_process_is_gone_and_a_living_one_is_not() -> None:
    """While it runs it is not gone; killed it is, before and after its parent has taken note of it."""
    process = subprocess.Popen([sys.executable, "-c", NAMING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdin is not None
    name = process.stdout.readline().strip()
    assert not holder.is_gone(name)
    process.kill()
    assert process.stdout.read() == ""  # it has let go of everything
    while not holder.is_gone(name):  # a zombie within a moment
        pass
    process.wait()
    assert holder.is_gone(name)
    process.stdin.close()
    process.stdout.close()


def test_a_number_that_somebody_else_has_now_is_no_sign_of_life() -> None:
    """A process that started at another moment under the same number is another one; of ourselves we know."""
    mine = holder.new_holder()
    place, number, started, rest = mine.split("-")
    assert not holder.is_gone(mine)
    assert holder.is_gone("-".join((place, number, f"{int(started) - 1}", rest)))


@pytest.mark.parametrize("name", ["f" * 12 + "-999999999-1-x", "-999999999-1-x", "", "a3c0ffee", "x-y-z"])
def test_of_a_process_elsewhere_nothing_is_known(name: str) -> None:
    """Another machine's holder, an earlier version's name and nonsense are taken for alive: their lease runs."""
    assert not holder.is_gone(name)
