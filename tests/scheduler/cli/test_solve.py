"""`songsuk solve` beyond the documents it reads and writes."""

from __future__ import annotations

import signal

import pytest

from scheduler.cli.solve import until_interrupted


def test_the_first_interruption_ends_the_search_and_the_second_the_program() -> None:
    """Ctrl-C once asks for the best plan so far; once more ends the program, and afterwards it does as before."""
    before = signal.getsignal(signal.SIGINT)
    with until_interrupted() as interrupted:
        assert not interrupted()
        signal.raise_signal(signal.SIGINT)
        assert interrupted()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
