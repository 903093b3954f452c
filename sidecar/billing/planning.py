"""What an order wants when billing looks at it: decided under the member's lock, from rows read afresh, in one transaction.

Everything that needs no gateway is done here at once (an end, a receivable that credit pays, a cycle that was missed). What
needs one comes back as a plan, whose attempt is committed before anything is sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sidecar.billing import store, store_cards, store_charging
from sidecar.billing.announcing import announce_order, waits_for_notice
from sidecar.billing.ceilings import MOST_REFUSED, may_try
from sidecar.billing.desk import Desk
from sidecar.billing.notices import raise_alarm
from sidecar.billing.overdue import retry_moments
from sidecar.billing.owing import owe, settle_without_gateway
from sidecar.billing.progress import end_order, free_credit, wait_for_card
from sidecar.billing.rules import Attempt, Card, Order, Origin, Receivable
from sidecar.billing.states import AttemptState, ReceivableState, SubscriptionState
from sidecar.billing.store_charging import Standing
from sidecar.db import session, use_case
from sidecar.i18n import _

_NEXT_LOOKS = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6))
GIVEN_UP_AFTER = timedelta(hours=24)
_COUPON_HELD = timedelta(hours=1)
"""An unpaid checkout holds a use of its coupon that somebody else may be waiting for."""
_DAY = timedelta(days=1)
AT_MOST_ONE_IN = timedelta(hours=22)
"""One renewal a day, also by hand: a day may have 23 hours, and a run may be late one day and early the next."""


@dataclass(frozen=True)
class Task:
    """An order of a member whose lock is held by `holder`. `origin`: who asks, where it is not the schedule."""

    order_id: int
    member_id: int
    holder: str
    origin: Origin | None = None


@dataclass(frozen=True)
class Collect:
    """Confirm the receivable's intent with this card; the attempt is claimed and committed. `user_id`: the member's in WordPress."""

    order: Order
    receivable: Receivable
    attempt: Attempt
    card: Card
    customer_id: str
    user_id: int | None

    @property
    def is_first_try(self) -> bool:
        """The schedule's first try at the cycle that an order in good standing owes: what most renewals are."""
        in_good_standing = self.order.status is SubscriptionState.ACTIVE
        is_next = self.receivable.cycle == self.order.next_cycle
        return in_good_standing and is_next and self.attempt.origin is Origin.SCHEDULE


@dataclass(frozen=True)
class Look:
    """Read the receivable's intent and book what it says. `attempt`: the open one. `gives_up`, `closes`: cancel it if
    nothing came, and end the checkout, or leave the cycle to the owner."""

    order: Order
    receivable: Receivable
    attempt: Attempt | None
    gives_up: bool = False
    closes: bool = False


@dataclass(frozen=True)
class LookAtSetup:
    """Read whether the card of a free trial has been kept."""

    order: Order
    gives_up: bool


Plan = Collect | Look | LookAtSetup


@use_case
def prepare(desk: Desk, task: Task, *, now: datetime, looked: bool = False) -> Plan | None:
    """What is to be asked of the gateway for this order; None when nothing is, any more or yet.

    `looked`: its intent was read a moment ago and said nothing new, so it may be confirmed. Called twice it finds its own
    open attempt and gives a Look. A worker that stood still until his lock was another's plans nothing.
    """
    seen = store_charging.find_standing(session(), desk.tables, task.order_id, task.holder, now)
    if seen is None or not seen.is_mine:
        return None
    order, attempt = seen.order, seen.attempt
    if task.origin is None and (order.wake_at is None or order.wake_at > now):
        return None
    if attempt is not None:
        receivable = store.find_receivable(session(), attempt.receivable_id)
        gives_up = order.status is SubscriptionState.PENDING and _is_given_up(order, now)
        return None if receivable is None else Look(order, receivable, attempt, gives_up)
    if order.held in {"parked", "restored"} and order.status is not SubscriptionState.PENDING_CANCEL:
        store.set_order(session(), order.id, wake_at=now + _DAY)
        return None
    return _by_status(desk, seen, task, now, looked=looked)


