"""The processor's own clock: real time plus an offset that tests move."""

from __future__ import annotations

import time


class Clock:
    """Whole seconds since 1970, as Stripe counts."""

    def __init__(self, offset: float = 0) -> None:
        self.offset = offset

    def now(self) -> int:
        return int(time.time() + self.offset)

    def advance(self, seconds: float) -> None:
        self.offset += seconds

    def set(self, now: float) -> None:
        self.offset = now - time.time()


def year_of(now: int) -> int:
    """The calendar year in UTC.

    >>> year_of(0), year_of(1767225599), year_of(1767225600)
    (1970, 2025, 2026)
    """
    return time.gmtime(now).tm_year
