"""Verbs on an order that touch access and money: cancel, keep, pause, resume, skip, another date, another product, by hand.

`user_id`: whose order it must be, for what a member does himself; None for an administrator. `by` goes into the log. Each
holds the member's lock and is one transaction for its state; raises Refused, NotFound, Busy.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sidecar.billing import store, store_anchors
from sidecar.billing.booking import Outcome, book_intent
from sidecar.billing.charging import carry_out_now
from sidecar.billing.desk import Desk
from sidecar.billing.following import follow
from sidecar.billing.guard import check_all, check_may_move
from sidecar.billing.locking import member_locked
from sidecar.billing.notices import notify, record
from sidecar.billing.owing import owe, renumber
from sidecar.billing.paying import get_member_id, get_own
from sidecar.billing.periods import Anchor, Rhythm, start_of_cycle
from sidecar.billing.planning import AT_MOST_ONE_IN, Task
from sidecar.billing.progress import end_order, keeps_overdue, settle, void_due
from sidecar.billing.rules import PAYING, Order, Origin, Receivable, Source
from sidecar.billing.states import (
    ReceivableState,
    SubscriptionEvent,
    SubscriptionState,
    refuse_step,
    step_subscription,
)
from sidecar.db import session, use_case
from sidecar.errors import Refused
from sidecar.i18n import _

_LOOK_AGAIN = timedelta(minutes=1)


def cancel(desk: Desk, user_id: int | None, order_uuid: str, *, by: str, at_once: bool = False) -> Order:
    """End an order: at the end of what is paid, or at once (an overdue or paused one always at once).

    Nothing is refunded here. The open cycle is void; what a payment under way still brings is surplus. Asked a second time
    it still ends at its end.
    """
    return _under_lock(desk, user_id, order_uuid, lambda order: _cancel(desk, order, by, at_once=at_once))


def cancel_at_end(desk: Desk, order_uuid: str, *, by: str) -> Order:
    """Cancel for the end of what is paid, and only for that: raises Refused where the order would end at once."""

    def do(order: Order) -> None:
        if order.status is not SubscriptionState.PENDING_CANCEL and not order.ends_later(desk.now()):
            raise Refused(_("Canceled now, this would end at once."))
        _cancel(desk, order, by, at_once=False)

    return _under_lock(desk, None, order_uuid, do)


def _cancel(desk: Desk, order: Order, by: str, *, at_once: bool) -> None:
    now = desk.now()
    if order.status not in PAYING:
        raise refuse_step(order.status, SubscriptionEvent.CANCEL)
    if order.status is SubscriptionState.PENDING_CANCEL and not at_once:
        return
    if at_once or not order.ends_later(now):
        end_order(desk, order, "asked", now=now, by=by)
        return
    void_due(order, now)
    wake_at = _look_at(order, now) or order.paid_until_at
    _move(desk, order, SubscriptionEvent.CANCEL_AT_END, by, next_due_at=None, wake_at=wake_at)
    notify(
        order,
        "canceled",
        f"{order.uuid}:{order.paid_until_at}",
        now,
        reason="asked",
        until=_iso(order.paid_until_at),
    )


def keep(desk: Desk, user_id: int | None, order_uuid: str, *, by: str) -> Order:
    """Take a cancellation back that has not come into force; the next cycle is due when the paid one ends."""

    def do(order: Order) -> None:
        now = desk.now()
        if order.paid_until_at is not None and order.paid_until_at <= now:
            raise Refused(_("This has ended already."))
        order = renumber(order, "kept", now)
        due_at = order.next_start_at
        wake_at = due_at or order.paid_until_at
        _move(desk, order, SubscriptionEvent.KEEP, by, next_due_at=due_at, wake_at=wake_at)

    return _under_lock(desk, user_id, order_uuid, do)


def pause(desk: Desk, user_id: int | None, order_uuid: str, *, by: str) -> Order:
    """Nothing is collected and drip stands still; what had opened stays open. The paid time goes on from where it stopped."""

    def do(order: Order) -> None:
        if not order.terms.renews:
            raise Refused(_("Only what renews can be paused."))
        if user_id is not None and (order.is_in_trial or not desk.settings.members_may_pause):
            raise Refused(_("This cannot be paused here. Please write to us."))
        now = desk.now()
        void_due(order, now)
        _move(desk, order, SubscriptionEvent.PAUSE, by, paused_at=now, wake_at=_look_at(order, now))

    return _under_lock(desk, user_id, order_uuid, do)


def resume(desk: Desk, user_id: int | None, order_uuid: str, *, by: str) -> Order:
    """End a pause: the unused time of the paid cycle begins now, and the next cycle is due after it, from a new anchor.

    After a plan's last payment no cycle is due any more: the unused time goes on, and that is all.
    """

    def do(order: Order) -> None:
        now = desk.now()
        until_at = now + unused_time(order)
        values: dict[str, object] = {"wake_at": until_at, "paid_until_at": until_at, "paused_at": None}
        if order.next_start_at is not None:
            order = renumber(order, "paused", now)
            _anchor(order, order.next_cycle, until_at, "resumed", now)
            values |= {"next_due_at": until_at, "anchor_at": until_at, "anchor_cycle": order.next_cycle}
        _move(desk, order, SubscriptionEvent.RESUME, by, **values)

    return _under_lock(desk, user_id, order_uuid, do)


def unused_time(order: Order) -> timedelta:
    """How much of the paid cycle was left when the pause began; nothing when it was over."""
    ends_at = order.next_due_at or order.paid_until_at
    if order.paused_at is None or ends_at is None:
        return timedelta()
    return max(ends_at - order.paused_at, timedelta())


def skip(desk: Desk, order_uuid: str, *, by: str) -> Order:
    """Give the next cycle for nothing and keep the rhythm: it is not collected, and access goes on."""

    def do(order: Order) -> None:
        _refuse_unless_active(order)
        _refuse_second(order, desk.now())
        receivable = _owe_next(desk, order)
        _refuse_open(receivable)
        if receivable.intent_id is not None:
            raise Refused(_("This payment is being worked on already."))
        settle(desk, order, receivable, Source.WAIVED, now=desk.now(), note=f"skipped by {by}"[:200])

    return _under_lock(desk, None, order_uuid, do)


def change_date(desk: Desk, order_uuid: str, at: datetime, *, by: str) -> Order:
    """The next cycle is due at `at` (aware), and all later ones are counted from there. Access lasts until then."""

    def do(order: Order) -> None:
        _refuse_unless_active(order)
        now = desk.now()
        if at <= now:
            raise Refused(_("A new date lies in the future."))
        if store.find_due_receivable(session(), order.id) is not None:
            raise Refused(_("This payment is being worked on already."))
        _anchor(order, order.next_cycle, at, "moved", now)
        store.set_order(
            session(),
            order.id,
            next_due_at=at,
            wake_at=at,
            paid_until_at=at,
            anchor_at=at,
            anchor_cycle=order.next_cycle,
        )
        record(order, "date_changed", 0, now, by=by, next_due=_iso(at))
        notify(order, "order_changed", f"{order.uuid}:{_iso(at)}", now, what="date", at=_iso(at))

    return _under_lock(desk, None, order_uuid, do)


def charge_now(desk: Desk, order_uuid: str, *, by: str) -> str:
    """Collect the next cycle now, with the card on file; gives what came of it in a word. The rhythm stays.

    A second click within a day is Refused: it would collect the cycle after.
    """
    check_all(desk)
    order = get_own(None, order_uuid)
    with member_locked(order.member_id, desk.patience_seconds) as holder:
        _note_charge(order.uuid, by, desk.now())
        return carry_out_now(desk, Task(order.id, order.member_id, holder, Origin.ADMIN))


def mark_paid(desk: Desk, order_uuid: str, *, by: str, note: str = "") -> Order:
    """What is owed was paid by cash, cheque or transfer."""
    return _settle_by_hand(desk, order_uuid, Source.MANUAL, f"{note} ({by})")


def waive(desk: Desk, order_uuid: str, *, by: str, note: str = "") -> Order:
    """What is owed need not be paid."""
    return _settle_by_hand(desk, order_uuid, Source.WAIVED, f"{note} ({by})")


def _settle_by_hand(desk: Desk, order_uuid: str, source: Source, note: str) -> Order:
    """Settle what is owed by other means, once the gateway has said that its intent will never collect."""
    if desk.gateway is not None:
        check_may_move(desk)
    order = get_own(None, order_uuid)
    with member_locked(order.member_id, desk.patience_seconds):
        receivable = _find_or_owe(desk, order.id)
        if receivable.intent_id is not None:
            _close_intent(desk, receivable)
        _settle(desk, order.id, receivable.id, source, note)
    return get_own(None, order.uuid)


def _close_intent(desk: Desk, receivable: Receivable) -> None:
    """Have the gateway cancel the intent; one that has collected meanwhile is booked, and nothing is settled by hand."""
    assert receivable.intent_id is not None  # noqa: S101  the caller has looked
    intent = desk.pays_at_once().cancel_intent(receivable.intent_id)
    if book_intent(desk, receivable.id, intent, now=desk.now()) is not Outcome.DROPPED:
        raise Refused(
            _("The gateway is collecting this payment, or has just done so. Look at the order again.")
        )


@use_case
def _find_or_owe(desk: Desk, order_id: int) -> Receivable:
    order = store.find_order(session(), order_id)
    if order is None or order.status not in {
        SubscriptionState.PENDING, SubscriptionState.ACTIVE, SubscriptionState.OVERDUE,
    }:  # fmt: skip
        raise Refused(_("Nothing is owed for this order."))
    due = store.find_due_receivable(session(), order_id)
    if due is None and order.next_due_at is None:
        raise Refused(_("Nothing is owed for this order."))
    _refuse_second(order, desk.now())
    receivable = due or owe(desk, order, order.next_cycle, desk.now())
    _refuse_open(receivable)
    return receivable


@use_case
def _settle(desk: Desk, order_id: int, receivable_id: int, source: Source, note: str) -> None:
    order, receivable = store.find_order(session(), order_id), store.find_receivable(session(), receivable_id)
    if order is None or receivable is None or receivable.intent_id is not None:
        raise Refused(_("This payment is being worked on already."))
    settle(desk, order, receivable, source, now=desk.now(), note=note[:200])


def collect_missed(desk: Desk, order_uuid: str, cycle: int, *, by: str) -> Order:
    """Waive or collect an old cycle that was missed: it is marked paid by hand; its money is taken outside."""

    def do(order: Order) -> None:
        receivable = store.find_receivable_of(session(), order.id, cycle)
        if receivable is None or receivable.status is not ReceivableState.MISSED:
            raise Refused(_("This cycle was not missed."))
        store.claim_receivable(session(), receivable, ReceivableState.DUE)
        fresh = store.find_receivable(session(), receivable.id) or receivable
        settle(desk, order, fresh, Source.MANUAL, now=desk.now(), note=f"missed cycle ({by})"[:200])

    return _under_lock(desk, None, order_uuid, do)


# --- what they share ------------------------------------------------------------------------------------------------


def _under_lock(desk: Desk, user_id: int | None, order_uuid: str, do: Callable[[Order], None]) -> Order:
    """Read the order afresh under the member's lock and do it in one transaction; gives it as it stands then."""
    member_id = None if user_id is None else get_member_id(user_id)
    order = get_own(member_id, order_uuid)

    @use_case
    def run() -> None:
        do(get_own(member_id, order.uuid))

    with member_locked(order.member_id, desk.patience_seconds):
        run()
    return get_own(member_id, order.uuid)


