"""What an invoice prints, out of its row. Reading only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from sqlalchemy.orm import Session

from sidecar.billing.invoicing import store
from sidecar.billing.invoicing.rules import Kind, name_of, place_of_name
from sidecar.billing.periods import zone_of
from sidecar.billing.store import find_order
from sidecar.config import Invoices
from sidecar.errors import NotFound, Refused
from sidecar.i18n import _, language_of

_NUMBER_LENGTH = 8


@dataclass(frozen=True)
class Paper:
    """One invoice or credit note. Amounts are minor units of `currency`, negative on a credit note; `until_at` is exclusive.

    `takes_back`: name and day of the paper of which it takes all or a part back. `credit_minor`: what of the sum was paid from
    the buyer's credit, or became it. `seller`, `buyer`: lines, the name first.
    """

    kind: Kind
    name: str
    issued_on: date
    order: str
    language: str
    zone: tzinfo
    seller: tuple[str, ...]
    buyer: tuple[str, ...]
    seller_tax_id: str
    buyer_tax_id: str
    description: str
    from_at: datetime
    until_at: datetime | None
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    tax_ppm: int
    tax_country: str
    paid_by: str
    credit_minor: int
    card_brand: str
    card_last4: str
    footer: str
    takes_back: tuple[str, date] | None


def get_row(reader: Session, name: str) -> Any:
    """By its name, with the prefix or without; raises NotFound."""
    place = place_of_name(name)
    row = None if place is None else store.find_by_place(reader, place)
    if row is None:
        raise NotFound(_("there is no invoice {name}").format(name=name))
    return row


def paper_of(reader: Session, row: Any, seller: Invoices) -> Paper:
    """`seller`: as he is now, for an invoice that was issued before he had said who he is. Raises Refused where he still has
    not: without a seller it is no invoice."""
    if not row.seller_name and not seller.seller_name:
        raise Refused(
            _("The invoice is numbered and kept, but it says nothing of the seller: set [invoices] first.")
        )
    order = find_order(reader, row.order_id)
    named = row if row.seller_name else seller
    other = None if row.credits_id is None else store.find_invoice(reader, row.credits_id)
    copied = (
        "description", "from_at", "until_at", "currency", "net_minor", "tax_minor", "gross_minor", "tax_ppm",
        "tax_country", "paid_by", "credit_minor", "card_brand", "card_last4", "buyer_tax_id", "issued_on",
    )  # fmt: skip
    return Paper(
        kind=Kind(row.kind),
        name=name_of_row(row),
        order=order.uuid[:_NUMBER_LENGTH] if order is not None else "",
        language=language_of(row.buyer_locale or row.site_locale),
        zone=zone_of(row.zone),
        seller=(named.seller_name, *_lines(named.seller_address)),
        seller_tax_id=named.seller_tax_id,
        buyer=_buyer(row),
        footer=named.footer,
        takes_back=None if other is None else (name_of_row(other), other.issued_on),
        **{name: getattr(row, name) for name in copied},
    )


def name_of_row(row: Any) -> str:
    """What a row is called."""
    return name_of(row.kind, row.prefix, row.series, row.number)


def buyer_name(row: Any) -> str:
    """First and last name, else as WordPress shows the user."""
    return f"{row.buyer_first_name} {row.buyer_last_name}".strip() or str(row.buyer_shown_as)


def _buyer(row: Any) -> tuple[str, ...]:
    town = f"{row.buyer_zip_code} {row.buyer_city}".strip()
    lines = (buyer_name(row), row.buyer_address, row.buyer_address2, town, row.buyer_state, row.buyer_country)
    return tuple(line for line in lines if line)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
