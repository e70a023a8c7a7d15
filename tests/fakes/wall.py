"""A wall around a process: no name but the loopback's is looked up, no connection leaves the machine.

`build` is called once in the test process; a process that a test starts finds it through `walled/sitecustomize.py`.
Sockets of C libraries (libpq) are outside: a test database may live elsewhere.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

Undo = Callable[[], None]
WHENCE = "WALL_WHENCE"
"""In the environment of a process: the loopback address its calls come from, so that a fake can tell them apart."""


def is_here(host: Any) -> bool:
    """Whether an address or a name means this machine without asking anybody."""
    name = host.decode(errors="replace") if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(name).partition("%")[0]).is_loopback
    except ValueError:
        return False


def build(asked: list[str]) -> Undo:
    """Put the wall up; what ran against it is added to `asked`. Gives the function that takes it down."""
    look_up, connect, connect_ex = socket.getaddrinfo, socket.socket.connect, socket.socket.connect_ex

    def refuse(host: Any) -> None:
        if not is_here(host):
            asked.append(host.decode(errors="replace") if isinstance(host, bytes) else str(host))
            raise OSError(f"tests may not reach {host}")

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        refuse(host)
        return look_up(host, *args, **kwargs)

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            refuse(address[0])
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            refuse(address[0])
        return connect_ex(self, address)

    patched: Any = socket
    patched.getaddrinfo = guarded_look_up
    patched.socket.connect, patched.socket.connect_ex = guarded_connect, guarded_connect_ex

    def undo() -> None:
        patched.getaddrinfo, patched.socket.connect, patched.socket.connect_ex = look_up, connect, connect_ex

    return undo


def come_from(address: str) -> None:
    """Connections to this machine's 127.0.0.1 begin at another address of its loopback, such as 127.0.0.2."""
    connect = socket.socket.connect

    def bound(self: socket.socket, target: Any) -> None:
        if self.family == socket.AF_INET and target[0] == "127.0.0.1" and self.getsockname()[1] == 0:
            self.bind((address, 0))
        connect(self, target)

    patched: Any = socket
    patched.socket.connect = bound
