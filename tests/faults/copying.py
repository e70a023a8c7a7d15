"""`songsuk db backup` in a process of its own, and room for what is made of its file. Knows no day."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from commands import Answer, House
from lives import Watch
from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import make_url


def another(url: str) -> str:
    """The address of an empty database beside that of `url`, on its server or in its folder."""
    address, name = make_url(url), f"songsuk_{uuid.uuid4().hex[:12]}"
    if address.get_backend_name() == "sqlite":
        return f"sqlite:///{Path(str(address.database)).with_name(name)}.db"
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE template0')
    engine.dispose()
    return address.set(database=name).render_as_string(hide_password=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A backup: its file, when its command ran, and whether messages went out as that began, and until it had ended."""

    file: Path
    began: float
    ended: float
    sending: bool
    throughout: bool
    answer: Answer


class Copying:
    """`songsuk db backup` in a process of its own, while whoever asks for it goes on."""

    def __init__(self, house: House, file: Path, watch: Watch) -> None:
        self.file, self.began = file, time.monotonic()
        clock = watch.now().isoformat()
        self._answers: list[tuple[Answer, float]] = []

        def take() -> None:
            answer = house.process("db", "backup", file, "--json", SONGSUK_CLOCK=clock)
            self._answers.append((answer, time.monotonic()))

        self._thread = threading.Thread(target=take)
        self._thread.start()

    def taken(self, *, began: bool, ended: bool) -> Taken | None:
        """None: it is still under way. `began`, `ended`: whether messages went out then."""
        if self._thread.is_alive():
            return None
        answer, at = self._answers[0]
        throughout = began and ended
        return Taken(file=self.file, began=self.began, ended=at, sending=began, throughout=throughout, answer=answer)
