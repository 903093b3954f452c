"""One request, or one piece of late work, at the books: what it may see, change and tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sidecar.demo.processor import shapes
from sidecar.demo.processor.books import Row, World
from sidecar.demo.processor.outcomes import Outcome
from sidecar.demo.processor.parameters import Params
from sidecar.demo.processor.refusals import Missing, unauthorized

_SEEN = """id object amount amount_details automatic_payment_methods canceled_at cancellation_reason capture_method
    client_secret confirmation_method created currency description last_payment_error last_setup_error livemode
    next_action payment_method payment_method_types processing receipt_email setup_future_usage shipping source status
    usage"""
SEEN_IN_BROWSERS = frozenset(_SEEN.split())
"""What a publishable key and a client secret show of an intent."""


@dataclass(slots=True)
class Desk:
    """Used under the books' lock. `publishable`: a browser asks, with a key that everybody may read."""

    world: World
    house: World
    now: int
    livemode: bool
    params: Params = field(default_factory=dict)
    publishable: bool = False
    origin: str = ""
    request: dict[str, str | None] = field(default_factory=lambda: {"id": None, "idempotency_key": None})
    forced: Outcome | None = None
    told: list[Row] = field(default_factory=list)

    def find(self, table: str, id: str) -> Row | None:
        """None where this mode has no such object."""
        return self.world.find(table, id)

    def get(self, table: str, id: str, param: str | None = None) -> Row:
        """Raises `Missing`; `param` is the parameter that named the object, if one did."""
        row = self.world.find(table, id)
        if row is None:
            raise Missing(table, id, param)
        return row

    def put(self, table: str, row: Row) -> Row:
        return self.world.put(table, row)

    def change(self, table: str, row: Row, **changes: Any) -> Row:
        """A new row with these fields; the old one stays as it was."""
        return self.world.put(table, {**row, **changes})

    def tell(self, type: str, row: Row) -> None:
        """An event, listed and sent to the webhook after the commit."""
        id = shapes.new_id("evt")
        event = shapes.event(id, self.now, type, row, self.request, livemode=self.livemode)
        self.told.append(self.world.put("event", {**event, "pending_webhooks": 1}))

    def shown(self, row: Row) -> Row:
        """What this visitor may see of an intent."""
        return seen_in_browser(row) if self.publishable else row

    def get_intent(self, table: str, id: str) -> Row:
        """An intent by its id; a browser must also know its client secret."""
        row = self.get(table, id)
        if self.publishable and self.params.get("client_secret") != row["client_secret"]:
            raise unauthorized("")
        return row


def seen_in_browser(intent: Row) -> Row:
    """No customer, no metadata, no charge."""
    return {name: value for name, value in intent.items() if name in SEEN_IN_BROWSERS}
