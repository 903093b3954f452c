"""After a restored backup, and after a move: the deliberate acts by which billing goes on.

`resume` imports what the gateway knows and this database does not, moves the dates by it, parks what was to be mailed, and
lets billing run again. `adopt` binds billing to this site, database and machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sidecar import outbox
from sidecar.activity.rules import EventType
from sidecar.activity.store import add_event
from sidecar.billing import store, store_guard
from sidecar.billing.booking import Foreign, book_intent
from sidecar.billing.desk import Desk
from sidecar.billing.gateways.gateway import Account, Intent, IntentStatus
from sidecar.billing.guard import SET_ASIDE, bind, binding_of, expect_next_day, is_known, read_mark
from sidecar.billing.invoicing import issuing
from sidecar.billing.locking import member_locked
from sidecar.billing.notices import CLOSE_INTENT, MAIL, raise_alarm
from sidecar.billing.owing import owe
from sidecar.billing.returning import book_refund, note_dispute
from sidecar.billing.rules import Order, Receivable
from sidecar.billing.states import ReceivableState
from sidecar.db import session, use_case
from sidecar.i18n import _

_SLACK_SECONDS = 2 * 24 * 3600.0
BEYOND_EVERY_MARK = 1_000_000
"""Added to the count of runs after a restore: other machines' marks of the database that was lost lie below it."""


@dataclass
class Resumed:
    """What `resume` found: payments imported, payments it could book on nothing, mails it parked."""

    imported: int = 0
    known: int = 0
    unknown: int = 0
    parked: int = 0


def resume(desk: Desk, *, by: str) -> Resumed:
    """Let billing go on. After a restored backup the gateway's intents of that time are imported first.

    Every intent of ours since two days before the last guarded moment is looked at, oldest first: a receivable that this
    database lost is made again under its old name and booked; what belongs to an order that is not here is set aside for the
    owner; what this database would collect again although it was settled or closed meanwhile is held. A second call finds
    nothing new. Needs no lock: it takes each member's.
    """
    done = Resumed()
    lease = _lease()
    if lease is None:
        return done
    if lease.paused_for == "restored":
        _open_series(desk, "restored")
    since = lease.guarded_s - _SLACK_SECONDS
    listed = [
        one
        for one in desk.pays_by_card().list_intents(since)
        if one.metadata.get("gatepost") == desk.installation
    ]
    for intent in reversed(listed):
        _import(desk, intent, done)
    if lease.paused_for == "restored":
        _import_disputes(desk, since)
        done.parked = _park_mail(desk)
    _go_on(desk, by, was_restored=lease.paused_for == "restored")
    return done


@use_case
def _open_series(desk: Desk, reason: str) -> None:
    """The database that was lost has given numbers that this one would give again."""
    issuing.open_series(desk, reason)


def _import(desk: Desk, intent: Intent, done: Resumed) -> None:
    order = _order_of(intent)
    if order is None:
        done.unknown += 1
        _set_aside(desk, _closed(desk, intent))
        return
    with member_locked(order.member_id):
        was_known = _known(intent)
        receivable_id = _adopt_receivable(desk, order.id, intent)
        if receivable_id is None:
            _set_aside(desk, intent)
            return
        done.known, done.imported = done.known + was_known, done.imported + (not was_known)
        if intent.status is not IntentStatus.CANCELED and not _is_due(receivable_id):
            intent = _closed(desk, intent)
        try:
            book_intent(desk, receivable_id, intent, now=desk.now())
        except Foreign:
            _set_aside(desk, intent)
            return
        _import_refunds(desk, intent)


def _closed(desk: Desk, intent: Intent) -> Intent:
    """What nobody here can book, and what is owed no more, must not be paid any more, if it is not paid yet."""
    return intent if intent.status is IntentStatus.SUCCEEDED else desk.pays_by_card().cancel_intent(intent.id)


def _import_refunds(desk: Desk, intent: Intent) -> None:
    if intent.charge is not None and intent.refunded_minor:
        for facts in desk.pays_by_card().list_refunds(intent.charge.id):
            book_refund(desk, facts)


def _import_disputes(desk: Desk, since_s: float) -> None:
    for facts in desk.pays_by_card().list_disputes(since_s):
        note_dispute(desk, facts.id)


@use_case
def _known(intent: Intent) -> bool:
    return is_known(intent)


@use_case
def _is_due(receivable_id: int) -> bool:
    receivable = store.find_receivable(session(), receivable_id)
    return receivable is not None and receivable.status is ReceivableState.DUE


@use_case
def _order_of(intent: Intent) -> Order | None:
    return store.find_order_by_uuid(session(), intent.metadata.get("order", ""))