def _by_status(desk: Desk, seen: Standing, task: Task, now: datetime, *, looked: bool) -> Plan | None:
    order = seen.order
    if order.status is SubscriptionState.PENDING:
        return _watch(order, now)
    if order.status in {SubscriptionState.ACTIVE, SubscriptionState.OVERDUE}:
        renews = _is_to_renew(desk, seen, now, by_schedule=task.origin is None)
        return _renew(desk, seen, task, now, looked=looked) if renews else None
    if order.status is SubscriptionState.PENDING_CANCEL:
        _end_of_period(desk, order, now)
    else:
        store.set_order(session(), order.id, wake_at=None)
    return None


def _is_to_renew(desk: Desk, seen: Standing, now: datetime, *, by_schedule: bool) -> bool:
    """Whether a cycle is to be collected now; an order that ends instead is ended."""
    order = seen.order
    if order.next_due_at is None:
        _end_of_plan(desk, order, now)
        return False
    if order.status is SubscriptionState.ACTIVE and order.next_due_at > now and by_schedule:
        store.set_order(session(), order.id, wake_at=order.next_due_at)
        return False
    if seen.user_id is None:
        end_order(desk, order, "user_deleted", now=now, by="billing")
        return False
    return True


def _end_of_plan(desk: Desk, order: Order, now: datetime) -> None:
    """What was paid once, or paid up, ends when its time is over: not before, whoever asks, and never where it has no end. A
    plan whose last payment was missed is not paid up."""
    if order.paid_until_at is None or order.paid_until_at > now:
        store.set_order(session(), order.id, wake_at=order.paid_until_at)
        return
    last = store.find_receivable_of(session(), order.id, order.last_cycle or 0)
    if last is not None and last.status is ReceivableState.MISSED:
        end_order(desk, order, "unpaid", now=now, by="billing")
    else:
        end_order(desk, order, "plan_end", now=now, by="billing", completed=True)


def _watch(order: Order, now: datetime) -> Plan | None:
    """A checkout whose browser may have vanished: paid ones are found, unpaid ones are given up after a day, or when too many
    tries were refused."""
    age = now - order.ordered_at
    later = next(
        (order.ordered_at + step for step in (*_NEXT_LOOKS, GIVEN_UP_AFTER) if age < step), now + _DAY
    )
    store.set_order(session(), order.id, wake_at=later)
    gives_up = _is_given_up(order, now)
    receivable = store.find_due_receivable(session(), order.id)
    if order.setup_id is not None:
        return LookAtSetup(order, gives_up)
    if receivable is None or order.gateway == "manual":
        return None
    return Look(order, receivable, None, gives_up)


def _is_given_up(order: Order, now: datetime) -> bool:
    """Whether an unpaid checkout is to end; of one that somebody may be trying cards with the owner is told."""
    if order.retries > MOST_REFUSED:
        sentence = _(
            "checkout {order}: more than {count} tries to pay were refused, so it is closed; somebody may be trying stolen cards"
        )
        text = sentence.format(order=order.uuid, count=MOST_REFUSED)
        raise_alarm(session(), "card_testing", order.uuid, text, now)
        return True
    return now - order.ordered_at >= (GIVEN_UP_AFTER if order.coupon_id is None else _COUPON_HELD)


def _end_of_period(desk: Desk, order: Order, now: datetime) -> None:
    if order.paid_until_at is not None and order.paid_until_at > now:
        store.set_order(session(), order.id, wake_at=order.paid_until_at)
        return
    end_order(desk, order, "period_end", now=now, by="billing")


# --- a renewal ------------------------------------------------------------------------------------------------------


def _renew(desk: Desk, seen: Standing, task: Task, now: datetime, *, looked: bool) -> Plan | None:
    order = seen.order
    waits = _waits_for_notice(desk, order, task, now)
    receivable, is_new = (None, False) if waits else _due(desk, seen, now)
    if receivable is None or settle_without_gateway(desk, order, receivable, now):
        return None
    if order.gateway == "manual":
        store.set_order(session(), order.id, wake_at=None)
        sentence = _("order {order} is due and is paid by hand: Gatepost waits for you to mark it paid")
        raise_alarm(session(), "due_by_hand", receivable.uuid, sentence.format(order=order.uuid), now)
        return None
    is_old = task.origin is None and _is_too_old(order, receivable, now)
    if receivable.intent_id is not None and not looked:
        return Look(order, receivable, None, closes=is_old)
    if is_old and _miss(order, receivable, now):
        return None
    return _try(desk, seen, receivable, task, now, is_new=is_new)


