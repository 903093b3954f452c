"""Whether everything runs, for the overview: cron, workers, webhooks, the daily checks, what waits, the disk. Reading only."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from sidecar import outbox
from sidecar.billing.standing import STALE_SECONDS, Standing, State, read_standing
from sidecar.config import Config
from sidecar.i18n import _

_DAY_SECONDS = 86400.0
_FULL = 0.95
_MANY_WAITING = 50
_WAITING_KINDS = ("site_change", "mail")


class Light(StrEnum):
    """`off`: not used here."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    OFF = "off"


@dataclass(frozen=True)
class Line:
    """One thing that was looked at. `since_s`: how many seconds ago it was last alive, None where that says nothing."""

    name: str
    light: Light
    sentence: str
    since_s: float | None = None


@dataclass(frozen=True)
class Health:
    """All lines, and what the owner should know (`alarms`: rows of the table, newest first)."""

    lines: tuple[Line, ...]
    standing: Standing

    @property
    def worst(self) -> Light:
        """Of all lines."""
        order = (Light.BAD, Light.WARN, Light.GOOD, Light.OFF)
        return min((line.light for line in self.lines), key=order.index, default=Light.OFF)


def read_health(reader: Session, now: datetime, config: Config) -> Health:
    """Ask the database and this machine's disk; no gateway, no site."""
    standing = read_standing(reader, now, config)
    waiting = {kind: len(outbox.list_waiting(reader, kind, _MANY_WAITING + 1)) for kind in _WAITING_KINDS}
    lines = (
        _billing(standing),
        _collectors(standing.beats),
        _services(standing.beats),
        _webhooks(standing, now, has_gateway=bool(config.billing.gateway)),
        _daily(standing.beats, "job:check_invariants", _("Books"), has_gateway=bool(config.billing.gateway)),
        _daily(
            standing.beats,
            "job:catch_up",
            _("Comparison with the gateway"),
            has_gateway=bool(config.billing.gateway),
        ),
        _outbox(waiting),
        _disk(config),
    )
    return Health(lines, standing)


def _billing(standing: Standing) -> Line:
    words = {
        State.OFF: (Light.OFF, _("no gateway is configured")),
        State.OK: (Light.GOOD, _("runs")),
        State.PAUSED: (Light.BAD, standing.message),
        State.STALE: (Light.BAD, standing.message),
    }
    light, sentence = words[standing.state]
    return Line(_("Charging"), light, sentence)


def _newest(beats: dict[str, float], *kinds: str) -> float | None:
    found = [since for name, since in beats.items() if name.partition(":")[0] in kinds]
    return min(found) if found else None


def _collectors(beats: dict[str, float]) -> Line:
    since = _newest(beats, "tick", "worker")
    if since is None:
        return Line(
            _("Cron and workers"), Light.BAD, _("never ran: set up the cron line of “gatepost install”")
        )
    light = Light.GOOD if since < STALE_SECONDS else Light.BAD
    return Line(_("Cron and workers"), light, _("last seen"), since)


def _services(beats: dict[str, float]) -> Line:
    since = _newest(beats, "serve")
    if since is None:
        return Line(_("Service"), Light.WARN, _("has not reported yet"))
    return Line(_("Service"), Light.GOOD if since < STALE_SECONDS else Light.WARN, _("last seen"), since)


def _webhooks(standing: Standing, now: datetime, *, has_gateway: bool) -> Line:
    name = _("Webhooks")
    if not has_gateway:
        return Line(name, Light.OFF, _("no gateway is configured"))
    if standing.failed_webhooks:
        sentence = _("{count} could not be understood").format(count=standing.failed_webhooks)
        return Line(name, Light.WARN, sentence)
    if standing.newest_webhook_at is None:
        return Line(name, Light.WARN, _("none has come yet; payments are found by asking"))
    since = max(0.0, (now - standing.newest_webhook_at).total_seconds())
    return Line(name, Light.GOOD if since < 7 * _DAY_SECONDS else Light.WARN, _("last seen"), since)


def _daily(beats: dict[str, float], beat: str, name: str, *, has_gateway: bool) -> Line:
    since = beats.get(beat)
    if since is None:
        return Line(name, Light.WARN if has_gateway else Light.OFF, _("not checked yet"))
    return Line(name, Light.GOOD if since < 2 * _DAY_SECONDS else Light.WARN, _("checked"), since)


def _outbox(waiting: dict[str, int]) -> Line:
    count = sum(waiting.values())
    if not count:
        return Line(_("Outbox"), Light.GOOD, _("nothing waits"))
    light = Light.WARN if count > _MANY_WAITING else Light.GOOD
    return Line(_("Outbox"), light, _("{count} to be delivered").format(count=count))


def _disk(config: Config) -> Line:
    """Of the state folder: the spool of the log lies there."""
    try:
        usage = shutil.disk_usage(config.state_dir)
    except OSError:
        return Line(_("Disk"), Light.WARN, _("cannot be looked at"))
    share = 1 - usage.free / usage.total if usage.total else 0.0
    sentence = _("{percent} % used").format(percent=round(share * 100))
    return Line(_("Disk"), Light.BAD if share > _FULL else Light.GOOD, sentence)
