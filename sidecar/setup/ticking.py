"""One round of all jobs, as cron asks for it each minute."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from jobs.schedule import run_all
from sidecar.app import prepare_state
from sidecar.service import Service


def tick(service: Service) -> dict[str, int] | None:
    """How much each job did, -1 for one that failed; None when another tick is at work.

    Needs the app's context. The heartbeat is written whatever came of the jobs: it says that cron is alive.
    """
    prepare_state(service.config)
    with _alone(service) as mine:
        if not mine:
            return None
        done = run_all(service)
        service.note_tick()
        return done


@contextmanager
def _alone(service: Service) -> Iterator[bool]:
    """One tick a machine; the lock goes with its process, however that ends."""
    descriptor = os.open(service.config.state_dir / "tick.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)
