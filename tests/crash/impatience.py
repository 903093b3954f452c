"""Waits that are minutes in production are seconds here; their order among each other is kept.

A call's whole deadline is shorter than what must be left of a lease at the last look, that is shorter than the lease, and
the lease is shorter than the time after which an unanswered confirmation is canceled at the gateway. These are real
seconds: business time jumps by days beside them. The gateway's idempotency keys die with a jump of its clock, so the
conductor lets it jump only while no key that still counts is in use (`World.wait_for_keys`).
"""

from __future__ import annotations

from importlib import import_module

KEY_LIVES_SECONDS = 8.0
LEASE_SECONDS = 4.0

_SECONDS = {
    "sidecar.billing.gateways.stripe": {"CONNECT_SECONDS": 0.6, "READ_SECONDS": 1.0},
    "sidecar.billing.locking": {
        "LAST_LOOK_SECONDS": 2.0, "LEASE_SECONDS": LEASE_SECONDS, "_PAUSE_SECONDS": 0.03,
    },
    "sidecar.billing.charging": {
        "FRESH_SECONDS": 1.0, "IN_FLIGHT_SECONDS": 5.0, "KEY_LIVES_SECONDS": KEY_LIVES_SECONDS,
    },
    "sidecar.billing.returning": {"KEY_LIVES_SECONDS": KEY_LIVES_SECONDS},
    "sidecar.billing.guard": {"CHECK_SECONDS": 1.0},
}  # fmt: skip


def lose_patience() -> None:
    """Shorten the waits of this process; a name that is not there any more is an error."""
    for module_name, seconds in _SECONDS.items():
        module = import_module(module_name)
        for name, value in seconds.items():
            if not hasattr(module, name):
                raise AttributeError(f"{module_name} has no {name}")
            setattr(module, name, value)
