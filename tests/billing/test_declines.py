"""What a decline advises: every word that Stripe documents, and the networks' own codes."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.billing.overdue import Advice, Decline, advice_of, is_never_again, wait_of

DECLINE_CODES = {
    Advice.NONE: """call_issuer do_not_honor generic_decline no_action_taken invalid_amount security_violation
        incorrect_pin invalid_pin""",
    Advice.TRY_LATER: """try_again_later approve_with_id issuer_not_available processing_error reenter_transaction
        duplicate_transaction insufficient_funds card_velocity_exceeded withdrawal_count_limit_exceeded""",
    Advice.AUTHENTICATE: """authentication_required authentication_not_handled offline_pin_required
        online_or_offline_pin_required mobile_device_authentication_required""",
    Advice.NEW_CARD: """card_not_supported currency_not_supported do_not_try_again expired_card fraudulent
        incorrect_address incorrect_cvc incorrect_number incorrect_zip invalid_account invalid_cvc
        invalid_expiry_month invalid_expiry_year invalid_number lost_card merchant_blacklist
        new_account_information_available not_permitted pickup_card pin_try_exceeded restricted_card
        service_not_allowed stolen_card testmode_decline transaction_not_allowed""",
    Advice.END: "revocation_of_authorization revocation_of_all_authorizations stop_payment_order",
}
"""The fifty codes of Stripe's page, each once."""

EVERY_CODE = [(code, advice) for advice, codes in DECLINE_CODES.items() for code in codes.split()]

words = st.text(max_size=12)
declines = st.builds(
    Decline,
    code=st.sampled_from(["", "card_declined", "expired_card", "authentication_required"]),
    decline_code=st.sampled_from(["", *(code for code, _advice in EVERY_CODE)]),
    advice_code=st.sampled_from(["", "try_again_later", "do_not_try_again", "confirm_card_data"]),
    network_decline_code=st.sampled_from(["", "05", "14", "51", "54", "R0", "r1", "1A", "N7"]),
    network_advice_code=st.sampled_from(["", "01", "02", "03", "21", "24", "30", "40"]),
    brand=st.sampled_from(["", "visa", "mastercard", "amex"]),
)


def test_every_code_of_stripes_page_is_looked_at():
    assert len({code for code, _advice in EVERY_CODE}) == len(EVERY_CODE) == 50


@pytest.mark.parametrize(("code", "advice"), EVERY_CODE)
def test_a_decline_code_advises(code, advice):
    assert advice_of(Decline(code="card_declined", decline_code=code)) is advice


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("card_declined", Advice.NONE),
        ("expired_card", Advice.NEW_CARD),
        ("incorrect_number", Advice.NEW_CARD),
        ("authentication_required", Advice.AUTHENTICATE),
        ("payment_intent_authentication_failure", Advice.AUTHENTICATE),
        ("setup_intent_authentication_failure", Advice.AUTHENTICATE),
        ("processing_error", Advice.TRY_LATER),
        ("card_decline_rate_limit_exceeded", Advice.TRY_LATER),
        ("a_code_of_next_year", Advice.NONE),
    ],
)
def test_an_error_code_without_a_decline_code_advises_too(code, advice):
    assert advice_of(Decline(code=code)) is advice


@pytest.mark.parametrize(
    ("advice_code", "advice"),
    [
        ("try_again_later", Advice.TRY_LATER),
        ("do_not_try_again", Advice.NEW_CARD),
        ("confirm_card_data", Advice.NEW_CARD),
        ("", Advice.NONE),
    ],
)
def test_stripes_advice_counts_where_the_code_says_nothing(advice_code, advice):
    assert advice_of(Decline(decline_code="generic_decline", advice_code=advice_code)) is advice


@pytest.mark.parametrize(
    ("brand", "network_advice", "advice"),
    [
        ("mastercard", "01", Advice.NEW_CARD),
        ("mastercard", "02", Advice.TRY_LATER),
        ("mastercard", "03", Advice.NEW_CARD),
        ("mastercard", "21", Advice.END),
        ("MasterCard", "21", Advice.END),
        *[("mastercard", str(code), Advice.TRY_LATER) for code in range(24, 31)],
        ("mastercard", "40", Advice.NEW_CARD),
        ("mastercard", "41", Advice.NEW_CARD),
        ("mastercard", "99", Advice.NEW_CARD),
        ("mastercard", "77", Advice.NONE),
        ("visa", "24", Advice.NONE),
        ("", "40", Advice.NONE),
        ("visa", "21", Advice.END),
        ("", "03", Advice.NEW_CARD),
    ],
)
def test_mastercards_advice_is_read_for_mastercard_only_but_what_forbids_whoever_says_it(
    brand, network_advice, advice
):
    decline = Decline(decline_code="do_not_honor", network_advice_code=network_advice, brand=brand)
    assert advice_of(decline) is advice


