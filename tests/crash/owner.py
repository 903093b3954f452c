"""What an owner does beside the members: goes on after a pause, and starts a copy of the site as if it were the site."""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from sidecar.billing.charging import charge_due
from sidecar.billing.guard import Paused
from sidecar.errors import GatepostError
from tests.crash.worker import opened


def can_resume() -> bool:
    """Whether this version of the sidecar can go on after a restored database."""
    return find_spec("sidecar.billing.restoring") is not None


def resume_billing(folder: Path, answer: str) -> None:
    """`gatepost billing resume`: import what the gateway knows, and go on."""
    with opened(folder) as service:
        try:
            import_module("sidecar.billing.restoring").resume(service.desk, by="owner")
            outcome = "resumed"
        except (GatepostError, SQLAlchemyError) as error:
            outcome = f"refused: {error}"
    _answer(folder, answer, outcome)


def run_clone(folder: Path, answer: str, config: str) -> None:
    """A copy of the site, with its own copy of the database, runs billing."""
    with opened(folder, config) as service:
        try:
            tally = charge_due(service.desk, threads=1, seconds=3.0)
            outcome = f"charged: {json.dumps(dict(tally.counts))}" if tally.total else "nothing was due"
        except Paused as pause:
            outcome = f"paused: {pause}"
        except (GatepostError, SQLAlchemyError) as error:
            outcome = f"refused: {error}"
    _answer(folder, answer, outcome)


def _answer(folder: Path, name: str, outcome: str) -> None:
    part = folder / f"{name}.part"
    part.write_text(outcome)
    part.replace(folder / name)
