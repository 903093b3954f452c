"""A worker: runs the same jobs as in production, over and over, until its doom strikes at a named step of a charge."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from jobs import billing
from jobs import worker as queue_worker
from jobs.queue import connect
from sidecar.app import create_app
from sidecar.billing import steps, store
from sidecar.config import load
from sidecar.db import reading
from sidecar.errors import GatepostError
from sidecar.service import Service
from tests.crash.clocks import FileClock
from tests.crash.dooms import Doomed

log = logging.getLogger(__name__)
JOBS = (billing.process_webhooks, billing.close_intents, billing.refund_surpluses)
SELDOM_JOBS = (billing.follow_refunds, billing.announce)
"""Every ten minutes and every hour in production; here each second, since most of the machine's time would go there otherwise."""
_REST_SECONDS, _SELDOM_SECONDS = 0.15, 1.0
_CATCH_UP_SECONDS = 20.0


@contextmanager
def opened(folder: Path, config: str = "config.toml") -> Iterator[Service]:
    """The sidecar of this folder's configuration, in this process."""
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
    )
    app = create_app(load(folder / config), FileClock(folder / "clock"))
    with app.app_context():
        yield app.extensions["gatepost"]


def work(folder: Path, name: str, dooms: list[list[str | int]], redis_url: str) -> None:
    """As cron would, over and over and without Redis. `dooms`: see `dooms.py`."""
    with opened(folder) as service:
        steps.listen(Doomed(folder, name, dooms))
        caught_up_at, seldom_at = time.monotonic(), float("-inf")
        while True:
            is_seldom = time.monotonic() - seldom_at > _SELDOM_SECONDS
            run_jobs(service, (*JOBS, *SELDOM_JOBS) if is_seldom else JOBS)
            seldom_at = time.monotonic() if is_seldom else seldom_at
            if time.monotonic() - caught_up_at > _CATCH_UP_SECONDS:
                quietly(billing.catch_up, service)
                caught_up_at = time.monotonic()
            time.sleep(_REST_SECONDS)


def work_by_nudges(folder: Path, name: str, dooms: list[list[str | int]], redis_url: str) -> None:
    """As `gatepost worker` does: what is due is nudged through a Redis that may be emptied at any moment."""
    with opened(folder):
        steps.listen(Doomed(folder, name, dooms))
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    queue_worker.work(app, connect(redis_url), name, queue_worker.Ending())


def work_once(folder: Path, name: str, dooms: list[list[str | int]], redis_url: str) -> None:
    """One run, for crowds: ten of them meet on one member. What never arrived is asked for first."""
    with opened(folder) as service:
        steps.listen(Doomed(folder, name, dooms))
        quietly(billing.catch_up, service)
        run_jobs(service, (*JOBS, *SELDOM_JOBS))


def catch_up(folder: Path) -> None:
    """The daily look at what never arrived, and what it means."""
    with opened(folder) as service:
        quietly(billing.catch_up, service)
        quietly(billing.process_webhooks, service)


def run_jobs(service: Service, jobs: Iterable[Callable[[Service], int]]) -> None:
    """Charging and each of `jobs` once, in production's order of things; what one raises holds up no other."""
    quietly(_charge, service)
    for job in jobs:
        quietly(job, service)


def _charge(service: Service) -> int:
    """Charging only where something is due: asking the gateway about nothing costs most of the machine's time."""
    with reading() as reader:
        due = store.list_due(reader, service.clock.now(), 1)
    return billing.charge(service, seconds=3.0) if due else 0


def quietly(job: object, service: Service) -> None:
    """As the schedule does it: a failure is logged. A database that was restarted is such a failure."""
    try:
        job(service)  # type: ignore[operator]
    except (GatepostError, SQLAlchemyError) as error:
        log.warning("%s: %s", getattr(job, "__name__", job), error)
