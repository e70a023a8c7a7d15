"""The application, put together in one place: config, store, clock, channels, and the verbs that are asked for.

`build` is the only composition root: the command line, the web and the demo all start here. Nothing happens at import.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

import channels
import storage
from channels.base import Channel
from channels.line import LineChannel, Quota
from scheduler import batch, day, engine, states
from scheduler import config as configs
from scheduler.areas import Areas
from scheduler.budget import LineBudget
from scheduler.cards import StatusCards
from scheduler.clock import Clock, clock_from
from scheduler.config import Config, ConfigError, Problem
from scheduler.config.channels import ChannelSettings
from scheduler.config_news import ConfigNews
from scheduler.engine import Engine, EngineUnavailable, Wake
from scheduler.intake import IntakeContext
from scheduler.outbox import wake_sender
from scheduler.redirect import Redirect
from scheduler.versions import Versions
from scheduler.waves import Waves
from scheduler.workers import AtOnce, Planner, Stopped
from storage import Store
from storage.records import Leg, LegMove, Location, Order, Role, Run, Saved

log = logging.getLogger(__name__)

WAITS = frozenset({"needs_pin", "out_of_zone", "after_cutoff"})
"""What an order can wait for from the start; an import counts these."""


class OfficialBase(Exception):
    """Something that must not reach real people would: ``channels`` names the channels with an official base."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"official base address: {', '.join(names)}")
        self.channels = tuple(names)


