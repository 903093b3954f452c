"""Each gateway keeps its contract: Stripe's on the test processor, and on Stripe's own test mode where a key is given.

    GATEPOST_STRIPE_TEST_KEY=sk_test_… ./run test tests/billing/test_gateways.py

Without that key the second class does not exist: there is nothing to skip.
"""

import os
from datetime import UTC, datetime

import pytest
import stripe

from sidecar.billing.gateways.gateway import NotExecuted, Unanswered
from sidecar.billing.gateways.stripe import StripeGateway
from tests.billing.gateway_contract import Bank, GatewayContract, a_key

SECRET = "whsec_test"
NOBODY_LISTENS = "http://127.0.0.1:9"
STRIPE_TEST_KEY = os.environ.get("GATEPOST_STRIPE_TEST_KEY", "")


def a_gateway(key, url="", secret=SECRET):
    return StripeGateway(key, "pk_test_contract", secret, api_url=url)


class TestStripeOnTheProcessor(GatewayContract):
    @pytest.fixture
    def bank(self, processor):
        return Bank(
            a_gateway(processor.secret_key, processor.url),
            processor.client(),
            unreachable=a_gateway(processor.secret_key, NOBODY_LISTENS),
            stranger=a_gateway("sk_nobody", processor.url),
        )

    @pytest.mark.parametrize("kind", ["timeout_before", "timeout_after", "cut_reply"])
    def test_what_breaks_off_is_unanswered(self, bank, processor, kind):
        processor.post("faults", {"match": {"times": 1}, "do": kind})
        with pytest.raises(Unanswered):
            bank.customer()

    @pytest.mark.parametrize(
        ("status", "outcome", "passing"),
        [(500, Unanswered, None), (409, Unanswered, None), (429, NotExecuted, True), (401, NotExecuted, True),
         (403, NotExecuted, True), (400, NotExecuted, False), (404, NotExecuted, False)],
    )  # fmt: skip
    def test_each_status_is_what_it_proves(self, bank, processor, status, outcome, passing):
        processor.post("faults", {"match": {"times": 1}, "do": {"kind": "status", "status": status}})
        with pytest.raises(outcome) as caught:
            bank.customer()
        assert getattr(caught.value, "is_passing", None) is passing

    def test_a_payment_that_the_bank_works_on_is_processing(self, bank, processor):
        processor.post("cards/4242", {"outcomes": ["processing_then_fail"]})
        waiting = bank.charge()
        assert waiting.status == "processing"
        processor.post(f"intents/{waiting.id}/finish")
        assert bank.gateway.read_intent(waiting.id).charge.decline.decline_code == "generic_decline"

    def test_a_question_of_the_bank_in_the_browser_is_an_action(self, bank, processor):
        processor.post("cards/4242", {"outcomes": ["authentication_required"]})
        asked = bank.pays(bank.intent(bank.customer()))
        assert (asked.status, asked.charge) == ("requires_action", None)
        processor.post("authenticate", {"intent": asked.id, "outcome": "refuse"})
        refused = bank.gateway.read_intent(asked.id)
        assert (refused.status, refused.error.code) == (
            "requires_payment_method",
            "payment_intent_authentication_failure",
        )

    def test_nothing_is_repeated_by_the_library(self, bank, processor):
        processor.post("faults", {"match": {"times": 1}, "do": {"kind": "status", "status": 500}})
        with pytest.raises(Unanswered):
            bank.gateway.make_customer(a_key(), "a@example.test", "A", {})
        assert processor.get("ledger")["customers"] == []


if STRIPE_TEST_KEY:

    class TestStripeItself(GatewayContract):
        @pytest.fixture(scope="class", autouse=True)
        def _says_what_was_tested(self, pytestconfig):
            terminal = pytestconfig.get_terminal_writer()
            terminal.line()
            terminal.line(
                f"Stripe's test mode on {datetime.now(UTC):%Y-%m-%d}, API version {stripe.api_version}"
            )

        @pytest.fixture
        def bank(self):
            assert STRIPE_TEST_KEY.startswith(("sk_test_", "rk_test_")), (
                "only a test key: these tests move money"
            )
            return Bank(
                a_gateway(STRIPE_TEST_KEY),
                stripe.StripeClient(STRIPE_TEST_KEY, max_network_retries=0),
                unreachable=a_gateway(STRIPE_TEST_KEY, NOBODY_LISTENS),
                stranger=a_gateway("sk_nobody"),
            )
