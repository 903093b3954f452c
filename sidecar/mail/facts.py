"""What a mail is made of: what has happened, what was bought, who is told. Values; nothing here reads anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

import msgspec


class Happening(msgspec.Struct, frozen=True):
    """The cause of a mail, as whoever queued it has put it into the parcel's `data`; what it does not hold is left out.

    `at`: when something will happen, `until`: how long access lasts (both aware). `amount_minor`: in the currency of the
    order. `act`: what follows on a decline (`billing/overdue.py`). `last4`: of the card that it is about. `sentence`: for the owner.
    `seal`: the newest of the log, as a line.
    """

    amount_minor: int | None = None
    cycle: int | None = None
    source: str | None = None
    act: str | None = None
    at: datetime | None = None
    until: datetime | None = None
    decline: str | None = None
    reason: str | None = None
    what: str | None = None
    last4: str | None = None
    sentence: str | None = None
    seal: str | None = None


@dataclass(frozen=True)
class CardOnFile:
    """What may be said of a card; `brand` as the gateway writes it."""

    brand: str
    last4: str
    exp_year: int
    exp_month: int


@dataclass(frozen=True)
class Receipt:
    """One payment. `tax_minor` is inside the amount, `tax_ppm` its rate in millionths; `credit_minor` is what of the amount the
    member's credit has paid; `until_at` is exclusive, None: for ever. `invoice`: its number, '' where there is none."""

    tax_minor: int
    tax_ppm: int
    from_at: datetime
    until_at: datetime | None
    credit_minor: int = 0
    invoice: str = ""


@dataclass(frozen=True)
class Purchase:
    """An order as it stands when the mail is written.

    `number`: the beginning of its UUID. `next_at`, `next_minor`: when the next payment is due and how much it is; None when
    nothing is. `payments_left`: of a payment plan, None for what renews for ever. `access_until`: exclusive; None: no end is
    known. `is_in_trial`: the next payment is the first full one.
    """

    number: str
    product: str
    currency: str
    next_at: datetime | None = None
    next_minor: int = 0
    payments_left: int | None = None
    access_until: datetime | None = None
    is_in_trial: bool = False
    keeps_access_overdue: bool = False
    card: CardOnFile | None = None
    receipt: Receipt | None = None


@dataclass(frozen=True)
class Declared:
    """A cancellation or withdrawal that arrived without a sign-in. `address`: the one that was given; `rows`: (label, value) of
    everything that was declared."""

    is_withdrawal: bool
    received_at: datetime
    address: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Facts:
    """Everything that one mail says. `name`: of whom it greets, '' for nobody in particular. The addresses are absolute URLs."""

    site_name: str
    zone: tzinfo
    home_url: str
    account_url: str
    checkout_url: str
    admin_url: str
    happening: Happening
    name: str = ""
    purchase: Purchase | None = None
    declared: Declared | None = None


@dataclass(frozen=True)
class Letter:
    """What a mail says, before it is laid out as text and HTML: plain text throughout.

    `rows`: (label, value). `link`: (label, URL), the one thing that the reader can do.
    """

    subject: str
    paragraphs: tuple[str, ...]
    rows: tuple[tuple[str, str], ...] = ()
    link: tuple[str, str] | None = None


@dataclass(frozen=True)
class Mail:
    """Ready to be sent; `subject` is one line."""

    subject: str
    text: str
    html: str
