"""The whole report of one purchase, from real payments and a real log."""

import json
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sidecar.activity.models import events
from sidecar.activity.rules import EventType
from sidecar.billing.changing import cancel
from sidecar.billing.ordering import Buyer, finish
from sidecar.billing.returning import refund
from sidecar.billing.switching import change_product
from sidecar.catalog.rules import ProductKind
from sidecar.db import reading, transaction
from sidecar.errors import NotFound
from sidecar.members.details import change_contact
from sidecar.privacy.erasing import erase_person
from sidecar.reports.gathering import gather
from sidecar.reports.limits import ALL_PAGES, FILE_BYTES, FILE_PAGES
from sidecar.reports.making import make, make_parts
from tests.billing.shop import OTHER_GOOD_CARD
from tests.reports.cases import ELSEWHERE, HOME_IP, Case


@pytest.fixture
def case(shop, tmp_path):
    return Case(shop, tmp_path)


def gathered(case, name):
    with reading() as reader:
        return gather(reader, case.shop.house.tables, name, now=case.shop.now)


def made(case, name, language="en"):
    return make(gathered(case, name), language)


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", re.sub(r"(?s)<style>.*?</style>", "", html)))


def test_the_first_page_says_who_bought_what_paid_used_and_was_told(case):
    case.live(7)
    dispute = case.dispute()
    report = made(case, dispute)
    text = words(report.html)
    assert "Alice Liddell" in text or "alice" in text
    assert "alice@example.test" in text
    assert f"from the IP address {HOME_IP}" in text
    assert "The customer paid here 7 times before, undisputed" in text
    assert "always with this very card" in text
    assert "read pages 3 times since the payment" in text
    assert "handed to the mail server for alice@example.test" in text
    assert "The subscription was not canceled" in text
    assert "No refund was given for this payment." in text
    assert "ticked a box to accept: terms of sale, refund policy, cancellation policy" in text
    assert "agree with the SHA-256 digests" in text
    assert "network code 10.4" in text
    assert "Answer due" in text
    assert report.pages <= 6
    assert report.pdf.startswith(b"%PDF-")
    assert len(report.pdf) < FILE_BYTES


def test_the_address_is_the_profile_s_and_left_out_where_it_has_none(case):
    case.live(1)
    assert "billing_address" not in made(case, case.order.uuid).fields
    lines = {
        "billing_address": "3 rue du Bois",
        "billing_zip_code": "69001",
        "billing_city": "Lyon",
        "billing_country": "FR",
    }
    change_contact(case.alice, lines, now=case.shop.now, by="test")
    assert made(case, case.order.uuid).fields["billing_address"] == "3 rue du Bois\n69001 Lyon\nFR"


def test_nothing_of_another_member_is_in_it(case):
    case.live(1)
    case.read(case.shop.now - timedelta(hours=1), ip="192.0.2.99", user=case.charlie)
    report = made(case, case.dispute())
    for text in (report.html, report.to_json({})):
        assert "charlie" not in text
        assert "192.0.2.99" not in text


@pytest.mark.parametrize("how", ["dispute", "charge", "order", "beginning"])
def test_it_is_found_by_dispute_charge_or_number_of_order(case, how):
    case.live(1)
    dispute = case.dispute()
    names = {
        "dispute": dispute,
        "charge": case.shop.settlements(case.order)[-1].charge_id,
        "order": case.order.uuid,
        "beginning": case.order.uuid[:8],
    }
    found = gathered(case, names[how])
    assert found.dispute is not None
    assert found.dispute.id == dispute
    assert found.payment is not None
    assert found.payment.cycle == 1


def test_what_is_unknown_is_said(case):
    for name in ("du_unknown", "0000", "", "%", "' OR 1=1 --"):
        with pytest.raises(NotFound):
            gathered(case, name)


def test_without_a_dispute_it_speaks_of_the_newest_payment_and_warns(case):
    case.live(1)
    report = made(case, case.order.uuid)
    assert "Evidence for a payment" in report.html
    assert any("No dispute over this order is known" in warning for warning in report.warnings)
    assert json.loads(report.to_json({}))["dispute"] is None