def _try(
    desk: Desk, seen: Standing, receivable: Receivable, task: Task, now: datetime, *, is_new: bool
) -> Collect | None:
    """Claim an attempt; or the end of what nobody can pay any more. The gateway was asked first whether it is paid."""
    order = seen.order
    if task.origin is None and _is_over(desk, order, receivable, now):
        end_order(desk, order, "unpaid", now=now, by="billing")
        return None
    card = _usable_card(desk, seen, receivable, now)
    if card is None or not _may_ask(desk, order, receivable, card, now):
        return None
    newest = None if is_new else store.find_newest_attempt(session(), receivable.id)
    return _claim(seen, receivable, card, task, now, newest)


def _is_too_old(order: Order, receivable: Receivable, now: datetime) -> bool:
    """A cycle that is over before anybody could try it (a dispute, a gateway away for weeks) is not collected by surprise."""
    is_over = receivable.until_at is not None and receivable.until_at <= now
    return is_over and order.status is SubscriptionState.ACTIVE and order.terms.renews


def _miss(order: Order, receivable: Receivable, now: datetime) -> bool:
    """List an old cycle for the owner; the next run goes on with the present one. False while an intent could still pay it."""
    if receivable.intent_id is not None or not store.claim_receivable(
        session(), receivable, ReceivableState.MISSED
    ):
        return False
    free_credit(receivable, now)
    after = replace(order, next_cycle=max(order.next_cycle, receivable.cycle + 1))
    store.set_order(
        session(), order.id, next_cycle=after.next_cycle, next_due_at=after.next_start_at, wake_at=now
    )
    sentence = _("order {order}: cycle {cycle} was not collected in its time, and is not collected now")
    text = sentence.format(order=order.uuid, cycle=receivable.cycle)
    raise_alarm(session(), "missed", f"{order.uuid}:{receivable.cycle}", text, now)
    return True


def _waits_for_notice(desk: Desk, order: Order, task: Task, now: datetime) -> bool:
    """Whether the charge is put off because the member was not told of it in time; an admin who insists is not held up."""
    until = waits_for_notice(order, now, desk.settings.notice_days) if task.origin is None else None
    if until is not None:
        announce_order(desk, order.id)
        store.set_order(session(), order.id, wake_at=until)
    return until is not None


def _due(desk: Desk, seen: Standing, now: datetime) -> tuple[Receivable | None, bool]:
    """What waits to be collected, else what is owed next; and whether it was made just now."""
    newest = seen.newest
    if newest is not None and newest.status is ReceivableState.DUE:
        return newest, False
    owed = _owe_next(desk, seen, now)
    return owed, owed is not None and _is_first(newest, owed.cycle)


def _is_first(newest: Receivable | None, cycle: int) -> bool:
    """Whether nothing was owed under this number, as the newest is older."""
    return newest is None or newest.cycle < cycle


def _owe_next(desk: Desk, seen: Standing, now: datetime) -> Receivable | None:
    """The receivable of the cycle that is due: the present one. Older ones are listed for the owner, not collected."""
    order, newest = seen.order, seen.newest
    begun_at = _begun_at(order, newest)
    if begun_at is not None and now - begun_at < AT_MOST_ONE_IN:
        store.set_order(session(), order.id, wake_at=begun_at + _DAY)
        return None
    if order.next_due_at is not None and order.next_due_at > now:
        return _owe(desk, seen, order, order.next_cycle, now)
    present = order.cycle_at(now)
    if order.last_cycle is not None:
        present = min(present, order.last_cycle)
    present = max(present, order.next_cycle)
    for cycle in range(order.next_cycle, present):
        owe(desk, order, cycle, now, missed=True)
    if present > order.next_cycle:
        store.set_order(session(), order.id, next_cycle=present, next_due_at=order.start_of(present))
        sentence = _(
            "order {order}: {count} cycles were not collected in their time, and are not collected now"
        )
        text = sentence.format(order=order.uuid, count=present - order.next_cycle)
        raise_alarm(session(), "missed", f"{order.uuid}:{present}", text, now)
        order = store.find_order(session(), order.id) or order
    return _owe(desk, seen, order, present, now)


