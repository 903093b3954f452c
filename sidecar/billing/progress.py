"""What a payment, a decline and an end do to an order: its state, its dates, the member's access, and who is told.

Every function here needs a transaction, opens none, and does its part in it whole: a crash leaves either all of it or
nothing. Clock: `now` is business time. Amounts are minor units of the order's currency.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sidecar import outbox
from sidecar.billing import store, store_anchors, store_cards, store_ledger, store_returns, store_trials
from sidecar.billing.amounts import allocate
from sidecar.billing.ceilings import may_try
from sidecar.billing.desk import Desk
from sidecar.billing.following import follow
from sidecar.billing.invoicing import issuing
from sidecar.billing.notices import (
    action_about,
    close_intent_later,
    forget_buyer_later,
    mail_about,
    notify,
    record,
    tell_plugins,
)
from sidecar.billing.overdue import (
    Act,
    Advice,
    Decline,
    Next,
    advice_of,
    after_decline,
    retry_moments,
    wait_of,
)
from sidecar.billing.periods import Period
from sidecar.billing.proration import prorate
from sidecar.billing.rules import PAYING, Attempt, Card, Order, Origin, Receivable, Source
from sidecar.billing.states import (
    ReceivableEvent,
    ReceivableState,
    SubscriptionEvent,
    SubscriptionState,
    refuse_step,
    step_receivable,
    step_subscription,
)
from sidecar.catalog.rules import PlanEnd, ProductKind
from sidecar.catalog.store import return_coupon_use
from sidecar.db import session

_SETTLE = ReceivableEvent.SETTLE
_LOOK_AGAIN = timedelta(minutes=1)
_PAID_NAMES = {SubscriptionState.PENDING: "paid_first", SubscriptionState.OVERDUE: "recovered"}
_PAID_MAILS = {SubscriptionState.PENDING: "welcome", SubscriptionState.OVERDUE: "recovered"}


def settle(
    desk: Desk,
    order: Order,
    receivable: Receivable,
    source: Source,
    *,
    now: datetime,
    attempt: Attempt | None = None,
    charge_id: str | None = None,
    card_id: int | None = None,
    card_chosen_s: float | None = None,
    note: str = "",
    user_id: int | None = None,
) -> None:
    """The receivable is paid by `source`: settlement, ledger, the order's dates and state, access, event and notices.

    The unique key of settlements makes a second one impossible; the conditional UPDATE of the receivable makes it a Refused
    before that. The card that paid is the order's from now on; `card_chosen_s`: when the member chose it, where he has just done
    so. `user_id`: the member's in WordPress, where it is known.
    """
    if source is Source.WAIVED and receivable.credit_minor:
        receivable = free_credit(receivable, now)
    may_settle = step_receivable(receivable.status, _SETTLE) is not None
    if not may_settle or not store.claim_receivable(session(), receivable, ReceivableState.SETTLED):
        raise refuse_step(receivable.status, _SETTLE)
    collected = receivable.collect_minor
    store.add_settlement(
        session(), receivable,
        {
            "source": source, "amount_minor": receivable.credit_minor if source is Source.CREDIT else collected,
            "attempt_id": attempt.id if attempt else None, "charge_id": charge_id, "note": note, "settled_at": now,
        },
    )  # fmt: skip
    store_ledger.post(
        session(), f"settle:{receivable.uuid}", order.member_id, order.currency, now,
        {
            str(source): collected, "reserved": receivable.credit_minor, "revenue": -receivable.net_minor,
            "tax": -receivable.tax_minor,
        },
    )  # fmt: skip
    issuing.invoice(desk, order, receivable, source, now)
    status, values = _after_payment(order, receivable, now)
    if card_id is not None:
        values["card_id"] = card_id
    if card_chosen_s is not None:
        values["card_chosen_s"] = card_chosen_s
    if source is Source.GATEWAY and receivable.cycle > 0:
        values["collected_at"] = now
    _move(order, status, values)
    if order.status is SubscriptionState.PENDING:
        _begin(order, receivable, values, now)
        _replace_old(desk, order, now)
    _tell_paid(order, receivable, source, attempt, now, user_id)
    if status is not order.status or not order.terms.renews:  # a renewal in good standing changes no access
        follow(_fresh(order), now=now, by=f"order:{order.uuid}", keeps_overdue=keeps_overdue(desk, order))


def free_credit(receivable: Receivable, now: datetime) -> Receivable:
    """What is given for nothing uses no credit: what was reserved goes back to the member."""
    store_ledger.post(
        session(), f"free:{receivable.uuid}", receivable.member_id, receivable.currency, now,
        {"reserved": receivable.credit_minor, "credit": -receivable.credit_minor},
    )  # fmt: skip
    store.set_receivable(session(), receivable.id, credit_minor=0)
    return replace(receivable, credit_minor=0)


def _after_payment(
    order: Order, receivable: Receivable, now: datetime
) -> tuple[SubscriptionState, dict[str, Any]]:
    """The order's state and columns once a cycle is paid. An old cycle that is paid late moves no date."""
    if receivable.cycle < order.next_cycle:
        return order.status, {}
    values: dict[str, Any] = {
        "first_failed_at": None,
        "waits_for_member": False,
        "retries": 0,
        "faults": 0,
        "next_cycle": receivable.cycle + 1,
    }
    status, until_at, next_due_at = order.status, receivable.until_at, None
    if order.status is SubscriptionState.PENDING:
        anchor_at, anchor_cycle, until_at = order.first_period(now)
        values |= {"anchor_at": anchor_at, "anchor_cycle": anchor_cycle, "activated_at": now}
        status, next_due_at = _step(order, SubscriptionEvent.ACTIVATE), until_at
    elif order.status is SubscriptionState.OVERDUE:
        status = _step(order, SubscriptionEvent.RECOVER)
    if order.last_cycle is None or receivable.cycle < order.last_cycle:
        next_due_at = next_due_at or order.start_of(receivable.cycle + 1)
        return status, values | {
            "next_due_at": next_due_at, "wake_at": next_due_at, "paid_until_at": until_at,
        }  # fmt: skip
    if _keeps_for_ever(order):
        ended = {
            "next_due_at": None,
            "wake_at": None,
            "paid_until_at": None,
            "ended_at": now,
            "ended_for": "paid_up",
        }
        return SubscriptionState.COMPLETED, values | ended
    return status, values | {"next_due_at": None, "wake_at": until_at, "paid_until_at": until_at}