def test_visas_compelling_evidence_names_two_earlier_payments_of_the_same_card_and_address(case):
    case.live(8)
    fields = made(case, case.dispute()).fields
    answer = fields["enhanced_evidence"]["visa_compelling_evidence_3"]
    paid = case.shop.settlements(case.order)
    disputed = paid[-1]
    chosen = [
        next(row for row in paid if row.charge_id == one["charge"])
        for one in answer["prior_undisputed_transactions"]
    ]
    assert len(chosen) == 2
    assert all(120 <= (disputed.settled_at - row.settled_at).days <= 364 for row in chosen)
    transactions = [answer["disputed_transaction"], *answer["prior_undisputed_transactions"]]
    assert {one["customer_purchase_ip"] for one in transactions} == {HOME_IP}
    assert {one["customer_account_id"] for one in transactions} == {"alice"}
    assert answer["disputed_transaction"]["merchandise_or_services"] == "services"


def test_a_card_of_another_network_gets_no_answer_of_visas(shop, tmp_path):
    case = Case(shop, tmp_path, card=OTHER_GOOD_CARD)
    case.live(8)
    fields = made(case, case.dispute()).fields
    assert "enhanced_evidence" not in fields
    assert "Mastercard ending in 4444" in fields["uncategorized_text"]


def test_a_cancellation_after_the_payment_is_said_with_who_and_until_when(case):
    case.live(1)
    cancel(case.shop.desk, case.alice, case.order.uuid, by=f"user:{case.alice}")
    report = made(case, case.dispute("subscription_canceled"))
    text = words(report.html)
    assert "by the customer, to the end of what was paid (15 Aug 2026). That was after this payment." in text
    assert "cancellation_rebuttal" in report.fields
    assert text.index("Cancellation") < text.index("Terms accepted") < text.index("Use after the payment")


def test_a_cancellation_before_the_payment_is_no_rebuttal_and_the_owner_is_warned(case):
    first = case.shop.settlements(case.order)[0].charge_id
    case.live(1)
    second = case.shop.settlements(case.order)[1].charge_id
    cancel(case.shop.desk, case.alice, case.order.uuid, by=f"user:{case.alice}")
    with transaction() as session:
        canceled = sa.update(events).where(events.c.name == "cancel_at_end")
        session.execute(canceled.values(at=case.order.ordered_at + timedelta(days=1)))
    report = made(case, case.dispute("subscription_canceled", second))
    assert "cancellation_rebuttal" not in report.fields
    assert any("canceled before this payment" in warning for warning in report.warnings)
    assert first != second


def test_two_payments_are_told_apart(case):
    case.live(2)
    report = made(case, case.dispute("duplicate"))
    paid = case.shop.settlements(case.order)
    assert report.fields["duplicate_charge_id"] == paid[-2].charge_id
    explained = report.fields["duplicate_charge_explanation"]
    assert paid[-1].charge_id in explained
    assert paid[-2].charge_id in explained
    assert "15 Aug 2026 to 15 Sep 2026" in explained
    assert "15 Jul 2026 to 15 Aug 2026" in explained


def test_what_was_given_back_is_said_and_no_refusal_is_claimed(case):
    case.live(1)
    refund(case.shop.desk, case.order.uuid, 500, by="admin:1", reason="goodwill")
    report = made(case, case.dispute("credit_not_processed"))
    assert "5.00 EUR was given back" in words(report.html)
    assert "refund_refusal_explanation" not in report.fields


def test_an_entry_that_was_changed_is_said_to_bank_and_owner(case):
    case.live(1)
    dispute = case.dispute()
    with transaction() as session:
        session.execute(sa.update(events).where(events.c.name == "signed_in").values(ip=ELSEWHERE))
    report = made(case, dispute)
    assert "1 of the log entries used here does not agree" in words(report.html)
    assert any("does not agree" in warning for warning in report.warnings)


def test_a_member_who_reads_day_and_night_still_fits_every_bank(case):
    case.live(1)
    for minute in range(400):
        case.read(case.shop.now - timedelta(minutes=minute))
    for minute in range(200):
        at = case.shop.now - timedelta(minutes=minute)
        case.log(EventType.LOGIN, "signed_in", at, ip=HOME_IP)
        case.log(
            EventType.EMAIL, "sent", at, body={"to": "alice@example.test", "subject": "A long subject " * 12}
        )
    report = made(case, case.dispute())
    content = json.loads(report.to_json({"uncategorized_file": "x.pdf"}))
    assert "read pages 403 times" in words(report.html)
    assert "older ones are not shown" in report.html
    assert "older entries are left out.)" in report.fields["access_activity_log"]
    assert report.pages <= FILE_PAGES
    assert content["pages"] <= ALL_PAGES
    assert not any("more than banks take" in warning for warning in report.warnings)