class App:
    """One market: its database, its config in force, its channels, its clock."""

    def __init__(
        self,
        *,
        config_path: Path,
        store: Store,
        clock: Clock,
        versions: Versions,
        planner: Planner,
        environ: Mapping[str, str],
    ) -> None:
        self.config_path, self.store, self.clock, self.versions = config_path, store, clock, versions
        self.planner, self.environ = planner, environ
        self.waves = Waves(store, versions, AtOnce(planner), lambda: self.clock.now())
        self.line_budget = LineBudget(store, versions, lambda: self.clock)
        self._redirect = Redirect(store, versions, lambda: self.clock)
        self._cards = StatusCards(store, versions, lambda: self.clock.now())
        self._channels: dict[str, Channel] | None = None
        self._connected: dict[str, ChannelSettings] = {}
        self._config_news = ConfigNews(store, versions, config_path.name)

    @property
    def config(self) -> Config:
        return self.versions.config()

    @property
    def tz(self) -> ZoneInfo:
        return self.config.market.time_zone

    def channels(self) -> Mapping[str, Channel]:
        """The configured channels, connected at first use (their SDKs are heavy). `NotConfigured` without a secret."""
        if self._channels is None:
            settings = dict(self.config.channels)
            self._channels, self._connected = {name: self.connect(name) for name in settings}, settings
        return self._channels

    def connect(self, name: str) -> Channel:
        """The channel `name` as the config in force has it. `NotConfigured`, `UnreadableSecret`, `OfficialBase`."""
        if stands_apart(self.environ) and name in self.official():
            raise OfficialBase([name])
        return channels.connect(name, self.config.channels[name].model_dump(), secrets_for(name, self.environ))

    def outdated_channels(self) -> list[str]:
        """The channels of the config in force that are not connected, or not as it says."""
        return [name for name, settings in self.config.channels.items() if self._connected.get(name) != settings]

    async def adopt_channel(self, name: str, channel: Channel) -> None:
        """From now on `channel` is the one called `name`, for everybody who holds `channels()`."""
        if self._channels is None:
            self._channels = {}
        old, self._channels[name] = self._channels.get(name), channel
        self._connected[name] = self.config.channels[name]
        if old is not None:
            await old.close()

    def official(self) -> list[str]:
        """The configured channels whose base address is the service's own: real people would be reached."""
        return official_channels(self.config)

    def engine(self) -> Engine:
        """The engine that the config in force names. `EngineUnavailable` where its server does not do as asked."""
        return engine.connect(self.config.engine.kind, database_url(self.environ))

    def areas(self, wake: Wake, at_once: int, solved: Callable[[], None] = lambda: None) -> Areas:
        """The planning areas as work, so many `at_once` in this process; `wake` is the engine's."""
        return Areas(
            self.store,
            self.versions,
            self.planner,
            wake=wake,
            at_once=at_once,
            clock=self.clock,
            solved=solved,
        )

    def wake_senders(self) -> None:
        """Tells whoever sends that something is due, from a process that runs no engine."""
        if self.config.engine.kind == "local":
            return  # the daemon on this machine looks every two seconds
        try:
            engine = self.engine()
            try:
                for channel in self.config.channels:
                    wake_sender(self.store, engine.wake, channel, self.clock)
            finally:
                engine.close()
        except EngineUnavailable as error:
            log.warning("nobody could be woken, so what is due goes out a little later: %s", error)

    def known_waves(self) -> list[str]:
        """The waves of the config in force, then those that an edit has taken out of it and that have run."""
        ids = [wave.id for wave in self.config.waves]
        return [*ids, *(wave for wave in self.store.run_waves() if wave not in ids)]

    async def close_channels(self) -> None:
        """Connections belong to the event loop that opened them: what sent over them closes them there."""
        opened, self._channels, self._connected = self._channels or {}, None, {}
        for channel in opened.values():
            await channel.close()

    def withhold(self, name: str) -> None:
        """Calls back or redirects what is due over channel `name` and will not be sent there; before each sending."""
        self._redirect.due_over(name)
        if name == "line":
            self.line_budget.withhold()

    async def read_quota(self) -> None:
        """Ask LINE for its count of the month, where LINE is configured. Where it does not answer, the last is kept."""
        line = self.channels().get("line")
        if isinstance(line, LineChannel):
            answer = await self.line_budget.read(line)
            if not isinstance(answer, Quota):
                log.warning("LINE does not say what this month allows: %s", answer)

    async def close(self) -> None:
        await self.close_channels()
        self.planner.close()
        self.store.close()

    # --- intake -------------------------------------------------------------------------------------------------

    def intake_context(self) -> IntakeContext:
        """What reading an order or a member needs to know of the market."""
        config = self.config
        sellers = frozenset(member.ref for member in self.store.members(Role.SELLER))
        return IntakeContext(
            now=self.clock.now(),
            time_zone=config.market.time_zone,
            reference=config.hubs[0].location,
            known_sellers=sellers or None,  # a market that has imported none yet takes its orders all the same
            known_zones=frozenset(zone.id for zone in config.zones),
            vehicles={alias: kind.id for kind in config.vehicles for alias in (kind.id, *kind.aliases)},
        )

    def take_orders(
        self, orders: Iterable[Order], *, actor: str, dry_run: bool = False, whole: bool = False
    ) -> tuple[list[tuple[Saved, ...]], Counter[str]]:
        """Give orders their promised wave and save them; also counts those that wait for something.

        What was approved follows them in the same transaction (`amendment`). `whole`: all of them or, where one is on
        its way, none.
        """
        market_on = self.waves.standing.markets()
        would_wait: dict[int, tuple[str, str]] = {}

        def legs() -> Iterable[tuple[Order, Leg]]:
            for market, some in groupby(orders, key=lambda order: market_on(order.service_date)):
                yield from batch.assign_all(some, market)

        def placed() -> Iterable[Order]:
            for number, (order, leg) in enumerate(legs()):
                if leg.reason in WAITS:
                    would_wait[number] = (order.order_id, leg.reason)
                yield replace(order, legs=(leg,))

        saved = self.store.save_orders(
            placed(), actor=actor, at=self.clock.now(), dry_run=dry_run, whole=whole, rule=self.waves.amending()
        )
        return saved, self._waiting(saved, would_wait)

    def _waiting(self, saved: Sequence[tuple[Saved, ...]], would_wait: Mapping[int, tuple[str, str]]) -> Counter[str]:
        """How many of a file's orders wait, and for what: a new one as it was placed, a known one as it stands."""
        known = [id for number, (id, _) in would_wait.items() if set(saved[number]) != {Saved.CREATED}]
        stand = {order.order_id: order.legs[0] for order in (self.store.orders(order_ids=known) if known else ())}
        waiting = Counter(reason for id, reason in would_wait.values() if id not in stand)
        for leg in stand.values():
            if leg.reason in WAITS and leg.state in {"received", "batched"}:
                waiting[leg.reason] += 1
        return waiting

    def cancel_order(self, order_id: str, *, actor: str, note: str = "") -> Saved | None:
        """Cancel an order that has not left; who was told of it is told in the same transaction (`amendment`)."""
        now, rule = self.clock.now(), self.waves.amending()
        return self.store.cancel_order(order_id, actor=actor, at=now, note=note, rule=rule)

    def pin_order(self, order_id: str, location: Location, *, actor: str, source: str = "coordinator") -> bool:
        """Give an order that waits its place, and the wave that follows from it; False where none waits."""
        found = self.store.orders(order_ids=[order_id], states={"received"})
        if not found:
            return False
        old = found[0].legs[0]
        new = batch.assign(replace(found[0], location=location), self.waves.standing.market(on=found[0].service_date))
        move = _placed(order_id, old, new)
        return self.store.set_pin(order_id, location, source, move, actor=actor, at=self.clock.now())

    def place_again(self, *, actor: str) -> int:
        """After a new config: orders still waiting are given their wave anew."""
        market_on = self.waves.standing.markets()
        moves = []
        for order in self.store.orders(states={"received"}):
            old = order.legs[0]
            new = batch.assign(order, market_on(old.date), since=(old.date, old.wave) if old.wave is not None else None)
            if (old.date, old.wave) == (new.date, new.wave):
                new = replace(new, reason=old.reason)  # why it was moved here once stays true
            if any(
                getattr(old, name) != getattr(new, name) for name in ("date", "wave", "zone", "fee_satang", "reason")
            ):
                moves.append(_placed(order.order_id, old, new))
        return self.store.move_legs(moves, actor=actor, at=self.clock.now()) if moves else 0

    # --- the day ------------------------------------------------------------------------------------------------

    def tick(self) -> dt.datetime | None:
        """Do everything that is due now; the next moment something will be. What `serve` calls."""
        now = self.clock.now()
        if self.versions.refresh(now):
            self.place_again(actor="config.yaml")
        self._config_news.tell(now)
        while True:
            runs = self._runs_to_look_at()
            waiting = self.store.waiting_waves()
            if waiting & {(run.date, run.wave) for run in runs if run.state != "open"} and self.place_again(
                actor="clock"
            ):
                continue  # an import that raced with a cut-off left orders in a closed wave
            asked = (now, runs, self.config, self.versions.calendar())
            unheard = self.waves.unheard(runs)
            config_of, rules_of = self._config_of, self.versions.rules_of
            steps = day.due(*asked, waiting=waiting, unheard=unheard, config_of=config_of, rules_of=rules_of)
            done = [self._perform(step) for step in steps]
            if not any(done):
                self._show_cards(runs)
                return day.upcoming(*asked, waiting=waiting, unheard=unheard, config_of=config_of, rules_of=rules_of)

    def _show_cards(self, runs: Iterable[Run]) -> None:
        """Coordinators' status cards, over the connected channels that edit; one wave's failure holds up no other."""
        editing = [name for name, channel in (self._channels or {}).items() if channel.edits]
        for run in runs if editing else ():
            try:
                self._cards.show(run, editing)
            except storage.StorageError:
                raise
            except Exception:
                log.exception("%s %s: the status cards failed; trying again at the next tick", run.date, run.wave)

    def _runs_to_look_at(self) -> list[Run]:
        """The waves of the last days, and every older one that was never brought to its end."""
        since = (self.clock.now() - dt.timedelta(days=day.LOOK_BACK_DAYS)).date()
        return self.store.open_runs(since, states.unfinished("wave run"))

    def _config_of(self, run: Run) -> Config:
        return self.versions.config(run.config_version)

    def _perform(self, step: day.Step) -> bool:
        """One step of the daemon's day; a wave that fails is logged and tried again, and holds up no other."""
        try:
            done = self.waves.perform(step)
        except storage.StorageError:
            raise
        except Stopped:
            return False
        except Exception:
            log.exception("%s %s: %s failed; trying again at the next tick", step.date, step.wave, step.action)
            return False
        if done:
            log.info("%s %s: %s", step.date, step.wave, step.action)
        return done


