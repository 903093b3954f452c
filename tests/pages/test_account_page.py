"""My Account beside the money: details, links that want something, the page before a cancellation, an author's own account page."""

import html
import re

import pytest

from sidecar.access.ruling import choose_core_page
from sidecar.catalog.making import make_field
from sidecar.catalog.rules import Grant
from sidecar.members.changing import make_member
from sidecar.members.details import answer_field, change_contact
from tests.house import NOW
from tests.pages.forms import ACCOUNT, FormReader, attributes, open_shop
from tests.pages.test_page_views import Reader, apply


@pytest.fixture
def till(shop):
    return open_shop(shop)


@pytest.fixture
def alice(till):
    """A member who says where she lives and has Gold."""
    user_id = till.house.user("alice")
    till.buy(user_id, till.product("Gold"))
    change_contact(user_id, {"phone": "0228 1", "billing_city": "Bonn"}, now=NOW, by="test")
    return user_id


def test_a_member_finds_what_he_has_said_of_himself_and_nobody_else_does(till, alice):
    size = make_field("Shoe size", now=NOW)
    answer_field(alice, size, "38 narrow", now=NOW, by="test")
    page = FormReader(till, ACCOUNT)
    values = attributes(page.html(alice), "value")
    assert {"0228 1", "Bonn", "38 narrow", "alice@example.test"} <= set(values)
    assert {"first_name", "last_name", "email", "password", f"custom_{size}"} <= set(
        attributes(page.html(alice), "name")
    )
    assert "Download my data" in page.words(alice)
    bob = till.house.user("bob")
    make_member(bob, till.house.level("Free"), now=NOW, by="test")
    for other in (page.html(bob), page.html(till.house.user("charlie")), page.html()):
        assert "Bonn" not in other
        assert "38 narrow" not in other
    assert "password" not in attributes(page.html(till.house.user("dora")), "name")


def test_the_address_fills_in_nothing_in_the_account(till, alice):
    size = make_field("Shoe size", now=NOW)
    assert "harm" not in FormReader(till, ACCOUNT).html(alice, url=f"/account/?cf_{size}=harm")


@pytest.mark.parametrize("act", ["cancel", "pause"])
def test_a_link_that_wants_something_marks_what_it_means_and_does_nothing(till, alice, act):
    page = FormReader(till, ACCOUNT)
    url = f"/account/?gatepost_want={act}&gatepost_of=level"
    assert f"You want to {act} Gold: the button is below." in page.words(alice, url=url)
    assert 'id="gatepost-wanted"' in page.html(alice, url=url)
    for other in ("level-1-1", "bundle-7", "bundle-x", "", "harm"):
        markup = page.html(alice, url=f"/account/?gatepost_want=cancel&gatepost_of={other}")
        assert ("gatepost-wanted" in markup) is other.startswith("level")
        assert "harm" not in markup


def test_who_cancels_goes_over_the_owners_page_where_one_click_does_it(till, alice):
    sale = till.house.post("Stay! [MM_Form type='myaccount']", "Before", type="page")
    choose_core_page("savethesale", sale, now=NOW)
    account = FormReader(till, ACCOUNT).html(alice)
    assert "cancel" not in attributes(account, "data-gatepost-step")
    [url] = [one for one in attributes(account, "href") if f"page_id={sale}" in one]
    assert url.endswith("gatepost_want=cancel&gatepost_of=level")
    markup = till_page(till, sale, alice, "/?" + url.partition("?")[2])
    assert attributes(markup, "data-gatepost-step") == ["cancel"]
    assert "data-gatepost-confirm" not in markup
    assert "You keep access until July 15, 2026." in html.unescape(markup)
    bare = till_page(till, sale, alice, f"/?page_id={sale}")
    assert "card_begin" in attributes(bare, "data-gatepost-step")


def till_page(till, post_id, user_id, url):
    """What MM_Form prints in the post."""
    text = "Stay! [MM_Form type='myaccount']"
    [post] = (
        Reader(till.house, post_id, text).ask(viewer={"user": user_id}, view={"url": url})["posts"].values()
    )
    return apply(text, post["splices"])


