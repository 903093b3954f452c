"""Redis between the schedule and the workers. What stands in it is a nudge: a job's name and nothing else.

The database says what is due, so a nudge may come twice, late or never. Redis can be emptied at any moment and loses nothing;
without Redis `gatepost tick` does the work.
"""

from __future__ import annotations

import logging
import re

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.job import Job as NudgeInRedis
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty
from sqlalchemy.exc import SQLAlchemyError

from jobs.schedule import SCHEDULE, Job, run_one
from sidecar.service import service

log = logging.getLogger(__name__)
WAITS_SECONDS = 60
"""A nudge that nobody has taken by then is gone: the next one says the same."""
LONGEST_SECONDS = 180
"""No job runs for so long. The nudge of a worker that was killed is in the way of the next ones until then."""
_CONNECT_SECONDS = 5.0


class NoPenalty(BaseDeathPenalty):
    """Jobs end by themselves: an exception thrown into the middle of a payment would be worse than a late one."""

    def setup_death_penalty(self) -> None:
        """Nothing."""

    def cancel_death_penalty(self) -> None:
        """Nothing."""


def connect(url: str) -> Redis:
    """A client; opens no connection yet."""
    return Redis.from_url(url, socket_connect_timeout=_CONNECT_SECONDS)


def queue_of(connection: Redis, installation: str) -> Queue:
    """The queue of this installation alone, since several may share a Redis."""
    return Queue(
        f"gatepost:{installation}",
        connection=connection,
        serializer=JSONSerializer,
        death_penalty_class=NoPenalty,
    )


def nudge(queue: Queue, job: Job, slot: str = "") -> bool:
    """Have a worker look whether `job` has something to do; False when one is asked already, or Redis is away.

    `slot`: a job that several processes share has a nudge for each.
    """
    return _enqueue(queue, job, re.sub(r"[^A-Za-z0-9_-]", "-", f"{queue.name}:{job.name}:{slot}"))


def nudge_again(queue: Queue, done: NudgeInRedis, took_s: float) -> bool:
    """Ask for more of a job that is `done`, behind whatever waits by then, if it ended with its time and has work left. What
    cannot be told now (the database is away) is left to the next turn."""
    job = _job_named(done.args[0])
    if job is None or job.has_work is None or took_s < job.lasts_seconds:
        return False
    try:
        return job.has_work(service()) and _enqueue(queue, job, done.id)
    except SQLAlchemyError:
        return False


def _job_named(name: str) -> Job | None:
    return next((job for job in SCHEDULE if job.name == name), None)


def _enqueue(queue: Queue, job: Job, name: str) -> bool:
    try:
        queue.enqueue_call(
            "jobs.queue.perform",
            args=(job.name,),
            job_id=name,
            unique=True,
            ttl=WAITS_SECONDS,
            result_ttl=0,
            failure_ttl=1,
            timeout=LONGEST_SECONDS,
        )
    except DuplicateJobError:
        return False
    except RedisError as error:
        log.warning("Redis does not take the nudge for %s: %s", job.name, error)
        return False
    return True


def perform(name: str) -> int:
    """What a nudge asks for, in a worker's process, whose app's context is open. A name that is not known does nothing."""
    job = _job_named(name)
    if job is None:
        return 0
    service().take_settings()
    return run_one(service(), job)
