"""What Site Health is told of billing and of who is alive."""

import msgspec
import pytest
import sqlalchemy as sa

from jobs.watch import TICK, beat
from sidecar.billing.models import billing_lease, heartbeats
from sidecar.billing.standing import CHARGE
from sidecar.db import transaction
from tests.house import NOW
from tests.web.client import Bridge


@pytest.fixture
def selling(house):
    """A house whose configuration names a gateway, bound by a run that was a minute ago."""
    section = msgspec.structs.replace(house.service.config.billing, gateway="stripe")
    house.service.config = msgspec.structs.replace(house.service.config, billing=section)
    beat(TICK)
    beat(CHARGE)
    return house


def ping(house):
    return Bridge(house.app).ask("/bridge/v1/ping")


def pause():
    values = {
        "id": 1, "account": "acct_1:test", "site_url": "x", "server": "x", "bound_at": NOW, "guarded_s": 0, "forecast": 0,
        "forecast_at": NOW, "charged": 0, "runs": 0, "caught_up_s": 0, "paused_for": "late", "paused_because": "Look first.",
        "paused_at": NOW,
    }  # fmt: skip
    with transaction() as session:
        session.execute(sa.insert(billing_lease).values(values))


def everybody_was_silent_for(seconds):
    with transaction() as session:
        session.execute(sa.update(heartbeats).values(at_s=heartbeats.c.at_s - seconds))


def test_a_site_without_a_gateway_has_billing_off(house):
    assert ping(house)["billing"] == {"state": "off", "message": ""}


def test_who_was_alive_when_is_told_and_single_jobs_are_not(selling):
    beat("job:catch_up")
    answer = ping(selling)
    assert answer["billing"] == {"state": "ok", "message": ""}
    assert set(answer["jobs"]) == {TICK, CHARGE}
    assert all(0 <= seconds < 60 for seconds in answer["jobs"].values())


def test_a_pause_is_told_with_its_reason(selling):
    pause()
    assert ping(selling)["billing"] == {"state": "paused", "message": "Look first."}


def test_nobody_who_charges_is_stale_whether_cron_has_died_or_charges_in_vain(selling):
    everybody_was_silent_for(901)
    dead = ping(selling)["billing"]
    beat(TICK)
    in_vain = ping(selling)["billing"]
    assert (dead["state"], in_vain["state"]) == ("stale", "stale")
    assert "neither cron nor a worker" in dead["message"]
    assert "gatepost tick" in in_vain["message"]
