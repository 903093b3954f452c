"""What goes wrong on the way to the gateway, and what the banks say."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from tests.crash.temper import Temper
from tests.processor.running import RunningProcessor

_KINDS: dict[str, dict[str, Any]] = {
    "timeout_before": {"kind": "timeout_before", "seconds": 1.3},
    "timeout_after": {"kind": "timeout_after", "seconds": 1.3},
    "executed_late": {"kind": "execute_late", "after": 2.5},
    "executed_very_late": {"kind": "execute_late", "after": 6.5},
    "cut_reply": {"kind": "cut_reply"},
    "busy": {"kind": "status", "status": 429},
    "locked": {"kind": "status", "status": 429, "code": "lock_timeout"},
    "broken": {"kind": "status", "status": 500},
    "broken_after": {"kind": "status", "status": 500, "executed": True},
    "slow": {"kind": "delay", "ms": 400},
}
"""Late executions come before and after the time at which an unanswered confirmation is canceled, and always before keys are
no longer relied on (`impatience.py`)."""

_PATHS = ("/v1/payment_intents*", "/v1/payment_intents/*/confirm", "/v1/payment_intents", "/v1/refunds", "*")
_DECLINES: tuple[Any, ...] = (
    "insufficient_funds", "insufficient_funds", "insufficient_funds", "generic_decline", "expired_card", "lost_card",
    "authentication_required", "processing_error", {"processing": "succeed", "after": 90_000},
    {"processing": "generic_decline", "after": 90_000},
    {"decline_code": "generic_decline", "advice_code": "do_not_try_again"},
    {"decline_code": "generic_decline", "advice_code": "try_again_later"},
    {"decline_code": "generic_decline", "network_advice_code": "21"},
)  # fmt: skip


class Weather:
    """Faults of one processor, changed with every part of a day."""

    def __init__(self, processor: RunningProcessor, luck: random.Random, temper: Temper) -> None:
        self._processor, self._luck, self._temper = processor, luck, temper

    def change(self) -> None:
        """Clear, or one to three kinds of faults that strike by chance."""
        self.clear()
        if self._luck.random() >= self._temper.weather:
            return
        for _number in range(self._luck.randint(1, 3)):
            kind = _KINDS[self._luck.choice(self._temper.faults)]
            path = self._temper.path or self._luck.choice(_PATHS)
            match = {"method": "POST", "path": path, "chance": self._temper.strength}
            self._processor.post("faults", {"match": match, "do": kind})

    def clear(self) -> None:
        """Nothing goes wrong from now on; what is under way stays so."""
        self._processor.delete("faults")

    def script(self, cards: list[str], now: datetime) -> None:
        """How some of these cards will answer their next charges: once, twice, or to the bitter end; some are renewed by
        their network, with a date that is near."""
        for card in cards:
            if self._luck.random() < self._temper.declines / 10:
                outcome = self._luck.choice(_DECLINES)
                times = self._luck.choice((1, 1, 2, 4))
                self._processor.post(f"cards/{card}", {"outcomes": [outcome] * times})
            if self._luck.random() < self._temper.renewed_cards:
                ends = now + timedelta(days=31)
                self._processor.post(f"cards/{card}/update", {"exp_year": ends.year, "exp_month": ends.month})

    def unsettle_webhooks(self, port: int) -> None:
        """Doubled, dropped and out of order from now on."""
        self._processor.post(
            "webhooks",
            {
                "url": f"http://127.0.0.1:{port}/", "secret": "whsec_crash", "repeat": 0.3, "shuffle": 0.4,
                "shuffle_seconds": 2.0, "drop": 0.2,
            },
        )  # fmt: skip
