"""Counting days, ends that pass, who may sign in."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.members.rules import DaysMethod, Status, days_between, sign_in_code
from tests.members.builders import NOON, an_entitlement

PARIS = ZoneInfo("Europe/Paris")


def test_a_day_begins_at_midnight_of_the_sites_zone():
    held = an_entitlement(started_at=datetime(2026, 6, 15, 21, 30, tzinfo=UTC))  # 23:30 in Paris
    assert held.days_at(datetime(2026, 6, 15, 21, 59, tzinfo=UTC), PARIS) == 0
    assert held.days_at(datetime(2026, 6, 15, 22, 0, tzinfo=UTC), PARIS) == 1


def test_the_night_when_clocks_change_is_still_one_day():
    held = an_entitlement(started_at=datetime(2026, 3, 28, 12, 0, tzinfo=UTC))
    assert held.days_at(datetime(2026, 3, 29, 12, 0, tzinfo=UTC), PARIS) == 1


def test_days_stand_still_during_a_pause_and_go_on_after_it():
    paused = an_entitlement(paused_at=NOON + timedelta(days=5), status=Status.PAUSED)
    assert paused.days_at(NOON + timedelta(days=50), PARIS) == 5
    resumed = an_entitlement(paused_days=45)
    assert resumed.days_at(NOON + timedelta(days=51), PARIS) == 6


def test_days_can_be_counted_from_a_date_or_held_at_a_number():
    custom = an_entitlement(days_method=DaysMethod.CUSTOM, days_from_at=NOON - timedelta(days=100))
    assert custom.days_at(NOON, PARIS) == 100
    assert (
        an_entitlement(days_method=DaysMethod.FIXED, days_fixed=7).days_at(NOON + timedelta(days=400), PARIS)
        == 7
    )


def test_a_start_in_the_future_counts_below_zero():
    assert an_entitlement(started_at=NOON + timedelta(days=3)).days_at(NOON, PARIS) == -3


@given(
    start=st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),
    days=st.integers(0, 4000),
    seconds=st.integers(0, 86400),
)
def test_a_later_moment_never_has_fewer_days(start, days, seconds):
    later = start + timedelta(days=days)
    assert (
        days_between(start, later + timedelta(seconds=seconds), PARIS)
        >= days_between(start, later, PARIS)
        >= 0
    )


@pytest.mark.parametrize(
    ("status", "after_its_end"),
    [
        (Status.ACTIVE, Status.EXPIRED),
        (Status.PENDING_CANCEL, Status.CANCELED),
        (Status.OVERDUE, Status.EXPIRED),
        (Status.PAUSED, Status.EXPIRED),
        (Status.CANCELED, Status.CANCELED),
        (Status.EXPIRED, Status.EXPIRED),
        (Status.PENDING_ACTIVATION, Status.PENDING_ACTIVATION),
        (Status.ERROR, Status.ERROR),
    ],
)
def test_an_end_date_ends_access_on_its_own_instant_without_any_job(status, after_its_end):
    held = an_entitlement(status=status, expires_at=NOON)
    assert held.status_at(NOON - timedelta(microseconds=1)) is status
    assert held.status_at(NOON) is after_its_end


@pytest.mark.parametrize(
    ("status", "code", "code_when_let_in"),
    [
        (Status.ACTIVE, 0, 0),
        (Status.PENDING_CANCEL, 0, 0),
        (Status.OVERDUE, 0, 0),
        (Status.PAUSED, 0, 0),
        (Status.LOCKED, 100031, 100031),
        (Status.CANCELED, 100030, 0),
        (Status.EXPIRED, 100034, 0),
        (Status.PENDING_ACTIVATION, 100020, 100020),
        (Status.ERROR, 100020, 100020),
    ],
)
def test_who_may_sign_in(status, code, code_when_let_in):
    under = Status.ACTIVE if status is Status.LOCKED else None
    level = an_entitlement(status=status, status_under_lock=under)
    assert sign_in_code(level, NOON, canceled_may=False) == code
    assert sign_in_code(level, NOON, canceled_may=True) == code_when_let_in


def test_a_wordpress_user_who_is_no_member_may_sign_in():
    assert sign_in_code(None, NOON, canceled_may=False) == 0
