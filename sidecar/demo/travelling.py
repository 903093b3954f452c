"""The clock that can be moved: business time and the test processor's together, with everything done on the way that is due.

Time goes forward only. What was charged in July cannot be charged again in June, and the processor remembers July.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta

from jobs import billing
from jobs.access import end_access
from jobs.mail import deliver_mails
from jobs.schedule import Lane, jobs_of, run_one
from jobs.site import deliver_changes
from sidecar.billing.store import list_due
from sidecar.clock import real_now
from sidecar.db import reading
from sidecar.demo.processor_child import Control
from sidecar.demo.shopping import Deed
from sidecar.demo.store import find_next_wake
from sidecar.service import Service

FARTHEST = timedelta(days=3650)
STRIDE = timedelta(days=1)
"""No step is longer: notices go out on their day."""
_SECOND = timedelta(seconds=1)


class Travelling:
    """Moves both clocks. One journey at a time; the charging of everyday waits for its end."""

    def __init__(self, service: Service, control: Control) -> None:
        self._service, self._control = service, control
        self._lock = threading.Lock()

    @property
    def control(self) -> Control:
        """The processor's."""
        return self._control

    def take_time_from_processor(self) -> None:
        """Business time is what the processor's is: its ledger has kept it since the last start."""
        self._service.clock.offset = self._control.offset()

    def go_to(self, moment: datetime, stride: timedelta = STRIDE) -> None:
        """Move to `moment`, stopping where something is due; a moment that is past stays past. Needs the app's context."""
        with self._lock:
            target = min(moment, real_now() + FARTHEST)
            while (now := self._service.clock.now()) < target:
                self._set(min(self._next_stop(now, now + stride), target))
                self._work()

    def go_through(self, deeds: Iterable[Deed], end: datetime) -> None:
        """From deed to deed, in the order of time, to `end`."""
        for deed in sorted(deeds, key=lambda deed: deed.at):
            if deed.at > self._service.clock.now():
                self.go_to(deed.at, FARTHEST)
            deed.do()
            self._work()
        self.go_to(end, FARTHEST)

    def go_back_to(self, moment: datetime) -> None:
        """Begin anew at a moment of the past; only for a site in which nothing has happened yet."""
        self._set(moment)

    def work(self) -> None:
        """Do what workers do on a real site, now. A journey that is under way does it by itself."""
        if self._lock.acquire(blocking=False):
            try:
                for job in jobs_of(Lane.HEAVY):
                    if job.has_work is None or job.has_work(self._service):
                        run_one(self._service, job)
            finally:
                self._lock.release()

    def _set(self, moment: datetime) -> None:
        self._service.clock.offset = moment - real_now()
        self._control.set_clock(moment)

    def _next_stop(self, now: datetime, latest: datetime) -> datetime:
        """A second after the next moment at which an order wants something, or `latest`."""
        with reading() as reader:
            wakes_at = find_next_wake(reader, now)
        return latest if wakes_at is None else min(wakes_at + _SECOND, latest)

    def _work(self) -> None:
        service = self._service
        billing.announce(service)
        with reading() as reader:
            is_due = bool(list_due(reader, service.clock.now(), 1))
        if is_due:
            billing.charge(service)
        for job in (billing.close_intents, end_access, deliver_changes, deliver_mails):
            job(service)
