"""On the path of every process that a test starts: the same wall as around the tests themselves."""

import os

from wall import WHENCE, build, come_from

build([])
if WHENCE in os.environ:
    come_from(os.environ[WHENCE])
