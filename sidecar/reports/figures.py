"""The business in figures: what counts as recurring revenue, as new, as lost. Pure.

Amounts are minor units of a currency; currencies are never added up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from fractions import Fraction

VOLUNTARY = frozenset({"asked", "period_end", "refunded"})
"""Why an order ended by its member's will; the money of a refund goes back because somebody wanted it."""
INVOLUNTARY = frozenset({"unpaid", "disputed", "user_deleted"})
"""And without it. A change of product, a plan that was paid up and a checkout that nobody finished are no loss."""

_MONTHS_IN = {
    "day": Fraction(48, 1461),
    "week": Fraction(336, 1461),
    "month": Fraction(1),
    "year": Fraction(12),
}
"""How many months a unit has, with 365.25 days to the year."""


def monthly(amount_minor: int, every: int, unit: str) -> Fraction:
    """What a price that comes every so many units makes in a month, unrounded: only the sum of all is rounded.

    >>> monthly(12000, 1, "year"), monthly(1900, 1, "month"), float(round(monthly(700, 1, "week"), 2))
    (Fraction(1000, 1), Fraction(1900, 1), 3043.75)
    """
    return Fraction(amount_minor) / (every * _MONTHS_IN[unit])


def loss_of(ended_for: str | None) -> str | None:
    """`voluntary`, `involuntary`, or None for an end that is no loss.

    >>> loss_of("asked"), loss_of("unpaid"), loss_of("replaced")
    ('voluntary', 'involuntary', None)
    """
    if ended_for in VOLUNTARY:
        return "voluntary"
    return "involuntary" if ended_for in INVOLUNTARY else None


@dataclass(frozen=True)
class Figure:
    """One number of one day. `name`: what is counted; `key`: of which kind; `currency`: '' for numbers of things."""

    on: date
    name: str
    key: str
    currency: str
    value: int


def how_recovered(origin: str, failures: int) -> str:
    """By which try a renewal was recovered, after so many that the schedule had made in vain.

    >>> how_recovered("retry", 2), how_recovered("browser", 1)
    ('retry 2', 'browser')
    """
    return f"retry {failures}" if origin in {"schedule", "retry"} else origin


def sum_by(values: Iterable[tuple[str, Fraction]]) -> dict[str, int]:
    """Sums by currency, rounded once, half to even."""
    sums: dict[str, Fraction] = {}
    for currency, value in values:
        sums[currency] = sums.get(currency, Fraction(0)) + value
    return {currency: round(value) for currency, value in sorted(sums.items())}


def first_of_month(now: datetime, zone: tzinfo) -> datetime:
    """When this month began on the site's calendar.

    >>> from datetime import UTC
    >>> first_of_month(datetime(2026, 3, 31, 22, 30, tzinfo=UTC), UTC).isoformat()
    '2026-03-01T00:00:00+00:00'
    """
    return now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def days_until(today: date, days: int) -> list[date]:
    """The last so many days, the newest last."""
    return [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