def _keeps_for_ever(order: Order) -> bool:
    return order.terms.kind is ProductKind.PAYMENT_PLAN and order.terms.plan_end is not PlanEnd.END


def _begin(order: Order, receivable: Receivable, values: dict[str, Any], now: datetime) -> None:
    """The first payment fixes from where cycles are counted; the first receivable pays for what it really begins."""
    _anchor, _cycle, until_at = order.first_period(now)
    store.set_receivable(session(), receivable.id, from_at=now, until_at=until_at)
    store_anchors.add_anchor(session(), order.id, values["anchor_cycle"], values["anchor_at"], "ordered", now)


def _replace_old(desk: Desk, order: Order, now: datetime) -> None:
    """A change of product is paid: the old order ends, and what its reserved part left over is the member's credit."""
    old = store.find_order(session(), order.replaces_id) if order.replaces_id is not None else None
    if old is None:
        return
    posting = f"change:{order.uuid}"
    left = store_ledger.compute_account(session(), posting, "changing")
    unused = sum(store_ledger.compute_account(session(), posting, name) for name in ("revenue", "tax"))
    store_ledger.post(
        session(),
        f"changed:{order.uuid}",
        order.member_id,
        order.currency,
        now,
        {"changing": -left, "credit": left},
    )
    issuing.credit_unused(desk, old, unused, posting, order.ordered_at, now)
    _credit_newer_cycles(desk, old, order, now)
    if old.status in PAYING:
        end_order(desk, old, "replaced", now=now, by=f"order:{order.uuid}")


