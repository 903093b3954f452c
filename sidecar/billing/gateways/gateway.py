"""What billing asks of whoever moves the money. A gateway is one file beside this one that keeps these promises;
`tests/billing/gateway_contract.py` says them as tests. Amounts are in our minor units (as many decimals as Unicode's CLDR
gives a currency), whatever the gateway counts in.

Three things can come of a call, and a gateway must never take one for another:

- an answer: a value below. A declined card is an answer, too.
- `NotExecuted`: provably nothing happened (a refused connection, 401, 429, a request that was refused as such).
- `Unanswered`: anything else. Money may have moved, may move in a minute, or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from sidecar.billing.overdue import Decline
from sidecar.errors import GatepostError


class Unanswered(GatepostError):
    """Nobody knows what came of the call."""


class NotExecuted(GatepostError):
    """The gateway did not carry the call out, and said so. `is_passing`: the same call may succeed in some minutes."""

    def __init__(self, sentence: str, *, is_passing: bool) -> None:
        super().__init__(sentence)
        self.is_passing = is_passing


class CardGone(NotExecuted):
    """The card cannot be charged any more: it was taken from the customer. No try was made."""


class CustomerGone(NotExecuted):
    """The gateway no longer knows the member, nor his cards."""


class BadWebhook(GatepostError):
    """Its signature is wrong, or it is no event."""


def object_of(payload: str) -> str:
    """The id of the object that a kept event names."""
    return str(json.loads(payload)["data"]["object"].get("id") or "")


def charge_of(payload: str) -> str:
    """The charge that a kept event is about: the object itself, or what the object belongs to."""
    found = json.loads(payload)["data"]["object"]
    return str(found["id"] if found.get("object") == "charge" else found.get("charge") or "")


class IntentStatus(StrEnum):
    """Where an intent stands."""

    NEEDS_CARD = "requires_payment_method"
    NEEDS_CONFIRMATION = "requires_confirmation"
    NEEDS_ACTION = "requires_action"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


@dataclass(frozen=True)
class Account:
    """Whose money is moved. `clock_s`: the gateway's time, Unix seconds; None where it does not say."""

    id: str
    is_live: bool
    clock_s: float | None = None

    @property
    def name(self) -> str:
        """With its mode: test and live are two accounts to us.

        >>> Account("acct_1", False).name
        'acct_1:test'
        """
        return f"{self.id}:{'live' if self.is_live else 'test'}"


@dataclass(frozen=True)
class CardFacts:
    """A card as the gateway shows it. `id` is the gateway's name for it, `fingerprint` the same for the same number."""

    id: str
    fingerprint: str
    brand: str
    last4: str
    exp_year: int
    exp_month: int
    customer_id: str = ""


@dataclass(frozen=True)
class ChargeFacts:
    """One movement, or one that was declined. `made_s`: the gateway's clock; 0 where it is not shown."""

    id: str
    succeeded: bool
    amount_minor: int
    currency: str
    card: CardFacts | None = None
    decline: Decline | None = None
    message: str = ""
    made_s: float = 0.0


@dataclass(frozen=True)
class Intent:
    """The one thing that may collect a receivable; it can succeed once.

    `charge`: the newest. `error`: why the last try failed, also where no charge was made (a refused authentication).
    `created_s`: the gateway's clock. `keeps_card`: the card that pays it next is kept for later charges.
    """

    id: str
    status: IntentStatus
    amount_minor: int
    currency: str
    customer_id: str
    metadata: Mapping[str, str]
    created_s: float
    client_secret: str = ""
    charge: ChargeFacts | None = None
    error: Decline | None = None
    message: str = ""
    card_id: str = ""
    keeps_card: bool = False
    refunded_minor: int = 0

    @property
    def number(self) -> int:
        """Which of its receivable's intents it is, from 1, as its making has named it."""
        return int(self.metadata.get("intent", "1"))

    @property
    def chosen_s(self) -> float:
        """When the card was entered that was tried last."""
        return max(self.created_s, self.charge.made_s if self.charge is not None else 0.0)


@dataclass(frozen=True)
class Setup:
    """The keeping of a card without a payment. `card`: the one that is kept, or that was refused last; `attempt_id`: the
    newest try, which a refusal is counted by. `chosen_s`: when the card was entered, or the set-up begun as long as none was; the
    gateway's clock."""

    id: str
    is_done: bool
    customer_id: str
    metadata: Mapping[str, str]
    chosen_s: float
    client_secret: str = ""
    card: CardFacts | None = None
    error: Decline | None = None
    message: str = ""
    attempt_id: str = ""


