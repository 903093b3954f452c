"""The forms in pages: the checkout and My Account, as a visitor, a member and somebody else's member get them."""

import json
import re
from dataclasses import replace

import pytest
import sqlalchemy as sa

from sidecar.access.ruling import choose_core_page
from sidecar.billing.changing import cancel, mark_paid, pause
from sidecar.catalog.making import archive_product, make_product
from sidecar.catalog.rules import Grant, ProductKind, Terms
from sidecar.catalog.store import get_product
from sidecar.db import db, reading
from sidecar.members.changing import make_member
from tests.billing.shop import product_id
from tests.house import NOW
from tests.pages.forms import ACCOUNT, CHECKOUT, FormReader, attributes, open_shop
from tests.pages.test_tags_on_pages import ROLES

HOSTILE = "<script>alert(1)</script> \"' [gallery] [MM_Member_Data name='email'] :) $9 & wordpress.org"


@pytest.fixture
def till(shop):
    return open_shop(shop)


def reference_of(name):
    with reading() as reader:
        return get_product(reader, name).reference


# --- checkout -----------------------------------------------------------------------------------------------------


def test_a_visitor_sees_what_it_costs_and_fields_for_who_he_is(till):
    name = till.product("Gold", trial_days=14, trial_price_minor=0)
    page = FormReader(till, f"[MM_Form type='checkout' productId='{name}']")
    markup, words = page.html(), page.words()
    assert "Free for 14 days, then €19.00 a month." in words
    assert "To pay now: €0.00." in words
    assert {"email", "first_name", "last_name", "password", "coupon"} <= set(attributes(markup, "name"))
    assert attributes(markup, "data-gatepost-script") == [f"{till.processor.url}/v3/"]
    assert attributes(markup, "data-gatepost-api") == ["https://club.test/index.php?rest_route=/gatepost/v1/"]
    assert json.loads(attributes(markup, "data-gatepost-words")[0])["save"] == "Save card and start"
    assert reference_of(name) in attributes(markup, "value")


def test_it_speaks_french_to_who_reads_french(till):
    page = FormReader(till, f"[MM_Form type='checkout' productId='{till.product()}']")
    words = page.words(language="fr_FR")
    assert "19,00 € par mois." in words.replace("\u00a0", " ")
    assert "Adresse e-mail" in words


def test_each_page_draws_a_token_of_its_own(till):
    page = FormReader(till, f"[MM_Form type='checkout' productId='{till.product()}']")
    drawn = {re.search(r'name="checkout" value="([0-9a-f]{64})"', page.html())[1] for _ in range(3)}
    assert len(drawn) == 3


def test_a_member_is_told_who_he_is_and_asked_for_nothing(till):
    alice = till.house.user("alice")
    page = FormReader(till, f"[MM_Form type='checkout' productId='{till.product()}']")
    assert "You are signed in as alice." in page.words(alice)
    assert "password" not in attributes(page.html(alice), "name")


def test_a_product_is_found_by_number_name_or_reference_and_by_the_address_only_by_reference(till):
    name = till.product("Gold")
    reference, number = reference_of(name), product_id(name)
    for wanted in (name, reference, str(number)):
        assert "€19.00" in FormReader(till, f"[MM_Form type='checkout' productId='{wanted}']").words()
    page = FormReader(till, CHECKOUT)
    assert "€19.00" in page.words(url=f"/join?rid={reference}")
    for other in (name, str(number), "", "x" * 5000, "%00", "%F0%9F%92%A5", reference.upper()):
        assert page.words(url=f"/join?rid={other}") == "There is nothing for sale under this address."


@pytest.mark.parametrize(
    ("role", "may"), [('a:1:{s:11:"contributor";b:1;}', False), ('a:1:{s:13:"administrator";b:1;}', True)]
)
def test_what_is_hidden_is_found_for_authors_who_may_know_of_it_and_by_its_reference(till, role, may):
    hidden = make_product(
        "Friends", Terms(ProductKind.FREE, 0, "EUR"), Grant.LEVEL, till.house.level("Friends"), now=NOW, is_hidden=True
    )  # fmt: skip
    author, reference, listed = till.house.user("author"), reference_of("Friends"), till.product("Gold")
    till.house.option("wp_user_roles", ROLES)
    till.house.meta(author, "wp_capabilities", role)
    for wanted in ("Friends", str(hidden), reference):
        text = f"[MM_Form type='checkout' productId='{wanted}']"
        inside = f"{text}[MM_Form_Data name='productName'][MM_Form_Button type='submit'][/MM_Form]"
        for written in (text, inside):
            markup = FormReader(till, written, author).html()
            assert ("Friends" in markup, reference in markup) == (may, may)
    assert "€19.00" in FormReader(till, f"[MM_Form type='checkout' productId='{listed}']", author).words()
    assert reference in FormReader(till, CHECKOUT, author).html(url=f"/join?rid={reference}")


