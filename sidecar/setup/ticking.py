"""One round of all jobs, as cron asks for it each minute."""

from __future__ import annotations

import os
from pathlib import Path

from jobs.schedule import run_all
from sidecar.app import prepare_state
from sidecar.locks import alone
from sidecar.service import Service


def tick(service: Service) -> dict[str, int] | None:
    """How much each job did, -1 for one that failed; None when another tick is at work.

    Needs the app's context. The heartbeat is written whatever came of the jobs: it says that cron is alive.
    """
    prepare_state(service.config)
    act_as_owner(service.config.state_dir)
    with alone(service.config.state_dir / "tick.lock") as mine:
        if not mine:
            return None
        done = run_all(service)
        service.note_tick()
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
