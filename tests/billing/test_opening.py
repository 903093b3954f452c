"""The gateway that a configuration names, and the keys that do not fit together."""

import pytest

from sidecar.billing.opening import make_gateway
from sidecar.billing.pacing import Pace
from sidecar.config import from_tables
from sidecar.errors import Misconfigured

TEST_PROCESSOR = "http://127.0.0.1:9000"


def a_config(**billing):
    tables = {"site": {"url": "https://club.test"}, "database": {"url": "sqlite://"}}
    return from_tables({**tables, "billing": {"gateway": "stripe", **billing}})


@pytest.mark.parametrize("kind", ["sk", "rk"])
def test_a_live_key_is_shown_to_nobody_but_stripe(monkeypatch, kind):
    monkeypatch.setenv("GATEPOST_STRIPE_SECRET_KEY", f"{kind}_live_x")
    with pytest.raises(Misconfigured, match="only Stripe itself"):
        make_gateway(a_config(publishable_key="pk_test_x", api_url=TEST_PROCESSOR), Pace(0, 0))
    gateway = make_gateway(a_config(publishable_key="pk_live_x"), Pace(0, 0))
    assert gateway.script_url == "https://js.stripe.com/v3/"


def test_a_test_key_may_be_shown_to_the_test_processor(monkeypatch):
    monkeypatch.setenv("GATEPOST_STRIPE_SECRET_KEY", "sk_test_x")
    script = f"{TEST_PROCESSOR}/v3/"
    config = a_config(publishable_key="pk_test_x", api_url=TEST_PROCESSOR, script_url=script)
    assert make_gateway(config, Pace(0, 0)).script_url == script