def _move(desk: Desk, order: Order, event: SubscriptionEvent, by: str, **values: object) -> None:
    """One step of the order's state, its event, and access behind it."""
    status, now = step_subscription(order.status, event), desk.now()
    if status is None or not store.claim_order(session(), order, status, **values):
        raise refuse_step(order.status, event)
    record(order, str(event), 0, now, by=by, until=_iso(order.paid_until_at))
    follow(get_own(None, order.uuid), now=now, by=by, keeps_overdue=keeps_overdue(desk, order))


def _anchor(order: Order, cycle: int, at: datetime, reason: str, now: datetime) -> None:
    start_of_cycle(Anchor(at, order.zone, Rhythm(order.terms.every or 1, order.terms.unit or "month")), 1)
    store_anchors.add_anchor(session(), order.id, cycle, at, reason, now)


def _owe_next(desk: Desk, order: Order) -> Receivable:
    return store.find_due_receivable(session(), order.id) or owe(desk, order, order.next_cycle, desk.now())


def _refuse_unless_active(order: Order) -> None:
    if order.status is not SubscriptionState.ACTIVE or order.next_due_at is None:
        raise Refused(_("Only an active order has a next payment."))


def _refuse_second(order: Order, now: datetime) -> None:
    """Of one order a cycle a day, by hand as by schedule: a second click must not pay, or give, the cycle after."""
    if store.find_due_receivable(session(), order.id) is not None:
        return
    paid = store.list_settlements(session(), order.id)
    by_hand = [row for row in paid if row.cycle > 0 or row.source == Source.MANUAL]
    if by_hand and now - by_hand[-1].settled_at < AT_MOST_ONE_IN:
        raise Refused(
            _("A cycle of this order was settled less than a day ago; the next one can be tomorrow.")
        )


def _look_at(order: Order, now: datetime) -> datetime | None:
    """When to look what came of a try that is still open; None where none is."""
    is_open = store.find_open_attempt_of_order(session(), order.id) is not None
    return now + _LOOK_AGAIN if is_open else None


def _refuse_open(receivable: Receivable) -> None:
    if store.find_open_attempt(session(), receivable.id) is not None:
        raise Refused(_("This payment is being worked on already."))


@use_case
def _note_charge(order_uuid: str, by: str, now: datetime) -> None:
    order = get_own(None, order_uuid)
    _refuse_second(order, now)
    record(order, "charged_by_hand", 0, now, by=by)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
