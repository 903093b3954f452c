"""What became of each job's last run, for whoever looks after the house. Real time, by the database server's clock.

Most jobs run each second and find nothing to do; so a process writes down what is new, and else one line a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.db import TABLE_OPTIONS, count_changed, get_server_time, insert_once, metadata, token

job_runs = sa.Table(
    "gatepost_job_runs",
    metadata,
    sa.Column("name", token(40), primary_key=True),
    sa.Column("at_s", sa.Double(), nullable=False, comment="real seconds: its last run"),
    sa.Column("took_s", sa.Double(), nullable=False),
    sa.Column("done", sa.BigInteger(), nullable=False, comment="of the last run that found something to do"),
    sa.Column("done_at_s", sa.Double(), nullable=True, comment="when that was"),
    sa.Column("error", sa.String(100), nullable=False, comment="what kind it was, if its last run failed"),
    comment="what became of each job's last run",
    **TABLE_OPTIONS,
)


@dataclass(frozen=True)
class JobRun:
    """Seconds are counted from now back; None: never. `error`: '' unless the last run failed."""

    since_s: float
    took_s: float
    done: int
    done_since_s: float | None
    error: str


class Telling:
    """Which runs of a process are worth a row: each that failed or did something, every 5 seconds at most; else one a minute."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._told: dict[str, float] = {}

    def is_worth(self, name: str, *, is_news: bool) -> bool:
        """Whether to write this run down; whoever asks does so.

        >>> at = [0.0]
        >>> telling = Telling(lambda: at[0])
        >>> [telling.is_worth("mail", is_news=news) for news in (False, False, True)]
        [True, False, False]
        >>> at[0] = 6.0
        >>> [telling.is_worth("mail", is_news=news) for news in (False, True)]
        [False, True]
        """
        pause = 5.0 if is_news else 60.0
        now = self._seconds()
        if now - self._told.get(name, float("-inf")) < pause:
            return False
        self._told[name] = now
        return True


def note_run(session: Session, name: str, done: int, took_s: float, error: str = "") -> None:
    """One run has ended; `error`: '' for one that came to its end."""
    now_s = get_server_time(session)
    values: dict[str, Any] = {"at_s": now_s, "took_s": took_s, "error": error[:100]}
    if done > 0:
        values |= {"done": done, "done_at_s": now_s}
    if not count_changed(session, sa.update(job_runs).where(job_runs.c.name == name).values(values)):
        insert_once(session, job_runs, [{"name": name, "done": 0, "done_at_s": None, **values}])


def list_runs(session: Session) -> dict[str, JobRun]:
    """By name."""
    now_s = get_server_time(session)
    return {
        row.name: JobRun(
            now_s - row.at_s, row.took_s, row.done, None if row.done_at_s is None else now_s - row.done_at_s, row.error
        )
        for row in session.execute(sa.select(job_runs))
    }  # fmt: skip
