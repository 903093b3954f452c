"""Paid periods: on the 31st, on leap days, and where the clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.billing.periods import (
    Anchor,
    Rhythm,
    add_days_local,
    cycle_at,
    period_of_cycle,
    start_of_cycle,
)

ZONES = [
    "UTC",
    "Europe/Paris",
    "America/Sao_Paulo",
    "America/New_York",
    "Australia/Lord_Howe",  # its clocks move by half an hour
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "Africa/Casablanca",
]


def an_anchor(at, every=1, unit="month", zone="Europe/Paris"):
    """Local wall-clock time in, an anchor out."""
    return Anchor(
        datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC), zone, Rhythm(every, unit)
    )


def local_starts(anchor, cycles):
    zone = ZoneInfo(anchor.zone)
    starts = [start_of_cycle(anchor, n).astimezone(zone) for n in cycles]
    return [start.replace(tzinfo=None).isoformat(sep=" ", timespec="minutes") for start in starts]


def local(at, zone):
    return datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@st.composite
def anchors(draw, units=("day", "week", "month", "year")):
    naive = draw(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)))
    unit = draw(st.sampled_from(units))
    rhythm = Rhythm(draw(st.integers(1, 24)), unit)
    return Anchor(naive.replace(tzinfo=UTC), draw(st.sampled_from(ZONES)), rhythm)


@pytest.mark.parametrize(
    ("anchor", "cycles", "starts"),
    [
        (
            an_anchor("2026-01-31 09:00"),
            range(5),
            ["2026-01-31 09:00", "2026-02-28 09:00", "2026-03-31 09:00", "2026-04-30 09:00", "2026-05-31 09:00"],
        ),
        (an_anchor("2027-12-31 09:00"), (1, 2, 3), ["2028-01-31 09:00", "2028-02-29 09:00", "2028-03-31 09:00"]),
        (an_anchor("2026-01-30 09:00"), (1, 2), ["2026-02-28 09:00", "2026-03-30 09:00"]),
        (an_anchor("2026-08-31 09:00", every=3), (1, 2, 3), ["2026-11-30 09:00", "2027-02-28 09:00", "2027-05-31 09:00"]),
        (
            an_anchor("2024-02-29 12:00", unit="year"),
            range(5),
            ["2024-02-29 12:00", "2025-02-28 12:00", "2026-02-28 12:00", "2027-02-28 12:00", "2028-02-29 12:00"],
        ),
        (an_anchor("2096-02-29 12:00", every=4, unit="year"), (1, 2), ["2100-02-28 12:00", "2104-02-29 12:00"]),
        (an_anchor("2026-12-15 08:30"), (1, 13), ["2027-01-15 08:30", "2028-01-15 08:30"]),
        (an_anchor("2026-03-22 09:00", unit="week"), (1, 2), ["2026-03-29 09:00", "2026-04-05 09:00"]),
        (an_anchor("2026-02-27 23:30", unit="day"), (1, 2), ["2026-02-28 23:30", "2026-03-01 23:30"]),
    ],
)  # fmt: skip
def test_a_cycle_begins_on_the_anchors_day_and_at_its_wall_clock_time(anchor, cycles, starts):
    assert local_starts(anchor, cycles) == starts


def test_a_month_is_counted_from_the_anchor_and_not_from_the_short_month_before():
    starts = local_starts(an_anchor("2026-01-31 09:00"), range(1, 13))
    assert [int(start[8:10]) for start in starts] == [28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31]


def test_the_month_is_that_of_the_members_calendar_and_not_of_utc():
    """00:30 on March 1 in Paris is still February in UTC."""
    assert local_starts(an_anchor("2026-03-01 00:30"), (1, 2)) == ["2026-04-01 00:30", "2026-05-01 00:30"]


@pytest.mark.parametrize(
    ("zone", "anchor", "cycle", "starts_at"),
    [
        ("Europe/Paris", "2026-03-28 02:30", 1, "2026-03-29T01:30:00+00:00"),  # skipped: 03:30 local
        ("Europe/Paris", "2026-03-28 02:30", 2, "2026-03-30T00:30:00+00:00"),  # and at 02:30 again
        ("Europe/Paris", "2026-10-24 02:30", 1, "2026-10-25T00:30:00+00:00"),  # shown twice: the first
        ("Europe/Paris", "2026-10-24 02:30", 2, "2026-10-26T01:30:00+00:00"),
        (
            "America/Sao_Paulo",
            "2018-11-03 00:30",
            1,
            "2018-11-04T03:30:00+00:00",
        ),  # midnight is skipped: 01:30
        ("America/Sao_Paulo", "2018-02-16 23:30", 1, "2018-02-18T01:30:00+00:00"),  # 23:30 twice: the first
        ("America/Sao_Paulo", "2026-11-03 00:30", 1, "2026-11-04T03:30:00+00:00"),  # no summer time any more
        ("Australia/Lord_Howe", "2026-10-03 02:15", 1, "2026-10-03T15:45:00+00:00"),  # skipped: 02:45
        ("Australia/Lord_Howe", "2026-04-04 01:45", 1, "2026-04-04T14:45:00+00:00"),  # 01:45 twice: the first
    ],
)
def test_times_that_the_clocks_skip_come_later_and_those_shown_twice_at_the_first(
    zone, anchor, cycle, starts_at
):
    assert start_of_cycle(an_anchor(anchor, unit="day", zone=zone), cycle).isoformat() == starts_at


def test_an_anchor_in_the_second_of_two_equal_hours_begins_in_its_own_instant():
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 02:30 in Paris, for the second time
    anchor = Anchor(second, "Europe/Paris", Rhythm(1, "day"))
    assert start_of_cycle(anchor, 0) == second
    assert local_starts(anchor, (1,)) == ["2026-10-26 02:30"]


def test_a_zone_that_skips_a_day_gives_that_days_cycle_no_length():
    anchor = an_anchor("2011-12-28 12:00", unit="day", zone="Pacific/Apia")
    lengths = [period_of_cycle(anchor, n).until_at - period_of_cycle(anchor, n).from_at for n in range(4)]
    assert lengths == [timedelta(days=1), timedelta(days=1), timedelta(0), timedelta(days=1)]
    assert cycle_at(anchor, start_of_cycle(anchor, 3)) == 3


def test_a_cycle_goes_on_when_the_clocks_go_back_into_the_day_before():
    """Newfoundland's went from 00:01 on November 7 back to 23:01 on the 6th: the new day's cycle had begun already."""
    anchor = an_anchor("2010-11-05 00:00:30", unit="day", zone="America/St_Johns")
    began = start_of_cycle(anchor, 2)
    later = began + timedelta(minutes=20)
    assert later.astimezone(ZoneInfo(anchor.zone)).day == 6
    assert cycle_at(anchor, began) == cycle_at(anchor, later) == 2


def test_a_daily_cycle_is_23_hours_long_when_the_clocks_go_forward():
    period = period_of_cycle(an_anchor("2026-03-28 12:00", unit="day"), 0)
    assert period.until_at - period.from_at == timedelta(hours=23)


@given(anchors(), st.integers(0, 200))
def test_there_is_no_gap_and_no_overlap_between_cycles(anchor, n):
    this, following = period_of_cycle(anchor, n), period_of_cycle(anchor, n + 1)
    assert this.until_at == following.from_at
    assert this.from_at < this.until_at


@given(anchors(), st.integers(0, 200))
def test_every_start_is_in_utc_and_cycle_0_is_the_anchors_own_instant(anchor, n):
    assert start_of_cycle(anchor, n).utcoffset() == timedelta(0)
    assert start_of_cycle(anchor, 0) == anchor.at


@given(anchors(units=("month", "year")), st.integers(1, 200))
def test_a_start_never_leaves_the_month_that_it_belongs_to(anchor, n):
    zone = ZoneInfo(anchor.zone)
    first, start = anchor.at.astimezone(zone), start_of_cycle(anchor, n).astimezone(zone)
    months = n * anchor.rhythm.every * (12 if anchor.rhythm.unit == "year" else 1)
    assert (start.year - first.year) * 12 + start.month - first.month == months


@given(anchors(), st.integers(0, 200), st.integers(0, 999))
def test_the_cycle_at_any_moment_of_a_period_is_that_periods(anchor, n, thousandths):
    period = period_of_cycle(anchor, n)
    moment = period.from_at + (period.until_at - period.from_at) * thousandths // 1000
    assert cycle_at(anchor, moment) == n
    assert cycle_at(anchor, period.from_at) == n
    assert cycle_at(anchor, period.until_at - timedelta(microseconds=1)) == n
    assert cycle_at(anchor, period.until_at) == n + 1


@pytest.mark.parametrize("n", [25_000, 2_000_000])
def test_a_cycle_in_the_millions_is_found_without_counting_up_to_it(n):
    """A thousand times, since one count up to two million takes seconds."""
    daily = an_anchor("2026-01-01 09:00", unit="day")
    assert {cycle_at(daily, start_of_cycle(daily, n)) for _again in range(1000)} == {n}


@pytest.mark.parametrize(("every", "unit"), [(0, "day"), (-1, "month"), (1, "hour"), (1, "")])
def test_a_rhythm_is_a_number_from_1_on_of_a_known_unit(every, unit):
    with pytest.raises(ValueError, match="no rhythm"):
        Rhythm(every, unit)


@pytest.mark.parametrize(
    ("rhythm", "days"),
    [(Rhythm(3, "day"), 3), (Rhythm(2, "week"), 14), (Rhythm(1, "month"), 28), (Rhythm(1, "year"), 365)],
)
def test_a_rhythm_knows_its_shortest_cycle(rhythm, days):
    assert rhythm.shortest_days == days


@given(anchors(), st.integers(0, 200))
def test_no_cycle_has_fewer_days_than_its_rhythms_shortest(anchor, n):
    zone, period = ZoneInfo(anchor.zone), period_of_cycle(anchor, n)
    days = period.until_at.astimezone(zone).date() - period.from_at.astimezone(zone).date()
    assert days.days >= anchor.rhythm.shortest_days


@pytest.mark.parametrize(
    "at",
    [datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=ZoneInfo("Europe/Paris"))],
)
def test_an_anchor_is_an_instant_in_utc(at):
    with pytest.raises(ValueError, match="not in UTC"):
        Anchor(at, "Europe/Paris", Rhythm(1, "month"))


def test_there_is_no_cycle_before_the_anchor():
    anchor = an_anchor("2026-01-31 09:00")
    with pytest.raises(ValueError, match="no cycle -1"):
        start_of_cycle(anchor, -1)
    with pytest.raises(ValueError, match="before the anchor"):
        cycle_at(anchor, anchor.at - timedelta(microseconds=1))


@pytest.mark.parametrize("unit", ["day", "week", "month", "year"])
def test_a_cycle_beyond_the_calendar_is_an_overflow(unit):
    with pytest.raises(OverflowError):
        start_of_cycle(an_anchor("2026-01-31 09:00", unit=unit), 4_000_000)


@pytest.mark.parametrize("zone", ZONES)
def test_days_are_added_on_the_calendar_of_the_zone(zone):
    for month in range(1, 13):
        at = local(f"2026-{month:02}-10 12:00", zone)
        assert add_days_local(at, 31, zone).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == datetime(
            2026, month, 10, 12
        ) + timedelta(days=31)


def test_two_days_over_the_spring_change_are_47_hours():
    at = local("2026-03-28 09:00", "Europe/Paris")
    assert add_days_local(at, 2, "Europe/Paris") - at == timedelta(hours=47)


def test_no_days_added_is_the_same_instant_even_in_the_second_of_two_equal_hours():
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert add_days_local(second, 0, "Europe/Paris") == second
