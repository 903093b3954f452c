"""Nudges in a real Redis: each stands there once, carries no work, and Redis may lose them all."""

import secrets
import signal
from contextlib import contextmanager

import pytest
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy.exc import OperationalError

from jobs.queue import LONGEST_SECONDS, connect, nudge, perform, queue_of
from jobs.schedule import SCHEDULE, Job, Lane, jobs_of
from jobs.worker import Ending, Pace, Worker
from tests.house import DAY, NOW

JOBS = {job.name: job for job in SCHEDULE}


@pytest.fixture
def connection(redis):
    client = connect(redis)
    yield client
    client.close()


@pytest.fixture
def queue(connection):
    """An installation's own."""
    return queue_of(connection, secrets.token_hex(8))


class Seconds:
    """A monotonic clock that stands still."""

    at = 1000.0

    def __call__(self):
        return self.at


def waiting(queue):
    return [job.args[0] for job in queue.jobs]


def work_off(queue, connection):
    """A worker that ends when nothing is left."""
    with signals_given_back():
        Worker(Ending(), queue, connection).work(burst=True, logging_level="CRITICAL")


@contextmanager
def signals_given_back():
    """A worker takes the process's signals."""
    handlers = {
        number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def test_a_worker_that_was_asked_to_end_before_it_listens_waits_for_no_nudge(queue, connection):
    ending = Ending()
    ending.ask()
    with signals_given_back():
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.alarm(60)  # a KeyboardInterrupt, should it wait for ever
        try:
            assert not Worker(ending, queue, connection).work(logging_level="CRITICAL")
        finally:
            signal.alarm(0)


def test_a_nudge_stands_in_the_queue_once_and_holds_nothing_but_the_jobs_name(queue):
    assert [nudge(queue, JOBS["end_access"]) for _ in range(3)] == [True, False, False]
    [job] = queue.jobs
    assert (job.func_name, job.args, job.kwargs) == ("jobs.queue.perform", ["end_access"], {})
    assert 0 < queue.connection.ttl(job.key) <= 60


def test_a_job_that_processes_share_has_a_nudge_for_each_of_them(queue):
    assert [nudge(queue, JOBS["charge"], slot) for slot in ("db1.1", "db1.2", "db1.1")] == [True, True, False]
    assert waiting(queue) == ["charge", "charge"]


def test_two_installations_share_a_redis_and_not_their_nudges(queue, connection):
    other = queue_of(connection, secrets.token_hex(8))
    nudge(queue, JOBS["charge"])
    assert nudge(other, JOBS["charge"])
    assert (len(queue.jobs), len(other.jobs)) == (1, 1)


def test_the_worker_does_what_is_due_and_forgets_the_nudge(house, queue, connection):
    house.member(house.level(), expires_at=NOW - DAY)
    nudge(queue, JOBS["end_access"])
    work_off(queue, connection)
    assert "status_changed" in {event.name for event in house.events()}
    assert waiting(queue) == []
    assert nudge(queue, JOBS["end_access"])


def test_a_nudge_of_a_job_that_fails_is_forgotten_too_and_the_worker_goes_on(house, queue, connection):
    nudge(queue, Job("nobody_knows_it", lambda _service: 0, 1.0))
    house.member(house.level(), expires_at=NOW - DAY)
    nudge(queue, JOBS["end_access"])
    work_off(queue, connection)
    assert "status_changed" in {event.name for event in house.events()}
    assert perform("nobody_knows_it") == 0


def test_what_a_killed_worker_had_begun_is_in_the_way_for_some_minutes_only(house, queue, connection):
    nudge(queue, JOBS["end_access"])
    worker = Worker(Ending(), queue, connection)
    worker.register_birth()
    job, _queue = worker.dequeue_job_and_maintain_ttl(None)
    worker.prepare_execution(job)
    worker.prepare_job_execution(job)  # and here it is killed
    assert not nudge(queue, JOBS["end_access"])
    assert 0 < connection.ttl(job.key) <= LONGEST_SECONDS


@pytest.fixture
def piecework(monkeypatch):
    """`piecework(pieces, lasts_seconds)`: a job that does one piece in each run; gives it and what is left."""

    def put(pieces, lasts_seconds, has_work=bool):
        left = list(range(pieces))
        job = Job(
            "piecework",
            lambda _service: left.pop() + 1,
            1.0,
            has_work=lambda _service: has_work(left),
            lasts_seconds=lasts_seconds,
        )
        monkeypatch.setattr("jobs.queue.SCHEDULE", (job,))
        return job, left

    return put


def test_a_job_that_ended_with_its_time_and_not_with_its_work_goes_on_at_once(
    house, queue, connection, piecework
):
    job, left = piecework(3, lasts_seconds=0.0)
    nudge(queue, job, "db1.1")
    work_off(queue, connection)
    assert (left, waiting(queue)) == ([], [])


def test_what_waits_comes_first_when_a_job_goes_on(house, queue, connection, piecework):
    job, _left = piecework(2, lasts_seconds=0.0)
    nudge(queue, job, "db1.1")
    nudge(queue, job, "db1.2")
    worker = Worker(Ending(), queue, connection)
    with signals_given_back():
        worker.work(burst=True, max_jobs=1, logging_level="CRITICAL")
    assert [waits.id[-1] for waits in queue.jobs] == ["2", "1"]


def test_a_job_that_ended_before_its_time_waits_for_the_next_turn(house, queue, connection, piecework):
    job, left = piecework(3, lasts_seconds=60.0)
    nudge(queue, job)
    work_off(queue, connection)
    assert (left, waiting(queue)) == ([0, 1], [])


def test_a_worker_lives_on_when_nobody_can_tell_whether_work_is_left(house, queue, connection, piecework):
    def away(_left):
        raise OperationalError("SELECT", {}, OSError("the database is away"))

    job, left = piecework(3, lasts_seconds=0.0, has_work=away)
    nudge(queue, job)
    work_off(queue, connection)
    assert (left, waiting(queue)) == ([0, 1], [])


def test_redis_that_was_emptied_is_nudged_again_and_nothing_is_lost(house, queue, connection):
    house.member(house.level(), expires_at=NOW - DAY)
    nudge(queue, JOBS["end_access"])
    connection.flushdb()
    work_off(queue, connection)
    assert "status_changed" not in {event.name for event in house.events()}
    assert nudge(queue, JOBS["end_access"])
    work_off(queue, connection)
    assert "status_changed" in {event.name for event in house.events()}


def test_without_redis_a_nudge_does_nothing_and_says_so(caplog):
    away = queue_of(connect("redis://127.0.0.1:9/0"), "nobody")
    assert not nudge(away, JOBS["charge"])
    assert "Redis does not take the nudge for charge" in caplog.text
    with pytest.raises(RedisAway):
        away.connection.ping()


def test_each_job_is_nudged_at_its_pace_and_charging_only_when_something_may_be_due(house, queue, connection):
    seconds = Seconds()
    pace = Pace(jobs_of(Lane.GATEWAY, Lane.HEAVY), seconds)
    first = pace.turn(house.service, queue, "db1.1")
    assert {"process_webhooks", "catch_up"} <= set(first)
    assert "charge" not in first  # there is no gateway
    assert "drain_spools" not in first
    assert pace.turn(house.service, queue, "db1.1") == []
    work_off(queue, connection)
    seconds.at += 2.0
    assert pace.turn(house.service, queue, "db1.1") == ["process_webhooks"]
