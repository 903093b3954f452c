"""One worker: a process that takes nudges from Redis and runs jobs in its own thread, without forking.

Beside it a thread nudges: each process asks for its own share, so that whoever is left does all of the work. When Redis is
away the worker says so and waits; what is due stays in the database, where `gatepost tick` finds it, too.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from flask import Flask
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job as NudgeInRedis
from rq.worker import WorkerStatus

from jobs.queue import LONGEST_SECONDS, NoPenalty, nudge, nudge_again, queue_of
from jobs.schedule import Job, Lane, jobs_of
from jobs.watch import BEAT_SECONDS, WORKER, beat, own_name
from sidecar.db import reading
from sidecar.installation import get_uuid
from sidecar.service import Service, service

log = logging.getLogger(__name__)
_PAUSES = (1.0, 2.0, 5.0, 10.0)
_TURN_SECONDS = 0.5
_LISTENS_SECONDS = 5
"""How long one wait for a nudge lasts."""
_QUEUED = jobs_of(Lane.GATEWAY, Lane.HEAVY)


class Ending:
    """Whether the process was asked to end. A plain flag, since a signal may come while a lock is held."""

    def __init__(self) -> None:
        self.is_asked = False

    def listen(self) -> None:
        """Take SIGTERM and SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self.ask())

    def ask(self) -> None:
        """End at the next chance."""
        self.is_asked = True

    def wait(self, seconds: float) -> None:
        """Sleep, but no longer than until the end is asked for."""
        until = time.monotonic() + seconds
        while not self.is_asked and time.monotonic() < until:
            time.sleep(min(0.2, max(0.0, until - time.monotonic())))


class Worker(SimpleWorker):
    """RQ's worker that does not fork, with four differences: a kill leaves no nudge behind for ever, jobs have no alarm, a signal
    that comes before RQ listens ends it within seconds, and work that is left goes on at once."""

    death_penalty_class = NoPenalty
    log_result_lifespan = False
    dequeue_timeout = _LISTENS_SECONDS

    def __init__(self, ending: Ending, queue: Queue, connection: Redis) -> None:
        self._ending = ending
        super().__init__(
            [queue],
            connection=connection,
            serializer=queue.serializer,
            log_job_description=False,
            maintenance_interval=LONGEST_SECONDS,
        )

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Remember it: RQ tells nobody why it has stopped."""
        self._ending.ask()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Also the moment, before each wait for a nudge, to find that the end was asked for before RQ has listened."""
        super().heartbeat(timeout, pipeline)
        if self._ending.is_asked and self.get_state() != WorkerStatus.BUSY:
            raise StopRequested

    def prepare_job_execution(self, job: NudgeInRedis, remove_from_intermediate_queue: bool = False) -> None:
        """RQ keeps a nudge for ever once it has begun; ours ends by itself, should this process be killed."""
        super().prepare_job_execution(job, remove_from_intermediate_queue)
        self.connection.expire(job.key, LONGEST_SECONDS)

    def perform_job(self, job: NudgeInRedis, queue: Queue, execution: Execution) -> bool:
        """A job that ended with its time, and not with its work, is asked for again at once: no pause lies between two runs."""
        begun = time.monotonic()
        went_well = super().perform_job(job, queue, execution)
        if went_well and not self._ending.is_asked:
            nudge_again(queue, job, time.monotonic() - begun)
        return went_well


def work(app: Flask, connection: Redis, slot: str, ending: Ending) -> None:
    """Take nudges until the end is asked for. Opens the app's context; `slot` names this process among its like."""
    ending.listen()
    with app.app_context():
        with reading() as reader:
            queue = queue_of(connection, get_uuid(reader))
        threading.Thread(
            target=keep_nudging, args=(app, queue, slot, ending), name="nudging", daemon=True
        ).start()
        failures = 0
        while not ending.is_asked:
            failures = 0 if _work_a_while(ending, queue, connection) else failures + 1
            ending.listen()
            ending.wait(_PAUSES[min(failures, len(_PAUSES)) - 1] if failures else 0.0)


def _work_a_while(ending: Ending, queue: Queue, connection: Redis) -> bool:
    """Until RQ gives up, or is asked to end; False when Redis was away from the beginning."""
    try:
        connection.ping()
        Worker(ending, queue, connection).work(logging_level="WARNING")
    except RedisError as error:
        log.warning(
            "Redis is away (%s). Nothing is lost: the work waits in the database. Trying again.", error
        )
        return False
    return True


# --- nudging --------------------------------------------------------------------------------------------------------


def keep_nudging(app: Flask, queue: Queue, slot: str, ending: Ending) -> None:
    """Nudge what may be due, each job at its pace, and show that this worker is alive. Runs until the end is asked for."""
    pace = Pace()
    while not ending.is_asked:
        with app.app_context():
            try:
                pace.turn(service(), queue, slot)
            except Exception:  # whatever it is, the next turn may go well
                log.exception("nobody could be nudged")
        ending.wait(_TURN_SECONDS)


class Pace:
    """When each job is to be nudged next by this process. Real time."""

    def __init__(
        self, jobs: tuple[Job, ...] = _QUEUED, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._next: dict[Any, float] = dict.fromkeys(jobs, float("-inf"))
        self._beats_at = float("-inf")
        self._seconds = seconds

    def turn(self, the_service: Service, queue: Queue, slot: str) -> list[str]:
        """Nudge what is due; gives the names of those that somebody will be told of."""
        if self._seconds() >= self._beats_at:
            beat(own_name(WORKER))
            self._beats_at = self._seconds() + BEAT_SECONDS
        due = [job for job, at in self._next.items() if self._seconds() >= at]
        for job in due:
            self._next[job] = self._seconds() + job.every_seconds
        wanted = [job for job in due if job.has_work is None or job.has_work(the_service)]
        return [job.name for job in wanted if nudge(queue, job, slot if job.is_shared else "")]
