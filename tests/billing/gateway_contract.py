"""What every gateway must do, as tests: whoever adds one subclasses `GatewayContract` and gives it a `bank`.

The bank is the other side: the cardholder in his browser, and the card networks behind. It speaks Stripe's words, which
its test mode and the test processor have in common (`pm_card_visa` is a card that pays, and so on).
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from uuid import uuid4

import pytest
import stripe

from sidecar.billing.gateways.gateway import (
    BadWebhook,
    CardGone,
    Gateway,
    Intent,
    IntentStatus,
    IntentWish,
    NotExecuted,
    Unanswered,
)
from sidecar.demo.processor.webhooks import signature

BACK = "https://club.test/back"
PAYS, DECLINES_LATER, IS_REFUSED = "pm_card_visa", "pm_card_chargeCustomerFail", "pm_card_chargeDeclined"
IS_DISPUTED = "pm_card_createDispute"


@dataclass
class Bank:
    """`client` acts for the cardholder; `secret` signs webhooks; `unreachable`, `stranger`: the same gateway behind a closed
    port, and with a key that nobody knows."""

    gateway: Gateway
    client: stripe.StripeClient
    unreachable: Gateway
    stranger: Gateway
    secret: str = "whsec_test"

    def customer(self) -> str:
        return self.gateway.make_customer(a_key(), "alice@example.test", "Alice", {"user": "1"})

    def intent(self, customer: str, amount_minor: int = 1900, currency: str = "EUR") -> Intent:
        wish = IntentWish(amount_minor, currency, customer, {"receivable": "r-1"}, "an order")
        return self.gateway.make_intent(a_key(), wish)

    def pays(self, intent: Intent, card: str = PAYS) -> Intent:
        """The cardholder confirms in his browser; the intent as it is then."""
        self.client.v1.payment_intents.confirm(intent.id, {"payment_method": card, "return_url": BACK})
        return self.gateway.read_intent(intent.id)

    def card(self, customer: str, card: str = PAYS) -> str:
        return self.client.v1.payment_methods.attach(card, {"customer": customer}).id

    def charge(self, card: str = PAYS, amount_minor: int = 1900) -> Intent:
        """A kept card is charged without its holder."""
        customer = self.customer()
        intent = self.intent(customer, amount_minor)
        return self.gateway.confirm_intent(a_key(), intent.id, self.card(customer, card))


def a_key() -> str:
    return f"contract:{uuid4()}"


class GatewayContract:
    """Tests that take a `bank`."""

    # --- who --------------------------------------------------------------------------------------------------------

    def test_an_account_has_a_name_with_its_mode_and_a_clock(self, bank):
        account = bank.gateway.get_account()
        assert account.name == f"{account.id}:{'live' if bank.gateway.is_live else 'test'}"
        assert account.clock_s is not None
        assert bank.gateway.get_account().id == account.id

    def test_the_same_key_is_the_same_customer(self, bank):
        key = a_key()
        made = [bank.gateway.make_customer(key, "a@example.test", "A", {"user": "1"}) for _ in range(2)]
        assert made[0] == made[1] != bank.customer()

    # --- intents ----------------------------------------------------------------------------------------------------

    def test_an_intent_is_made_without_moving_money_and_says_what_it_was_asked_for(self, bank):
        customer = bank.customer()
        made = bank.intent(customer)
        read = bank.gateway.read_intent(made.id)
        assert (read.status, read.charge, read.error) == (IntentStatus.NEEDS_CARD, None, None)
        assert (read.amount_minor, read.currency, read.customer_id) == (1900, "EUR", customer)
        assert (dict(read.metadata), read.keeps_card) == ({"receivable": "r-1"}, False)
        assert read.client_secret.startswith(made.id)

    def test_the_same_key_and_wish_are_the_same_intent(self, bank):
        key, wish = a_key(), IntentWish(1900, "EUR", bank.customer(), {"receivable": "r-1"}, "an order")
        assert bank.gateway.make_intent(key, wish).id == bank.gateway.make_intent(key, wish).id

    def test_the_same_key_with_another_wish_is_no_answer(self, bank):
        key, customer = a_key(), bank.customer()
        bank.gateway.make_intent(key, IntentWish(1900, "EUR", customer, {}, "one"))
        with pytest.raises(Unanswered):
            bank.gateway.make_intent(key, IntentWish(2000, "EUR", customer, {}, "two"))

    def test_a_kept_card_is_charged_without_its_holder(self, bank):
        paid = bank.charge()
        assert (paid.status, paid.charge.succeeded, paid.charge.amount_minor) == (
            IntentStatus.SUCCEEDED,
            True,
            1900,
        )
        card = paid.charge.card
        assert (card.brand, card.last4, card.customer_id) == ("visa", "4242", paid.customer_id)
        assert card.fingerprint
        assert bank.gateway.read_card(card.id).fingerprint == card.fingerprint

    def test_a_decline_is_an_answer_with_its_charge_and_its_words(self, bank):
        declined = bank.charge(DECLINES_LATER)
        assert (declined.status, declined.charge.succeeded) == (IntentStatus.NEEDS_CARD, False)
        assert declined.charge.decline.decline_code == "generic_decline"
        assert (declined.error.code, declined.charge.card.last4) == ("card_declined", "0341")

    def test_a_declined_intent_can_be_tried_again_and_pays_once(self, bank):
        declined = bank.charge(DECLINES_LATER)
        good = bank.card(declined.customer_id)
        paid = bank.gateway.confirm_intent(a_key(), declined.id, good)
        assert paid.charge.id != declined.charge.id
        again = bank.gateway.confirm_intent(a_key(), declined.id, good)
        assert (again.status, again.charge.id) == (IntentStatus.SUCCEEDED, paid.charge.id)

    def test_the_same_key_confirms_once(self, bank):
        customer, key = bank.customer(), a_key()
        intent, card = bank.intent(customer), bank.card(customer)
        first = bank.gateway.confirm_intent(key, intent.id, card)
        assert bank.gateway.confirm_intent(key, intent.id, card).charge.id == first.charge.id

    def test_what_is_canceled_never_collects(self, bank):
        customer = bank.customer()
        intent = bank.intent(customer)
        assert bank.gateway.cancel_intent(intent.id).status is IntentStatus.CANCELED
        assert bank.gateway.cancel_intent(intent.id).status is IntentStatus.CANCELED
        after = bank.gateway.confirm_intent(a_key(), intent.id, bank.card(customer))
        assert (after.status, after.charge) == (IntentStatus.CANCELED, None)

    def test_what_has_succeeded_cannot_be_canceled_and_says_so(self, bank):
        paid = bank.charge()
        assert bank.gateway.cancel_intent(paid.id).status is IntentStatus.SUCCEEDED

    def test_a_card_that_was_taken_from_its_customer_is_gone_and_no_try_is_made(self, bank):
        customer = bank.customer()
        intent, card = bank.intent(customer), bank.card(customer)
        bank.client.v1.payment_methods.detach(card)
        with pytest.raises(CardGone):
            bank.gateway.confirm_intent(a_key(), intent.id, card)
        assert bank.gateway.read_intent(intent.id).charge is None

    def test_what_is_to_keep_a_card_is_charged_without_its_holder_only_once_that_is_off(self, bank):
        customer = bank.customer()
        intent, card = bank.gateway.keep_card(bank.intent(customer).id, keeps=True), bank.card(customer)
        assert intent.keeps_card
        with pytest.raises(NotExecuted):
            bank.gateway.confirm_intent(a_key(), intent.id, card)
        assert not bank.gateway.keep_card(intent.id, keeps=False).keeps_card
        assert bank.gateway.confirm_intent(a_key(), intent.id, card).status is IntentStatus.SUCCEEDED

    def test_a_card_that_was_kept_in_the_browser_can_be_charged_later(self, bank):
        customer = bank.customer()
        paid = bank.pays(bank.gateway.keep_card(bank.intent(customer).id, keeps=True))
        assert paid.status is IntentStatus.SUCCEEDED
        later = bank.gateway.confirm_intent(a_key(), bank.intent(customer).id, paid.charge.card.id)
        assert later.status is IntentStatus.SUCCEEDED

    def test_what_is_listed_is_the_newest_first_and_a_customers_own(self, bank):
        customer = bank.customer()
        made = [bank.intent(customer, amount).id for amount in (100, 200, 300)]
        since = bank.gateway.read_intent(made[0]).created_s
        listed = [one.id for one in bank.gateway.list_intents(since, customer)]
        assert sorted(listed) == sorted(made)
        assert set(made) <= {one.id for one in bank.gateway.list_intents(since)}
        assert list(bank.gateway.list_intents(since + 86_400, customer)) == []

    @pytest.mark.parametrize(
        "read", ["read_intent", "read_setup", "read_card", "read_charge", "read_dispute"]
    )
    def test_what_does_not_exist_is_no_passing_fault(self, bank, read):
        with pytest.raises(NotExecuted) as caught:
            getattr(bank.gateway, read)("xx_nobody")
        assert not caught.value.is_passing

    # --- sums -------------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("currency", ["EUR", "JPY", "ISK", "KWD", "RSD"])
    def test_the_smallest_sum_is_taken_in_our_minor_units(self, bank, currency):
        smallest = bank.gateway.smallest_minor(currency)
        assert smallest % bank.gateway.step_minor(currency) == 0
        made = bank.gateway.read_intent(bank.intent(bank.customer(), smallest * 100, currency).id)
        assert (made.amount_minor, made.currency) == (smallest * 100, currency)

    def test_less_than_the_smallest_sum_is_refused(self, bank):
        with pytest.raises(NotExecuted) as caught:
            bank.intent(bank.customer(), bank.gateway.smallest_minor("EUR") - 1)
        assert not caught.value.is_passing

    def test_some_currencies_are_not_taken(self, bank):
        assert bank.gateway.smallest_minor("XAU") is None

    # --- cards without a payment ------------------------------------------------------------------------------------

    def test_a_card_is_kept_without_a_payment(self, bank):
        customer = bank.customer()
        made = bank.gateway.make_setup(a_key(), customer, {"for": "o-1"})
        assert (made.is_done, made.card, dict(made.metadata)) == (False, None, {"for": "o-1"})
        bank.client.v1.setup_intents.confirm(made.id, {"payment_method": PAYS, "return_url": BACK})
        kept = bank.gateway.read_setup(made.id)
        assert (kept.is_done, kept.customer_id, kept.card.last4) == (True, customer, "4242")
        paid = bank.gateway.confirm_intent(a_key(), bank.intent(customer).id, kept.card.id)
        assert paid.status is IntentStatus.SUCCEEDED
        assert 0 < made.chosen_s <= kept.chosen_s <= paid.chosen_s

    def test_a_card_that_is_refused_is_shown_with_the_refusal(self, bank):
        made = bank.gateway.make_setup(a_key(), bank.customer(), {})
        with pytest.raises(stripe.CardError):
            bank.client.v1.setup_intents.confirm(made.id, {"payment_method": IS_REFUSED, "return_url": BACK})
        refused = bank.gateway.read_setup(made.id)
        assert (refused.is_done, refused.error.code, refused.card.last4) == (False, "card_declined", "0002")
        assert refused.attempt_id

    def test_a_set_up_that_is_canceled_keeps_no_card_and_one_that_is_done_stays(self, bank):
        made = bank.gateway.make_setup(a_key(), bank.customer(), {})
        assert not bank.gateway.cancel_setup(made.id).is_done
        with pytest.raises(stripe.InvalidRequestError):
            bank.client.v1.setup_intents.confirm(made.id, {"payment_method": PAYS, "return_url": BACK})
        done = bank.gateway.make_setup(a_key(), bank.customer(), {})
        bank.client.v1.setup_intents.confirm(done.id, {"payment_method": PAYS, "return_url": BACK})
        assert bank.gateway.cancel_setup(done.id).is_done

    # --- back -------------------------------------------------------------------------------------------------------

    def test_money_goes_back_once_for_a_key_and_never_more_than_came(self, bank):
        charge, key = bank.charge().charge.id, a_key()
        made = [bank.gateway.make_refund(key, charge, 500, "EUR", {"refund": "f-1"}) for _ in range(2)]
        assert (made[0].id, made[0].status, made[0].amount_minor) == (made[1].id, "succeeded", 500)
        with pytest.raises(NotExecuted) as caught:
            bank.gateway.make_refund(a_key(), charge, 1401, "EUR", {})
        assert not caught.value.is_passing
        listed = bank.gateway.list_refunds(charge)
        assert [(one.id, dict(one.metadata), one.charge_id) for one in listed] == [
            (made[0].id, {"refund": "f-1"}, charge)
        ]

    def test_an_intent_says_what_of_it_went_back(self, bank):
        paid = bank.charge()
        bank.gateway.make_refund(a_key(), paid.charge.id, 500, "EUR", {})
        assert bank.gateway.read_intent(paid.id).refunded_minor == 500

    def test_a_charge_knows_its_intent(self, bank):
        paid = bank.charge()
        intent_id, charge = bank.gateway.read_charge(paid.charge.id)
        assert (intent_id, charge.succeeded, charge.amount_minor) == (paid.id, True, 1900)

    def test_a_dispute_is_listed_with_its_charge(self, bank):
        paid = bank.charge(IS_DISPUTED)
        found = next(
            one for one in bank.gateway.list_disputes(paid.created_s) if one.charge_id == paid.charge.id
        )
        assert (found.status, found.amount_minor, found.currency, found.intent_id) == (
            "open",
            1900,
            "EUR",
            paid.id,
        )
        assert bank.gateway.read_dispute(found.id) == found

    # --- what was not carried out -----------------------------------------------------------------------------------

    def test_a_gateway_behind_a_closed_port_has_provably_done_nothing(self, bank):
        with pytest.raises(NotExecuted) as caught:
            bank.unreachable.get_account()
        assert caught.value.is_passing

    def test_a_key_that_nobody_knows_has_provably_done_nothing(self, bank):
        with pytest.raises(NotExecuted) as caught:
            bank.stranger.get_account()
        assert caught.value.is_passing

    # --- what it tells ----------------------------------------------------------------------------------------------

    def test_a_webhook_is_believed_when_it_is_signed(self, bank):
        event = {
            "id": "evt_1",
            "type": "charge.failed",
            "created": 7,
            "livemode": False,
            "data": {"object": {"id": "ch_1"}},
        }
        body = json.dumps(event).encode()
        notice = bank.gateway.check_webhook(body, signature(bank.secret, body, int(time.time())))
        assert (notice.id, notice.type, notice.object_id, notice.created_s) == (
            "evt_1",
            "charge.failed",
            "ch_1",
            7.0,
        )
        for forged in (signature("whsec_other", body, int(time.time())), signature(bank.secret, body, 7), ""):
            with pytest.raises(BadWebhook):
                bank.gateway.check_webhook(body, forged)

    def test_every_event_can_be_listed_whether_or_not_it_was_delivered(self, bank):
        paid = bank.charge()
        told = [one.type for one in bank.gateway.list_notices(paid.created_s) if one.object_id == paid.id]
        assert "payment_intent.succeeded" in told
