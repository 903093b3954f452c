"""A member changes to another level by the checkout: the unused part counts, and nobody changes what is another's."""

import re

import pytest

from sidecar.access.ruling import choose_core_page
from sidecar.billing.states import SubscriptionState
from sidecar.catalog.store import get_product
from sidecar.db import reading
from tests.house import NOW
from tests.pages.forms import ACCOUNT, FormReader, attributes
from tests.web.sender import Sender


@pytest.fixture
def alice(shop):
    """Alice's browser; she has Silver for 19.00 a month, ten days of it are over."""
    browser = Sender(shop, "checkout", shop.house.user("alice"))
    browser.order = shop.buy(browser.user_id, shop.product("Silver"))
    shop.move(days=10)
    return browser


def test_a_member_pays_the_difference_and_has_the_other_level(shop, alice):
    gold = shop.product("Gold", price_minor=4900)
    page = FormReader(shop, f"[MM_Form type='checkout' productId='{gold}']")
    words = page.words(alice.user_id)
    assert (
        "You change from Silver: the unused part of what you paid for it, €12.67, is set against the price."
        in words
    )
    assert "To pay now: €36.33." in words
    [sent] = re.findall('name="change" value="([0-9a-f&#;-]+)"', page.html(alice.user_id))
    assert sent.replace("&#045;", "-") == alice.order.uuid
    begun = alice.begin(gold, change=alice.order.uuid)
    assert (begun["state"], begun["message"]) == ("ok", "To pay now: €36.33.")
    assert alice.begin(gold, change=alice.order.uuid)["data"]["order"] == begun["data"]["order"]
    alice.pay(begun)
    assert alice.finish(begun)["message"] == "Thank you! Everything is ready for you."
    assert shop.read(alice.order).status is SubscriptionState.CANCELED
    with reading() as reader:
        assert shop.house.read(alice.user_id).level.level_id == get_product(reader, gold).grant_id


def test_what_costs_no_more_is_changed_at_once_and_the_rest_is_kept(shop, alice):
    bronze = shop.product("Bronze", price_minor=900)
    words = FormReader(shop, f"[MM_Form type='checkout' productId='{bronze}']").words(alice.user_id)
    assert "What is left of it, €3.67, is kept for your next payments." in words
    assert words.count("To pay now: €0.00.") == 1
    assert "Change now" in words
    written = FormReader(shop, f"[MM_Form type='checkout' productId='{bronze}']Mine[/MM_Form]").words(
        alice.user_id
    )
    assert written.count("To pay now: €0.00.") == 1
    begun = alice.begin(bronze, change=alice.order.uuid)
    assert "client_secret" not in begun["data"]
    assert alice.finish(begun)["state"] == "ok"
    assert shop.read(alice.order).status is SubscriptionState.CANCELED


def test_nobody_changes_what_is_anothers(shop, alice):
    gold = shop.product("Gold", price_minor=4900)
    bob = Sender(shop, "checkout", shop.house.user("bob"))
    shop.buy(bob.user_id, shop.product("Iron"))
    for sender in (bob, Sender(shop, "checkout")):
        for named in (alice.order.uuid, "x", "0" * 36):
            answer = sender.begin(gold, change=named, email="c@example.test", first_name="C", last_name="D")
            assert answer["state"] in {"error", "need_user"}
            assert "client_secret" not in answer["data"]
    assert shop.read(alice.order).status is SubscriptionState.ACTIVE


def test_a_link_to_another_level_leads_over_the_account_to_its_checkout(shop, alice):
    gold = shop.product("Gold", price_minor=4900)
    with reading() as reader:
        product = get_product(reader, gold)
    offers = shop.house.post("[MM_Form type='checkout']", "Offers", type="page")
    page = FormReader(shop, ACCOUNT)
    url = f"/account/?gatepost_want=change&gatepost_of=level-{product.grant_id}"
    assert "is not for sale here." in page.words(alice.user_id, url=url)
    choose_core_page("checkout", offers, now=NOW)
    assert "You want to change to" in page.words(alice.user_id, url=url)
    assert f"https://club.test/?page_id={offers}&rid={product.reference}" in attributes(
        page.html(alice.user_id, url=url), "href"
    )
    assert "want to change" not in page.words(
        alice.user_id, url="/account/?gatepost_want=change&gatepost_of=level-999"
    )
