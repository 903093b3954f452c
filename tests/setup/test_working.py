"""`gatepost worker` as processes of their own: started again when one is killed, ended by a signal, patient with Redis."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from jobs.queue import LONGEST_SECONDS
from sidecar.setup.working import Herd
from tests.setup.builders import NO_ENVIRONMENT, an_installation

CHECKOUT = Path(__file__).parents[2]
pytestmark = pytest.mark.process
WHEN_A_NUDGE_IS_LEFT_BEHIND = LONGEST_SECONDS + 60
"""One that a killed worker had taken is in the way for so long."""


@contextmanager
def a_worker(installation, *options):
    """The command, running; `.said()` is what it has written."""
    log = installation.state.parent / "worker.log"
    environment = {name: value for name, value in os.environ.items() if name not in NO_ENVIRONMENT}
    command = [
        sys.executable,
        "-m",
        "sidecar.cli",
        "--config",
        str(installation.config_path),
        "worker",
        *options,
    ]
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=CHECKOUT, stdout=output, stderr=output, env=environment)
    process.said = log.read_text
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(condition, seconds=120):
    """Poll until it is so."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it never became so"
        time.sleep(0.05)
    return found


def children(process):
    return {int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()}


def beats(installation):
    with installation.wordpress() as session:
        return {row[0] for row in session.execute(sa.text("SELECT name FROM gatepost_heartbeats"))}


@pytest.fixture
def with_redis(tmp_path, redis):
    there = an_installation(tmp_path, billing=f'redis_url = "{redis}"')
    there.did("init")
    return there


def test_two_processes_work_one_that_is_killed_is_started_again_and_a_signal_ends_all(with_redis):
    with a_worker(with_redis, "--count", "2") as process:
        until(lambda: any(name.startswith("worker:") for name in beats(with_redis)))
        before = until(lambda: len(children(process)) == 2 and children(process))
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        after = until(
            lambda: len(children(process)) == 2 and victim not in children(process) and children(process)
        )
        assert len(after & before) == 1
        until(lambda: "job:catch_up" in beats(with_redis), WHEN_A_NUDGE_IS_LEFT_BEHIND)
        process.terminate()
        assert process.wait(timeout=30) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in after)


def test_a_signal_that_comes_while_processes_are_being_made_is_not_lost(with_redis):
    with a_worker(with_redis, "--count", "2") as process:
        until(lambda: len(children(process)) == 2)
        process.terminate()
        assert process.wait(timeout=60) == 0  # they are killed after 80


def test_a_single_worker_needs_no_process_beside_it(with_redis):
    with a_worker(with_redis) as process:
        until(lambda: "job:catch_up" in beats(with_redis))
        assert children(process) == set()
        process.terminate()
        assert process.wait(timeout=30) == 0


def test_a_worker_whose_redis_is_away_says_so_and_goes_on_trying(tmp_path):
    there = an_installation(tmp_path, billing='redis_url = "redis://127.0.0.1:9/0"')
    there.did("init")
    with a_worker(there) as process:
        until(lambda: process.said().count("Redis is away") >= 2)
        assert process.poll() is None
        assert "Nothing is lost" in process.said()
        process.terminate()
        assert process.wait(timeout=30) == 0


def test_without_redis_or_tables_the_command_ends_with_a_sentence(installation):
    assert "gatepost init" in installation.run("worker").stderr
    installation.did("init")
    result = installation.run("worker")
    assert (result.exit_code, "billing.redis_url" in result.stderr) == (1, True)


def test_a_herd_starts_who_is_not_there_and_leaves_the_others_alone():
    herd = Herd(2, lambda number: time.sleep(60 if number == 1 else 0))
    herd.tend()
    first, second = herd.processes[1], herd.processes[2]
    second.join(10)
    herd.tend()
    try:
        assert herd.processes[1] is first
        assert herd.processes[2] is not second
    finally:
        herd.stop()
