"""The overview: figures that a job has counted, and what is cheap enough to be asked afresh. Reading only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy.orm import Session

from sidecar.reports import store_figures as store
from sidecar.reports.counting import KEPT_DAYS, WINDOW_DAYS
from sidecar.reports.figures import Figure, days_until

_NAMES_OF_SERIES = ("collected", "active", "mrr")


@dataclass(frozen=True)
class Overview:
    """`mrr`, `overdue`, `saved`: by currency, in minor units. `lost`: voluntary and involuntary. `recovered`: (how, reason) →
    number. `collected`, `expected`: day → currency → minor units. `counted_at`: None before the job ran for the first time."""

    active: int = 0
    subscriptions: int = 0
    by_status: dict[str, int] = field(default_factory=dict)
    mrr: dict[str, int] = field(default_factory=dict)
    mrr_before: dict[str, int] = field(default_factory=dict)
    new: int = 0
    lost: dict[str, int] = field(default_factory=dict)
    overdue: int = 0
    owed: dict[str, int] = field(default_factory=dict)
    recovered: dict[tuple[str, str], int] = field(default_factory=dict)
    saved: dict[str, int] = field(default_factory=dict)
    unpaid: int = 0
    collected: dict[date, dict[str, int]] = field(default_factory=dict)
    expected: dict[date, dict[str, int]] = field(default_factory=dict)
    payments: dict[date, int] = field(default_factory=dict)
    counted_at: datetime | None = None

    @property
    def currencies(self) -> list[str]:
        """Those that money comes in, the largest first."""
        sums: Counter[str] = Counter()
        for days in (self.collected, self.expected):
            for amounts in days.values():
                sums.update(amounts)
        return [currency for currency, _sum in sums.most_common()]

    @property
    def at_risk(self) -> int:
        """How many there were at the beginning of the window, of whom some were lost."""
        return max(0, self.active - self.new + sum(self.lost.values()))


def read_overview(reader: Session, now: datetime, zone: tzinfo) -> Overview:
    """What was counted on the newest day, with the series before and after it."""
    today = now.astimezone(zone).date()
    series = store.list_figures(reader, today - timedelta(days=KEPT_DAYS), today, _NAMES_OF_SERIES)
    newest = store.find_newest_day(reader, "active")
    counted = store.list_figures(reader, newest, newest) if newest is not None and newest <= today else []
    values = {(one.name, one.key, one.currency): one.value for one in counted}
    owed = {currency: minor for currency, (_count, minor) in store.sum_overdue(reader).items()}
    return Overview(
        active=values.get(("active", "", ""), 0),
        subscriptions=values.get(("subscriptions", "", ""), 0),
        by_status={one.key: one.value for one in counted if one.name == "status"},
        mrr=_by_currency(counted, "mrr"),
        mrr_before=_mrr_before(series, today - timedelta(days=WINDOW_DAYS)),
        new=values.get(("new", "", ""), 0),
        lost={one.key: one.value for one in counted if one.name == "lost"},
        overdue=store.count_overdue(reader),
        owed=owed,
        recovered=_recovered(counted),
        saved=_sums(counted, "saved"),
        unpaid=values.get(("unpaid", "", ""), 0),
        collected=_collected(series, today),
        expected=_expected(counted, today),
        payments={
            date.fromisoformat(one.key): one.value for one in counted if one.name == "payments" and one.key >= today.isoformat()
        },
        counted_at=store.find_counted_at(reader),
    )  # fmt: skip


def _by_currency(figures: list[Figure], name: str) -> dict[str, int]:
    return {one.currency: one.value for one in figures if one.name == name}


def _sums(figures: list[Figure], name: str) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for one in figures:
        if one.name == name:
            sums[one.currency] += one.value
    return dict(sums)


def _mrr_before(series: list[Figure], on: date) -> dict[str, int]:
    """Of the day a window ago; empty where nothing was counted then."""
    return {one.currency: one.value for one in series if one.name == "mrr" and one.on == on}


def _recovered(figures: list[Figure]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for one in figures:
        if one.name == "recovered":
            how, _bar, reason = one.key.partition("|")
            found[how, reason] = one.value
    return found


def _collected(series: list[Figure], today: date) -> dict[date, dict[str, int]]:
    days: dict[date, dict[str, int]] = {day: {} for day in days_until(today, WINDOW_DAYS)}
    for one in series:
        if one.name == "collected" and one.currency and one.on in days:
            days[one.on][one.currency] = one.value
    return days


def _expected(figures: list[Figure], today: date) -> dict[date, dict[str, int]]:
    days: dict[date, dict[str, int]] = {
        today + timedelta(days=number): {} for number in range(WINDOW_DAYS + 1)
    }
    for one in figures:
        day = date.fromisoformat(one.key) if one.name == "expected" else None
        if day in days:
            days[day][one.currency] = one.value
    return days
