"""Declaring, and what a person does about a declaration.

Who declares is not signed in, so his word moves no money and closes no access. What it can do by itself is what can be taken
back: an order of the member with this very address, that renews, is canceled for the end of what is paid, where that is still to
come. He is written to at that address and can take it back in his account until then. Everything else waits for the owner, who is alarmed. The answer is
the same in every case, so that nobody learns whose address is a member's.
"""

from __future__ import annotations

import hashlib
import logging
from typing import Any

from sidecar import outbox
from sidecar.billing import changing, store_guard
from sidecar.billing import store as billing_store
from sidecar.billing.declarations import store
from sidecar.billing.declarations.rules import (
    Kind,
    Outcome,
    Said,
    is_in_time,
    may_cancel_without_person,
    meant_by,
)
from sidecar.billing.desk import Desk
from sidecar.billing.notices import MAIL, raise_alarm
from sidecar.billing.returning import refund
from sidecar.billing.rules import PAYING, Order
from sidecar.billing.states import SubscriptionState
from sidecar.catalog.store import list_products
from sidecar.db import reading, session, use_case
from sidecar.errors import NotFound, Refused
from sidecar.i18n import _, speaking
from sidecar.members.store import find_member
from sidecar.wordpress.options import site_language
from sidecar.wordpress.users import find_user_by_email

log = logging.getLogger(__name__)
ALARM = "declaration"


def declare(desk: Desk, said: Said, *, token: str, ip: str, language: str) -> Any:
    """Write a declaration down, have its receipt mailed, do what follows of itself; gives its row.

    `token`: drawn by the page it comes from; sent twice it is one. A transaction writes it down with its mail and, where a person
    must look, the alarm. Only then is an order canceled, under its member's lock. Dead in between: it waits for a person.
    """
    member_id, order = _find_meant(desk, said)
    acts = order is not None and _may_act(desk, said, order)
    row, is_new = _write_down(
        desk, said, member_id, order, token=token, ip=ip, language=language, alarms=not acts
    )
    if is_new and acts and order is not None:
        _act(desk, row, order)
    return row


def _find_meant(desk: Desk, said: Said) -> tuple[int | None, Order | None]:
    """The member whose address it is, and his order that is meant."""
    with reading() as reader:
        user = find_user_by_email(reader, desk.tables, said.email)
        if user is None or user.email.casefold() != said.email.casefold():  # the same to a collation alone
            return None, None
        member = find_member(reader, user.id)
        if member is None:
            return None, None
        names = {one.id: one.name for one in list_products(reader)}
        return member.id, meant_by(said.contract, billing_store.list_orders(reader, member.id), names)


def _may_act(desk: Desk, said: Said, order: Order) -> bool:
    """Whether something follows without a person. Of a withdrawal it is only that nothing more is charged."""
    if said.kind is Kind.WITHDRAW and not is_in_time(order, desk.now(), desk.settings.withdrawal_days):
        return False
    return may_cancel_without_person(said, order, desk.now())


@use_case
def _write_down(
    desk: Desk, said: Said, member_id: int | None, order: Order | None, *, token: str, ip: str, language: str, alarms: bool
) -> tuple[Any, bool]:  # fmt: skip
    """(its row, whether it is new)."""
    digest, now = hashlib.sha256(token.encode()).hexdigest(), desk.now()
    known = store.find_by_token(session(), digest)
    if known is not None:
        return known, False
    row_id = store.add_declaration(
        session(),
        {
            "token": digest, "kind": said.kind, "name": said.name, "email": said.email, "contract": said.contract,
            "reason": said.reason, "wanted_on": said.wanted_on, "language": language, "ip": ip, "received_at": now,
            "member_id": member_id, "order_id": order.id if order else None, "is_waiting": True,
        },
    )  # fmt: skip
    receipt = {"kind": "declared", "member": None, "order": None, "declaration": row_id}
    outbox.add_once(session(), MAIL, f"declared:{digest}", receipt, now)
    if alarms or needs_person(said):
        _alarm(row_id, said, desk)
    row = store.find_declaration(session(), row_id)
    return row, True


