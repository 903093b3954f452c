"""How often a card may be declined: the networks' ceilings, less our margin."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.billing.ceilings import MARGIN, Permission, may_try

NOW = datetime(2026, 5, 31, 12, tzinfo=UTC)
YES = Permission(allowed=True, not_before=None)


def days_ago(*days):
    return [NOW - timedelta(days=number) for number in days]


def not_before(at):
    return Permission(allowed=False, not_before=at)


def asked(brand, declined_at, now=NOW, *, never_again=False):
    return may_try(brand, declined_at, now, never_again)


@pytest.mark.parametrize("brand", ["visa", "mastercard", "amex", "cartes_bancaires", ""])
def test_a_card_that_was_never_declined_may_be_tried(brand):
    assert asked(brand, []) == YES


def test_the_twentieth_decline_of_a_visa_card_in_30_days_is_never_risked():
    declines = days_ago(*range(1, 20 - MARGIN))
    assert asked("visa", declines) == YES
    assert not asked("visa", [*declines, NOW]).allowed


def test_a_visa_card_is_free_when_its_oldest_decline_leaves_the_30_days():
    declines = days_ago(*range(1, 20))
    assert len(declines) == 19
    assert asked("visa", declines) == not_before(NOW - timedelta(days=19) + timedelta(days=30))


def test_a_visa_card_far_above_its_ceiling_waits_until_enough_declines_have_left():
    declines = days_ago(*range(1, 30))
    permission = asked("visa", declines)
    assert permission == not_before(NOW + timedelta(days=30 - 19))
    still_counting = [at for at in declines if at > permission.not_before - timedelta(days=30)]
    assert len(still_counting) == 20 - MARGIN - 1


@pytest.mark.parametrize(
    ("brand", "declines_of_today", "permission"),
    [
        ("mastercard", 8, YES),
        ("mastercard", 9, not_before(NOW - timedelta(hours=1) + timedelta(days=1))),
        ("MasterCard", 9, not_before(NOW - timedelta(hours=1) + timedelta(days=1))),
        ("visa", 9, YES),
        ("amex", 8, YES),
        ("amex", 9, not_before(NOW - timedelta(hours=1) + timedelta(days=1))),
        ("", 9, not_before(NOW - timedelta(hours=1) + timedelta(days=1))),
    ],
)
def test_ten_declines_a_day_are_too_many_for_mastercard_and_for_brands_nobody_knows(
    brand, declines_of_today, permission
):
    assert asked(brand, [NOW - timedelta(hours=1)] * declines_of_today) == permission


@pytest.mark.parametrize(
    ("brand", "declines_of_the_month", "allowed"),
    [
        ("mastercard", 33, True),
        ("mastercard", 34, False),
        ("visa", 18, True),
        ("visa", 19, False),
        ("discover", 18, True),
        ("discover", 19, False),
    ],
)
def test_a_month_has_a_ceiling_of_its_own(brand, declines_of_the_month, allowed):
    declines = [NOW - timedelta(hours=20 * number) for number in range(2, declines_of_the_month + 2)]
    assert asked(brand, declines).allowed is allowed


def test_of_two_ceilings_the_later_one_counts():
    """Nine today, which are gone tomorrow; but 34 in the month, of which the 34th newest leaves in five days."""
    today = [NOW - timedelta(hours=1)] * 9
    earlier = days_ago(*range(2, 26), 25)
    assert asked("mastercard", today + earlier) == not_before(NOW + timedelta(days=5))


def test_a_decline_leaves_its_window_in_the_instant_in_which_it_is_as_old():
    declines = days_ago(30, *range(1, 19))
    assert len(declines) == 19
    assert asked("visa", declines) == YES
    assert asked("visa", declines, NOW - timedelta(microseconds=1)) == not_before(NOW)


def test_a_decline_that_a_clock_ahead_of_ours_booked_counts():
    assert not asked("mastercard", [NOW + timedelta(minutes=2)] * 9).allowed


@pytest.mark.parametrize("brand", ["visa", "mastercard", "amex"])
def test_a_card_that_its_bank_has_forbidden_is_never_tried(brand):
    assert asked(brand, [], never_again=True) == not_before(None)
    assert asked(brand, days_ago(400), never_again=True) == not_before(None)


ages = st.lists(st.timedeltas(timedelta(0), timedelta(days=45)), max_size=80)
brands = st.sampled_from(["visa", "mastercard", "amex", ""])


@given(brands, ages)
def test_when_a_card_is_free_it_is_free_and_not_an_instant_earlier(brand, ages):
    declines = [NOW - age for age in ages]
    permission = asked(brand, declines)
    if permission.allowed:
        assert permission.not_before is None
    else:
        assert permission.not_before > NOW
        assert asked(brand, declines, permission.not_before).allowed
        assert not asked(brand, declines, permission.not_before - timedelta(microseconds=1)).allowed


@given(brands, ages)
def test_the_order_in_which_declines_are_listed_says_nothing(brand, ages):
    declines = [NOW - age for age in ages]
    assert asked(brand, declines) == asked(brand, sorted(declines))


@given(brands, st.lists(st.timedeltas(timedelta(minutes=1), timedelta(days=3)), min_size=100, max_size=100))
def test_a_card_that_is_tried_and_declined_whenever_it_may_be_never_reaches_a_ceiling(brand, pauses):
    now, declines = NOW, []
    for pause in pauses:
        now += pause
        permission = asked(brand, declines, now)
        now = permission.not_before or now
        declines.append(now)
        assert within(declines, timedelta(days=30)) < (35 if brand == "mastercard" else 20)
        assert within(declines, timedelta(days=1)) < (20 if brand == "visa" else 10)


def within(declines, window):
    return sum(at > declines[-1] - window for at in declines)
