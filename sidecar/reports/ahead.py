"""One subscription's way: what was paid and declined lately, and what will come on which day if nothing changes. Pure.

The renewals ahead are those of the anchor; the retries those of the schedule. Nothing is promised: another card, a decline
with advice, or a pause changes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sidecar.billing.overdue import retry_moments
from sidecar.billing.rules import Attempt, Order
from sidecar.billing.states import AttemptState, SubscriptionState

RENEWALS_SHOWN, PAST_SHOWN = 3, 6


class What(StrEnum):
    """`payment`: expected; `retry`: of an overdue one; `last_retry`: access ends if it fails; `end`: nothing after it."""

    PAID = "paid"
    FAILED = "failed"
    OPEN = "open"
    PAYMENT = "payment"
    RETRY = "retry"
    LAST_RETRY = "last_retry"
    END = "end"


@dataclass(frozen=True)
class Step:
    """One moment. `amount_minor`: gross, 0 where nothing is paid; `reason`: why it failed."""

    at: datetime
    what: What
    amount_minor: int = 0
    reason: str = ""

    @property
    def is_past(self) -> bool:
        """Whether it has happened."""
        return self.what in {What.PAID, What.FAILED, What.OPEN}


def steps_of(order: Order, attempts: Sequence[Attempt], retry_days: str, now: datetime) -> list[Step]:
    """What was and what will be, by time. `retry_days`: the site's schedule, for products that have none of their own."""
    past = [_tried(attempt) for attempt in attempts][-PAST_SHOWN:]
    return sorted([*past, *_ahead(order, retry_days, now)], key=lambda step: step.at)


def _tried(attempt: Attempt) -> Step:
    what = {AttemptState.SUCCEEDED: What.PAID, AttemptState.FAILED: What.FAILED}.get(
        attempt.status, What.OPEN
    )
    return Step(attempt.finished_at or attempt.started_at, what, attempt.amount_minor, attempt.decline or "")


def _ahead(order: Order, retry_days: str, now: datetime) -> list[Step]:
    if order.status is SubscriptionState.OVERDUE:
        return [*_retries(order, retry_days, now), *_renewals(order, now, after=order.next_cycle + 1)]
    if order.status is SubscriptionState.ACTIVE and order.next_due_at is not None:
        return _renewals(order, now, after=order.next_cycle)
    if (
        order.paid_until_at is not None
        and order.paid_until_at > now
        and order.status is not SubscriptionState.PAUSED
    ):
        return [Step(order.paid_until_at, What.END)]
    return []


def _retries(order: Order, retry_days: str, now: datetime) -> list[Step]:
    """Those that are left, the next at the moment that billing has chosen; the last one says what depends on it."""
    price = order.price_of(order.next_cycle).gross_minor
    if order.waits_for_member:
        return [Step(order.wake_at, What.END)] if order.wake_at and order.wake_at > now else []
    planned = retry_moments(
        order.schedule(retry_days),
        order.first_failed_at or now,
        order.start_of(order.next_cycle + 1),
        order.zone,
    )
    left = planned[order.retries :]
    if order.wake_at is not None and left:
        left = [max(order.wake_at, now), *(at for at in left[1:] if at > order.wake_at)]
    return [
        Step(at, What.LAST_RETRY if number == len(left) - 1 else What.RETRY, price)
        for number, at in enumerate(left)
    ]


def _renewals(order: Order, now: datetime, *, after: int) -> list[Step]:
    steps = []
    for cycle in range(after, after + RENEWALS_SHOWN):
        if order.last_cycle is not None and cycle > order.last_cycle:
            break
        at = order.next_due_at if cycle == order.next_cycle and order.next_due_at else order.start_of(cycle)
        steps.append(Step(max(at, now), What.PAYMENT, order.price_of(cycle).gross_minor))
    return steps
