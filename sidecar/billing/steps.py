"""The named steps of a charge. Nothing listens in production; whoever wants to see what a crash at each of them leaves, does."""

from __future__ import annotations

from collections.abc import Callable

STEPS = (
    "claimed",  # the member's lock is ours and committed
    "prepared",  # the receivable and the attempt are committed
    "asked",  # the gateway has made the intent; we have not written its id
    "bound",  # the intent's id is committed: money may move by it
    "looked",  # the last look was fine; the confirmation goes out next
    "confirmed",  # the gateway has answered; nothing of it is written
    "booked",  # outcome, state, events and parcels are committed
    "released",  # the member's lock is free
)
_listeners: list[Callable[[str], None]] = []


def reached(step: str) -> None:
    """Tell that a step of `STEPS` was reached."""
    for listener in _listeners:
        listener(step)


def listen(listener: Callable[[str], None]) -> None:
    """Call `listener` with the name of each step that is reached from now on in this process."""
    _listeners.append(listener)