def _placed(order_id: str, old: Leg, new: Leg) -> LegMove:
    """A leg that still waits, on its way to the wave that it is given now."""
    return LegMove(
        order_id=order_id,
        leg=old.leg,
        state="received",
        reason=new.reason,
        date=new.date,
        wave=new.wave,
        zone=new.zone,
        area=new.area,
        fee_satang=new.fee_satang,
    )


def build(
    *,
    config_path: Path | None = None,
    environ: Mapping[str, str] = os.environ,
    clock: Clock | None = None,
    keep_warm: bool = False,
    actor: str = "config.yaml",
    adapt: Callable[[Config], Config] = lambda config: config,
    acts: bool = True,
    store: Store | None = None,
) -> App:
    """Put one market together from its config file and the environment.

    `acts` False: for who only looks; a changed file is checked, and does not take force for that.
    `store`: the environment's database, where the caller has it open already.

    A file that is broken, or cannot take force, does not stop a market that has run: the last version stays in force,
    and `versions.broken` says why.

    Raises `ConfigError` (the file of a new database, or an engine that the database is too small for),
    `ClockError`, `storage.StorageError` (the database),
    `UnreadableSecret`, `OfficialBase` where ``SONGSUK_CLOCK`` is set while a channel would reach real people.
    """
    path = config_path or Path(environ.get("SONGSUK_CONFIG", "config.yaml"))
    url, broken = database_url(environ), None
    try:
        loaded = configs.load(path)
        _stay_apart(adapt(loaded), environ)
    except ConfigError as error:
        loaded, broken = None, error
        if not storage.exists(url):
            raise
    clock = clock or clock_from(environ.get("SONGSUK_CLOCK"))
    store = store or storage.open_store(url)
    versions = Versions(store, path, adapt, lambda edit, before: _unfit(edit, before, environ, path.name))
    changed = False
    try:
        try:
            if loaded is not None:
                changed = versions.take_up(loaded, clock.now(), actor, publish=None if acts else False)
        except ConfigError as error:
            broken = error
        if broken is not None and not versions.resume(broken, clock.now()):
            raise broken
        _stay_apart(versions.config(), environ)
        if unfit := _without_server(versions.config(), environ, path.name):
            raise ConfigError(unfit)
    except BaseException:
        store.close()
        raise
    planner = Planner(versions.config().solver.workers, keep_warm=keep_warm)
    app = App(
        config_path=path,
        store=store,
        clock=clock,
        versions=versions,
        planner=planner,
        environ=environ,
    )
    if changed:
        app.place_again(actor=actor)
    return app


