"""One round of all jobs, as cron asks for it each minute."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from jobs import billing
from jobs.schedule import SCHEDULE, run_all
from jobs.watch import TICK, beat
from sidecar.app import prepare_state
from sidecar.billing.charging import Tally
from sidecar.locks import alone
from sidecar.service import Service

CHARGE_SECONDS = 50.0
"""Most of the minute until cron comes again."""


def tick(service: Service, told: Callable[[Tally], None] | None = None) -> dict[str, int] | None:
    """How much each job did, -1 for one that failed; None when another tick is at work.

    Needs the app's context. The heartbeat is written whatever came of the jobs: it says that cron is alive. `told`: called
    while charging with what came of it so far.
    """
    prepare_state(service.config)
    act_as_owner(service.config.state_dir)
    with alone(service.config.state_dir / "tick.lock") as mine:
        if not mine:
            return None
        charge = partial(billing.charge, seconds=CHARGE_SECONDS, told=told)
        done = run_all(
            service, [replace(job, run=charge) if job.run is billing.charge else job for job in SCHEDULE]
        )
        service.note_tick()
        beat(TICK)
        return done


def act_as_owner(folder: Path) -> None:
    """Root becomes the folder's owner for the rest of this process: a lock that root made would shut cron's tick out."""
    if not is_root_of_anothers(folder):
        return
    owner = folder.stat()
    os.setgroups([owner.st_gid])
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)


def is_root_of_anothers(folder: Path) -> bool:
    """Whether we are root, and the folder is somebody else's."""
    return os.geteuid() == 0 and folder.exists() and folder.stat().st_uid != 0