@pytest.mark.parametrize(
    "text", ["Please stay!", "[MM_Form type='checkout']", "[[MM_Form_Field name='myaccount']]"]
)
def test_an_owners_page_by_which_nobody_can_cancel_is_left_out(till, alice, text):
    sale = till.house.post(text, "Before", type="page")
    choose_core_page("savethesale", sale, now=NOW)
    assert "cancel" in attributes(FormReader(till, ACCOUNT).html(alice), "data-gatepost-step")


def test_an_owners_page_that_is_a_draft_is_left_out(till, alice):
    sale = till.house.post(ACCOUNT, "Before", type="page", post_status="draft")
    choose_core_page("savethesale", sale, now=NOW)
    assert "cancel" in attributes(FormReader(till, ACCOUNT).html(alice), "data-gatepost-step")


def test_a_level_may_have_a_page_of_its_own_before_a_cancellation(till, alice):
    bob = till.house.user("bob")
    till.buy(bob, till.product("Silver"))
    own = till.house.post(ACCOUNT, "Gold goes", type="page")
    level = next(one.grant_id for one in [till.hold(alice)])
    choose_core_page("savethesale", own, now=NOW, level_id=level)
    page = FormReader(till, ACCOUNT)
    assert f"page_id={own}" in html.unescape(page.html(alice))
    assert "cancel" in attributes(page.html(bob), "data-gatepost-step")


def test_an_authors_account_page_keeps_its_words_and_has_everything(till, alice):
    text = (
        "[MM_Form type='myaccount'][MM_Form_Message type='error']<b>[MM_Form_Data name='firstName'] [MM_Form_Data name='email']"
        " [MM_Form_Data name='billingCity']</b> <a href=\"[MM_Form_Button type='updateAccountDetails']\">change</a>"
        "<h2>Paid</h2>[MM_Form_Data name='subscriptions'] [MM_Form_Section type='gifts']gifts[/MM_Form_Section][/MM_Form]"
    )
    page = FormReader(till, text)
    markup = page.html(alice)
    assert "alice@example.test Bonn" in html.unescape(re.sub("<[^>]*>", "", markup))
    assert "gifts" not in markup
    assert "#gatepost-details" in attributes(markup, "href")
    assert 'id="gatepost-details"' in markup
    assert markup.index("<h2>Paid</h2>") < markup.index("gatepost-holding")
    assert attributes(markup, "data-gatepost-step") == [
        "card_begin",
        "pause",
        "cancel",
        "profile",
        "email",
        "download",
    ]
    assert markup.count("<form") == markup.count("</form>") == 4
    assert page.words() == "Please sign in to see your account.\nLog in"


def test_an_authors_own_form_has_what_he_wants_of_it(till, alice):
    size, hat = make_field("Shoe size", now=NOW), make_field("Hat", now=NOW)
    answer_field(alice, size, "38", now=NOW, by="test")
    written = FormReader(
        till, f"[MM_Form type='custom']Size: [MM_Form_Field type='custom' id='{size}'][/MM_Form]"
    )
    markup = written.html(alice)
    assert attributes(markup, "name") == [f"custom_{size}"]
    assert attributes(markup, "value") == ["38"]
    assert attributes(markup, "data-gatepost-step") == ["save"]
    bare = FormReader(till, "[MM_Form type='custom']")
    assert attributes(bare.html(alice), "name") == [f"custom_{size}", f"custom_{hat}"]
    assert "Please sign in" in written.words()
    assert written.words(till.house.user("charlie")) == "You have no membership yet."


def test_a_bundle_that_is_wanted_is_marked_and_no_level(till, alice):
    bundle = till.house.bundle("Videos")
    till.buy(alice, till.product("Videos monthly", Grant.BUNDLE, bundle))
    words = FormReader(till, ACCOUNT).words(
        alice, url=f"/account/?gatepost_want=cancel&gatepost_of=bundle-{bundle}"
    )
    assert "You want to cancel Videos monthly: the button is below." in words
    assert "You want to cancel Gold" not in words
