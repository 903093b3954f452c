"""The watchdog: notices that cron or a worker has died, and tells the owner. It runs in `serve`, which both do not need.

Whoever lives writes a heartbeat: the tick, each machine's workers, each machine's `serve`. Who has beaten lately and beats no
more is missed. Heartbeats are real time, by the database server's clock.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from datetime import datetime

from sidecar.billing.notices import raise_alarm
from sidecar.billing.store_guard import close_alarms, list_alarms, list_heartbeats, sync_heartbeat
from sidecar.db import session, use_case
from sidecar.i18n import _
from sidecar.service import Service

SILENT_SECONDS = 900.0
FORGOTTEN_SECONDS = 7 * 86400.0
"""Who has been silent for so long was taken away on purpose, and is expected no more."""
BEAT_SECONDS = 60.0
TICK, WORKER, SERVE = "tick", "worker", "serve"
SILENT = "silent"
_MOST_ALARMS = 1000


def own_name(what: str) -> str:
    """What this machine's `what` is called among heartbeats: `worker:HOST`, `serve:HOST`."""
    return f"{what}:{socket.gethostname()}"[:80]


@use_case
def beat(name: str) -> None:
    """Write down that somebody is alive."""
    sync_heartbeat(session(), name)


class Watchdog:
    """`seconds`: a monotonic clock. Nobody is missed before the watchdog itself has been there for as long: while the machine
    was off, nobody could beat."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._since = seconds()

    def look(self, service: Service) -> list[str]:
        """Raise an alarm for everybody who is missed, close those of who is back; gives the names of the missed."""
        return _look(self._seconds() - self._since >= SILENT_SECONDS, service.clock.now())


@use_case
def _look(has_watched: bool, now: datetime) -> list[str]:
    silences = {name: silence for name, silence in list_heartbeats(session()).items() if is_expected(name)}
    missed = [name for name, silence in sorted(silences.items()) if is_missed(silence)]
    told = set()
    for alarm in list_alarms(session(), _MOST_ALARMS):
        if alarm.kind == SILENT and name_in(alarm.subject) in missed:
            told.add(name_in(alarm.subject))
        elif alarm.kind == SILENT:
            close_alarms(session(), SILENT, now, alarm.subject)
    for name in missed if has_watched else ():
        if name not in told:
            raise_alarm(
                session(), SILENT, subject_of(name, time.time() - silences[name]), sentence_of(name), now
            )
    return missed


def is_expected(name: str) -> bool:
    """Whether a heartbeat is of somebody who must be there all the time.

    >>> is_expected("tick"), is_expected("worker:db1"), is_expected("job:catch_up")
    (True, True, False)
    """
    return name.split(":", maxsplit=1)[0] in {TICK, WORKER, SERVE}


def is_missed(silent_seconds: float) -> bool:
    """
    >>> is_missed(1000), is_missed(10), is_missed(8 * 86400)
    (True, False, False)
    """
    return SILENT_SECONDS <= silent_seconds < FORGOTTEN_SECONDS


def subject_of(name: str, last_at_s: float) -> str:
    """What an alarm is about: one silence, so that the next one is told of by another mail.

    >>> subject_of("worker:db1", 1_700_000_000.4), name_in("worker:db1@1700000000")
    ('worker:db1@1700000000', 'worker:db1')
    """
    return f"{name}@{round(last_at_s)}"


def name_in(subject: str) -> str:
    """Whose silence an alarm is about."""
    return subject.rpartition("@")[0]


def sentence_of(name: str) -> str:
    """For the owner: what is silent, and what that means."""
    what, _colon, host = name.partition(":")
    sentences = {
        TICK: _("Cron has not called “gatepost tick” for a quarter of an hour: payments and mails are late."),
        WORKER: _("The workers on {host} have been silent for a quarter of an hour."),
        SERVE: _("The service on {host} has been silent for a quarter of an hour."),
    }
    return sentences[what].format(host=host)
