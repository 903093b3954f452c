"""Paid periods: when the n-th cycle of a subscription begins. Pure.

Every start is counted from the anchor, never from the start before it: a subscription of January 31 renews on February 28
and then on March 31. A cycle ends in the instant in which the next begins, so there is neither gap nor overlap; the only
lawful gap is a new anchor (pause, skip, change of date).
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from sidecar.catalog.rules import UNITS

_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}


@dataclass(frozen=True)
class Rhythm:
    """Every `every` `unit`s: day, week, month or year. ValueError for anything else."""

    every: int
    unit: str

    def __post_init__(self) -> None:
        if self.every < 1 or self.unit not in UNITS:
            raise ValueError(f"every {self.every} {self.unit} is no rhythm")

    @property
    def shortest_days(self) -> int:
        """No cycle has fewer calendar days: a month counts 28, a year 365."""
        if self.unit in _DAYS:
            return self.every * _DAYS[self.unit]
        return 28 * self.every if self.unit == "month" else 365 * self.every


@dataclass(frozen=True)
class Anchor:
    """Where cycles are counted from: the instant in which cycle 0 begins, and the zone whose calendar is meant.

    Both are frozen in the order: a site that changes its zone later does not move anybody's due date. `at` is aware and
    UTC (ValueError), `zone` an IANA name.
    """

    at: datetime
    zone: str
    rhythm: Rhythm

    def __post_init__(self) -> None:
        if self.at.utcoffset() != timedelta(0):
            raise ValueError(f"the anchor {self.at} is not in UTC")


@dataclass(frozen=True)
class Period:
    """A stretch of time; `until_at` is exclusive. Both are UTC."""

    from_at: datetime
    until_at: datetime


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo:
    """The zone that an order froze: an IANA name, or an offset such as `UTC+02:00`, where the site has no more than that.

    >>> zone_of("UTC-03:30").utcoffset(None)
    datetime.timedelta(days=-1, seconds=73800)
    """
    offset = re.fullmatch(r"UTC([+-])(\d\d):(\d\d)", name)
    if offset is None:
        return ZoneInfo(name)
    size = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
    return timezone(size if offset[1] == "+" else -size)


def start_of_cycle(anchor: Anchor, n: int) -> datetime:
    """The instant (UTC) in which cycle `n` begins; cycle 0 begins in the anchor's own instant.

    Time: n rhythms after the anchor on the calendar of its zone, at the anchor's wall-clock time. A day that the month
    lacks is that month's last (the 31st, February 29). A wall-clock time that the clocks skip is that much later (02:30
    becomes 03:30); one that they show twice is the first of the two. In a zone that skips a whole day (Samoa, 2011) the
    daily cycle of that day has no length.

    Raises ValueError for a negative n, OverflowError beyond the year 9999.

    >>> paris = Anchor(datetime(2026, 1, 31, 9, tzinfo=UTC), "Europe/Paris", Rhythm(1, "month"))
    >>> [start_of_cycle(paris, n).isoformat() for n in (1, 2, 3)]
    ['2026-02-28T09:00:00+00:00', '2026-03-31T08:00:00+00:00', '2026-04-30T08:00:00+00:00']
    """
    if n < 0:
        raise ValueError(f"there is no cycle {n}")
    if n == 0:
        return anchor.at
    local = anchor.at.astimezone(zone_of(anchor.zone))
    return _at_same_time(local, _advanced(local.date(), anchor.rhythm, n))


def period_of_cycle(anchor: Anchor, n: int) -> Period:
    """From the start of cycle `n` to the start of the next, which it does not include. Raises as `start_of_cycle`."""
    return Period(start_of_cycle(anchor, n), start_of_cycle(anchor, n + 1))


def cycle_at(anchor: Anchor, moment: datetime) -> int:
    """Which cycle `moment` (aware) lies in; the instant of a start belongs to the cycle that it begins.

    As quick for the ten-thousandth cycle as for the first: the calendar gives the number, one step at most corrects it.
    Raises ValueError before the anchor, where there is no cycle.

    >>> yearly = Anchor(datetime(2024, 2, 29, 12, tzinfo=UTC), "UTC", Rhythm(1, "year"))
    >>> [cycle_at(yearly, datetime(2025, 2, 28, hour, tzinfo=UTC)) for hour in (11, 12)]
    [0, 1]
    """
    if moment < anchor.at:
        raise ValueError(f"{moment} is before the anchor {anchor.at}")
    n = _calendar_cycles(anchor, moment)
    while n > 0 and start_of_cycle(anchor, n) > moment:
        n -= 1
    while start_of_cycle(anchor, n + 1) <= moment:
        n += 1
    return n


def add_days_local(at: datetime, days: int, zone: str) -> datetime:
    """The instant (UTC) `days` calendar days after `at` (aware), at the same wall-clock time in `zone`.

    A day is 23 or 25 hours long where the clocks change; times skipped or shown twice are taken as in `start_of_cycle`.

    >>> add_days_local(datetime(2026, 3, 28, 9, tzinfo=UTC), 2, "Europe/Paris").isoformat()
    '2026-03-30T08:00:00+00:00'
    """
    if days == 0:
        return at.astimezone(UTC)
    local = at.astimezone(zone_of(zone))
    return _at_same_time(local, local.date() + timedelta(days=days))


def _at_same_time(local: datetime, day: date) -> datetime:
    """`day` at the wall-clock time of `local`, in UTC. fold=0 is what makes both rules of the clocks hold."""
    return datetime.combine(day, local.time(), tzinfo=local.tzinfo).replace(fold=0).astimezone(UTC)


def _advanced(day: date, rhythm: Rhythm, n: int) -> date:
    if rhythm.unit in _DAYS:
        return day + timedelta(days=n * rhythm.every * _DAYS[rhythm.unit])
    year, month = divmod(day.year * 12 + day.month - 1 + n * rhythm.every * _MONTHS[rhythm.unit], 12)
    if year > MAXYEAR:
        raise OverflowError(f"cycle {n} begins in the year {year}")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _calendar_cycles(anchor: Anchor, moment: datetime) -> int:
    """How many rhythms lie between the two dates; the cycle's number or one off it."""
    zone, rhythm = zone_of(anchor.zone), anchor.rhythm
    first, last = anchor.at.astimezone(zone).date(), moment.astimezone(zone).date()
    if rhythm.unit in _DAYS:
        apart = (last - first).days
        return max(0, apart // (rhythm.every * _DAYS[rhythm.unit]))
    apart = (last.year - first.year) * 12 + last.month - first.month
    return max(0, apart // (rhythm.every * _MONTHS[rhythm.unit]))
