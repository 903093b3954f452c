"""Who is told of what: the log, the member by mail, other plugins by their actions, the owner by alarms.

All of it is rows in the caller's transaction. A mail's parcel has an id made of what it is about, so each notice is queued
exactly once however often its cause is booked.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sidecar import outbox
from sidecar.activity.rules import EventType
from sidecar.activity.store import add_event
from sidecar.billing import store, store_guard
from sidecar.billing.rules import Order, event_body
from sidecar.db import session
from sidecar.outbox import Named

MAIL, ACTION, CLOSE_INTENT = "mail", "site_change", "close_intent"


def record(
    order: Order,
    name: str,
    amount_minor: int,
    now: datetime,
    *,
    ip: str = "",
    user_id: int | None = None,
    **more: Any,
) -> None:
    """A billing event; where an affiliate brought the order, his part in what was paid or given back is one of its own."""
    if user_id is None:
        user_id = store.get_user_id(session(), order.member_id)
    body = event_body(order, amount_minor, **more)
    _add(EventType.BILLING, name, order, user_id, body, now, ip)
    if order.affiliate_id and name in {"paid_first", "paid_renewal", "recovered", "refunded"}:
        _add(EventType.AFFILIATE, name, order, user_id, body, now)


def _add(
    kind: EventType,
    name: str,
    order: Order,
    user_id: int,
    body: dict[str, Any],
    now: datetime,
    ip: str = "",
) -> None:
    add_event(
        session(), kind, name, now,
        member_id=order.member_id, user_id=user_id, subject=f"order:{order.uuid}", ip=ip,
        body=body,
    )  # fmt: skip


def notify(order: Order, kind: str, about: str, now: datetime, **data: Any) -> None:
    """Queue one mail to the member, as `mail_about` makes it."""
    outbox.add_all_once(session(), [mail_about(order, kind, about, **data)], now)


def mail_about(order: Order, kind: str, about: str, **data: Any) -> Named:
    """A mail to the member. `about` names the cause, such as a receivable's UUID: the same cause is one mail."""
    payload = {"kind": kind, "member": order.member_id, "order": order.id, "data": data}
    return Named(MAIL, f"{kind}:{about}", payload)


def tell_plugins(name: str, order: Order, about: str, now: datetime, **data: Any) -> None:
    """Have other plugins told, as `action_about` says it."""
    outbox.add_all_once(session(), [action_about(name, order, about, **data)], now)


def action_about(name: str, order: Order, about: str, **data: Any) -> Named:
    """One of the `mm_*` actions that other plugins listen to, which the bridge fires once for its cause."""
    payload = {
        "kind": "action", "name": name, "member": order.member_id, "order": order.id,
        "data": {"order_number": order.uuid, "order_currency": order.currency, **data},
    }  # fmt: skip
    return Named(ACTION, f"{name}:{about}", payload)


def close_intent_later(receivable_id: int, intent_id: str, now: datetime) -> None:
    """Have the gateway cancel an intent that nothing is owed for any more."""
    outbox.add_once(
        session(), CLOSE_INTENT, intent_id, {"receivable": receivable_id, "intent": intent_id}, now
    )


def forget_buyer_later(order: Order, now: datetime) -> None:
    """Have the bridge delete the buyer's user, if a checkout made him and nothing came of it; both sides look again then."""
    user_id = store.get_user_id(session(), order.member_id)
    outbox.add_once(
        session(), ACTION, f"forget_user:{order.uuid}", {"kind": "forget_user", "user": user_id}, now
    )


def raise_alarm(session: Session, kind: str, subject: str, sentence: str, now: datetime) -> None:
    """Tell the owner, once for its subject: on the command line, in the doctor's report and by mail."""
    if store_guard.add_alarm(session, kind, subject[:100], sentence[:500], now):
        payload = {"kind": "alarm", "member": None, "order": None, "data": {"sentence": sentence[:500]}}
        outbox.add_once(session, MAIL, f"alarm:{kind}:{subject}:{now.isoformat()}", payload, now)
