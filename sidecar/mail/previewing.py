"""A mail as it would be sent, before anything has happened: to a member whom its writer chooses, or to a made-up one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from shortcodes import Diagnostic
from sidecar.billing.rules import PAYING, Order
from sidecar.billing.store import list_orders
from sidecar.catalog.store import list_products
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.mail.defaults import MailText
from sidecar.mail.facts import CardOnFile, Facts, Happening, Mail, Purchase, Receipt
from sidecar.mail.gathering import Addressee, Gathering, Nobody
from sidecar.mail.own import SaysNothing
from sidecar.mail.words import one_line
from sidecar.mail.writing import Writer
from sidecar.members.store import find_member
from sidecar.pages.memory import Memory
from sidecar.wordpress.tables import Tables

MADE_UP = "alex@example.com"
_PERIOD = timedelta(days=30)


@dataclass(frozen=True)
class Preview:
    """`to`: whom it would go to; `member_id` None: made up. `notes`: what could not be written for its place."""

    mail: Mail
    to: str
    member_id: int | None
    notes: list[Diagnostic]


def preview_mail(
    reader: Session,
    tables: Tables,
    memory: Memory,
    kind: str,
    language: str,
    text: MailText,
    *,
    user_id: int | None,
    now: datetime,
) -> Preview:
    """`user_id`: of the member it is shown for, None for made-up facts. What has happened is made up in any case.

    Raises Refused for who is no member or has never ordered, and for a text of which nothing is left.
    """
    gathering = Gathering(reader, tables)
    if user_id is None:
        payload: dict[str, Any] = {"kind": kind}
        addressee, facts = Addressee(MADE_UP, language), _made_up(reader, gathering, kind, now)
    else:
        payload = _payload(reader, kind, user_id, now)
        addressee, facts = _gathered(gathering, payload, language)
    try:
        mail, notes = Writer(reader, tables, memory, now).in_words(text, payload, addressee, facts)
    except SaysNothing as error:
        raise Refused(
            _("Nothing is left of this text for this reader; the default would be sent.")
        ) from error
    return Preview(mail, addressee.address, addressee.member_id, notes)


def _gathered(gathering: Gathering, payload: dict[str, Any], language: str) -> tuple[Addressee, Facts]:
    found = gathering.gather(payload)
    if isinstance(found, Nobody):
        raise Refused(_("Nobody would get this mail: {reason}.").format(reason=_(found.reason)))
    addressee, facts = found
    return Addressee(addressee.address, language, addressee.member_id, addressee.user_id), facts


def _payload(reader: Session, kind: str, user_id: int, now: datetime) -> dict[str, Any]:
    """The parcel that would be queued for the member's order: the newest that lives, else the newest."""
    member = find_member(reader, user_id)
    orders = list_orders(reader, member.id) if member else []
    order = max(orders, key=lambda one: (one.status in PAYING, one.ordered_at, one.id), default=None)
    if member is None or order is None:
        raise Refused(
            _("Mails tell of an order, and this member has none. Choose another, or the made-up one.")
        )
    price = order.price_of(order.next_cycle).gross_minor
    happening = _happening(kind, price, order.next_due_at or order.paid_until_at or now + _PERIOD, now)
    data = {name: value for name, value in msgspec.to_builtins(happening).items() if value is not None}
    return {"kind": kind, "member": member.id, "order": order.id, "data": {**data, **_cycle(kind, order)}}


def _cycle(kind: str, order: Order) -> dict[str, int]:
    """Which payment a receipt shows: the last that was due."""
    return {"cycle": max(order.next_cycle - 1, 0)} if kind in {"welcome", "receipt", "recovered"} else {}


def _happening(kind: str, price_minor: int, next_at: datetime, now: datetime) -> Happening:
    """What has happened, as billing would put it into the parcel."""
    soon = now + timedelta(days=2)
    paid = Happening(amount_minor=price_minor, source="gateway", cycle=0)
    return {
        "welcome": paid, "receipt": paid, "recovered": paid, "refunded": Happening(amount_minor=price_minor),
        "payment_failed": Happening(amount_minor=price_minor, act="retry", at=soon, decline="insufficient_funds"),
        "retry_failed": Happening(amount_minor=price_minor, act="retry", at=soon, decline="do_not_honor"),
        "authentication_needed": Happening(amount_minor=price_minor, act="wait_for_member", at=soon),
        "renewal_notice": Happening(amount_minor=price_minor, at=next_at),
        "trial_ending": Happening(amount_minor=price_minor, at=next_at),
        "card_expiring": Happening(), "order_changed": Happening(what="date", at=next_at),
        "canceled": Happening(reason="asked", until=next_at), "expired": Happening(reason="plan_end"),
    }[kind]  # fmt: skip


def _made_up(reader: Session, gathering: Gathering, kind: str, now: datetime) -> Facts:
    """Alex, who pays for the first product that is sold, or for one that there could be."""
    sold = next((one for one in list_products(reader) if not one.is_archived and one.terms.renews), None)
    price = sold.terms.price_minor if sold else 1900
    next_at = now + _PERIOD
    purchase = Purchase(
        number="1a2b3c4d", product=one_line(sold.name) if sold else _("Membership"),
        currency=sold.terms.currency if sold else "EUR", next_at=next_at, next_minor=price, access_until=next_at,
        card=CardOnFile("visa", "4242", next_at.year, next_at.month), receipt=Receipt(0, 0, now, next_at),
    )  # fmt: skip
    return gathering.of_nobody(_happening(kind, price, next_at, now), "Alex", purchase)