def _credit_newer_cycles(desk: Desk, old: Order, order: Order, now: datetime) -> None:
    """The old order was renewed while the change waited to be paid: what of that cycle is unused is credit, too."""
    for one in store.list_receivables(session(), old.id):
        settlement = store.find_settlement(session(), one.id)
        if settlement is None or settlement.settled_at <= order.ordered_at or one.until_at is None:
            continue
        paid = store_returns.compute_kept(session(), one.id)
        unused = prorate(paid, Period(one.from_at, one.until_at), now, 0).leftover_credit_minor
        net, tax = allocate(unused, [one.net_minor, one.tax_minor]) if one.gross_minor else (unused, 0)
        store_ledger.post(
            session(), f"changed:{order.uuid}:{one.cycle}", order.member_id, order.currency, now,
            {"revenue": net, "tax": tax, "credit": -unused},
        )  # fmt: skip
        cause = f"change:{order.uuid}:{one.cycle}"
        issuing.credit(desk, one.id, unused, cause, now, paid_by=Source.CREDIT)


def _tell_paid(
    order: Order,
    receivable: Receivable,
    source: Source,
    attempt: Attempt | None,
    now: datetime,
    user_id: int | None,
) -> None:
    name = _PAID_NAMES.get(order.status, "paid_renewal")
    number = attempt.number if attempt else None
    record(
        order, name, receivable.gross_minor, now,
        user_id=user_id, cycle=receivable.cycle, source=source, attempt=number,
    )  # fmt: skip
    is_first = order.status is SubscriptionState.PENDING
    told = [
        mail_about(
            order, _PAID_MAILS.get(order.status, "receipt"), receivable.uuid,
            amount_minor=receivable.gross_minor, cycle=receivable.cycle, source=source,
        ),
        action_about(
            "mm_payment_received" if is_first else "mm_payment_rebill", order, receivable.uuid,
            order_total_minor=receivable.gross_minor,
        ),
    ]  # fmt: skip
    if is_first:
        told.append(action_about("mm_product_purchase", order, order.uuid, product_id=order.product_id))
    outbox.add_all_once(session(), told, now)


# --- a decline ------------------------------------------------------------------------------------------------------


def note_decline(
    desk: Desk,
    order: Order,
    receivable: Receivable,
    attempt: Attempt,
    decline: Decline,
    *,
    now: datetime,
    card: Card | None,
) -> None:
    """A try at a due receivable was declined: overdue, the next retry, or the end.

    Only a renewal that is due can fall overdue. Tries by hand on an order that is overdue already move no schedule: the
    member may try as many cards as the networks allow.
    """
    is_renewal = order.status in {SubscriptionState.ACTIVE, SubscriptionState.OVERDUE}
    is_due = receivable.cycle == order.next_cycle and receivable.due_at <= now
    by_schedule = attempt.origin in {Origin.SCHEDULE, Origin.RETRY}
    if not is_renewal or not is_due or (order.status is SubscriptionState.OVERDUE and not by_schedule):
        _tell_declined(order, receivable, attempt, decline, None, now)
        if order.status is SubscriptionState.OVERDUE:
            _keep_schedule(desk, order, receivable, now)
        return
    after = _what_next(desk, order, receivable, attempt, decline, now, card)
    _tell_declined(order, receivable, attempt, decline, after, now)
    if after.act is Act.CANCEL:
        end_order(desk, order, "unpaid", now=now, by="billing")
        return
    values = {
        "first_failed_at": order.first_failed_at or now, "retries": _retries(order, attempt), "faults": 0, "wake_at": after.at,
        "waits_for_member": after.act is Act.WAIT_FOR_MEMBER,
    }  # fmt: skip
    status = _step(order, SubscriptionEvent.FALL_OVERDUE) if order.first_failed_at is None else order.status
    _move(order, status, values)
    _tell_overdue(order, receivable, attempt, decline, after, now)
    follow(_fresh(order), now=now, by=f"order:{order.uuid}", keeps_overdue=keeps_overdue(desk, order))


