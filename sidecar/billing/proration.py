"""A change of product in the middle of a period: what is given back, and what is still due. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sidecar.billing.periods import Period

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Change:
    """The sums of one change, in minor units of one currency, none negative.

    `credit_minor`: the unused share of what was paid for the old product. `charge_minor`: the first price of the new one.
    Set against each other, either `net_due_minor` is to be collected or `leftover_credit_minor` stays the member's.
    """

    credit_minor: int
    charge_minor: int
    net_due_minor: int
    leftover_credit_minor: int


def prorate(paid_minor: int, period: Period, at: datetime, new_price_minor: int) -> Change:
    """What a change of product at `at` costs, when the new product's first period begins in that instant.

    Decides: the share of `period` that lies after `at` is given back of `paid_minor`, and set against the whole first price
    of the new product.

    Unit and sign: minor units of one currency, none negative (ValueError). `paid_minor` is what was really paid for the
    present period: after coupons, without refunds; 0 in a free trial and while overdue.

    Rounding: in the member's favour. The unused share is rounded up, the used one is the rest, and so used and unused are
    exactly what was paid; no unit is lost: paid + due = used + new price + leftover.

    Time: the share is counted in microseconds of real time, so a day on which the clocks change has its true length. Before
    the period everything is unused, from its (exclusive) end on nothing is.

    >>> from datetime import UTC
    >>> april = Period(datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC))
    >>> prorate(1000, april, datetime(2026, 4, 11, tzinfo=UTC), 2500)  # 20 days of 30 are left: 666.67
    Change(credit_minor=667, charge_minor=2500, net_due_minor=1833, leftover_credit_minor=0)
    >>> prorate(1000, april, datetime(2026, 4, 11, tzinfo=UTC), 500)
    Change(credit_minor=667, charge_minor=500, net_due_minor=0, leftover_credit_minor=167)
    """
    if paid_minor < 0 or new_price_minor < 0:
        raise ValueError(f"cannot change from {paid_minor} paid to a price of {new_price_minor}")
    credit_minor = _unused_of(paid_minor, period, at)
    owed_minor = new_price_minor - credit_minor
    return Change(credit_minor, new_price_minor, max(0, owed_minor), max(0, -owed_minor))


def _unused_of(paid_minor: int, period: Period, at: datetime) -> int:
    if at >= period.until_at:
        return 0
    left = (period.until_at - max(at, period.from_at)) // _INSTANT
    whole = (period.until_at - period.from_at) // _INSTANT
    return -(-paid_minor * left // whole)