def test_what_is_archived_or_cannot_be_paid_is_not_for_sale(till):
    name = till.product()
    page = FormReader(till, f"[MM_Form type='checkout' productId='{name}']")
    service = till.house.service
    service.rendering = replace(service.rendering, script_url="")
    assert "Nothing can be bought here" in page.words()
    archive_product(product_id(name), now=NOW)
    open_shop(till)
    assert page.words() == "This product is not sold any more."


def test_who_has_it_sees_that_instead_and_who_has_another_level_changes(till):
    alice, bob, charlie = (till.house.user(name) for name in ("alice", "bob", "charlie"))
    gold, silver = till.product("Gold"), till.product("Silver")
    till.buy(alice, gold)
    till.buy(bob, silver)
    page = FormReader(till, f"[MM_Form type='checkout' productId='{gold}']")
    assert page.words(alice) == "You have Gold already."
    assert (
        "You change from Silver: the unused part of what you paid for it, €19.00, is set against the price."
        in page.words(bob)
    )
    assert "To pay now: €0.00." in page.words(bob)
    assert "coupon" not in attributes(page.html(bob), "name")
    assert "€19.00" in page.words(charlie)


def test_who_has_to_pay_or_pays_in_another_currency_is_sent_to_his_account(till):
    alice = till.house.user("alice")
    silver = till.buy(alice, till.product("Silver"))
    page = FormReader(till, f"[MM_Form type='checkout' productId='{till.product('Gold')}']")
    francs = FormReader(
        till, f"[MM_Form type='checkout' productId='{till.product('Francs', currency='CHF')}']"
    )
    sentence = "You have a membership already. What can be done with it stands in your account."
    assert francs.words(alice) == sentence
    till.script(silver, {"decline_code": "insufficient_funds"})
    till.move(days=30, hours=1)
    till.run()
    assert page.words(alice) == sentence


def test_what_was_given_by_hand_is_had_until_it_ends(till):
    alice, level = till.house.user("alice"), till.house.level("Gold")
    name = till.product("Gold monthly", grant_id=level)
    make_member(alice, level, now=NOW, by="test", expires_at=NOW.replace(month=7))
    page = FormReader(till, f"[MM_Form type='checkout' productId='{name}']")
    assert page.words(alice) == "You have Gold monthly already."
    till.move(days=40)
    assert "€19.00" in page.words(alice)


def test_names_that_mean_harm_are_words_and_nothing_else(till):
    level = till.house.level("Level")
    name = HOSTILE[:100]
    terms = Terms(ProductKind.SUBSCRIPTION, 1900, "EUR", 1, "month")
    made = make_product(name, terms, Grant.LEVEL, level, now=NOW, description=HOSTILE)
    page = FormReader(till, f"[MM_Form type='checkout' productId='{made}']")
    markup = page.html()
    assert HOSTILE in page.words()
    assert "<script" not in markup
    for active in ("[gallery", "[MM_", ":)", "wordpress.org", "\n", "$9"):
        assert active not in markup
    alice = till.house.user("alice")
    till.buy(alice, name)
    account = FormReader(till, ACCOUNT)
    assert name in account.words(alice)
    assert "<script" not in account.html(alice)
    assert "[gallery" not in account.html(alice)


def test_what_is_paid_by_hand_takes_no_card(till):
    alice = till.house.user("alice")
    mark_paid(till.desk, till.buy(alice, till.product("Gold"), gateway="manual").uuid, by="test")
    page = FormReader(till, ACCOUNT)
    assert "Next payment: €19.00" in page.words(alice)
    assert "card" not in page.words(alice).partition("Your details")[0].lower()
    assert "card_begin" not in page.html(alice)


# --- caches and queries -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [CHECKOUT, ACCOUNT])
def test_a_page_with_a_form_is_kept_by_no_cache_whoever_looks(till, text):
    page = FormReader(till, text)
    assert page.ask()["page"] == {"cache": "private", "until": None}
    assert FormReader(till, "no form").ask()["page"]["cache"] == "public"


def test_a_page_without_a_form_asks_the_database_nothing_more(till):
    """What this page asked before there were forms."""
    alice = till.house.user("alice")
    till.buy(alice, till.product())
    page = FormReader(till, "Hello [MM_Member_Data name='id']")
    page.ask(alice)
    asked = []
    engines = {db.engine, till.house.app.extensions["gatepost_reader"]}
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", lambda *event: asked.append(event[2]))
    page.ask(alice)
    assert len(asked) == 1


# --- My Account ---------------------------------------------------------------------------------------------------