def _keep_schedule(desk: Desk, order: Order, receivable: Receivable, now: datetime) -> None:
    """A try by hand has failed; the schedule goes on as if it had not been, at its next retry or its end."""
    if order.wake_at is not None and order.wake_at > now:
        return
    moments = retry_moments(
        order.schedule(desk.settings.retry_days),
        order.first_failed_at or now,
        order.start_of(receivable.cycle + 1),
        order.zone,
    )
    later = [moment for moment in moments[order.retries :] if moment > now]
    store.set_order(session(), order.id, wake_at=later[0] if later else now + _LOOK_AGAIN)


def wait_for_card(desk: Desk, order: Order, receivable: Receivable, now: datetime) -> None:
    """There is no card that may be charged: the member has as long to give one as the retry schedule lasts.

    The renewal is overdue without a try, since the card's network or its holder has refused all further ones. Before its due
    date (somebody tried to collect early) nothing is overdue, and it waits for that date.
    """
    if order.status is SubscriptionState.ACTIVE and receivable.due_at > now:
        store.set_order(session(), order.id, wake_at=receivable.due_at)
        return
    after = after_decline(
        order.schedule(desk.settings.retry_days), order.first_failed_at or now, order.retries, Advice.NEW_CARD,
        order.start_of(receivable.cycle + 1), now, order.zone,
    )  # fmt: skip
    if after.act is Act.CANCEL:
        end_order(desk, order, "unpaid", now=now, by="billing")
        return
    first = order.first_failed_at is None
    status = _step(order, SubscriptionEvent.FALL_OVERDUE) if first else order.status
    values = {"first_failed_at": order.first_failed_at or now, "wake_at": after.at, "waits_for_member": True}
    _move(order, status, values)
    if first:
        record(order, "card_needed", receivable.collect_minor, now, cycle=receivable.cycle)
        notify(order, "payment_failed", f"{receivable.uuid}:card", now, amount_minor=receivable.collect_minor,
               act=after.act, at=after.at.isoformat() if after.at else None, decline="no_card")  # fmt: skip
        follow(_fresh(order), now=now, by=f"order:{order.uuid}", keeps_overdue=keeps_overdue(desk, order))


def _what_next(
    desk: Desk,
    order: Order,
    receivable: Receivable,
    attempt: Attempt,
    decline: Decline,
    now: datetime,
    card: Card | None,
) -> Next:
    return after_decline(
        order.schedule(desk.settings.retry_days),
        order.first_failed_at or now,
        _retries(order, attempt),
        advice_of(decline),
        order.start_of(receivable.cycle + 1),
        now,
        order.zone,
        earliest=_earliest(decline, card, now),
    )


def _retries(order: Order, attempt: Attempt) -> int:
    return order.retries + (attempt.origin is Origin.RETRY)


def _earliest(decline: Decline, card: Card | None, now: datetime) -> datetime | None:
    """Before when the card may not be tried again: its network's wish, or a ceiling over all its subscriptions."""
    waited = now + wait_of(decline)
    if card is None:
        return waited if waited > now else None
    declined_at = store_cards.list_declines(session(), card.fingerprint, now)
    permission = may_try(card.brand, declined_at, now, never_again=False)
    return max(waited, permission.not_before or now)


def _tell_declined(
    order: Order,
    receivable: Receivable,
    attempt: Attempt,
    decline: Decline,
    after: Next | None,
    now: datetime,
) -> None:
    retry_at = after.at.isoformat() if after and after.at and after.act is Act.RETRY else None
    record(
        order, "declined", receivable.collect_minor, now,
        cycle=receivable.cycle, attempt=attempt.number, origin=attempt.origin, advice=advice_of(decline),
        decline=decline.decline_code or decline.code, next_retry=retry_at,
    )  # fmt: skip
    if order.status is not SubscriptionState.PENDING:
        about = f"{receivable.uuid}:{attempt.number}"
        tell_plugins(
            "mm_payment_rebill_declined", order, about, now, order_total_minor=receivable.gross_minor
        )


def _tell_overdue(
    order: Order, receivable: Receivable, attempt: Attempt, decline: Decline, after: Next, now: datetime
) -> None:
    """One mail for each failed try of the schedule; when the bank wants to ask, the mail that leads there."""
    kind = "payment_failed" if order.first_failed_at is None else "retry_failed"
    if advice_of(decline) is Advice.AUTHENTICATE:
        kind = "authentication_needed"
    notify(
        order, kind, f"{receivable.uuid}:{attempt.number}", now,
        amount_minor=receivable.collect_minor, act=after.act, at=after.at.isoformat() if after.at else None,
        decline=decline.decline_code or decline.code,
    )  # fmt: skip


