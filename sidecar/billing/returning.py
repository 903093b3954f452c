"""Money that goes back: refunds, what came too much, disputes. A refund is an attempt under the same rules as a charge.

Refunds that did not fail and disputes that were lost never exceed what was captured; while a dispute is open nothing is
refunded, since the bank has the money already.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from sidecar.billing import store, store_cards, store_ledger, store_returns
from sidecar.billing.desk import Desk
from sidecar.billing.following import follow
from sidecar.billing.gateways.gateway import DisputeFacts, NotExecuted, RefundFacts, Unanswered
from sidecar.billing.guard import check_may_move
from sidecar.billing.invoicing import issuing
from sidecar.billing.locking import Busy, member_locked
from sidecar.billing.notices import notify, raise_alarm, record, tell_plugins
from sidecar.billing.ordering import list_paying
from sidecar.billing.owing import renumber
from sidecar.billing.paying import get_own
from sidecar.billing.progress import abandon_changes, end_order, keeps_overdue
from sidecar.billing.rules import PAYING, Order, Source, access_of
from sidecar.billing.states import SubscriptionEvent, SubscriptionState, step_subscription
from sidecar.billing.store_cards import OPEN_DISPUTES
from sidecar.billing.withdrawing import withdraw_credit
from sidecar.db import get_server_time, reading, session, use_case
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.members.rules import Status

log = logging.getLogger(__name__)
KEY_LIVES_SECONDS = 23 * 3600.0


# --- refunds --------------------------------------------------------------------------------------------------------


def refund(
    desk: Desk,
    order_uuid: str,
    amount_minor: int | None,
    *,
    by: str,
    reason: str = "",
    cycle: int | None = None,
) -> str:
    """Give money of one payment back, all that is left of it or `amount_minor`; gives pending, succeeded, failed or unknown.

    `cycle`: of which payment; without it the newest. All of it back ends what it paid for, unless something else pays for it;
    a part changes nothing but the ledger. Raises Refused.
    """
    check_may_move(desk)
    order = get_own(None, order_uuid)
    with member_locked(order.member_id):
        charge_id = _charge_to_refund(order.id, cycle)
        row = _begin_refund(desk, charge_id, amount_minor, by, reason)
        return _send_refund(desk, row)


@use_case
def _charge_to_refund(order_id: int, cycle: int | None) -> str:
    paid = [row for row in store.list_settlements(session(), order_id) if row.charge_id is not None]
    wanted = [row for row in paid if cycle is None or row.cycle == cycle]
    if not wanted:
        raise Refused(_("No payment of this order came through the gateway."))
    return str(wanted[-1].charge_id)


@use_case
def _begin_refund(desk: Desk, charge_id: str, amount_minor: int | None, by: str, reason: str) -> Any:
    """The refund's row, before anything is sent; raises Refused when there is not so much left."""
    charge = store_returns.find_charge(session(), charge_id)
    if charge is None:
        raise Refused(_("There is no payment {charge}.").format(charge=charge_id))
    if store_returns.is_disputed(session(), charge_id):
        raise Refused(
            _(
                "This payment is disputed: the bank has the money, and nothing can be refunded until that is over."
            )
        )
    left = charge.amount_minor - store_returns.compute_returned(session(), charge_id)
    amount = left if amount_minor is None else amount_minor
    if not 0 < amount <= left:
        raise Refused(_("Of this payment {left} can be refunded.").format(left=left))
    return store_returns.add_refund(
        session(),
        {
            "member_id": charge.member_id, "order_id": charge.order_id, "settlement_id": charge.settlement_id,
            "charge_id": charge_id, "amount_minor": amount, "currency": charge.currency, "reason": reason[:200],
            "by": by[:100], "asked_at": desk.now(),
        },
    )  # fmt: skip


def _send_refund(desk: Desk, row: Any) -> str:
    """Ask the gateway, and write down what it says. The lock is held; the same key is sent again for a day."""
    metadata = {"gatepost": desk.installation, "refund": row.uuid}
    try:
        facts = desk.pays_by_card().make_refund(
            desk.key("refund", row.uuid), row.charge_id, row.amount_minor, row.currency, metadata
        )
    except NotExecuted as error:
        if error.is_passing:
            _lose_refund(row.id, row.status)
            return "unknown"
        _fail_refund(desk, row.id, str(error))
        return "failed"
    except Unanswered as error:
        log.warning("refund %s: %s", row.uuid, error)
        _lose_refund(row.id, row.status)
        return "unknown"
    return book_refund(desk, facts)


@use_case
def _lose_refund(refund_id: int, status: str) -> None:
    store_returns.claim_refund(session(), refund_id, status, "unknown")


