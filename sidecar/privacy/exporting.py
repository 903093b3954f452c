"""What we hold about a person, page by page, in the shape of WordPress's exporter.

The first page has what he has, bought and paid, and his cards; then comes the log, oldest first, so that what happens meanwhile
stands at the end. Where the next page begins is written down, since WordPress only counts pages.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sidecar.activity.rules import EventType
from sidecar.billing.declarations.declaring import said_in
from sidecar.billing.declarations.saying import rows_of
from sidecar.billing.declarations.store import list_of_member as list_declarations
from sidecar.billing.invoicing.rules import name_of
from sidecar.billing.invoicing.store import list_of_member as list_invoices
from sidecar.catalog.store import list_bundles, list_levels
from sidecar.catalog.store_fields import list_fields
from sidecar.db import reading, session, use_case
from sidecar.i18n import _
from sidecar.members.store import Member, find_member
from sidecar.members.store_details import find_contact, list_values
from sidecar.pages.forms.words import Words
from sidecar.privacy import store
from sidecar.wordpress.options import get_site
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import find_user_by_email

EVENTS_A_PAGE = 500
_Fields = dict[str, Any]


def export_person(tables: Tables, email: str, page: int, *, now: datetime, language: str = "en") -> _Fields:
    """One page of what we hold about the user with this address, in the bridge's shape."""
    with reading() as reader:
        user = find_user_by_email(reader, tables, email)
        member = find_member(reader, user.id) if user else None
        if member is None or page < 1:
            return {"done": True, "items": []}
        words = Words(language, get_site(reader, tables).zone)
        items = _belongings(reader, member, words) if page == 1 else []
        events = store.list_events_after(reader, member.id, _place_of(reader, member.id, page), EVENTS_A_PAGE)
    items += [_item_of_event(event) for event in events]
    if len(events) < EVENTS_A_PAGE:
        return {"done": True, "items": items}
    _note_place(member.id, page + 1, (events[-1].at, bytes(events[-1].id)), now)
    return {"done": False, "items": items}


def _place_of(reader: Session, member_id: int, page: int) -> tuple[datetime, bytes] | None:
    """Where a page begins; where that was forgotten, found by going through all pages before it."""
    if page == 1:
        return None
    place = store.find_place(reader, member_id, page)
    if place is not None:
        return place
    for _earlier in range(page - 1):
        rows = store.list_events_after(reader, member_id, place, EVENTS_A_PAGE)
        if rows:
            place = (rows[-1].at, bytes(rows[-1].id))
    return place


@use_case
def _note_place(member_id: int, page: int, place: tuple[datetime, bytes], now: datetime) -> None:
    store.note_place(session(), member_id, page, place, now)


# --- what he has, bought and paid -----------------------------------------------------------------------------------


def _belongings(reader: Session, member: Member, words: Words) -> list[_Fields]:
    return [
        *_membership(reader, member),
        *_details(reader, member),
        *_orders(reader, member.id),
        *_payments(reader, member.id, words),
        *_invoices(reader, member.id, words),
        *_declarations(reader, member.id, words),
        *_cards(reader, member.id),
    ]


def _membership(reader: Session, member: Member) -> Iterable[_Fields]:
    levels = {level.id: level.name for level in list_levels(reader)}
    bundles = {bundle.id: bundle.name for bundle in list_bundles(reader)}
    for held in member.entitlements:
        name = levels.get(held.level_id or 0) or bundles.get(held.bundle_id or 0) or ""
        fields = {
            _("Name"): name, _("Status"): str(held.status), _("Since"): held.started_at, _("Until"): held.expires_at,
            _("Canceled"): held.canceled_at,
        }  # fmt: skip
        yield _item("membership", _("Membership"), f"entitlement-{held.id}", fields)


def _details(reader: Session, member: Member) -> Iterable[_Fields]:
    """What the member has said of himself."""
    names = {one.id: one.name for one in list_fields(reader)}
    fields = {name: value for name, value in find_contact(reader, member.id).items() if value}
    fields |= {names[number]: value for number, value in list_values(reader, member.id).items() if value}
    if fields:
        yield _item("membership", _("Membership"), f"details-{member.id}", fields)


def _orders(reader: Session, member_id: int) -> Iterable[_Fields]:
    for row in store.list_orders(reader, member_id):
        fields = {
            _("Order"): row.uuid, _("Product"): row.product, _("Status"): row.status, _("Ordered on"): row.ordered_at,
            _("Paid until"): row.paid_until_at, _("Next payment"): row.next_due_at, _("Ended"): row.ended_at,
            _("IP address"): row.ip, _("Currency"): row.currency, _("Affiliate"): row.affiliate_id,
        }  # fmt: skip
        yield _item("orders", _("Orders"), f"order-{row.id}", fields)