@use_case
def _adopt_receivable(desk: Desk, order_id: int, intent: Intent) -> int | None:
    """The receivable that the intent names, with this intent bound to it; made again where the backup does not have it.

    None where a person must look, and then nothing of this order is collected until he has: the database owes another sum
    for that cycle, or has it under another name; or the gateway closed the very intent that the database would use next,
    which it does only when the cycle was paid by other means, or ended.
    """
    order = store.find_order(session(), order_id)
    known = store.find_receivable_by_uuid(session(), intent.metadata.get("receivable", ""))
    if order is None:
        return None
    if known is None:
        known = _make_again(desk, order, intent)
    if known is None or known.collect_minor != intent.amount_minor or _was_closed(known, intent):
        store.set_order(session(), order.id, held="restored")
        return None
    number = intent.number
    if known.status is not ReceivableState.DUE:
        if not is_known(
            intent
        ):  # nothing is bound to what is owed no more; its number is used up, and so it is known
            store.set_receivable(session(), known.id, intent_number=number + 1)
    elif number >= known.intent_number:
        store.set_receivable(session(), known.id, intent_id=intent.id, intent_number=number)
        if known.cycle > order.next_cycle:
            due_at = order.start_of(known.cycle)
            store.set_order(session(), order.id, next_cycle=known.cycle, next_due_at=due_at)
    return known.id


def _make_again(desk: Desk, order: Order, intent: Intent) -> Receivable | None:
    """The lost receivable, with the sum that its intent collects; None where the cycle is here under another name."""
    cycle = int(intent.metadata.get("cycle", "0"))
    if store.find_receivable_of(session(), order.id, cycle) is not None:
        return None
    return owe(
        desk, order, cycle, desk.now(), again=(intent.metadata.get("receivable", ""), intent.amount_minor)
    )


def _was_closed(receivable: Receivable, intent: Intent) -> bool:
    """Whether the gateway closed what this database would use next; or used last, since a webhook that was processed before the
    guard has paused would have moved it on. Rather held than paid twice."""
    is_current = receivable.status is ReceivableState.DUE and receivable.intent_id in {None, intent.id}
    number = intent.number + (receivable.intent_id is None)
    return is_current and number >= receivable.intent_number and intent.status is IntentStatus.CANCELED


@use_case
def _set_aside(desk: Desk, intent: Intent) -> None:
    """The guard passes over it from now on; the owner hears of money, and of what is held."""
    sentence = _(
        "payment {intent} of {amount} {currency} ({status}) cannot be booked by this database; look at it at the gateway"
    )
    text = sentence.format(
        intent=intent.id, amount=intent.amount_minor, currency=intent.currency, status=intent.status
    )
    raise_alarm(session(), SET_ASIDE, intent.id, text, desk.now())


@use_case
def _park_mail(desk: Desk) -> int:
    """The database that was lost has sent what the backup still holds, and what the import has just queued again."""
    return outbox.park(session(), (MAIL, CLOSE_INTENT), desk.now(), desk.now())


@use_case
def _go_on(desk: Desk, by: str, *, was_restored: bool) -> None:
    lease, now = store_guard.find_lease(session()), desk.now()
    if lease is None:
        return
    runs = max(lease.runs, read_mark(desk)) + (BEYOND_EVERY_MARK if was_restored else 0)
    store_guard.set_lease(session(), paused_for=None, paused_because=None, paused_at=None, runs=runs)
    expect_next_day(desk)
    store_guard.close_alarms(session(), "paused", now)
    add_event(session(), EventType.BILLING, "resumed", now, subject="billing", body={"by": by})


@use_case
def _lease() -> Any:
    return store_guard.find_lease(session())


def adopt(desk: Desk, *, by: str) -> str:
    """Bind billing to this gateway account, site, database and machine, on purpose; gives the account's name.

    Every other machine is forgotten. Whoever runs this for a copy while the original lives charges everybody twice, which is
    why nothing does it by itself.
    """
    account = desk.pays_by_card().get_account()
    _rebind(desk, account, by)
    return account.name


@use_case
def _rebind(desk: Desk, account: Account, by: str) -> None:
    store_guard.remove_machines(session())
    if store_guard.find_lease(session()) is None:
        bind(desk, account)
    else:
        store_guard.set_lease(session(), **binding_of(desk, account), bound_at=desk.now())
        store_guard.add_machine(session(), desk.machine, desk.site_url, desk.now())
    issuing.open_series(desk, "adopted")
    body = {"by": by, "account": account.name, "site": desk.site_url}
    add_event(session(), EventType.BILLING, "adopted", desk.now(), subject="billing", body=body)


@use_case
def enroll_machine(desk: Desk) -> None:
    """Let this machine charge beside those that do already."""
    store_guard.add_machine(session(), desk.machine, desk.site_url, desk.now())