NAMES = [
    "Zoë Đặng-Müller", "王小明", "محمد العربي", "שרה לוי", "नरेन्द्र मोदी", "Ελένη", "Дмитрий", "สมชาย", "👩🏽‍🌾 Ana",
    "<script>alert(1)</script>", "a\u0301\u0302\u0303", "\u202eevil\u202c", "x" * 250,
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_any_script_is_in_the_page_and_breaks_no_file(case, name):
    with transaction() as session:
        users = case.shop.house.tables.users
        session.execute(sa.update(users).where(users.c.id == case.alice).values(display_name=name))
    report = made(case, case.order.uuid)
    assert "<script>" not in report.html
    assert report.fields["customer_name"] == name
    assert report.pdf.startswith(b"%PDF-")
    assert report.pages >= 2


def test_a_purchase_that_was_erased_or_whose_buyer_is_gone_still_has_a_report(case):
    case.live(1)
    while not erase_person(case.shop.house.tables, "alice@example.test", now=case.shop.now)["done"]:
        pass
    report = made(case, case.order.uuid)
    assert "were erased on request." in report.html
    assert HOME_IP not in report.html
    assert "access_activity_log" not in report.fields or HOME_IP not in report.fields["access_activity_log"]
    with transaction() as session:
        session.execute(sa.delete(case.shop.house.tables.users))
    report = made(case, case.order.uuid)
    assert "account was deleted since" in words(report.html)
    assert "customer_name" not in report.fields


def test_it_can_be_cut_into_the_files_that_the_gateway_asks_for(case):
    case.live(2)
    parts = make_parts(gathered(case, case.dispute("duplicate")))
    assert set(parts) == {
        "uncategorized_file", "receipt", "service_documentation", "customer_communication", "refund_policy",
        "cancellation_policy", "duplicate_charge_documentation",
    }  # fmt: skip
    assert all(file.startswith(b"%PDF-") for file in parts.values())
    assert sum(map(len, parts.values())) < FILE_BYTES


def test_what_there_is_nothing_for_gets_no_file(shop, tmp_path):
    case = Case(shop, tmp_path)
    order = shop.buy(case.charlie, shop.product())
    assert set(make_parts(gathered(case, order.uuid))) == {"uncategorized_file", "receipt"}


def test_what_speaks_against_the_seller_is_told_to_him_alone(case):
    dispute = case.dispute()
    report = made(case, dispute)
    assert "Use after the payment" not in report.html
    assert "Earlier payments" not in report.html
    assert any("No page was read since the payment" in warning for warning in report.warnings)


def test_something_free_has_a_report_without_a_payment(shop, tmp_path):
    case = Case(shop, tmp_path)
    product = shop.product(kind=ProductKind.FREE, price_minor=0, every=None, unit=None)
    order = shop.buy(case.charlie, product, gateway="manual")
    report = made(case, order.uuid)
    assert "Nothing was paid for this order." in words(report.html)
    assert json.loads(report.to_json({}))["charge"] is None


def test_after_a_change_of_product_it_shows_what_was_accepted_at_the_first_checkout(case):
    dearer = case.shop.product("Platinum", price_minor=3900)
    buyer = Buyer(case.alice, "alice@example.test", "Alice Liddell")
    begun = change_product(case.shop.desk, buyer, case.order.uuid, dearer, "f" * 32, by=f"user:{case.alice}")
    case.shop.pay(begun)
    finish(case.shop.desk, "f" * 32)
    report = made(case, begun.order)
    text = words(report.html)
    assert "Platinum" in text
    assert "ticked a box to accept: terms of sale, refund policy, cancellation policy (15 Jun 2026" in text


def test_it_is_written_in_french_when_asked(case):
    case.live(1)
    report = made(case, case.dispute(), "fr")
    text = words(report.html)
    assert '<html lang="fr">' in report.html
    assert "Preuves pour un paiement contesté" in text
    for english in ("Customer", "undisputed", "Signed in", "handed to"):
        assert english not in text


def test_the_page_loads_nothing_and_runs_nothing(case):
    report = made(case, case.order.uuid)
    for forbidden in ("<script", "<img", "<link", "url(", "@import", "javascript:", " on"):
        assert forbidden not in re.sub(r"(?s)<title>.*?</title>|>[^<]*<", "><", report.html), forbidden
    assert "default-src 'none'" in report.html