def _payments(reader: Session, member_id: int, words: Words) -> Iterable[_Fields]:
    for row in store.list_of_member(reader, "settlements", member_id):
        fields = _money(row, words) | {
            _("When"): row.settled_at, _("Paid by"): row.source, _("Charge"): row.charge_id, _("Note"): row.note,
        }  # fmt: skip
        yield _item("payments", _("Payments"), f"payment-{row.id}", fields)
    for row in store.list_of_member(reader, "attempts", member_id):
        fields = _money(row, words) | {
            _("When"): row.started_at, _("Status"): row.status, _("Charge"): row.charge_id, _("Declined"): row.decline,
            _("Details"): row.message,
        }  # fmt: skip
        yield _item("attempts", _("Attempts to collect"), f"attempt-{row.id}", fields)
    for row in store.list_of_member(reader, "refunds", member_id):
        fields = _money(row, words) | {
            _("When"): row.asked_at, _("Status"): row.status, _("Charge"): row.charge_id, _("Reason"): row.reason,
        }  # fmt: skip
        yield _item("refunds", _("Refunds"), f"refund-{row.id}", fields)
    for row in store.list_of_member(reader, "disputes", member_id):
        fields = _money(row, words) | {
            _("When"): row.opened_at, _("Status"): row.status, _("Charge"): row.charge_id, _("Reason"): row.reason,
        }  # fmt: skip
        yield _item("disputes", _("Disputes"), f"dispute-{row.id}", fields)


def _invoices(reader: Session, member_id: int, words: Words) -> Iterable[_Fields]:
    for row in list_invoices(reader, member_id):
        address = (
            row.buyer_address, row.buyer_address2, row.buyer_zip_code, row.buyer_city, row.buyer_state, row.buyer_country,
        )  # fmt: skip
        name = f"{row.buyer_first_name} {row.buyer_last_name}".strip() or row.buyer_shown_as
        fields = {
            _("Number"): name_of(row.kind, row.prefix, row.series, row.number), _("Date"): row.issued_on.isoformat(),
            _("Name"): name, _("Address"): ", ".join(line for line in address if line), _("Tax number"): row.buyer_tax_id,
            _("Product"): row.description, _("Amount"): words.money(row.gross_minor, row.currency),
        }  # fmt: skip
        yield _item("invoices", _("Invoices"), f"invoice-{row.id}", fields)


def _declarations(reader: Session, member_id: int, words: Words) -> Iterable[_Fields]:
    """What was declared with his address."""
    for row in list_declarations(reader, member_id):
        fields = {
            _("When"): row.received_at,
            _("IP address"): row.ip,
            **dict(rows_of(said_in(row), words.language)),
        }
        yield _item("declarations", _("Declarations"), f"declaration-{row.id}", fields)


def _money(row: Any, words: Words) -> _Fields:
    return {_("Amount"): words.money(row.amount_minor, row.currency)}


def _cards(reader: Session, member_id: int) -> Iterable[_Fields]:
    for row in store.list_of_member(reader, "cards", member_id):
        fields = {
            _("Card"): row.brand, _("Last four digits"): row.last4, _("Since"): row.added_at,
            _("Valid until"): f"{row.exp_year}-{row.exp_month:02}" if row.exp_year else "",
            _("At the payment processor"): row.gateway_id,
        }  # fmt: skip
        yield _item("cards", _("Cards"), f"card-{row.id}", fields)
    for row in store.list_of_member(reader, "customers", member_id):
        fields = {_("At the payment processor"): row.gateway_id, _("Since"): row.made_at}
        yield _item("customers", _("Known to the payment processor"), f"customer-{row.id}", fields)


# --- the log --------------------------------------------------------------------------------------------------------


def _item_of_event(event: Any) -> _Fields:
    is_mail = event.type == EventType.EMAIL
    body = json.loads(event.body)
    fields = {
        _("Time"): event.at, _("What"): f"{event.type} {event.name}", _("About"): event.subject, _("IP address"): event.ip,
        **({_("Subject"): body.pop("subject", ""), _("To"): body.pop("to", "")} if is_mail else {}),
        _("Details"): json.dumps(body, ensure_ascii=False) if body else "",
    }  # fmt: skip
    group, label = ("mails", _("E-mails")) if is_mail else ("activity", _("Activity"))
    return _item(group, label, f"event-{event.id.hex()}", fields)


def _item(group: str, label: str, item_id: str, fields: _Fields) -> _Fields:
    """What is empty is left out."""
    shown = {name: _text(value) for name, value in fields.items() if value not in {None, ""}}
    return {
        "group": group,
        "label": label,
        "id": item_id,
        "data": [{"name": name, "value": value} for name, value in shown.items()],
    }


def _text(value: object) -> str:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)
