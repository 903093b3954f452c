"""Counting the figures: a job does it every few minutes, so that screens need not. One pass over the living orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy.orm import Session

from sidecar.access.rules import local_midnight
from sidecar.billing.rules import Order
from sidecar.billing.store import find_order
from sidecar.db import reading, session, use_case
from sidecar.members.rules import Status
from sidecar.reports import store_figures as store
from sidecar.reports.figures import (
    Figure,
    first_of_month,
    how_recovered,
    loss_of,
    monthly,
    sum_by,
)

WINDOW_DAYS = 30
"""New, lost and expected are counted over so many days."""
KEPT_DAYS = 60
"""For so many days back what was collected is counted when nothing is there yet."""
OF_THE_DAY = (
    "active",
    "status",
    "mrr",
    "subscriptions",
    "new",
    "lost",
    "ended",
    "expected",
    "payments",
    "recovered",
    "saved",
    "unpaid",
)
COLLECTED = ("collected",)
_ACTIVE = (Status.ACTIVE, Status.PENDING_CANCEL)


def count_figures(now: datetime, zone: tzinfo) -> int:
    """Count today's figures, and what was collected on the days since it was last counted; gives how many were written.

    Reading goes on outside a transaction, batch by batch; a figure may be younger than another by that much.
    """
    today = now.astimezone(zone).date()
    with reading() as reader:
        fresh = list(_figures(reader, now, zone, today))
        newest = store.find_newest_day(reader, "collected")
        begin = max(newest or date.min, today - timedelta(days=KEPT_DAYS))
        days = [begin + timedelta(days=number) for number in range((today - begin).days + 1)]
        collected = {day: list(_collected(reader, day, zone)) for day in days}
    _write(today, fresh, collected, now)
    return len(fresh) + sum(map(len, collected.values()))


@use_case
def _write(today: date, fresh: list[Figure], collected: dict[date, list[Figure]], now: datetime) -> None:
    store.set_figures(session(), today, fresh, now, names=OF_THE_DAY)
    for day, found in collected.items():
        store.set_figures(session(), day, found, now, names=COLLECTED)


def _figures(reader: Session, now: datetime, zone: tzinfo, today: date) -> Iterator[Figure]:
    since = now - timedelta(days=WINDOW_DAYS)
    by_status = store.count_levels_by_status(reader)
    yield Figure(today, "active", "", "", sum(by_status.get(status, 0) for status in _ACTIVE))
    for status, count in by_status.items():
        yield Figure(today, "status", status, "", count)
    yield Figure(today, "new", "", "", store.count_joined(reader, since))
    lost: Counter[str] = Counter()
    for reason, count in store.count_ended(reader, since).items():
        yield Figure(today, "ended", reason, "", count)
        lost[loss_of(reason) or ""] += count
    for kind in ("voluntary", "involuntary"):
        yield Figure(today, "lost", kind, "", lost[kind])
    yield from _of_orders(reader, now, zone, today)
    yield from _recovered(reader, first_of_month(now, zone), today)


def _of_orders(reader: Session, now: datetime, zone: tzinfo, today: date) -> Iterator[Figure]:
    """Recurring revenue, and what is expected to be paid on each of the next days."""
    until = now + timedelta(days=WINDOW_DAYS)
    prices = Prices(reader)
    recurring: Counter[Rate] = Counter()
    expected: Counter[tuple[date, str]] = Counter()
    payments: Counter[date] = Counter()
    for row in store.iterate_collected(reader):
        price = prices.of(row)
        if price.rate is not None:
            recurring[price.rate] += 1
        at = max(row.wake_at or now, now) if row.first_failed_at is not None else row.next_due_at
        if at < until:
            day = max(at, now).astimezone(zone).date()
            expected[day, row.currency] += price.minor + row.carried_minor
            payments[day] += 1
    yield Figure(today, "subscriptions", "", "", recurring.total())
    monthlies = (
        (rate.currency, monthly(rate.minor, rate.every, rate.unit) * count)
        for rate, count in recurring.items()
    )
    for currency, amount in sum_by(monthlies).items():
        yield Figure(today, "mrr", "", currency, amount)
    for (day, currency), minor in expected.items():
        yield Figure(today, "expected", day.isoformat(), currency, minor)
    for day, count in payments.items():
        yield Figure(today, "payments", day.isoformat(), "", count)


@dataclass(frozen=True)
class Rate:
    """A price that comes again and again."""

    minor: int
    currency: str
    every: int
    unit: str


@dataclass(frozen=True)
class Price:
    """Of an order's next payment. `rate`: None where it does not recur for ever, or is a trial still."""

    minor: int
    rate: Rate | None


class Prices:
    """What orders pay next. Of those with the same terms, coupon and stage one is read whole, and stands for all."""

    def __init__(self, reader: Session) -> None:
        self._reader = reader
        self._known: dict[tuple[str, str | None, int], Price] = {}

    def of(self, row: Any) -> Price:
        """Of a row of `iterate_collected`. After its second cycle an order's price changes no more."""
        key = (row.terms, row.coupon, min(row.next_cycle, 2))
        if key not in self._known:
            order = find_order(self._reader, row.id)
            self._known[key] = _price(order) if order is not None else Price(0, None)
        return self._known[key]


def _price(order: Order) -> Price:
    terms, minor = order.terms, order.price_of(order.next_cycle).gross_minor
    recurs = terms.renews and terms.payments is None and terms.every and terms.unit and not order.is_in_trial
    return Price(
        minor, Rate(minor, order.currency, terms.every or 1, terms.unit or "month") if recurs else None
    )


def _recovered(reader: Session, since: datetime, today: date) -> Iterator[Figure]:
    """Of this month: renewals that were paid after all, by try and by reason; `saved` is their money."""
    number: Counter[str] = Counter()
    money: Counter[tuple[str, str]] = Counter()
    for row in store.list_recovered(reader, since):
        key = f"{how_recovered(row.origin, row.failures)}|{row.reason}"[:60]
        number[key] += row.number
        money[key, row.currency] += int(row.amount)
    for key, count in number.items():
        yield Figure(today, "recovered", key, "", count)
    for (key, currency), minor in money.items():
        yield Figure(today, "saved", key, currency, minor)
    yield Figure(today, "unpaid", "", "", store.count_ended(reader, since).get("unpaid", 0))


def _collected(reader: Session, day: date, zone: tzinfo) -> Iterator[Figure]:
    begins, ends = local_midnight(day, zone), local_midnight(day + timedelta(days=1), zone)
    for currency, minor in store.sum_settled(reader, begins, ends).items():
        yield Figure(day, "collected", "", currency, minor)
    yield Figure(day, "collected", "", "", 0)  # so that an empty day is known to have been counted
