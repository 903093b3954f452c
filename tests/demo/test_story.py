"""How far the story has come, read from an order and its attempts."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from sidecar.billing.rules import Attempt, Order
from sidecar.billing.states import AttemptState, SubscriptionState
from sidecar.demo.story import Chapter, story_of

DUE, WAKES = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 6, 3, tzinfo=UTC)
PAID, DECLINED = AttemptState.SUCCEEDED, AttemptState.FAILED


@dataclass
class AnOrder:
    status: SubscriptionState
    uuid: str = "u"
    next_due_at: datetime = DUE
    wake_at: datetime = WAKES


@dataclass
class AnAttempt:
    status: AttemptState


def told(status: SubscriptionState, *attempts: AttemptState) -> Any:
    tried = [cast(Attempt, AnAttempt(one)) for one in attempts]
    return story_of(4, cast(Order, AnOrder(status)), tried)


@pytest.mark.parametrize(
    ("status", "attempts", "chapter"),
    [
        (SubscriptionState.ACTIVE, [PAID], Chapter.PAYING),
        (SubscriptionState.OVERDUE, [PAID, DECLINED], Chapter.OVERDUE),
        (SubscriptionState.OVERDUE, [PAID, DECLINED, DECLINED], Chapter.OVERDUE),
        (SubscriptionState.ACTIVE, [PAID, DECLINED, PAID], Chapter.BACK),
        (SubscriptionState.CANCELED, [PAID, DECLINED, DECLINED], Chapter.LOST),
    ],
)
def test_a_chapter_follows_from_what_was_tried(
    status: SubscriptionState, attempts: list[AttemptState], chapter: Chapter
) -> None:
    assert told(status, *attempts).chapter is chapter


def test_while_she_pays_the_clock_goes_to_her_next_payment_and_then_to_the_next_retry() -> None:
    assert told(SubscriptionState.ACTIVE, PAID).due_at == DUE
    assert told(SubscriptionState.OVERDUE, PAID, DECLINED).due_at == WAKES
