"""What is known of one purchase, as values: who, what, how it was paid, used and answered for. Nothing here reads anything.

Amounts are minor units of the currency beside them; instants are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sidecar.billing.policies import Policy
from sidecar.catalog.rules import Terms


@dataclass(frozen=True)
class Seller:
    """The site."""

    name: str
    url: str


@dataclass(frozen=True)
class Person:
    """The buyer as WordPress knows him; empty where his user is gone. `billing`: the lines of his address."""

    name: str = ""
    email: str = ""
    login: str = ""
    registered_at: datetime | None = None
    member_since: datetime | None = None
    billing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Purchase:
    """What was bought and how. `terms`: as they were frozen; `gives`: the level or bundle; `ip`, `agent`, `email`:
    those of the checkout, '' where unknown."""

    order: str
    product: str
    description: str
    gives: str
    terms: Terms
    ordered_at: datetime
    activated_at: datetime | None
    ip: str = ""
    agent: str = ""
    email: str = ""


@dataclass(frozen=True)
class Payment:
    """Money that came. `ip`: of the checkout that it belongs to. `source`: what paid it; `origin`: who began the try (schedule, browser …); `returned_minor`: refunds;
    `dispute`: the state of its newest dispute, '' for none. `brand`, `last4`, `fingerprint`: of the card."""

    order: str
    product: str
    cycle: int
    at: datetime
    amount_minor: int
    currency: str
    source: str
    charge_id: str
    from_at: datetime
    until_at: datetime | None
    origin: str = ""
    brand: str = ""
    last4: str = ""
    fingerprint: str = ""
    ip: str = ""
    returned_minor: int = 0
    dispute: str = ""

    @property
    def is_undisputed(self) -> bool:
        """Taken by card, not given back, and never questioned by its holder's bank."""
        return bool(self.charge_id) and not self.dispute and self.returned_minor == 0


@dataclass(frozen=True)
class Try:
    """One that brought no money. `decline`: the gateway's code."""

    at: datetime
    amount_minor: int
    currency: str
    status: str
    origin: str
    decline: str


@dataclass(frozen=True)
class Refund:
    """`status`: claimed, unknown, pending, succeeded, failed."""

    at: datetime
    amount_minor: int
    currency: str
    status: str
    charge_id: str
    reason: str = ""


@dataclass(frozen=True)
class Dispute:
    """As the gateway told of it. `due_at`: until when evidence is taken."""

    id: str
    charge_id: str
    reason: str
    network_reason: str
    status: str
    amount_minor: int
    currency: str
    opened_at: datetime
    due_at: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """One entry of the activity log. `is_whole`: its digest agrees with it; None after erasure, when nobody can say."""

    at: datetime
    name: str
    ip: str = ""
    subject: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    is_whole: bool | None = True
    is_sealed: bool = False


@dataclass(frozen=True)
class Use:
    """Page views of the signed-in member since a moment: how many in all, and the newest of them."""

    since: datetime
    count: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    addresses: int = 0
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Cancellation:
    """`by`: member, seller, or billing (a payment that failed for good). `until`: to when access lasts; None: it ended then."""

    at: datetime
    by: str
    reason: str
    until: datetime | None = None


@dataclass(frozen=True)
class Evidence:
    """Everything about one purchase. `payment`: the disputed one, or else the newest; `paid`: all that the
    member ever paid, newest first, as are all entries of the log; `titles`: of the posts that were read."""

    seller: Seller
    person: Person
    purchase: Purchase
    use: Use
    made_at: datetime
    dispute: Dispute | None = None
    payment: Payment | None = None
    paid: tuple[Payment, ...] = ()
    tries: tuple[Try, ...] = ()
    refunds: tuple[Refund, ...] = ()
    cancellation: Cancellation | None = None
    accepted: tuple[Policy, ...] = ()
    accepted_at: datetime | None = None
    sign_ins: tuple[Entry, ...] = ()
    sign_in_count: int = 0
    mails: tuple[Entry, ...] = ()
    mail_count: int = 0
    titles: Mapping[int, str] = field(default_factory=dict)
    log: tuple[Entry, ...] = ()

    @property
    def quoted(self) -> tuple[Entry, ...]:
        """Every entry of the log that is shown or stood upon."""
        return (*self.use.entries, *self.sign_ins, *self.mails, *self.log)

    @property
    def payments(self) -> tuple[Payment, ...]:
        """Of this order."""
        return tuple(one for one in self.paid if one.order == self.purchase.order)

    @property
    def earlier(self) -> tuple[Payment, ...]:
        """Before the payment in question, for whatever."""
        return tuple(one for one in self.paid if self.payment is not None and one.at < self.payment.at)

    @property
    def undisputed(self) -> tuple[Payment, ...]:
        """Earlier payments that nobody questioned."""
        return tuple(one for one in self.earlier if one.is_undisputed)
