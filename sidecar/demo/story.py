"""The story that the overview tells with its links: a payment fails, its member is told, pays, and is back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sidecar.billing.rules import Attempt, Order
from sidecar.billing.states import AttemptState, SubscriptionState


class Chapter(StrEnum):
    """How far the story has come. `lost`: nobody paid in time, and the access was canceled."""

    PAYING = "paying"
    OVERDUE = "overdue"
    BACK = "back"
    LOST = "lost"


@dataclass(frozen=True)
class Story:
    """`user_id`, `order`: whose story it is, and the order's UUID. `due_at`: when the next payment is due, or tried again."""

    chapter: Chapter
    user_id: int
    order: str
    due_at: datetime | None


def story_of(user_id: int, order: Order, attempts: Sequence[Attempt]) -> Story:
    """Read from the order and from the attempts to collect for it, oldest first."""
    due_at = order.wake_at if order.status is SubscriptionState.OVERDUE else order.next_due_at
    return Story(_chapter(order, attempts), user_id, order.uuid, due_at)


def _chapter(order: Order, attempts: Sequence[Attempt]) -> Chapter:
    if order.status is SubscriptionState.OVERDUE:
        return Chapter.OVERDUE
    if order.status is not SubscriptionState.ACTIVE:
        return Chapter.LOST
    has_failed = any(attempt.status is AttemptState.FAILED for attempt in attempts)
    return Chapter.BACK if has_failed else Chapter.PAYING
