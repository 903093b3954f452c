"""What one process of the sidecar holds: configuration, clock, spool, memory. Made once, handed round by the Flask app."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from flask import current_app

from sidecar.activity.addresses import parse_networks
from sidecar.activity.spool import SpoolWriter
from sidecar.clock import Clock
from sidecar.config import Config
from sidecar.pages.memory import Memory
from sidecar.pages.viewing import Rendering
from sidecar.wordpress.tables import Tables


@dataclass
class Service:
    """`secret`: None refuses everything. `waiting_changes`: what the outbox could not deliver, to ride on answers;
    `delivered`: ids that the bridge says it has done."""

    config: Config
    clock: Clock
    secret: str | None
    tables: Tables
    spool: SpoolWriter
    rendering: Rendering
    waiting_changes: tuple[dict[str, Any], ...] = ()
    delivered: deque[str] = field(default_factory=deque)

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
        config.access.canceled_may_sign_in,
        parse_networks(config.log.trusted_proxies),
    )
    return Service(config, clock, config.secret(), tables, spool, rendering)


def service() -> Service:
    """The service of the current app."""
    return cast(Service, current_app.extensions["gatepost"])