def _stay_apart(config: Config, environ: Mapping[str, str]) -> None:
    official = official_channels(config)
    if official and stands_apart(environ):
        raise OfficialBase(official)


def _unfit(edit: Config, before: Config, environ: Mapping[str, str], file: str) -> list[Problem]:
    """What `edit` asks for and this process does not have, or may not touch."""
    official = official_channels(edit) if stands_apart(environ) else ()
    found = [
        configs.placed(edit, ("channels", name), "channel.official", {"channel": name}, file=file) for name in official
    ]
    return [*found, *_without_server(edit, environ, file), *configs.newly_missing(edit, before, environ, file=file)]


def _without_server(config: Config, environ: Mapping[str, str], file: str) -> list[Problem]:
    """A problem where the engine that `config` names needs a server, and the database is a file."""
    if config.engine.kind == "local" or not database_url(environ).startswith("sqlite"):
        return []
    return [configs.placed(config, ("engine", "kind"), "engine.needs_postgresql", {}, file=file)]


def stands_apart(environ: Mapping[str, str]) -> bool:
    """Whether this process plays with time or faults: it must not reach real people."""
    return bool(environ.get("SONGSUK_CLOCK") or environ.get("SONGSUK_FAILPOINTS"))


def database_url(environ: Mapping[str, str]) -> str:
    """The database's address; it may hold a password, so it may come from a file too."""
    secret = configs.read_secret("SONGSUK_DATABASE_URL", environ)
    return secret.get_secret_value() if secret is not None else "sqlite:///var/songsuk.db"


def secrets_for(name: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The secrets of one channel, from the environment or the files it names."""
    found = {}
    for variable in channels.secrets_of(name):
        secret = configs.read_secret(variable, environ)
        if secret is not None:
            found[variable] = secret.get_secret_value()
    return found


def official_channels(config: Config) -> list[str]:
    """The configured channels whose base address is the service's own."""
    return [name for name, settings in config.channels.items() if channels.is_official(name, settings.model_dump())]
