"""Requests that are executed long after their client has given up."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

from sidecar.demo.processor.calls import Call


@dataclass(slots=True)
class _Waiting:
    call: Call
    due_at: float
    on_processors_clock: bool


class LateWork:
    """Kept in memory only: what has not been executed yet is forgotten with the process, as it would be."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []

    def add(self, call: Call, options: dict[str, Any], now: float) -> None:
        """Due `after` seconds of real time or, with `clock: processor`, of the processor's clock, which tests move."""
        on_processors_clock = options.get("clock") == "processor"
        start = now if on_processors_clock else time.monotonic()
        with self._lock:
            self._waiting.append(_Waiting(call, start + options.get("after", 0), on_processors_clock))

    def take_due(self, now: float) -> list[Call]:
        """The calls whose time has come, each once."""
        with self._lock:
            due = [late for late in self._waiting if _is_due(late, now)]
            self._waiting = [late for late in self._waiting if late not in due]
        return [late.call for late in due]

    def count(self) -> int:
        """How many still wait."""
        with self._lock:
            return len(self._waiting)

    def forget(self) -> list[Call]:
        """What will not be executed any more."""
        with self._lock:
            forgotten, self._waiting = self._waiting, []
        return [late.call for late in forgotten]


def _is_due(late: _Waiting, now: float) -> bool:
    return late.due_at <= (now if late.on_processors_clock else time.monotonic())
