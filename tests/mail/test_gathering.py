"""Who gets a mail, and what it says of his order, as things stand when it is written."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from sidecar.access.ruling import choose_core_page
from sidecar.billing.models import orders
from sidecar.catalog.making import archive_product, make_level
from sidecar.catalog.rules import Grant, ProductKind
from sidecar.db import reading, transaction
from sidecar.mail.facts import CardOnFile
from sidecar.mail.gathering import Gathering, Nobody
from sidecar.mail.rendering import render
from sidecar.outbox import list_waiting
from tests.house import NOW
from tests.mail.orders import a_free_order


def payloads():
    with reading() as reader:
        return [parcel.payload for parcel in list_waiting(reader, "mail")]


def gather(house, payload=None):
    """Of the only mail that waits, unless a payload is given."""
    with reading() as reader:
        return Gathering(reader, house.tables).gather(payload or payloads()[-1])


def a_page(house, kind, title):
    post_id = house.post(title=title, type="page", post_status="publish")
    choose_core_page(kind, post_id, now=NOW)
    return post_id


def test_a_purchase_is_told_with_its_next_payment_its_card_and_its_receipt(shop):
    alice = shop.house.user("alice")
    order = shop.buy(alice, shop.product("Apprentice, monthly", tax_ppm=200_000, tax_country="FR"))
    addressee, facts = gather(shop.house)
    assert (addressee.address, addressee.user_id, addressee.order_uuid) == (
        "alice@example.test",
        alice,
        order.uuid,
    )
    purchase = facts.purchase
    assert (purchase.number, purchase.product) == (order.uuid[:8], "Apprentice, monthly")
    assert (purchase.next_at, purchase.next_minor) == (order.next_due_at, 1900)
    assert (purchase.card.brand, purchase.card.last4) == ("visa", "4242")
    assert (purchase.receipt.tax_minor, purchase.receipt.from_at) == (317, NOW)
    assert (facts.happening.amount_minor, facts.happening.source) == (1900, "gateway")
    assert payloads()[-1]["kind"] == "welcome"


def test_a_trial_names_the_first_full_payment(shop):
    shop.buy(shop.house.user("alice"), shop.product(trial_days=14, trial_price_minor=0))
    _addressee, facts = gather(shop.house)
    assert (facts.purchase.is_in_trial, facts.purchase.next_minor) == (True, 1900)
    assert facts.purchase.next_at == NOW + timedelta(days=14)
    assert facts.happening.amount_minor == 0


def test_a_payment_plan_counts_the_payments_that_are_left(shop):
    shop.buy(shop.house.user("alice"), shop.product(kind=ProductKind.PAYMENT_PLAN, payments=3))
    assert gather(shop.house)[1].purchase.payments_left == 2


def test_a_declined_renewal_is_told_with_its_reason_and_the_next_try(shop):
    order = shop.buy(shop.house.user("alice"), shop.product())
    shop.script(order, {"decline_code": "insufficient_funds"})
    shop.move(days=30, hours=1)
    shop.run()
    payload = payloads()[-1]
    assert payload["kind"] == "payment_failed"
    addressee, facts = gather(shop.house, payload)
    assert (facts.happening.act, facts.happening.decline) == ("retry", "insufficient_funds")
    text = render("payment_failed", facts, addressee.language).text
    assert "We will try again on July 17, 2026." in text
    assert "not enough money" in text


def test_whether_access_stays_while_overdue_is_the_products_word_then_the_levels(shop):
    alice, bob = shop.house.user("alice"), shop.house.user("bob")
    generous = make_level("Generous", now=NOW, keeps_access_overdue=True)
    hers = shop.buy(alice, shop.product(grant_id=generous))
    his = shop.buy(bob, shop.product(grant_id=generous, keeps_access_overdue=False))
    keeps = {
        payload["order"]: gather(shop.house, payload)[1].purchase.keeps_access_overdue
        for payload in payloads()
    }
    assert keeps == {hers.id: True, his.id: False}


def test_a_bundle_is_told_like_a_level(shop):
    make_level("Free", now=NOW, is_free=True)
    level = shop.house.member(shop.house.level(), "alice")
    shop.buy(level.user_id, shop.once(name="Hand tools", grant=Grant.BUNDLE))
    purchase = gather(shop.house)[1].purchase
    assert (purchase.product, purchase.next_at, purchase.access_until) == ("Hand tools", None, None)


def test_a_notice_of_a_card_that_was_replaced_meanwhile_is_not_sent(shop):
    alice = shop.house.user("alice")
    order = shop.buy(alice, shop.product())
    payload = {
        "kind": "card_expiring",
        "member": order.member_id,
        "order": order.id,
        "data": {"last4": "0000"},
    }
    assert gather(shop.house, payload).reason == "the card has been replaced"
    payload["data"]["last4"] = "4242"
    assert isinstance(gather(shop.house, payload)[1].purchase.card, CardOnFile)


# --- addresses ------------------------------------------------------------------------------------------------------


def test_links_lead_to_the_owners_pages(house):
    house.option("permalink_structure", "/%postname%/")
    a_page(house, "myaccount", "My account")
    a_page(house, "checkout", "Join")
    a_free_order(house, house.user("alice"), "Apprentice & Co")
    _addressee, facts = gather(house)
    assert facts.account_url == "https://club.test/my-account/"
    assert facts.checkout_url.startswith("https://club.test/join/?rid=")
    assert facts.admin_url == "https://club.test/wp-admin/site-health.php"


def test_without_such_pages_links_lead_to_the_site(house):
    a_free_order(house, house.user("alice"))
    _addressee, facts = gather(house)
    assert (facts.account_url, facts.checkout_url) == ("https://club.test/", "https://club.test/")


def test_plain_links_keep_their_query(house):
    page_id = a_page(house, "checkout", "Join")
    a_free_order(house, house.user("alice"))
    assert f"?page_id={page_id}&rid=" in gather(house)[1].checkout_url


def test_what_is_not_sold_any_more_leads_to_the_checkout_without_it(house):
    house.option("permalink_structure", "/%postname%/")
    a_page(house, "checkout", "Join")
    order = a_free_order(house, house.user("alice"))
    archive_product(order.product_id, now=NOW)
    assert gather(house)[1].checkout_url == "https://club.test/join/"


# --- names ----------------------------------------------------------------------------------------------------------


def test_a_sites_name_is_read_as_wordpress_means_it(house):
    house.option("blogname", "Alder &amp; Ash &#039;24")
    a_free_order(house, house.user("alice"))
    assert gather(house)[1].site_name == "Alder & Ash '24"


def test_a_hostile_first_name_and_product_reach_nobody(house):
    alice = house.user("alice")
    house.meta(alice, "first_name", "Win at http://evil.example\r\nBcc: everybody@example.test")
    a_free_order(house, alice, "<script>\r\nX: y</script>[gallery]"[:90])
    addressee, facts = gather(house)
    mail = render("welcome", facts, addressee.language)
    assert mail.subject == "Welcome: <script> X: y</script>[gallery]"
    assert mail.text.startswith("Hello,\n")
    assert "<script>" not in mail.html
    assert "[" not in mail.html
    assert "evil" not in mail.html + mail.text


def test_no_mail_holds_a_secret(shop):
    order = shop.buy(shop.house.user("alice"), shop.product())
    addressee, facts = gather(shop.house)
    mail = render("welcome", facts, addressee.language)
    for secret in (order.token, order.uuid, shop.card_of(order), "192.0.2.7", "_secret_", "pi_"):
        assert secret not in mail.text + mail.html


# --- nobody ---------------------------------------------------------------------------------------------------------


def test_a_member_whose_order_cannot_be_read_is_an_error_not_a_wrong_mail(house):
    order = a_free_order(house, house.user("alice"))
    with transaction() as session:
        session.execute(sa.update(orders).where(orders.c.id == order.id).values(terms="{}"))
    with pytest.raises(Exception, match="terms"):
        gather(house)


@pytest.mark.parametrize("member", [4711, 0])
def test_a_member_that_does_not_exist_is_nobody(house, member):
    found = gather(house, {"kind": "receipt", "member": member, "order": 1, "data": {}})
    assert isinstance(found, Nobody)
    assert found.addressee.address == ""


def test_an_alarm_is_the_owners_in_the_sites_language(house):
    house.option("admin_email", "owner@example.test")
    house.option("WPLANG", "fr_FR")
    payload = {
        "kind": "alarm",
        "member": None,
        "order": None,
        "data": {"sentence": "Attention :\r\nl’horloge."},
    }
    addressee, facts = gather(house, payload)
    assert (addressee.address, addressee.language, addressee.member_id) == ("owner@example.test", "fr", None)
    assert facts.happening.sentence == "Attention : l’horloge."
