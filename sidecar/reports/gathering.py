"""Everything about one purchase, read from the ledger, the log and WordPress's own tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import unescape
from typing import Any

from sqlalchemy.orm import Session

from sidecar.activity.rules import EventType, digest_of_row
from sidecar.billing import store as billing
from sidecar.billing import store_cards, store_returns
from sidecar.billing.rules import Order
from sidecar.billing.states import AttemptState, SubscriptionEvent
from sidecar.billing.store_policies import list_accepted
from sidecar.catalog.rules import Grant
from sidecar.catalog.store import find_product, get_bundle, get_level
from sidecar.errors import NotFound
from sidecar.i18n import _
from sidecar.members.store import Member, find_member_by_id
from sidecar.members.store_details import find_contact
from sidecar.reports import store
from sidecar.reports.facts import (
    Cancellation,
    Dispute,
    Entry,
    Evidence,
    Payment,
    Person,
    Purchase,
    Refund,
    Seller,
    Try,
    Use,
)
from sidecar.wordpress.options import get_site
from sidecar.wordpress.posts import list_posts
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import find_user_with_profile

_MOST_CHANGES = 20
VIEWS, SIGN_INS, MAILS = 60, 40, 60
"""How many of the newest entries are quoted; all are counted."""


def gather(reader: Session, tables: Tables, name: str, *, now: datetime) -> Evidence:
    """The evidence for an order (a beginning of its number) or a dispute or charge (the gateway's name for it).

    Raises NotFound.
    """
    order, row = _find(reader, name)
    member = find_member_by_id(reader, order.member_id)
    paid = _payments(reader, order.member_id)
    of_order = [one for one in paid if one.order == order.uuid]
    payment = _payment_in_question(of_order, row.charge_id if row else "")
    since = payment.at if payment else order.ordered_at
    history = store.list_order_events(reader, order.uuid)
    checkout = _checkout(reader, order, history)
    body = {} if checkout is None else _body(checkout.body)
    use = _use(reader, order.member_id, since, now)
    site = get_site(reader, tables)
    sign_ins = _entries(reader, order.member_id, EventType.LOGIN, order.ordered_at, now, SIGN_INS)
    mails = _entries(reader, order.member_id, EventType.EMAIL, order.ordered_at, now, MAILS)
    return Evidence(
        seller=Seller(unescape(site.name) or site.home, site.home),
        person=_person(reader, tables, member),
        purchase=_purchase(reader, order, body),
        use=use,
        made_at=now,
        dispute=_dispute(row),
        payment=payment,
        paid=paid,
        tries=_tries(reader, order),
        refunds=_refunds(reader, order.member_id),
        cancellation=_cancellation(history),
        accepted=tuple(list_accepted(reader, list(body.get("accepted", {}).values()))),
        accepted_at=checkout.at if checkout is not None and "accepted" in body else None,
        sign_ins=sign_ins,
        sign_in_count=_count(reader, order.member_id, EventType.LOGIN, order.ordered_at, now),
        mails=mails,
        mail_count=_count(reader, order.member_id, EventType.EMAIL, order.ordered_at, now),
        titles=_titles(reader, tables, use.entries),
        log=tuple(_entry(one) for one in history),
    )


def _find(reader: Session, name: str) -> tuple[Order, Any]:
    """(the order, the row of its dispute or None)."""
    row = store_cards.find_dispute(reader, name)
    charge = store_returns.find_charge(reader, row.charge_id if row else name)
    if row is None and charge is None:
        order = billing.get_order(reader, name)
        charges = [one.charge_id for one in billing.list_settlements(reader, order.id) if one.charge_id]
        return order, store.find_dispute_of(reader, charges)
    found = None if charge is None or charge.order_id is None else billing.find_order(reader, charge.order_id)
    if found is None:
        raise NotFound(_("{name} belongs to no order").format(name=name))
    return found, row or store.find_dispute_of(reader, [name])


def _payment_in_question(paid: Sequence[Payment], charge_id: str) -> Payment | None:
    """The disputed one; without a dispute the newest that moved money."""
    if charge_id:
        return next((one for one in paid if one.charge_id == charge_id), None)
    by_card = next((one for one in paid if one.charge_id), None)
    return by_card or next((one for one in paid if one.amount_minor), None)


def _person(reader: Session, tables: Tables, member: Member | None) -> Person:
    found = None if member is None else find_user_with_profile(reader, tables, member.user_id)
    if member is None or found is None:
        return Person(member_since=member.joined_at if member else None)
    user, profile = found
    name = f"{profile.first_name} {profile.last_name}".strip() or user.display_name
    return Person(
        name, user.email, user.login, user.registered_at, member.joined_at, _billing(reader, member.id)
    )


def _billing(reader: Session, member_id: int) -> tuple[str, ...]:
    """Street, further line, city with its code and state, country; what is not known is left out."""
    known = find_contact(reader, member_id)
    line = [known.get(f"billing_{name}", "") for name in ("address", "address2")]
    city = " ".join(known.get(f"billing_{name}", "") for name in ("zip_code", "city", "state")).split()
    lines = (*line, " ".join(city), known.get("billing_country", ""))
    return tuple(one for one in lines if one)


def _purchase(reader: Session, order: Order, body: dict[str, Any]) -> Purchase:
    product = find_product(reader, order.product_id)
    get = get_level if order.grant is Grant.LEVEL else get_bundle
    return Purchase(
        order=order.uuid,
        product=product.name if product is not None else order.uuid[:8],
        description=product.description if product is not None else "",
        gives=get(reader, order.grant_id).name,
        terms=order.terms,
        ordered_at=order.ordered_at,
        activated_at=order.activated_at,
        ip=order.ip,
        agent=str(body.get("agent", "")),
        email=str(body.get("email", "")),
    )


def _checkout(reader: Session, order: Order, history: Sequence[Any]) -> Any:
    """The event of the checkout that the order goes back to: after a change of product that of the first order. None where it
    is not in the log (any more)."""
    found = next((one for one in history if one.name == "ordered"), None)
    for _step in range(_MOST_CHANGES):
        before = billing.find_order(reader, order.replaces_id) if order.replaces_id is not None else None
        if found is not None or before is None:
            break
        earlier = store.list_order_events(reader, before.uuid)
        order, found = before, next((one for one in earlier if one.name == "ordered"), None)
    return found


def _body(text: str) -> dict[str, Any]:
    found = json.loads(text)
    return found if isinstance(found, dict) else {}


# --- money ----------------------------------------------------------------------------------------------------------


def _payments(reader: Session, member_id: int) -> tuple[Payment, ...]:
    """Newest first."""
    returned: dict[str, int] = {}
    for row in store.list_refunds_of_member(reader, member_id):
        if row.status != "failed":
            returned[row.charge_id] = returned.get(row.charge_id, 0) + row.amount_minor
    disputed = {row.charge_id: row.status for row in store.list_disputes_of_member(reader, member_id)}
    return tuple(
        Payment(
            order=row.order_uuid, product=row.product, cycle=row.cycle, at=row.settled_at, amount_minor=row.amount_minor,
            currency=row.currency, source=row.source, charge_id=row.charge_id or "", from_at=row.from_at,
            until_at=row.until_at, origin=row.origin or "", brand=row.brand or "", last4=row.last4 or "",
            fingerprint=row.fingerprint or "", ip=row.ip, returned_minor=returned.get(row.charge_id or "", 0),
            dispute=disputed.get(row.charge_id or "", ""),
        )
        for row in store.list_payments(reader, member_id)
    )  # fmt: skip


def _tries(reader: Session, order: Order) -> tuple[Try, ...]:
    """Those that brought no money, newest first."""
    failed = [
        one for one in billing.list_attempts(reader, order.id) if one.status is not AttemptState.SUCCEEDED
    ]
    return tuple(
        Try(one.started_at, one.amount_minor, one.currency, one.status, one.origin, one.decline or "")
        for one in reversed(failed)
    )


def _refunds(reader: Session, member_id: int) -> tuple[Refund, ...]:
    return tuple(
        Refund(row.asked_at, row.amount_minor, row.currency, row.status, row.charge_id, row.reason)
        for row in store.list_refunds_of_member(reader, member_id)
    )


def _dispute(row: Any) -> Dispute | None:
    if row is None:
        return None
    return Dispute(
        row.gateway_id, row.charge_id, row.reason, row.network_reason or "", row.status, row.amount_minor, row.currency,
        row.opened_at, row.due_at,
    )  # fmt: skip


def _cancellation(history: Sequence[Any]) -> Cancellation | None:
    """The last one that was not taken back."""
    found: Cancellation | None = None
    for row in history:
        body = _body(row.body)
        if row.name == SubscriptionEvent.CANCEL_AT_END:
            until = body.get("until")
            ends_at = datetime.fromisoformat(until) if until else None
            found = Cancellation(row.at, _by_whom(body), "asked", ends_at)
        elif row.name in {SubscriptionEvent.KEEP, "given_back"}:
            found = None
        elif row.name == "ended" and found is None and body.get("reason") != "paid_up":
            found = Cancellation(row.at, _by_whom(body), str(body.get("reason", "")))
    return found


def _by_whom(body: dict[str, Any]) -> str:
    by = str(body.get("by", ""))
    if by.startswith("user:"):
        return "member"
    return "billing" if by in {"", "billing"} else "seller"


# --- the log --------------------------------------------------------------------------------------------------------


def _use(reader: Session, member_id: int, since: datetime, now: datetime) -> Use:
    span: dict[str, Any] = {"since": since, "until": now, "name": "viewed"}
    total = store.summarize_member_events(reader, member_id, EventType.PAGE, **span)
    newest = store.list_member_events(reader, member_id, EventType.PAGE, **span, limit=VIEWS)
    entries = tuple(_entry(row) for row in newest)
    return Use(since, total.number, total.first_at, total.last_at, total.addresses, entries)


def _entries(
    reader: Session, member_id: int, kind: EventType, since: datetime, now: datetime, limit: int
) -> tuple[Entry, ...]:
    """Newest first."""
    found = store.list_member_events(reader, member_id, kind, since=since, until=now, limit=limit)
    return tuple(_entry(row) for row in found)


def _count(reader: Session, member_id: int, kind: EventType, since: datetime, now: datetime) -> int:
    return int(store.summarize_member_events(reader, member_id, kind, since=since, until=now).number)


def _entry(row: Any) -> Entry:
    return Entry(
        row.at, row.name, row.ip, row.subject, _body(row.body), is_whole(row), row.seal is not None
    )  # fmt: skip


def is_whole(row: Any) -> bool | None:
    """Whether the digest of a row of the log agrees with what stands in it; None where it was erased."""
    if row.salt is None:
        return None
    return digest_of_row(row) == bytes(row.digest)


def _titles(reader: Session, tables: Tables, entries: Iterable[Entry]) -> dict[int, str]:
    ids = {post_of(entry) for entry in entries} - {0}
    return {post.id: unescape(post.title) for post in list_posts(reader, tables, sorted(ids))} if ids else {}


def post_of(entry: Entry) -> int:
    """The post that a page event is about; 0 for none."""
    kind, _colon, number = entry.subject.partition(":")
    return int(number) if kind == "post" and number.isdecimal() and len(number) < 19 else 0
