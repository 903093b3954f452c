"""Business time. Signatures, leases, sessions and heartbeats use real time instead (`time.time`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


def real_now() -> datetime:
    """The machine's time: aware, UTC, microseconds."""
    return datetime.now(UTC)


@dataclass
class Clock:
    """A clock that the demo and the tests can move. In production the offset stays zero.

    >>> clock = Clock()
    >>> before = clock.now()
    >>> clock.move(timedelta(days=2))
    >>> clock.now() - before > timedelta(days=2)
    True
    """

    offset: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        """Now, aware, UTC."""
        return real_now() + self.offset

    def move(self, by: timedelta) -> None:
        """Shift business time by `by` (which may be negative)."""
        self.offset += by
