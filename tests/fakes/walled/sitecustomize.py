"""On the path of every process that a test starts: the same wall as around the tests themselves."""

from wall import build

build([])
