"""What each kind of mail says: what has happened, what it costs, what comes next, and the one link that helps."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sidecar.mail.letters import LETTERS_TO_MEMBERS
from sidecar.mail.rendering import KINDS, render
from tests.mail.builders import BEGAN_AT, MOMENTS, RENEWS_AT, a_purchase, some_facts

LANGUAGES = ("en", "fr")


def text_of(kind, purchase=None, language="en", **happening):
    """Of a mail, with plain spaces."""
    moment = {**MOMENTS[kind], **happening}
    return re.sub(r"[\xa0\u202f]", " ", render(kind, some_facts(purchase, **moment), language).text)


def link_of(kind, **happening):
    (url,) = re.findall(r"https://\S+", text_of(kind, **happening))
    return url.removeprefix("https://club.test")


def test_there_is_a_mail_for_every_kind_and_a_case_for_every_mail():
    assert set(MOMENTS) == set(KINDS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_mail_can_be_written_in_every_language(kind, language):
    mail = render(kind, some_facts(**MOMENTS[kind]), language)
    assert mail.subject
    assert "{" not in mail.subject + mail.text
    assert f'<html lang="{language}">' in mail.html


@pytest.mark.parametrize("kind", KINDS)
def test_a_french_mail_holds_no_english_sentence(kind):
    facts = some_facts(**MOMENTS[kind])
    english, french = (set(render(kind, facts, language).text.splitlines()) for language in LANGUAGES)
    assert english & french <= {"", "-- ", "Alder & Ash", "Billing is paused: the clock is wrong."}


@pytest.mark.parametrize("kind", set(LETTERS_TO_MEMBERS))
def test_a_mail_to_a_member_names_product_and_order_and_has_one_link(kind):
    text = text_of(kind)
    assert "Hello Alice,\n" in text
    assert "Product: Apprentice, monthly\n" in text
    assert "Order: 1a2b3c4d\n" in text
    assert link_of(kind).startswith("/")


def test_a_welcome_is_the_receipt_of_the_first_payment():
    text = text_of("welcome")
    assert "“Apprentice, monthly” is open to you now." in text
    assert "We have received your payment of €19.00." in text
    assert "The next payment, €19.00, is due on July 15, 2026." in text
    assert "Amount: €19.00\nIncluding 20 % tax: €3.17\nCard: Visa •••• 4242\n" in text
    assert "Period: June 15, 2026 – July 15, 2026\n" in text


def test_a_french_member_reads_his_own_amounts_and_dates():
    text = text_of("welcome", language="fr")
    assert "Bonjour Alice,\n" in text
    assert "Nous avons reçu votre paiement de 19,00 €." in text
    assert "Le prochain paiement, 19,00 €, est dû le 15 juillet 2026." in text
    assert "Dont taxe à 20 % : 3,17 €\n" in text


def test_amounts_have_the_decimals_of_their_currency():
    assert "¥1,900" in text_of("receipt", a_purchase(currency="JPY", next_minor=1900))
    assert "KWD 1.900" in text_of("receipt", a_purchase(currency="KWD", next_minor=1900))


def test_a_date_is_that_of_the_sites_calendar():
    late_in_the_evening = datetime(2026, 7, 15, 22, 30, tzinfo=UTC)
    assert "July 16, 2026" in text_of("receipt", a_purchase(next_at=late_in_the_evening))


def test_a_free_trial_says_when_it_costs_and_how_much():
    text = text_of("welcome", a_purchase(is_in_trial=True), amount_minor=0, source="waived")
    assert "There is nothing to pay this time." in text
    assert "Your trial lasts until July 15, 2026. Then the first payment is due: €19.00." in text


@pytest.mark.parametrize(
    ("left", "sentence"),
    [
        (2, "2 payments are left. The next one, €19.00, is due on July 15, 2026."),
        (1, "One payment is left: €19.00, due on July 15, 2026."),
    ],
)
def test_a_payment_plan_counts_what_is_left(left, sentence):
    assert sentence in text_of("receipt", a_purchase(payments_left=left))


def test_what_is_paid_once_has_no_next_payment():
    once = a_purchase(next_at=None, next_minor=0)
    assert "There is nothing more to pay. Your access lasts until July 15, 2026." in text_of("welcome", once)
    for_ever = replace(once, access_until=None)
    assert "There is nothing more to pay.\n" in text_of("welcome", for_ever)


def test_a_renewal_that_costs_nothing_says_so():
    assert "there is nothing to pay then" in text_of("receipt", a_purchase(next_minor=0))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("gateway", "We have received your payment of €19.00."),
        ("manual", "We have received your payment of €19.00."),
        ("credit", "It was paid from your credit with us: €19.00."),
        ("waived", "You do not have to pay for this period: €19.00 is waived."),
    ],
)
def test_a_receipt_says_what_has_paid(source, sentence):
    text = text_of("receipt", source=source)
    assert sentence in text
    assert ("Card: Visa" in text) is (source == "gateway")


def test_a_receipt_tells_what_was_paid_by_credit_from_what_was_charged():
    receipt = replace(a_purchase().receipt, credit_minor=500)
    text = text_of("receipt", a_purchase(receipt=receipt))
    assert "We have received your payment of €14.00." in text
    assert "Amount: €19.00\n" in text
    assert "Paid from your credit: €5.00\n" in text


def test_a_failed_payment_says_why_and_when_it_is_tried_again():
    text = text_of("payment_failed")
    assert "did not go through. According to your bank, there was not enough money in the account." in text
    assert "We will try again on July 15, 2026." in text
    assert "your access is closed" in text
    assert link_of("payment_failed") == "/my-account/"


@pytest.mark.parametrize(
    "code", ["lost_card", "stolen_card", "fraudulent", "do_not_honor", "something_new", None]
)
def test_only_the_bank_speaks_of_theft_and_fraud(code):
    assert "did not go through. Your bank has declined it." in text_of("payment_failed", decline=code)


def test_who_must_give_another_card_hears_until_when():
    text = text_of("payment_failed", act="wait_for_member", decline="no_card")
    assert "There is no card on file that we may charge." in text
    assert "another card in your account by July 15, 2026" in text
    assert "Visa" not in text


def test_who_keeps_access_while_overdue_hears_so():
    text = text_of("payment_failed", a_purchase(keeps_access_overdue=True))
    assert "Meanwhile you keep your access." in text
    assert "closed" not in text


@pytest.mark.parametrize("kind", ["payment_failed", "authentication_needed"])
def test_a_failure_without_a_date_names_none(kind):
    assert "2026" not in text_of(kind, at=None)


def test_who_must_confirm_is_led_there():
    text = text_of("authentication_needed")
    assert "wants you to confirm the payment of €19.00 yourself" in text
    assert "Confirm the payment: https://club.test/my-account/" in text


@pytest.mark.parametrize(
    ("reason", "words", "link"),
    [
        ("asked", "has ended, as requested", "/join/?rid=monthly"),
        ("period_end", "it was canceled, and the paid period is over", "/join/?rid=monthly"),
        ("unpaid", "the payment did not go through", "/join/?rid=monthly"),
        ("refunded", "its payment was refunded", "/join/?rid=monthly"),
        ("disputed", "the bank reversed its payment", "/"),
        ("user_deleted", "your account was removed", "/"),
        ("something_new", "“Apprentice, monthly” has ended.", "/join/?rid=monthly"),
    ],
)
def test_an_end_says_why_and_leads_back_who_is_welcome(reason, words, link):
    text = text_of("canceled", reason=reason, until=None)
    assert words in text
    assert "Nothing more will be charged for it." in text
    assert link_of("canceled", reason=reason, until=None) == link


def test_a_cancellation_for_later_says_until_when_access_lasts():
    text = text_of("canceled")
    assert "You keep full access until July 15, 2026." in text
    assert link_of("canceled") == "/my-account/"


def test_what_has_run_its_time_can_be_had_again():
    assert "the paid period is over" in text_of("expired")
    assert link_of("expired") == "/join/?rid=monthly"


def test_a_notice_before_a_renewal_names_day_sum_card_and_the_way_out():
    text = text_of("renewal_notice")
    assert "renews on July 15, 2026. On that day, we will charge €19.00 to your card Visa •••• 4242." in text
    assert "cancel in your account before that day" in text


def test_a_notice_to_who_pays_by_hand_promises_no_charge():
    text = text_of("renewal_notice", a_purchase(card=None))
    assert "On that day, €19.00 is due." in text
    assert "we will charge" not in text


def test_a_notice_repeats_the_sum_that_was_announced_not_a_later_one():
    assert "€25.00" in text_of("renewal_notice", amount_minor=2500)
    assert "€19.00" in text_of("renewal_notice", amount_minor=None)


def test_the_end_of_a_trial_is_announced_with_its_price():
    assert (
        "Your trial of “Apprentice, monthly” ends on July 15, 2026. On that day, we will charge €19.00"
        in text_of("trial_ending")
    )


def test_a_card_that_expires_is_named_with_its_month():
    text = text_of("card_expiring")
    assert "Your card Visa •••• 4242 is valid until August 2026." in text
    assert "Update my card: https://club.test/my-account/" in text
    assert "août 2026" in text_of("card_expiring", language="fr")


def test_a_new_date_is_the_one_in_the_mail():
    later = datetime(2026, 8, 1, 12, tzinfo=UTC)
    text = text_of("order_changed", at=later)
    assert "has a new date" in text
    assert "€19.00, is due on August 1, 2026" in text


def test_a_change_of_another_kind_says_how_things_stand_now():
    text = text_of("order_changed", what="product", at=None)
    assert "Your order has been changed: “Apprentice, monthly”." in text
    assert "is due on July 15, 2026" in text


def test_a_refund_names_the_sum_that_went_back():
    assert "We have refunded €4.50 for “Apprentice, monthly”." in text_of("refunded", amount_minor=450)


def test_an_alarm_goes_to_the_owner_with_its_sentence_and_no_members_order():
    text = text_of("alarm")
    assert "Billing is paused: the clock is wrong.\n" in text
    assert "Order" not in text
    assert link_of("alarm") == "/wp-admin/site-health.php"


def test_a_mail_of_a_kind_that_nobody_has_written_is_an_error():
    with pytest.raises(KeyError):
        render("birthday", some_facts(), "en")
    with pytest.raises(KeyError, match="tells of an order"):
        render("receipt", replace(some_facts(), purchase=None), "en")


def test_a_receipt_has_a_period_only_where_there_is_one():
    for_ever = replace(a_purchase().receipt, until_at=None)
    assert "Period" not in text_of("welcome", a_purchase(receipt=for_ever))
    assert BEGAN_AT < RENEWS_AT


def test_the_mail_of_a_seal_holds_the_whole_seal_on_one_line():
    seal = MOMENTS["log_seal"]["seal"]
    assert f"\nSeal: {seal}\n" in text_of("log_seal")
    assert f"gatepost log verify --seal '{seal}'" in text_of("log_seal")
