"""A change of product in mid-period: no cent is lost, and the rounding is the member's."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.billing.periods import Anchor, Period, Rhythm, period_of_cycle
from sidecar.billing.proration import Change, prorate

APRIL = Period(datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC))
SECOND = timedelta(seconds=1)

sums = st.integers(0, 2**62)
instants = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
lengths = st.timedeltas(timedelta(microseconds=1), timedelta(days=800))
offsets = st.timedeltas(timedelta(days=-30), timedelta(days=830))


def april(day, **hours):
    return datetime(2026, 4, day, tzinfo=UTC) + timedelta(**hours)


@pytest.mark.parametrize(
    ("paid", "at", "new_price", "change"),
    [
        (1000, april(16), 2500, Change(500, 2500, 2000, 0)),
        (1000, april(16), 500, Change(500, 500, 0, 0)),
        (1000, april(16), 200, Change(500, 200, 0, 300)),
        (1000, april(11), 2500, Change(667, 2500, 1833, 0)),  # 666.67: up
        (1000, april(21), 2500, Change(334, 2500, 2166, 0)),  # 333.33: up
        (1000, april(1), 1000, Change(1000, 1000, 0, 0)),
        (1000, april(1), 0, Change(1000, 0, 0, 1000)),
        (0, april(10), 1900, Change(0, 1900, 1900, 0)),
        (0, april(10), 0, Change(0, 0, 0, 0)),
        (1, APRIL.until_at - SECOND, 100, Change(1, 100, 99, 0)),
    ],
)
def test_the_unused_share_is_set_against_the_new_price(paid, at, new_price, change):
    assert prorate(paid, APRIL, at, new_price) == change


@pytest.mark.parametrize("at", [APRIL.until_at, APRIL.until_at + SECOND, APRIL.until_at + timedelta(days=90)])
def test_from_the_end_of_the_period_on_nothing_is_given_back(at):
    assert prorate(1000, APRIL, at, 2500) == Change(0, 2500, 2500, 0)


@pytest.mark.parametrize("at", [APRIL.from_at, APRIL.from_at - SECOND, APRIL.from_at - timedelta(days=90)])
def test_before_the_period_begins_all_of_it_is_given_back(at):
    assert prorate(1000, APRIL, at, 2500) == Change(1000, 2500, 1500, 0)


def test_a_period_without_length_gives_nothing_back():
    nothing = Period(APRIL.from_at, APRIL.from_at)
    assert prorate(1000, nothing, APRIL.from_at, 2500).credit_minor == 0


def test_a_day_of_23_hours_is_worth_its_hours():
    """One day of 23 hours and then six of 24: the first is 23 of 167 hours."""
    week = period_of_cycle(
        Anchor(datetime(2026, 3, 28, 23, tzinfo=UTC), "Europe/Paris", Rhythm(1, "week")), 0
    )
    assert week.until_at - week.from_at == timedelta(hours=167)
    monday = datetime(2026, 3, 30, tzinfo=ZoneInfo("Europe/Paris"))
    assert prorate(16_700, week, monday, 0).credit_minor == 14_400


@given(sums, instants, lengths, offsets, sums)
def test_no_cent_is_lost(paid, from_at, length, offset, new_price):
    change = prorate(paid, Period(from_at, from_at + length), from_at + offset, new_price)
    used = paid - change.credit_minor
    assert 0 <= used <= paid
    assert paid + change.net_due_minor == used + change.charge_minor + change.leftover_credit_minor
    assert change.charge_minor == new_price


@given(sums, instants, lengths, offsets, sums)
def test_either_something_is_due_or_something_is_left(paid, from_at, length, offset, new_price):
    change = prorate(paid, Period(from_at, from_at + length), from_at + offset, new_price)
    assert min(change.net_due_minor, change.leftover_credit_minor) == 0
    assert min(vars(change).values()) >= 0


@given(sums, instants, lengths, st.integers(0, 10**6))
def test_the_share_given_back_is_rounded_up_by_less_than_a_unit(paid, from_at, length, millionths):
    at = from_at + length * millionths // 10**6
    exact = paid * Fraction(
        (from_at + length - at) // timedelta(microseconds=1), length // timedelta(microseconds=1)
    )
    assert 0 <= prorate(paid, Period(from_at, from_at + length), at, 0).credit_minor - exact < 1


@given(sums, instants, lengths, offsets, st.timedeltas(timedelta(0), timedelta(days=30)))
def test_a_later_change_never_gives_more_back(paid, from_at, length, offset, later):
    period, at = Period(from_at, from_at + length), from_at + offset
    assert prorate(paid, period, at + later, 0).credit_minor <= prorate(paid, period, at, 0).credit_minor


@pytest.mark.parametrize(("paid", "new_price"), [(-1, 100), (100, -1)])
def test_a_negative_sum_is_an_error(paid, new_price):
    with pytest.raises(ValueError, match="cannot change"):
        prorate(paid, APRIL, april(10), new_price)