@dataclass(frozen=True)
class RefundFacts:
    """`status`: pending, succeeded, failed."""

    id: str
    status: str
    amount_minor: int
    currency: str
    charge_id: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DisputeFacts:
    """`status`: inquiry (no money taken), open, won, lost (the money is gone, also by a network that prevented a dispute), closed
    (an inquiry that came to nothing, or prevented without a movement). `due_s`: until when evidence is taken, Unix seconds; None
    where none is. `network_reason`: the card network's own code, such as 10.4 of Visa."""

    id: str
    status: str
    reason: str
    amount_minor: int
    currency: str
    charge_id: str
    intent_id: str
    due_s: float | None = None
    network_reason: str = ""


@dataclass(frozen=True)
class Notice:
    """What a webhook hints at: go and read `object_id`. `payload`: the names in it, as JSON; nothing about people."""

    id: str
    type: str
    object_id: str
    payload: str
    created_s: float
    is_live: bool


@dataclass(frozen=True)
class IntentWish:
    """What an intent is to collect. The same wish and key are the same bytes, whenever they are sent."""

    amount_minor: int
    currency: str
    customer_id: str
    metadata: Mapping[str, str]
    description: str


class Gateway(Protocol):
    """Every method leaves the machine, but those on webhooks; none may be called inside a transaction."""

    name: str
    is_live: bool
    publishable_key: str
    script_url: str

    def smallest_minor(self, currency: str) -> int | None:
        """The smallest sum that it collects, in minor units; None for a currency it does not take. Asks nobody."""

    def step_minor(self, currency: str) -> int:
        """It collects multiples of this only, in minor units. Asks nobody."""

    def get_account(self) -> Account:
        """Whose money this is, and what time it is there."""

    def make_customer(self, key: str, email: str, name: str, metadata: Mapping[str, str]) -> str:
        """The customer's id; the same key gives the same customer for a day."""

    def make_intent(self, key: str, wish: IntentWish) -> Intent:
        """Unconfirmed: no money can move by it yet."""

    def read_intent(self, intent_id: str) -> Intent:
        """As it is now."""

    def confirm_intent(self, key: str, intent_id: str, card_id: str) -> Intent:
        """Charge a kept card without its holder. A decline is an Intent with a failed charge."""

    def cancel_intent(self, intent_id: str) -> Intent:
        """Make sure that it never collects. One that has succeeded or is processing comes back as it is.

        Without a key: a repetition is harmless, and a refusal must not be repeated from memory for a day.
        """

    def keep_card(self, intent_id: str, *, keeps: bool) -> Intent:
        """Whether the member who pays it in the browser leaves a card for later; off again before it is charged without him."""

    def list_intents(self, since_s: float, customer_id: str = "") -> Iterator[Intent]:
        """Newest first, of the whole account or of one customer."""

    def make_setup(self, key: str, customer_id: str, metadata: Mapping[str, str]) -> Setup:
        """For a card that is to be kept and charged later."""

    def read_setup(self, setup_id: str) -> Setup:
        """As it is now."""

    def cancel_setup(self, setup_id: str) -> Setup:
        """Make sure that no more cards are tried by it. One that is done comes back as it is."""

    def read_card(self, card_id: str) -> CardFacts:
        """A kept card."""

    def make_refund(
        self, key: str, charge_id: str, amount_minor: int, currency: str, metadata: Mapping[str, str]
    ) -> RefundFacts:
        """Give money back."""

    def list_refunds(self, charge_id: str) -> list[RefundFacts]:
        """Of one charge."""

    def read_dispute(self, dispute_id: str) -> DisputeFacts:
        """As it is now."""

    def list_disputes(self, since_s: float) -> Iterator[DisputeFacts]:
        """Newest first."""

    def read_charge(self, charge_id: str) -> tuple[str, ChargeFacts]:
        """(its intent, the charge)."""

    def check_webhook(self, body: bytes, signature: str) -> Notice:
        """The event, if the gateway signed it; raises BadWebhook. Needs no connection."""

    def list_notices(self, since_s: float) -> Iterator[Notice]:
        """Every event since, delivered or not, newest first."""
