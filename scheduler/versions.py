"""Which config is in force: the file's valid edits become versions in the database, each wave keeps its own.

A broken file never replaces a running good config; it is reported, and the last version stays in force. A version may
wait for a day: waves of that day and later ones are closed by it, earlier ones by what was there before.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scheduler import config as configs
from scheduler.calendar import MarketCalendar
from scheduler.config import Config, ConfigError, Problem
from scheduler.zones import ZoneIndex
from storage import Store
from storage.records import ConfigVersion

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
        self._starts: list[tuple[int, dt.date | None]] = []
        self._zones: dict[int, ZoneIndex] = {}
        self._calendars: dict[int, MarketCalendar] = {}
        self._texts: dict[int, Texts] = {}
        self._broken_before: str | None = None
        self.broken: ConfigError | None = None
        self.stays_broken: str | None = None
        """What tells one broken state of the file from another, once it was found twice: nobody is still saving it."""

    def take_up(self, loaded: Config, at: dt.datetime, actor: str, *, publish: bool | None = None) -> bool:
        """Make `loaded`, the file, the next version; True where that changed what was in force.

        `publish` None: as the market's ``config.publish`` says, and only where the file was edited since the last
        version came: one that was put in force from elsewhere, or taken back, stays. The first config of a database is
        always taken up; a later one is a `ConfigError` where it cannot take force here.
        """
        self.follow(at)
        newest = self._store.config_version(self.newest)
        if newest is not None:
            if loaded.sha256 == newest.sha256:
                self._parsed[newest.version] = self._adapt(loaded)
                return False
            edited = loaded.config.publish == "auto" and loaded.sha256 != newest.file_sha256
            if not (edited if publish is None else publish):
                return False
        known = self.newest
        if self.put_in_force(loaded, at, actor) is not None:
            return newest is not None
        return self.newest != known and self.take_up(loaded, at, actor, publish=publish)  # another was faster

    def put_in_force(
        self,
        edit: Config,
        at: dt.datetime,
        actor: str,
        *,
        note: str = "",
        from_date: dt.date | None = None,
        restores: int | None = None,
        file_sha256: str | None = None,
    ) -> ConfigVersion | None:
        """The next version, from `edit`; None where it, or another, is that already. `ConfigError` as `problems`."""
        if self._starts and (problems := self.problems(edit)):
            raise ConfigError(problems)
        made = self._store.publish_config(
            edit.text,
            edit.sha256,
            actor=actor,
            at=at,
            note=note,
            after=self.newest,
            from_date=from_date if self._starts else None,
            restores=restores,
            file_sha256=file_sha256,
        )
        fresh = made is not None and made.version > self.newest
        if fresh and made is not None:
            self._parsed[made.version] = self._adapt(edit)
        self.follow(at)
        return made if fresh else None

    def resume(self, broken: ConfigError, at: dt.datetime) -> bool:
        """Go on by the last version though the file is `broken`; False where there is none yet."""
        self.follow(at)
        if self._starts:
            self.broken = broken
        return bool(self._starts)

    def problems(self, edit: Config) -> list[Problem]:
        """What keeps a valid edit from taking force in this database and this process."""
        now, found = self.config(), list[Problem]()
        if edit.market.id != now.market.id:
            runs = {run.market for run in self._store.runs()}
            ids = runs or ({now.market.id} if self._store.orders(limit=1) else set())
            found = configs.another_market(edit, ids, file=self._path.name)
        return [*found, *self._refuse(self._adapt(edit), now)]

    def refresh(self, at: dt.datetime) -> bool:
        """Look again; True where a new version came, from the file or another process, or the day of one has come.

        A broken edit is kept in `broken`.
        """
        published = self.follow(at)
        changed = False
        try:
            stamp = self._stamp()
            if stamp == self._seen and not self._look_again:
                return published
            self._seen, self._look_again = stamp, True
            loaded = configs.load(self._path)
            changed = self.take_up(loaded, at, actor="config.yaml")
            # What it names (areas, wording) may be edited while the file itself stays.
            self._look_again = loaded.text.encode() != self._path.read_bytes().removeprefix(b"\xef\xbb\xbf")
            self.broken = self.stays_broken = self._broken_before = None
        except ConfigError as error:
            if self.broken is None or self.broken.errors != error.errors:
                log.warning("%s is not valid; the config in force stays: %s", self._path, error.errors[0].text())
            self.broken = error
            state = self._state(error)
            self.stays_broken = state if state == self._broken_before else None
            self._broken_before = state
        except OSError:  # it went away while it was looked at
            self._look_again = True
        if changed:
            log.info("%s is now version %s, in force from the next wave not yet closed", self._path, self.newest)
        return changed or published

    def _stamp(self) -> tuple[int, int] | None:
        """When the file was last written, and its size; None: it cannot be looked at, which loading it will tell."""
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size

    def _state(self, error: ConfigError) -> str:
        """The broken file's content and what is wrong with it, as a short text; another after the next version."""
        try:
            content = self._path.read_bytes()
        except OSError:
            content = b""
        said = "\n".join([str(self.newest), *(problem.text() for problem in error.errors)])
        return hashlib.sha256(content + said.encode()).hexdigest()[:16]

    def follow(self, at: dt.datetime) -> bool:
        """Take over what another process has published since, and what is in force as of `at`'s day; True: new."""
        first, before, known = not self._starts, self._latest, len(self._starts)
        self._starts += self._store.config_starts(self.newest)
        if self._starts:
            waits = any(start is not None for _, start in self._starts)
            at_once = self._latest or max(number for number, start in self._starts if start is None)
            self._latest = (
                self.on(at.astimezone(self.config(at_once).market.time_zone).date()) if waits else self.newest
            )
        return not first and (self._latest, len(self._starts)) != (before, known)

    @property
    def latest(self) -> int:
        """The version in force today."""
        return self._latest

    @property
    def newest(self) -> int:
        """The version that was made last; it may wait for its day. 0: there is none."""
        return self._starts[-1][0] if self._starts else 0

    def on(self, date: dt.date) -> int:
        """The version by which a wave of `date` is closed: the last one made that does not wait for a later day."""
        return max(number for number, start in self._starts if start is None or start <= date)

    def rules_of(self, date: dt.date) -> tuple[Config, MarketCalendar]:
        """The config and calendar by which a wave of `date` is closed."""
        version = self.on(date)
        return self.config(version), self.calendar(version)

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
        from channels.texts import as_shipped, load_text  # and with it the templates, which most commands never fill in

        wanted = version if version is not None else self._latest
        if wanted not in self._texts:
            own = self.config(wanted).texts
            self._texts[wanted] = load_text(own.content)[0] if own is not None else as_shipped()
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
