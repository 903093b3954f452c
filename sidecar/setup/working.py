"""Worker processes: each with an application of its own, and one that starts them again should they die."""

from __future__ import annotations

import logging
import multiprocessing
import socket
from collections.abc import Callable
from multiprocessing.context import ForkProcess
from typing import Any

from flask import Flask

from jobs.queue import connect
from jobs.worker import Ending, work
from sidecar.config import Config
from sidecar.errors import Misconfigured
from sidecar.i18n import _

log = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0
_STOP_SECONDS = 80.0
"""Longer than a job, and shorter than systemd's patience."""


def run_workers(config: Config, make_app: Callable[[], Flask], count: int) -> None:
    """`count` processes until the end is asked for. Raises Misconfigured without Redis.

    No connection and no thread may be open: the processes are forked from this one, which itself does nothing else.
    """
    if not config.billing.redis_url:
        raise Misconfigured(
            _("billing.redis_url: a worker needs Redis. Without one, “gatepost tick” does all the work.")
        )
    ending = Ending()
    ending.listen()
    if count == 1:
        _be_a_worker(config, make_app, 1, ending)
        return
    herd = Herd(count, lambda number: _be_a_worker(config, make_app, number, ending))
    while not ending.is_asked:
        herd.tend()
        ending.wait(_LOOK_SECONDS)
    herd.stop()


def _be_a_worker(config: Config, make_app: Callable[[], Flask], number: int, ending: Ending) -> None:
    """Everything that this process talks through is made here, after the fork. `ending`, a copy by then, has listened since
    before it: a signal that comes while the process is being made is not lost."""
    work(make_app(), connect(config.billing.redis_url), f"{socket.gethostname()}.{number}", ending)


class Herd:
    """Processes that are started again when they end. `run` gets the process's number, from 1."""

    def __init__(self, count: int, run: Callable[[int], Any]) -> None:
        self._run = run
        self._fork = multiprocessing.get_context("fork")
        self.processes: dict[int, ForkProcess | None] = dict.fromkeys(range(1, count + 1))

    def tend(self) -> None:
        """Start who is not there."""
        for number, process in self.processes.items():
            if process is not None and process.is_alive():
                continue
            if process is not None:
                log.warning("worker %s has ended (%s) and is started again", number, process.exitcode)
            self.processes[number] = self._start(number)

    def _start(self, number: int) -> ForkProcess:
        process = self._fork.Process(target=self._run, args=(number,), name=f"worker-{number}")
        process.start()
        return process

    def stop(self) -> None:
        """Ask all to end, wait for what they are about to finish, then insist."""
        there = [process for process in self.processes.values() if process is not None]
        for process in there:
            process.terminate()
        for process in there:
            process.join(_STOP_SECONDS)
            process.kill()