@pytest.mark.parametrize(
    ("brand", "answer", "advice"),
    [
        *[("visa", code, Advice.END) for code in ("R0", "R1", "R3", "r3")],
        *[("visa", code, Advice.NEW_CARD) for code in "04 07 12 14 15 41 43 46 57".split()],  # noqa: SIM905
        ("visa", "54", Advice.NEW_CARD),
        ("visa", "N7", Advice.NEW_CARD),
        ("visa", "1A", Advice.AUTHENTICATE),
        ("visa", "51", Advice.TRY_LATER),
        ("visa", "05", Advice.NONE),
        ("amex", "R1", Advice.NONE),
    ],
)
def test_visas_answer_is_read_for_visa_only(brand, answer, advice):
    decline = Decline(decline_code="generic_decline", network_decline_code=answer, brand=brand)
    assert advice_of(decline) is advice


@pytest.mark.parametrize(
    ("decline", "advice"),
    [
        (Decline(decline_code="insufficient_funds", advice_code="do_not_try_again"), Advice.NEW_CARD),
        (Decline(decline_code="lost_card", advice_code="try_again_later"), Advice.NEW_CARD),
        (Decline(decline_code="lost_card", network_advice_code="21", brand="mastercard"), Advice.END),
        (Decline(decline_code="stop_payment_order", advice_code="do_not_try_again"), Advice.END),
        # A bank that wants the member to authenticate says "additional information needed" in Mastercard's words.
        (
            Decline(
                decline_code="authentication_required",
                advice_code="confirm_card_data",
                network_advice_code="01",
                brand="mastercard",
            ),
            Advice.AUTHENTICATE,
        ),
        (
            Decline(decline_code="authentication_required", advice_code="do_not_try_again"),
            Advice.NEW_CARD,
        ),
    ],
)
def test_of_two_advices_the_stricter_holds(decline, advice):
    assert advice_of(decline) is advice


@given(declines)
def test_a_word_more_never_makes_a_revocation_milder(decline):
    revoked = Decline(**{**vars(decline), "decline_code": "revocation_of_authorization"})
    assert advice_of(revoked) is Advice.END


@given(declines)
def test_what_may_be_tried_later_says_nowhere_that_it_may_not(decline):
    if advice_of(decline) in {Advice.TRY_LATER, Advice.NONE}:
        assert not is_never_again(decline)
        assert decline.advice_code not in {"do_not_try_again", "confirm_card_data"}
    else:
        assert advice_of(decline) in {Advice.NEW_CARD, Advice.AUTHENTICATE, Advice.END}


@given(words, words, words, words, words, words)
def test_unknown_words_advise_nothing_and_raise_nothing(code, decline_code, advice, answer, network, brand):
    marked = [f"x-{word}" for word in (code, decline_code, advice, answer, network, brand)]
    assert advice_of(Decline(*marked)) is Advice.NONE


def test_a_decline_that_says_nothing_advises_nothing():
    assert advice_of(Decline()) is Advice.NONE
    assert not is_never_again(Decline())
    assert wait_of(Decline()) == timedelta(0)


@pytest.mark.parametrize(
    "decline",
    [
        Decline(decline_code="lost_card"),
        Decline(decline_code="stolen_card"),
        Decline(decline_code="pickup_card"),
        Decline(decline_code="revocation_of_all_authorizations"),
        Decline(advice_code="do_not_try_again"),
        Decline(network_advice_code="03", brand="mastercard"),
        Decline(network_decline_code="46", brand="visa"),
    ],
)
def test_a_card_that_is_gone_is_never_tried_again(decline):
    assert is_never_again(decline)


@pytest.mark.parametrize(
    "decline",
    [
        Decline(decline_code="insufficient_funds"),
        Decline(decline_code="authentication_required"),
        Decline(code="expired_card"),
        Decline(decline_code="incorrect_cvc"),
        Decline(advice_code="confirm_card_data"),
        Decline(network_decline_code="54", brand="visa"),
        Decline(network_decline_code="46", brand="mastercard"),
    ],
)
def test_wrong_data_and_missing_authentication_do_not_forbid_a_card(decline):
    assert not is_never_again(decline)


@pytest.mark.parametrize(
    ("code", "hours"),
    [
        ("24", 1),
        ("25", 24),
        ("26", 48),
        ("27", 96),
        ("28", 144),
        ("29", 192),
        ("30", 240),
        ("02", 0),
        ("", 0),
    ],
)
def test_mastercard_says_how_long_to_wait(code, hours):
    assert wait_of(Decline(network_advice_code=code, brand="mastercard")) == timedelta(hours=hours)
    assert wait_of(Decline(network_advice_code=code, brand="visa")) == timedelta(0)
