"""What one process of the sidecar holds: configuration, clock, spool, memory. Made once, handed round by the Flask app."""

from __future__ import annotations

import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from sidecar.activity.addresses import parse_networks
from sidecar.activity.spool import SpoolWriter
from sidecar.billing.desk import Desk
from sidecar.billing.gateways.stripe import SCRIPT_URL
from sidecar.billing.opening import open_desk
from sidecar.clock import Clock
from sidecar.config import Config
from sidecar.db import reading
from sidecar.pages.memory import Memory
from sidecar.pages.viewing import Rendering
from sidecar.settings import in_force, list_settings
from sidecar.wordpress.options import site_language
from sidecar.wordpress.tables import Tables

SETTINGS_SECONDS = 5.0
"""So soon what the owner sets counts in every process."""


@dataclass
class Service:
    """`config`: what is in force; `written`: what the file says. `secret`: None refuses everything. `waiting_changes`: what the outbox could not deliver, to ride on answers;
    `delivered`: ids that the bridge says it has done. `language`: the site's, for what no person asks for."""

    config: Config
    clock: Clock
    secret: str | None
    tables: Tables
    spool: SpoolWriter
    rendering: Rendering
    waiting_changes: tuple[dict[str, Any], ...] = ()
    delivered: deque[str] = field(default_factory=deque)
    has_seen_proxy: bool = False
    written: Config | None = None
    looked_at: float = float("-inf")
    language: str = "en"

    def take_settings(self, *, at_once: bool = False) -> None:
        """Put in force what the owner has set in the dashboard. Asks the database every few seconds at most, or `at_once`.

        While the database is away, or before its tables are made, everything stays as it is.
        """
        if not at_once and time.monotonic() - self.looked_at < SETTINGS_SECONDS:
            return
        self.looked_at = time.monotonic()
        try:
            with reading() as reader:
                stored, self.language = list_settings(reader), site_language(reader, self.tables)
        except SQLAlchemyError:
            return
        config = in_force(self.from_file, stored)
        if config == self.config:
            return
        self.config = config
        self.rendering = replace(self.rendering, **_owners_part(config))
        self.__dict__.pop("desk", None)  # whoever works at the old one goes on with it

    @property
    def from_file(self) -> Config:
        """The configuration without what was set in the dashboard."""
        return self.written or self.config

    @cached_property
    def desk(self) -> Desk:
        """What billing works with. Needs an app's context the first time, and a prepared database."""
        return open_desk(self.config, self.clock, self.tables)

    def note_tick(self) -> None:
        """Write down, whole or not at all, that every job has run now. Real time: it tells whether cron is alive."""
        part = self._tick_file.with_suffix(".part")
        part.write_text(str(int(time.time())), "ascii")
        part.replace(self._tick_file)

    def last_tick(self) -> int | None:
        """When all jobs ran last, in Unix time; None when they never did, or nobody can tell."""
        try:
            return int(self._tick_file.read_text("ascii"))
        except (OSError, ValueError):
            return None

    def note_proxy(self, forwarded: str) -> None:
        """Write down, once in this process, that X-Forwarded-For came although no proxy is trusted."""
        if forwarded and not self.has_seen_proxy and not self.rendering.trusted_proxies:
            self.has_seen_proxy = True
            with suppress(OSError):
                self._proxy_file.touch()

    def is_behind_unknown_proxy(self) -> bool:
        """Whether visitors came by a proxy whom the configuration does not name: their addresses are not known."""
        return not self.rendering.trusted_proxies and self._proxy_file.exists()

    @property
    def _proxy_file(self) -> Path:
        return self.config.state_dir / "unknown_proxy"

    @property
    def _tick_file(self) -> Path:
        return self.config.state_dir / "last_tick"


def make_service(config: Config, clock: Clock) -> Service:
    """Everything a process needs, without opening a connection."""
    tables = Tables(config.site.table_prefix, config.site.users_prefix or None)
    spool = SpoolWriter(config.state_dir / "spool")
    rendering = Rendering(
        tables,
        Memory(tables),
        spool.append,
        trusted_proxies=parse_networks(config.log.trusted_proxies),
        script_url=(config.billing.script_url or SCRIPT_URL) if config.billing.gateway else "",
        **_owners_part(config),
    )
    return Service(config, clock, config.secret(), tables, spool, rendering, written=config)


def _owners_part(config: Config) -> dict[str, Any]:
    """What of rendering the owner may set."""
    return {
        "canceled_may_sign_in": config.access.canceled_may_sign_in,
        "members_may_pause": config.billing.members_may_pause,
        "policies": config.policies,
        "decisions_open_pages": config.access.decisions_open_pages,
    }


def service() -> Service:
    """The service of the current app."""
    return cast(Service, current_app.extensions["gatepost"])
