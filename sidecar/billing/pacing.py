"""One rate limit for all processes and machines: turns are handed out by two rows of the database.

Batches wait for their turn. Whoever has a person waiting takes a turn at once and pushes the batches back by it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field

from sidecar.billing.store_guard import claim_turns
from sidecar.db import session, use_case

_RESERVE_SECONDS = 0.25
"""How much time a process reserves at once: fewer statements, and little is lost when it stops."""
_HEADROOM = 0.96
"""Below the gateway's limit, since its second begins when it likes: 24 of Stripe's 25."""


@dataclass
class Pace:
    """`per_second` for the account, `per_endpoint` for each kind of call; 0: no limit. `waits`: False goes first."""

    per_second: int
    per_endpoint: int
    waits: bool = True
    _turns: dict[str, deque[float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, endpoint: str) -> None:
        """Return when the call may be sent. Needs an app's context, and no transaction."""
        turns = [self._turn("all", self.per_second), self._turn(endpoint, self.per_endpoint)]
        wait = max(turns) - time.monotonic()
        if self.waits and wait > 0:
            time.sleep(wait)

    def _turn(self, name: str, per_second: int) -> float:
        """The monotonic time of the next turn."""
        if not per_second:
            return 0.0
        with self._lock:
            turns = self._turns.setdefault(name, deque())
            while turns and turns[0] < time.monotonic() - 1.0:
                turns.popleft()  # it passed unused; nobody else may have it, but it must not come late
            if not turns:
                turns.extend(_reserve(name, per_second * _HEADROOM, alone=not self.waits))
            return turns.popleft()


def _reserve(name: str, per_second: float, *, alone: bool) -> list[float]:
    count = 1 if alone else max(1, int(per_second * _RESERVE_SECONDS))
    now_s, first_s = _claim(name, count, per_second)
    return [time.monotonic() + first_s - now_s + place / per_second for place in range(count)]


@use_case
def _claim(name: str, count: int, per_second: float) -> tuple[float, float]:
    return claim_turns(session(), name, count, per_second)