@use_case
def _fail_refund(desk: Desk, refund_id: int, reason: str) -> None:
    row = store_returns.find_refund(session(), refund_id)
    if row is None or not store_returns.claim_refund(
        session(), row.id, row.status, "failed", finished_at=desk.now()
    ):
        return
    sentence = _("the refund of {amount} {currency} for {charge} failed: {reason}")
    text = sentence.format(
        amount=row.amount_minor, currency=row.currency, charge=row.charge_id, reason=reason
    )
    raise_alarm(session(), "refund", row.uuid, text, desk.now())


@use_case
def book_refund(desk: Desk, facts: RefundFacts) -> str:
    """Write down what the gateway says of a refund, its own or one that was made in the gateway's dashboard.

    The ledger moves when it is made and back if it fails later; access follows a full one. A repetition changes nothing.
    """
    row = _row_of(desk, facts)
    if row is None or row.status == facts.status:
        return facts.status
    now, old = desk.now(), row.status
    finished = now if facts.status in {"succeeded", "failed"} else None
    if not store_returns.claim_refund(
        session(), row.id, old, facts.status, gateway_id=facts.id, finished_at=finished
    ):
        return facts.status
    if facts.status == "failed":
        _take_back(desk, row, facts)
    elif old in {"claimed", "unknown", "new"} or (old == "failed" and row.gateway_id is None):
        _give(desk, row, facts)  # also what we took for never made, and what was made after all
    return facts.status


def _row_of(desk: Desk, facts: RefundFacts) -> Any:
    """Our row of a refund; one that somebody made elsewhere gets a row of its own."""
    known = store_returns.find_refund_by_gateway(session(), facts.id)
    ours = facts.metadata.get("gatepost") == desk.installation
    if known is None and ours:
        known = store_returns.find_refund_by_uuid(session(), facts.metadata.get("refund", ""))
    charge = store_returns.find_charge(session(), facts.charge_id)
    if known is not None or charge is None:
        return known
    return store_returns.add_refund(
        session(),
        {
            "member_id": charge.member_id, "order_id": charge.order_id, "settlement_id": charge.settlement_id,
            "charge_id": facts.charge_id, "amount_minor": facts.amount_minor, "currency": facts.currency, "status": "new",
            "reason": "made at the gateway", "by": "gateway", "asked_at": desk.now(),
        },
    )  # fmt: skip


def _give(desk: Desk, row: Any, facts: RefundFacts) -> None:
    now = desk.now()
    account = _account_of(row)
    store_ledger.post(
        session(), f"refund:{row.uuid}", row.member_id, row.currency, now,
        {"gateway": -row.amount_minor, account: row.amount_minor},
    )  # fmt: skip
    order = store.find_order(session(), row.order_id) if row.order_id is not None else None
    if order is None:
        return
    record(order, "refunded", row.amount_minor, now, refund=facts.id, by=row.by, reason=row.reason)
    notify(order, "refunded", row.uuid, now, amount_minor=row.amount_minor)
    withdrawn = withdraw_credit(order, row.charge_id, row.uuid, row.amount_minor, "refunded", now)
    _credit(desk, row, row.amount_minor - withdrawn, now)
    abandon_changes(desk, order, now)
    tell_plugins("mm_refund_issued", order, row.uuid, now, order_total_minor=row.amount_minor)
    _end_if_unpaid(desk, order, row.charge_id, "refunded")


def _credit(desk: Desk, row: Any, amount_minor: int, now: datetime) -> None:
    """The credit note of a refund; what a change of product has credited already is only paid out."""
    settled = store.find_settlement_by_charge(session(), row.charge_id)
    if settled is not None:
        cause = f"refund:{row.uuid}"
        issuing.credit(desk, settled.receivable_id, amount_minor, cause, now, paid_by=Source.GATEWAY)


def _account_of(row: Any) -> str:
    """What a refund is taken from: what was earned, or what came too much and is unapplied, or was kept as credit."""
    if row.settlement_id is not None:
        return "refunded"
    kept = store_ledger.compute_account(session(), f"surplus:{row.charge_id}", "credit")
    return "credit" if kept else "unapplied"


def _take_back(desk: Desk, row: Any, facts: RefundFacts) -> None:
    """A refund that failed later: the money is with us again; the owner must give it by other means."""
    if row.status in {"pending", "succeeded"}:
        account = _account_of(row)
        store_ledger.post(
            session(), f"refund_failed:{row.uuid}", row.member_id, row.currency, desk.now(),
            {"gateway": row.amount_minor, account: -row.amount_minor},
        )  # fmt: skip
        store_ledger.reverse(session(), f"withdrawn:{row.uuid}", f"returned:{row.uuid}", desk.now())
        issuing.take_back(desk, f"refund:{row.uuid}", f"refund_failed:{row.uuid}", desk.now())
    sentence = _("the refund {refund} failed at the bank: the member does not have the money")
    raise_alarm(session(), "refund", row.uuid, sentence.format(refund=facts.id), desk.now())