def test_a_member_sees_what_he_has_what_comes_next_and_his_card_and_nobody_elses(till):
    alice, charlie = till.house.user("alice"), till.house.user("charlie")
    order = till.buy(alice, till.product("Gold"))
    page = FormReader(till, ACCOUNT)
    words = page.words(alice)
    assert "Next payment: €19.00 on July 15, 2026." in words
    assert "Card: Visa ending in 4242" in words
    assert attributes(page.holdings(alice), "data-gatepost-step") == ["card_begin", "pause", "cancel"]
    assert "Cancel Gold? You keep access until July 15, 2026." in attributes(
        page.html(alice), "data-gatepost-confirm"
    )
    assert attributes(page.holdings(alice), "value") == [order.uuid]
    assert page.words(charlie) == "You have no membership yet."
    assert "<form" not in page.html(charlie)


def test_a_visitor_is_asked_to_sign_in_and_comes_back_to_this_page(till):
    page = FormReader(till, ACCOUNT)
    assert page.words(url="/account/") == "Please sign in to see your account.\nLog in"
    assert (
        "redirect_to=https%3A%2F%2Fclub.test%2Faccount%2F"
        in attributes(page.html(url="/account/"), "href")[0]
    )


def test_what_is_overdue_is_said_with_one_button_that_pays_it(till):
    alice = till.house.user("alice")
    order = till.buy(alice, till.product("Gold"))
    till.script(order, {"decline_code": "insufficient_funds"})
    till.move(days=30, hours=1)
    till.run()
    page = FormReader(till, ACCOUNT)
    words = page.words(alice)
    assert "Your payment of €19.00 did not go through. Please pay it before July 17, 2026." in words
    assert words.count("Pay €19.00 now with a new card") == 1
    assert attributes(page.holdings(alice), "data-gatepost-step") == ["pay", "cancel"]
    assert json.loads(attributes(page.html(alice), "data-gatepost-words")[0])["pay"] == "Pay €19.00"


def test_each_state_has_its_sentence_and_what_can_be_done(till):
    alice, bob = till.house.user("alice"), till.house.user("bob")
    canceled, paused = till.buy(alice, till.product("Gold")), till.buy(bob, till.product("Silver"))
    cancel(till.desk, alice, canceled.uuid, by="test")
    pause(till.desk, bob, paused.uuid, by="test")
    page = FormReader(till, ACCOUNT)
    assert "Canceled. You have access until July 15, 2026." in page.words(alice)
    assert attributes(page.holdings(alice), "data-gatepost-step") == ["keep"]
    assert "Paused: nothing is collected" in page.words(bob)
    assert "resume" in attributes(page.holdings(bob), "data-gatepost-step")


def test_what_is_bought_once_has_no_next_payment_and_no_form(till):
    alice = till.house.user("alice")
    till.buy(alice, till.once(access_days=30))
    page = FormReader(till, ACCOUNT)
    assert "You have access until July 15, 2026." in page.words(alice)
    assert "<form" not in page.holdings(alice)


def test_what_no_order_pays_for_is_shown_too_and_once(till):
    house = till.house
    level, bundle = house.level("Gold"), house.bundle("Club")
    alice = house.user("alice")
    make_member(alice, level, now=NOW, by="test")
    till.buy(alice, till.product("Club monthly", Grant.BUNDLE, bundle))
    words = FormReader(till, ACCOUNT).words(alice).splitlines()
    assert words.count("Gold") == 1
    assert words.count("Club") == 1
    assert "Active." in words


def test_what_was_just_done_is_said_and_nothing_else_of_the_address(till):
    alice = till.house.user("alice")
    till.buy(alice, till.product())
    page = FormReader(till, ACCOUNT)
    assert "Your cancellation is noted." in page.words(alice, url="/account/?gatepost_said=cancel")
    assert "harm" not in page.html(alice, url="/account/?gatepost_said=harm")


def test_the_owners_own_pages_are_linked(till):
    house = till.house
    login, offers = house.post("x", "Sign in", type="page"), house.post("x", "Offers", type="page")
    choose_core_page("login", login, now=NOW)
    choose_core_page("checkout", offers, now=NOW)
    page = FormReader(till, ACCOUNT)
    assert attributes(page.html(), "href")[0].startswith(f"https://club.test/?page_id={login}&redirect_to=")
    assert attributes(page.html(house.user("alice")), "href") == [f"https://club.test/?page_id={offers}"]


def test_a_purchase_decides_what_a_page_shows(till):
    alice, bob = till.house.user("alice"), till.house.user("bob")
    gold, silver = till.product("Gold"), till.product("Silver")
    till.buy(alice, gold)
    till.buy(bob, silver)
    tag = f"[MM_Member_Decision purchasedProduct='{product_id(gold)}']bought[/MM_Member_Decision]"
    page = FormReader(till, tag)
    assert (page.html(alice), page.html(bob), page.html()) == ("bought", "", "")
