"""The demo's past lies on the days that it says, at whatever hour the demo is made."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sidecar.demo.history import moment
from sidecar.demo.school import ZONE
from sidecar.members.rules import days_between

MIDNIGHT = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.mark.parametrize("hour", range(24))
@pytest.mark.parametrize("days", [1, 2, 30])
def test_a_past_moment_is_as_many_days_ago_as_it_says(hour, days):
    now = MIDNIGHT + timedelta(hours=hour)
    at = moment("bob", days, now)
    assert days_between(at, now, ZoneInfo(ZONE)) == days
    assert at < now