def _return_credit(desk: Desk, receivable_id: int, now: datetime) -> None:
    """The part of a refunded payment that credit had paid is the member's credit again; once, as its posting says."""
    receivable = store.find_receivable(session(), receivable_id)
    posting = f"credit_back:{receivable.uuid}" if receivable is not None else ""
    if receivable is None or store_ledger.compute_account(session(), posting, "refunded"):
        return
    store_ledger.post(
        session(), posting, receivable.member_id, receivable.currency, now,
        {"refunded": receivable.credit_minor, "credit": -receivable.credit_minor},
    )  # fmt: skip
    issuing.credit(desk, receivable.id, receivable.credit_minor, posting, now, paid_by=Source.CREDIT)


def _end_if_unpaid(desk: Desk, order: Order, charge_id: str, reason: str) -> None:
    """All of the newest payment went back: what it paid for ends, as far as nothing else pays for it."""
    paid = store.list_settlements(session(), order.id)
    newest = max(paid, key=lambda row: int(row.cycle), default=None)
    if (
        newest is None
        or newest.charge_id != charge_id
        or access_of(order) in {Status.CANCELED, Status.EXPIRED}
    ):
        return
    if store_returns.compute_returned(session(), charge_id) < newest.amount_minor:
        return
    if reason == "refunded":
        _return_credit(desk, newest.receivable_id, desk.now())
    if order.status in PAYING:
        end_order(desk, order, reason, now=desk.now(), by="billing")
    else:
        _mark_completed(desk, order, reason)


def _mark_completed(desk: Desk, order: Order, ended_for: str) -> None:
    """A plan that was paid up stays completed; whether it keeps access depends on for what it ended."""
    now = desk.now()
    store.set_order(session(), order.id, ended_for=ended_for)
    record(order, "ended", 0, now, reason=ended_for, by="billing")
    follow(get_own(None, order.uuid), now=now, by="billing")


def follow_refunds(desk: Desk) -> int:
    """Ask for the end of refunds whose end is not known; gives how many have one now.

    One that nobody answered is sent again under its key for 23 hours; later the charge's refunds are listed, and one that is
    not among them was never made.
    """
    with reading() as reader:
        rows = store_returns.list_open_refunds(reader)
    return sum(_follow(desk, row) for row in rows)


def _follow(desk: Desk, row: Any) -> bool:
    try:
        with member_locked(row.member_id, patience=0.0):
            if row.status != "pending" and _age(row) < KEY_LIVES_SECONDS:
                return _send_refund(desk, row) in {"succeeded", "failed"}
            found = [
                one
                for one in desk.pays_by_card().list_refunds(row.charge_id)
                if row.uuid == one.metadata.get("refund") or row.gateway_id == one.id
            ]
            if found:
                return book_refund(desk, found[0]) in {"succeeded", "failed"}
            if row.status in {"claimed", "unknown"}:
                _fail_refund(desk, row.id, _("the gateway never made it"))
                return True
    except (Busy, NotExecuted, Unanswered) as error:
        log.warning("refund %s: %s", row.uuid, error)
    return False


def _age(row: Any) -> float:
    with reading() as reader:
        return get_server_time(reader) - float(row.asked_s)


def refund_surpluses(desk: Desk) -> int:
    """Give back what came too much, unless the owner keeps it as credit; gives how many refunds were begun."""
    if not desk.settings.refund_surplus or desk.gateway is None:
        return 0
    with reading() as reader:
        rows = store_returns.list_unrefunded_surpluses(reader)
    return sum(_refund_surplus(desk, row) for row in rows)


def _refund_surplus(desk: Desk, surplus: Any) -> bool:
    try:
        with member_locked(surplus.member_id, patience=0.0):
            row = _begin_refund(desk, surplus.charge_id, None, "billing", "paid too much")
            _send_refund(desk, row)
            return True
    except Refused as error:
        log.warning("surplus %s: %s", surplus.charge_id, error)
        return False


# --- disputes -------------------------------------------------------------------------------------------------------


def note_dispute(desk: Desk, dispute_id: str) -> str:
    """Read a dispute and write down where it stands; gives booked, known or foreign.

    An open one stops retries and renewals on its card. A lost one ends what the payment paid for, as far as nothing else
    does; one that is won after that gives it back, unless another order pays for the same by then.
    """
    facts = desk.pays_by_card().read_dispute(dispute_id)
    with reading() as reader:
        charge = store_returns.find_charge(reader, facts.charge_id)
    if charge is None:
        return "foreign"
    with member_locked(charge.member_id):
        return _book_dispute(desk, facts)