def needs_person(said: Said) -> bool:
    """Whether somebody must look, whatever follows of itself: to give money back, or to weigh a reason."""
    return said.kind is Kind.WITHDRAW or bool(said.reason)


def _alarm(declaration_id: int, said: Said, desk: Desk) -> None:
    with speaking(site_language(session(), desk.tables)):
        sentence = (
            _("a withdrawal was declared and waits for you: “Declarations” in the dashboard")
            if said.kind is Kind.WITHDRAW
            else _("a cancellation was declared and waits for you: “Declarations” in the dashboard")
        )
    raise_alarm(session(), ALARM, str(declaration_id), sentence, desk.now())


def _act(desk: Desk, row: Any, order: Order) -> None:
    """Cancel for the end of what is paid. What cannot be done now waits for a person, and he is told."""
    try:
        changing.cancel_at_end(desk, order.uuid, by=f"declaration:{row.id}")
    except Refused as error:
        log.warning("declaration %s: %s", row.id, error)
        _tell_owner(desk, row)
        return
    _note_canceled(desk, row)


@use_case
def _tell_owner(desk: Desk, row: Any) -> None:
    _alarm(row.id, said_in(row), desk)


@use_case
def _note_canceled(desk: Desk, row: Any) -> None:
    is_waiting = needs_person(said_in(row))
    values = {} if is_waiting else {"settled_at": desk.now(), "settled_by": "declaration"}
    store.claim_waiting(session(), row.id, is_waiting=is_waiting, outcome=Outcome.CANCELED, **values)


def said_in(row: Any) -> Said:
    """What a row says."""
    return Said(Kind(row.kind), row.name, row.email, row.contract, row.reason, row.wanted_on)


# --- a person --------------------------------------------------------------------------------------------------------


def give_back(desk: Desk, declaration_id: int, *, by: str) -> None:
    """The owner accepts: the newest payment of the order goes back, and the order ends now. Raises Refused, NotFound.

    A second call finds it settled and is refused. Where nothing was paid by card the order only ends.
    """
    row, order = _get_meant(declaration_id)
    why, is_charged = f"{row.kind} declared", _has_charge(order)
    if is_charged and refund(desk, order.uuid, None, by=by, reason=why) == "failed":
        raise Refused(_("The gateway has refused the refund. The order page says more."))
    with reading() as reader:
        left = billing_store.find_order(reader, order.id)
    if left is not None and left.status in PAYING and left.status is not SubscriptionState.PENDING:
        changing.cancel(desk, None, order.uuid, by=by, at_once=True)
    settle(desk, declaration_id, Outcome.REFUNDED if is_charged else Outcome.CANCELED, by=by)


def _get_meant(declaration_id: int) -> tuple[Any, Order]:
    with reading() as reader:
        row = store.find_declaration(reader, declaration_id)
        order = (
            None if row is None or row.order_id is None else billing_store.find_order(reader, row.order_id)
        )
    if row is None:
        raise NotFound(_("There is no such declaration."))
    if order is None:
        raise Refused(_("Nobody knows yet which order is meant."))
    if not row.is_waiting:
        raise Refused(_("This was settled already."))
    return row, order


def _has_charge(order: Order) -> bool:
    with reading() as reader:
        paid = billing_store.list_settlements(reader, order.id)
    return any(row.charge_id is not None for row in paid)


@use_case
def settle(desk: Desk, declaration_id: int, outcome: Outcome, *, by: str) -> None:
    """Somebody has seen to it. Raises Refused when somebody was first, NotFound."""
    if store.find_declaration(session(), declaration_id) is None:
        raise NotFound(_("There is no such declaration."))
    values = {"outcome": outcome, "settled_at": desk.now(), "settled_by": by[:100]}
    if not store.claim_waiting(session(), declaration_id, is_waiting=False, **values):
        raise Refused(_("This was settled already."))
    store_guard.close_alarms(session(), ALARM, desk.now(), str(declaration_id))
