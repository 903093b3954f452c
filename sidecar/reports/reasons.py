"""What a dispute is about decides what its answer begins with. Pure.

Reasons are Stripe's (API reference of the dispute object and its guide to categories, looked up on 2026-11-26). What each asks
for: a cardholder who did not buy must be shown that he did (`fraudulent`, `unrecognized`); one who got nothing, that he used it;
one who canceled, when and under which conditions; one who paid twice, what each payment was for; one who waits for money, what
was given back or why not.
"""

from __future__ import annotations

from enum import StrEnum


class Point(StrEnum):
    """One line of the first page, and the part of the report that proves it."""

    BUYER = "buyer"
    BOUGHT = "bought"
    ACCEPTED = "accepted"
    PAID = "paid"
    USED = "used"
    EARLIER = "earlier"
    MAILS = "mails"
    CANCELED = "canceled"
    REFUNDED = "refunded"
    TWICE = "twice"


_USUAL = (
    Point.BOUGHT, Point.ACCEPTED, Point.PAID, Point.USED, Point.EARLIER, Point.MAILS, Point.REFUNDED, Point.CANCELED,
)  # fmt: skip
_FIRST: dict[str, tuple[Point, ...]] = {
    "fraudulent": (Point.EARLIER, Point.PAID, Point.USED, Point.MAILS, Point.ACCEPTED),
    "unrecognized": (Point.BOUGHT, Point.EARLIER, Point.USED, Point.MAILS),
    "product_not_received": (Point.USED, Point.MAILS, Point.BOUGHT),
    "product_unacceptable": (Point.BOUGHT, Point.ACCEPTED, Point.USED, Point.REFUNDED),
    "subscription_canceled": (Point.CANCELED, Point.ACCEPTED, Point.USED, Point.MAILS),
    "duplicate": (Point.TWICE, Point.PAID, Point.REFUNDED, Point.USED),
    "credit_not_processed": (Point.REFUNDED, Point.CANCELED, Point.ACCEPTED, Point.USED),
}
_SAME_AS = {"debit_not_authorized": "fraudulent", "customer_initiated": "general"}
REASONS = (*_FIRST, "general")


def reason_of(text: str) -> str:
    """One of `REASONS`; what is new or says nothing is `general`.

    >>> reason_of("duplicate"), reason_of("debit_not_authorized"), reason_of("noncompliant"), reason_of("")
    ('duplicate', 'fraudulent', 'general', 'general')
    """
    same = _SAME_AS.get(text, text)
    return same if same in _FIRST else "general"


def points_for(reason: str) -> tuple[Point, ...]:
    """Everything that is said, in the order in which this reason wants to hear it; who it was always comes first.

    >>> [str(point) for point in points_for("subscription_canceled")][:3]
    ['buyer', 'canceled', 'accepted']
    """
    first = _FIRST.get(reason_of(reason), ())
    rest = tuple(point for point in _USUAL if point not in first)
    return (Point.BUYER, *first, *rest)