def keeps_overdue(desk: Desk, order: Order) -> bool | None:
    """Whether access stays while overdue as the product, else the site, has it; None: as the level or bundle says."""
    if order.terms.keeps_access_overdue is not None:
        return order.terms.keeps_access_overdue
    return True if desk.settings.keeps_access_overdue else None


# --- the end --------------------------------------------------------------------------------------------------------

_QUIET = {"abandoned", "replaced"}
_BUYER_MAY_GO_ON = timedelta(hours=3)
"""Longer than a browser may go on as the user whom its checkout has made (two hours; docs/protocol.md)."""


def end_order(
    desk: Desk, order: Order, reason: str, *, now: datetime, by: str, completed: bool = False
) -> None:
    """The order ends now: the open cycle is void, access follows, and nothing more is collected.

    `reason`: unpaid, asked, period_end, refunded, disputed, abandoned, replaced, plan_end, user_deleted. A try that is still
    open is followed up, but what it brings is surplus. A checkout that never was paid gives its coupon and trial back.
    """
    void_due(order, now)
    abandon_changes(desk, order, now)
    event = SubscriptionEvent.COMPLETE if completed else SubscriptionEvent.CANCEL
    open_attempt = any(attempt.is_open for attempt in store.list_attempts(session(), order.id))
    values = {
        "next_due_at": None, "wake_at": now + _LOOK_AGAIN if open_attempt else None, "ended_at": now, "ended_for": reason,
    }  # fmt: skip
    _move(order, _step(order, event), values)
    if order.activated_at is None:
        store_trials.return_trial(session(), order.id)
        if order.coupon_id is not None:
            return_coupon_use(session(), order.coupon_id)
    if reason == "abandoned" and now - order.ordered_at > _BUYER_MAY_GO_ON:
        forget_buyer_later(order, now)
    record(order, "ended", 0, now, reason=reason, by=by)
    if reason not in _QUIET:
        notify(order, "expired" if completed else "canceled", order.uuid, now, reason=reason)
    follow(_fresh(order), now=now, by=by, keeps_overdue=keeps_overdue(desk, order))


def abandon_changes(desk: Desk, order: Order, now: datetime) -> None:
    """A change of this order that waits to be paid is given up with it: the unused part that it counts on is no more."""
    for other in store.list_orders(session(), order.member_id):
        if other.replaces_id == order.id and other.status is SubscriptionState.PENDING:
            end_order(desk, other, "abandoned", now=now, by="billing")


def void_due(order: Order, now: datetime) -> None:
    """What waits to be collected is owed no more; reserved credit goes back, and the gateway closes its intent."""
    receivable = store.find_due_receivable(session(), order.id)
    if receivable is None or not store.claim_receivable(session(), receivable, ReceivableState.VOID):
        return
    if order.replaces_id is not None and order.status is SubscriptionState.PENDING:
        store_ledger.reverse(session(), f"change:{order.uuid}", f"unchanged:{order.uuid}", now)
    else:
        store_ledger.post(
            session(), f"void:{receivable.uuid}", order.member_id, order.currency, now,
            {"reserved": receivable.credit_minor, "credit": -receivable.credit_minor},
        )  # fmt: skip
    if receivable.intent_id is not None:
        close_intent_later(receivable.id, receivable.intent_id, now)


def _step(order: Order, event: SubscriptionEvent) -> SubscriptionState:
    after = step_subscription(order.status, event)
    if after is None:
        raise refuse_step(order.status, event)
    return after


def _move(order: Order, status: SubscriptionState, values: dict[str, Any]) -> None:
    if not store.claim_order(session(), order, status, **values):
        raise refuse_step(order.status, SubscriptionEvent.CANCEL)


def _fresh(order: Order) -> Order:
    found = store.find_order(session(), order.id)
    return found or order
