"""Which config is in force: the file's valid edits become versions in the database, each wave keeps its own.

A broken file never replaces a running good config; it is reported, and the last version stays in force.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scheduler import config as configs
from scheduler.calendar import MarketCalendar
from scheduler.config import Config, ConfigError, Problem
from scheduler.zones import ZoneIndex
from storage import Store

if TYPE_CHECKING:
    from channels.texts import Texts

log = logging.getLogger(__name__)


Refuse = Callable[[Config, Config], Sequence[Problem]]
"""What keeps an edit (the first) from taking force after the config in force (the second)."""


class Versions:
    """The config versions of one market, parsed once each. `adapt` has the last word on each (the demo's console)."""

    def __init__(
        self,
        store: Store,
        path: Path,
        adapt: Callable[[Config], Config] = lambda config: config,
        refuse: Refuse = lambda edit, before: (),
    ) -> None:
        self._store, self._path, self._adapt, self._refuse = store, path, adapt, refuse
        self._parsed: dict[int, Config] = {}
        self._seen: tuple[int, int] | None = None
        self._look_again = False
        self._latest = 0
        self._zones: dict[int, ZoneIndex] = {}
        self._calendars: dict[int, MarketCalendar] = {}
        self._texts: dict[int, Texts] = {}
        self.broken: ConfigError | None = None

    def take_up(self, loaded: Config, at: dt.datetime, actor: str, *, publish: bool | None = None) -> bool:
        """Make `loaded` the next version; True where that changed what was in force.

        `publish` None: as the market's ``config.publish`` says. The first config of a database is always taken up; a
        later one is a `ConfigError` where it cannot take force here.
        """
        known = self._store.config_versions()
        before = known[-1] if known else None
        if publish is None:
            publish = loaded.config.publish == "auto"
        if before is not None:
            self._latest = before.version
            if not publish:
                return False
            if loaded.sha256 != before.sha256 and (problems := self.problems(loaded)):
                raise ConfigError(problems)
        version = self._store.publish_config(loaded.text, loaded.sha256, actor=actor, at=at).version
        self._parsed[version] = self._adapt(loaded)
        self._latest = version
        return before is not None and before.version != version

    def resume(self, broken: ConfigError) -> bool:
        """Go on by the last version though the file is `broken`; False where there is none yet."""
        known = self._store.config_versions()
        if known:
            self._latest, self.broken = known[-1].version, broken
        return bool(known)

    def problems(self, edit: Config) -> list[Problem]:
        """What keeps a valid edit from taking force in this database and this process."""
        now, found = self.config(), list[Problem]()
        if edit.market.id != now.market.id:
            runs = {run.market for run in self._store.runs()}
            ids = runs or ({now.market.id} if self._store.orders(limit=1) else set())
            found = configs.another_market(edit, ids, file=self._path.name)
        return [*found, *self._refuse(self._adapt(edit), now)]

    def refresh(self, at: dt.datetime) -> bool:
        """Look again; True where a new version came into force, from the file or published by another process.

        A broken edit is kept in `broken`.
        """
        published = self._follow()
        changed = False
        try:
            stamp = self._stamp()
            if stamp == self._seen and not self._look_again:
                return published
            self._seen, self._look_again = stamp, True
            loaded = configs.load(self._path)
            if not self._latest or loaded.sha256 != self.config().sha256:
                changed = self.take_up(loaded, at, actor="config.yaml")
            # What it names (areas, wording) may be edited while the file itself stays.
            self._look_again = loaded.text.encode() != self._path.read_bytes().removeprefix(b"\xef\xbb\xbf")
            self.broken = None
        except ConfigError as error:
            if self.broken is None or self.broken.errors != error.errors:
                log.warning("%s is not valid; the config in force stays: %s", self._path, error.errors[0].text())
            self.broken = error
        except OSError:  # it went away while it was looked at
            self._look_again = True
        if changed:
            log.info("%s is now version %s, in force from the next wave not yet closed", self._path, self._latest)
        return changed or published

    def _stamp(self) -> tuple[int, int] | None:
        """When the file was last written, and its size; None: it cannot be looked at, which loading it will tell."""
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size

    def _follow(self) -> bool:
        """Take over what another process has published since."""
        before = self._latest
        while self._store.config_version(self._latest + 1) is not None:
            self._latest += 1
        return before not in {0, self._latest}

    @property
    def latest(self) -> int:
        return self._latest

    def config(self, version: int | None = None) -> Config:
        """The config of `version`; of the one in force where none is named."""
        wanted = version if version is not None else self._latest
        if wanted not in self._parsed:
            stored = self._store.config_version(wanted)
            if stored is None:
                raise LookupError(f"config version {wanted} is not in the database")
            self._parsed[wanted] = self._adapt(configs.parse(stored.text))
        return self._parsed[wanted]

    def texts(self, version: int | None = None) -> Texts:
        """The wording of `version`: the market's own over the shipped one; a bad piece of it is left out."""
        from channels.texts import Texts, load_text  # and with it the templates, which most commands never fill in

        wanted = version if version is not None else self._latest
        if wanted not in self._texts:
            own = self.config(wanted).texts
            self._texts[wanted] = load_text(own.content)[0] if own is not None else Texts()
        return self._texts[wanted]

    def zones(self, version: int | None = None) -> ZoneIndex:
        wanted = version if version is not None else self._latest
        if wanted not in self._zones:
            self._zones[wanted] = ZoneIndex(self.config(wanted))
        return self._zones[wanted]

    def calendar(self, version: int | None = None) -> MarketCalendar:
        wanted = version if version is not None else self._latest
        if wanted not in self._calendars:
            self._calendars[wanted] = MarketCalendar(self.config(wanted))
        return self._calendars[wanted]
