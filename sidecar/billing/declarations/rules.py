"""What a declaration is, which order it means, and what may be done about it without a person. Pure.

The law behind it: a contract that renews is canceled as easily as it was made (§ 312k BGB; L. 215-1-1 code de la
consommation), and a buyer at a distance may withdraw within 14 days through a function of the site (Directive 2011/83/EU,
Article 11a). Both ask for little, want no sign-in, and are confirmed at once with their content, day and time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sidecar.billing.periods import zone_of
from sidecar.billing.rules import PAYING, Order
from sidecar.billing.states import SubscriptionState

_NUMBER = re.compile(r"[0-9a-f]{4,8}|[0-9a-f]{8}-[0-9a-f-]{0,27}")


class Kind(StrEnum):
    """What is declared."""

    CANCEL = "cancel"
    WITHDRAW = "withdraw"


class Outcome(StrEnum):
    """What was done about it."""

    CANCELED = "canceled"
    REFUNDED = "refunded"
    BY_HAND = "by_hand"


@dataclass(frozen=True)
class Said:
    """As it was filled in. `contract`: an order's number or a product's name, '' where the sender thinks that he has only one.
    `reason`: of an extraordinary cancellation, which is meant where there is one. `wanted_on`: None for as soon as possible."""

    kind: Kind
    name: str
    email: str
    contract: str = ""
    reason: str = ""
    wanted_on: date | None = None


def meant_by(contract: str, orders: Sequence[Order], names: Mapping[int, str]) -> Order | None:
    """Which of a member's orders is meant: by the beginning of its number, by its product's name, or as the only one that lives.

    `names`: of products by id. None where that is not sure: then a person looks.
    """
    living = [one for one in orders if one.status in PAYING and one.status is not SubscriptionState.PENDING]
    text = " ".join(contract.split()).casefold().lstrip("#")
    found = [one for one in living if not text or names.get(one.product_id, "").casefold() == text]
    if not found and _NUMBER.fullmatch(text):
        found = [one for one in living if one.uuid.startswith(text)]
    return found[0] if len(found) == 1 else None


def may_cancel_without_person(said: Said, order: Order, now: datetime) -> bool:
    """Whether a declaration cancels an order without a person: what renews, for a later end of what is paid, which its member
    can take back until then; and nothing else. What is overdue or paused, or whose paid time is over, would end now and for good.
    Who wants a later end is answered by a person. So is who gives a reason; his order is canceled all the same, so that nothing
    more is charged meanwhile."""
    if not order.terms.renews or not (
        order.status is SubscriptionState.PENDING_CANCEL or order.ends_later(now)
    ):
        return False
    return (
        said.wanted_on is None
        or order.paid_until_at is None
        or said.wanted_on <= _day(order.paid_until_at, order)
    )


def is_in_time(order: Order, at: datetime, days: int) -> bool:
    """Whether `at` lies within the withdrawal period: so many days after the one on which the order was first paid, to the end of
    the last one, by the calendar of the order's zone."""
    begun = order.activated_at or order.ordered_at
    return _day(at, order) <= _day(begun, order) + timedelta(days=days)


def _day(at: datetime, order: Order) -> date:
    return at.astimezone(zone_of(order.zone)).date()
