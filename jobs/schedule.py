"""What runs and how often: the schedule is a list. `serve` runs what is marked so, `gatepost tick` everything."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jobs.access import end_access
from jobs.activity import drain_bridge, drain_spools, make_partitions
from jobs.site import deliver_changes, tidy_outbox
from sidecar.service import Service

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """`every_seconds`: how often `serve` runs it; cron runs every job each minute."""

    name: str
    run: Callable[[Service], int]
    every_seconds: float


SCHEDULE = (
    Job("make_partitions", make_partitions, 3600.0),
    Job("drain_spools", drain_spools, 1.0),
    Job("drain_bridge", drain_bridge, 15.0),
    Job("deliver_changes", deliver_changes, 1.0),
    Job("end_access", end_access, 60.0),
    Job("tidy_outbox", tidy_outbox, 3600.0),
)


def run_all(service: Service) -> dict[str, int]:
    """Each job once, by name: how much it did; -1 for one that failed (its log says why)."""
    return {job.name: run_one(service, job) for job in SCHEDULE}


def run_one(service: Service, job: Job) -> int:
    """One job; a failure is logged and holds up nothing else."""
    try:
        return job.run(service)
    except Exception:
        log.exception("the job %s failed", job.name)
        return -1


class Due:
    """When each job is to run next in this process. Real time: business time may stand still or jump."""

    def __init__(
        self, schedule: Sequence[Job] = SCHEDULE, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._next = dict.fromkeys(schedule, float("-inf"))
        self._seconds = seconds

    def run(self, service: Service) -> None:
        """Run what is due. The pause is counted from a run's end, so that a slow job does not fill the whole time."""
        for job, at in self._next.items():
            if self._seconds() >= at:
                run_one(service, job)
                self._next[job] = self._seconds() + job.every_seconds
