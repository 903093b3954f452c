"""What runs and how often: the schedule is a list. `gatepost tick` runs all of it, other processes their part."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.exc import SQLAlchemyError

from jobs import billing
from jobs.access import end_access
from jobs.activity import count_events, drain_bridge, drain_spools, make_partitions
from jobs.log_keeping import drop_old_events, seal_log
from jobs.mail import deliver_mails
from jobs.reports import count_business, index_members
from jobs.site import deliver_changes, tidy_outbox, tidy_tries
from sidecar.billing.store_guard import list_heartbeats, sync_heartbeat
from sidecar.db import reading, transaction
from sidecar.i18n import speaking
from sidecar.job_runs import Telling, note_run
from sidecar.service import Service

log = logging.getLogger(__name__)
HOUR, DAY = 3600.0, 86400.0


class Lane(StrEnum):
    """Who runs a job beside `gatepost tick`. A job of one lane never waits for one of another."""

    HOUSE = "house"  # serve, in its housekeeping thread: quick, on this machine
    GATEWAY = "gateway"  # serve, in a thread that may wait for the gateway; and workers
    HEAVY = "heavy"  # workers only


@dataclass(frozen=True)
class Job:
    """`every_seconds`: how often a process runs it that stays; cron runs every job each minute.

    `at_most_every_seconds`: how often it runs at most, over all processes and machines; 0: as often as anybody likes.
    `is_shared`: several processes work on it at the same time. `has_work`: a cheap question that saves a worker's nudge.
    `lasts_seconds`: a run that took so long ended with its time, and perhaps not with its work.
    `may_be_asked_for`: the owner may run it within a request: it ends within seconds, and asks neither the site nor
    the gateway.
    """

    name: str
    run: Callable[[Service], int]
    every_seconds: float
    lane: Lane = Lane.HOUSE
    at_most_every_seconds: float = 0.0
    is_shared: bool = False
    has_work: Callable[[Service], bool] | None = None
    lasts_seconds: float = float("inf")
    may_be_asked_for: bool = False

    @property
    def heartbeat(self) -> str:
        """The name under which its last run is kept."""
        return f"job:{self.name}"


SCHEDULE = (
    Job("make_partitions", make_partitions, HOUR),
    Job("drain_spools", drain_spools, 1.0, may_be_asked_for=True),
    Job("drain_bridge", drain_bridge, 15.0, may_be_asked_for=True),
    Job("deliver_changes", deliver_changes, 1.0),
    Job("deliver_mails", deliver_mails, 5.0, Lane.GATEWAY),
    Job("end_access", end_access, 60.0, may_be_asked_for=True),
    Job("seal_log", seal_log, 60.0, may_be_asked_for=True),
    Job("count_events", count_events, 60.0, may_be_asked_for=True),
    Job("process_webhooks", billing.process_webhooks, 2.0, Lane.GATEWAY),
    Job(
        "charge",
        billing.charge,
        3.0,
        Lane.HEAVY,
        is_shared=True,
        has_work=billing.may_have_due,
        lasts_seconds=billing.CHARGE_SECONDS,
    ),
    Job("close_intents", billing.close_intents, 10.0, Lane.GATEWAY),
    Job("refund_surpluses", billing.refund_surpluses, 60.0, Lane.GATEWAY),
    Job("follow_refunds", billing.follow_refunds, 600.0, Lane.GATEWAY, at_most_every_seconds=600.0),
    Job("announce", billing.announce, 600.0, Lane.HEAVY, at_most_every_seconds=HOUR),
    Job("check_invariants", billing.check_invariants, HOUR, Lane.HEAVY, at_most_every_seconds=DAY),
    Job("catch_up", billing.catch_up, HOUR, Lane.HEAVY, at_most_every_seconds=DAY),
    Job("drop_old_events", drop_old_events, HOUR, Lane.HEAVY, at_most_every_seconds=DAY),
    Job("count_figures", count_business, 300.0, Lane.HEAVY, at_most_every_seconds=300.0),
    Job("index_members", index_members, 20.0, at_most_every_seconds=15.0),
    Job("tidy_outbox", tidy_outbox, HOUR),
    Job("tidy_tries", tidy_tries, HOUR),
)


def jobs_of(*lanes: Lane, schedule: Sequence[Job] = SCHEDULE) -> tuple[Job, ...]:
    """What a process of these lanes runs."""
    return tuple(job for job in schedule if job.lane in lanes)


def run_all(service: Service, schedule: Sequence[Job] = SCHEDULE) -> dict[str, int]:
    """Each job once, by name: how much it did; -1 for one that failed (its log says why)."""
    service.take_settings(at_once=True)
    return {job.name: run_one(service, job) for job in schedule}


def run_one(service: Service, job: Job, *, is_asked_for: bool = False) -> int:
    """One job, unless it ran lately enough; a failure is logged and holds up nothing else.

    Of two processes that come at once both run it, which is harmless. One that failed is tried again at the next chance.
    `is_asked_for`: somebody wants it now, and to see what came of it.
    """
    begun, error = time.monotonic(), ""
    try:
        if not is_asked_for and _ran_lately(job):
            return 0
        with speaking(service.language):
            done = job.run(service)
        _note_run(job)
    except Exception as failure:
        log.exception("the job %s failed", job.name)
        done, error = -1, type(failure).__name__
    if is_asked_for or _telling.is_worth(job.name, is_news=bool(done)):
        _tell(job, done, time.monotonic() - begun, error)
    return done


_telling = Telling()


def _tell(job: Job, done: int, took_s: float, error: str) -> None:
    """For the dashboard; when the database is away nobody reads it either."""
    try:
        with transaction() as session:
            note_run(session, job.name, done, took_s, error)
    except SQLAlchemyError:
        log.warning("what came of the job %s could not be written down", job.name)


def _ran_lately(job: Job) -> bool:
    if not job.at_most_every_seconds:
        return False
    with reading() as reader:
        return list_heartbeats(reader).get(job.heartbeat, float("inf")) < job.at_most_every_seconds


def _note_run(job: Job) -> None:
    if job.at_most_every_seconds:
        with transaction() as session:
            sync_heartbeat(session, job.heartbeat)


class Due:
    """When each job is to run next in this process. Real time: business time may stand still or jump."""

    def __init__(
        self, schedule: Sequence[Job] = SCHEDULE, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._next = dict.fromkeys(schedule, float("-inf"))
        self._seconds = seconds

    def run(self, service: Service) -> None:
        """Run what is due, by the owner's newest settings. The pause is counted from a run's end, so that a slow job does not fill the whole time."""
        service.take_settings()
        for job, at in self._next.items():
            if self._seconds() >= at:
                run_one(service, job)
                self._next[job] = self._seconds() + job.every_seconds