@use_case
def _book_dispute(desk: Desk, facts: DisputeFacts) -> str:
    charge, now = store_returns.find_charge(session(), facts.charge_id), desk.now()
    if charge is None:
        return "foreign"
    store_cards.add_dispute(
        session(), facts, charge.member_id, charge.order_id, _fingerprint(facts.charge_id), now
    )
    store_cards.note_asked(session(), facts)
    row = store_cards.find_dispute(session(), facts.id)
    if row is None or row.status == facts.status:
        return "known"
    over = facts.status not in OPEN_DISPUTES
    if not store_cards.claim_dispute(session(), facts.id, row.status, facts.status, now if over else None):
        return "known"
    _post_dispute(facts, row.status, charge, now)
    order = store.find_order(session(), charge.order_id) if charge.order_id is not None else None
    if order is not None:
        record(
            order, f"dispute_{facts.status}", facts.amount_minor, now, dispute=facts.id, reason=facts.reason
        )
        _follow_dispute(desk, order, facts, row.status)
    if not over:
        sentence = _("payment {charge} is disputed ({reason}): answer it at the gateway in time")
        raise_alarm(
            session(), "dispute", facts.id, sentence.format(charge=facts.charge_id, reason=facts.reason), now
        )
    return "booked"


def _post_dispute(facts: DisputeFacts, old: str, charge: Any, now: Any) -> None:
    """The bank takes the money when a dispute opens and gives it back when it is won; an inquiry moves none."""
    taken_before, taken_now = old in {"open", "lost"}, facts.status in {"open", "lost"}
    if taken_before == taken_now:
        return
    amount = facts.amount_minor if taken_now else -facts.amount_minor
    posting = f"dispute:{facts.id}:{facts.status}"[:64]
    store_ledger.post(
        session(), posting, charge.member_id, facts.currency, now, {"gateway": -amount, "disputed": amount}
    )


def _follow_dispute(desk: Desk, order: Order, facts: DisputeFacts, old: str) -> None:
    if facts.status == "lost":
        _end_if_unpaid(desk, order, facts.charge_id, "disputed")
        withdraw_credit(order, facts.charge_id, facts.id, facts.amount_minor, "disputed", desk.now())
    elif facts.status == "won":
        store_ledger.reverse(session(), f"withdrawn:{facts.id}"[:64], f"returned:{facts.id}"[:64], desk.now())
        if order.ended_for == "disputed":
            _give_back(desk, order)
    elif facts.status in OPEN_DISPUTES and old == "new" and order.status in PAYING and order.held is None:
        store.set_order(session(), order.id, held="dispute")


def _give_back(desk: Desk, order: Order) -> None:
    """A dispute that was won after all: the order goes on, and its next cycle is due when the paid one ends. Not beside another that
    pays for the same: the owner decides.
    """
    now = desk.now()
    if order.status is SubscriptionState.COMPLETED:
        _mark_completed(desk, order, "paid_up")
        return
    others = list_paying(order.member_id, order.grant, order.grant_id)
    if others:
        _tell_won_beside(order, others[0], now)
        return
    order = renumber(order, "given_back", now)
    due_at = order.next_start_at
    values = {
        "ended_at": None,
        "ended_for": None,
        "held": None if order.held == "dispute" else order.held,
        "next_due_at": due_at,
        "wake_at": due_at or order.paid_until_at,
    }
    status = step_subscription(order.status, SubscriptionEvent.RESTORE)
    if status is not None and store.claim_order(session(), order, status, **values):
        record(order, "given_back", 0, now)
        follow(get_own(None, order.uuid), now=now, by="billing", keeps_overdue=keeps_overdue(desk, order))
        _give_up_checkouts(desk, order, now)


def _give_up_checkouts(desk: Desk, order: Order, now: datetime) -> None:
    """Nobody is to pay for the same again in a window that is still open: what comes by it now is surplus, and goes back."""
    for other in store.list_orders_for(session(), order.member_id, order.grant, order.grant_id):
        if other.status is SubscriptionState.PENDING:
            end_order(desk, other, "abandoned", now=now, by="billing")


def _tell_won_beside(order: Order, other: Order, now: datetime) -> None:
    sentence = _(
        "a dispute over order {order} was won after it had ended the order, and order {other} pays for the same now: the order stays"
        " ended, and its money is with you; refund it, or give the time it paid for"
    )
    raise_alarm(session(), "won_beside", order.uuid, sentence.format(order=order.uuid, other=other.uuid), now)


def _fingerprint(charge_id: str) -> str:
    attempt = store.find_attempt_of_charge(session(), charge_id)
    card = (
        store_cards.find_card(session(), attempt.card_id)
        if attempt is not None and attempt.card_id is not None
        else None
    )
    return card.fingerprint if card is not None else ""