def _owe(desk: Desk, seen: Standing, order: Order, cycle: int, now: datetime) -> Receivable:
    """Its intent is asked for in a moment, if there is a card to ask with."""
    return owe(
        desk, order, cycle, now,
        is_first=_is_first(seen.newest, cycle), credit_minor=seen.credit_minor, asked_s=seen.now_s if seen.card else None,
    )  # fmt: skip


def _begun_at(order: Order, newest: Receivable | None) -> datetime | None:
    """When something was last begun to be collected, or was collected at last after it had been held for long."""
    made_at = newest.made_at if newest is not None and newest.cycle > 0 else None
    return max((at for at in (made_at, order.collected_at) if at is not None), default=None)


def _is_over(desk: Desk, order: Order, receivable: Receivable, now: datetime) -> bool:
    """Whether the retry schedule has run out: its last retry has failed, or nothing but the member could have paid."""
    if order.first_failed_at is None:
        return False
    next_due_at = order.start_of(receivable.cycle + 1)
    if now >= next_due_at:
        return True
    schedule = order.schedule(desk.settings.retry_days)
    moments = retry_moments(schedule, order.first_failed_at, next_due_at, order.zone)
    newest = store.find_newest_attempt(session(), receivable.id, ours=True)
    same_card = newest is None or newest.card_id == order.card_id
    if order.waits_for_member and same_card:
        return not moments or now >= moments[-1]
    return order.retries >= len(moments)


def _usable_card(desk: Desk, seen: Standing, receivable: Receivable, now: datetime) -> Card | None:
    """The card that may be charged now; None when it may not, and then the order knows what it waits for."""
    order, card = seen.order, seen.card
    if card is None or card.never_again:
        wait_for_card(desk, order, receivable, now)
        return None
    if seen.is_disputed:
        store.set_order(session(), order.id, held="dispute", wake_at=now + _DAY)
        return None
    if order.held is not None:
        store.set_order(session(), order.id, held=None)
    declined_at = store_cards.list_declines(session(), card.fingerprint, now) if seen.has_declined else []
    permission = may_try(card.brand, declined_at, now, never_again=card.never_again)
    if not permission.allowed:
        store.set_order(session(), order.id, wake_at=permission.not_before or now + _DAY)
        return None
    if receivable.intent_id and store_cards.has_asked_for_holder(session(), receivable.id, card.fingerprint):
        wait_for_card(desk, order, receivable, now)
        return None
    return card


def _origin_of(order: Order, receivable: Receivable, card: Card) -> Origin:
    """A first try, a retry; or the member's own, when he has given another card since ours failed last."""
    if order.first_failed_at is None:
        return Origin.SCHEDULE
    newest = store.find_newest_attempt(session(), receivable.id, ours=True)
    return Origin.RETRY if newest is None or newest.card_id == card.id else Origin.MEMBER


def _may_ask(desk: Desk, order: Order, receivable: Receivable, card: Card, now: datetime) -> bool:
    """Whether the gateway knows the card's holder and takes this currency; else the order waits for another card."""
    gateway = desk.pays_by_card()
    may = bool(card.customer_id) and gateway.smallest_minor(order.currency) is not None
    if not may:
        wait_for_card(desk, order, receivable, now)
    return may


def _claim(
    seen: Standing, receivable: Receivable, card: Card, task: Task, now: datetime, newest: Attempt | None
) -> Collect:
    """Write the attempt that comes after the `newest` one."""
    order = seen.order
    if receivable.intent_id is None and receivable.intent_asked_at is None:
        store.set_receivable(session(), receivable.id, intent_asked_at=seen.now_s)
        receivable = replace(receivable, intent_asked_at=seen.now_s)
    if task.origin is not None:
        store.set_order(
            session(), order.id, wake_at=now
        )  # should this process die, the schedule asks what came of it
    attempt = store.add_attempt(
        session(), receivable, task.origin or _origin_of(order, receivable, card), AttemptState.CLAIMED,
        after=newest, holder=task.holder, card_id=card.id, started_at=now, started_s=seen.now_s,
    )  # fmt: skip
    return Collect(order, receivable, attempt, card, card.customer_id, seen.user_id)
