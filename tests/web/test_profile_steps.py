"""What a member says of himself, and his data: his own alone."""

import json

import pytest

from sidecar.catalog.making import make_field
from sidecar.catalog.rules import FieldKind
from sidecar.catalog.store import get_product
from sidecar.db import reading
from sidecar.members.changing import make_member
from sidecar.members.store import find_member
from sidecar.members.store_details import find_contact, list_values
from tests.house import NOW
from tests.web.sender import ANNA, Sender


@pytest.fixture
def alice(shop):
    """Alice's browser; she is a member."""
    browser = Sender(shop, "myaccount", shop.house.user("alice"))
    make_member(browser.user_id, shop.house.level("Free"), now=NOW, by="test")
    return browser


def told(user_id):
    """(contact, answers) of a member."""
    with reading() as reader:
        member_id = find_member(reader, user_id).id
        return find_contact(reader, member_id), list_values(reader, member_id)


def details_events(shop):
    return [json.loads(event.body)["fields"] for event in shop.house.events() if event.name == "details"]


# --- profile ----------------------------------------------------------------------------------------------------------


def test_a_member_changes_who_he_is_and_the_bridge_his_names(shop, alice):
    size = make_field("Shoe size", now=NOW)
    answer = alice.send(
        "profile",
        first_name=" Alice ",
        last_name="Kern",
        phone="0228 1",
        billing_city="Bonn",
        **{f"custom_{size}": "38"},
    )
    assert (answer["state"], answer["message"]) == ("ok", "Your details are saved.")
    assert answer["profile"] == {"first_name": "Alice", "last_name": "Kern"}
    contact, answers = told(alice.user_id)
    assert (contact["phone"], contact["billing_city"], answers) == ("0228 1", "Bonn", {size: "38"})
    assert details_events(shop) == [["billing_city", "phone", f"customField_{size}"]]


def test_what_is_as_it_was_is_not_told_again(shop, alice):
    alice.send("profile", phone="1", billing_city="Bonn")
    alice.send("profile", phone="1", billing_city="Bonn")
    alice.send("profile", phone="2", billing_city="Bonn")
    assert sorted(details_events(shop)) == [["billing_city", "phone"], ["phone"]]


def test_only_what_a_form_has_is_changed(shop, alice):
    alice.send("profile", phone="1")
    alice.send("profile", billing_city="Bonn", nonsense="x", shipping_city="x", custom_99="x", custom_x="x")
    contact, answers = told(alice.user_id)
    assert (contact["phone"], contact["billing_city"], contact["shipping_city"], answers) == (
        "1",
        "Bonn",
        "",
        {},
    )


def test_what_is_too_long_is_said_beside_its_field_and_nothing_is_kept(shop, alice):
    size = make_field("Shoe size", now=NOW)
    answer = alice.send(
        "profile", first_name="x" * 101, phone="1" * 201, billing_city="B", **{f"custom_{size}": "x" * 10_001}
    )
    assert set(answer["errors"]) == {"first_name", "phone", f"custom_{size}"}
    assert told(alice.user_id) == ({}, {})


def test_a_box_that_is_not_ticked_says_no(shop, alice):
    vegan = make_field("Vegan", now=NOW, kind=FieldKind.CHECKBOX)
    alice.send("profile", **{f"custom_{vegan}": "yes"})
    assert told(alice.user_id)[1] == {vegan: "mm_cb_on"}
    alice.send("profile", **{f"custom_{vegan}": ""})
    assert told(alice.user_id)[1] == {vegan: ""}
    assert alice.send("profile", **{f"custom_{vegan}": "maybe"})["errors"] == {
        f"custom_{vegan}": "A checkbox is yes or no."
    }


def test_an_authors_own_form_keeps_answers(shop, alice):
    size = make_field("Shoe size", now=NOW)
    form = Sender(shop, "custom", alice.user_id)
    assert form.send("save", **{f"custom_{size}": "38"})["message"] == "Your answers are saved."
    assert told(alice.user_id)[1] == {size: "38"}


@pytest.mark.parametrize(("form", "step"), [("myaccount", "profile"), ("custom", "save")])
def test_who_is_no_member_or_a_visitor_says_nothing_of_himself(shop, form, step):
    charlie = Sender(shop, form, shop.house.user("charlie"))
    assert charlie.send(step, phone="1")["message"] == "You have no membership yet."
    visitor = Sender(shop, form)
    assert visitor.send(step, phone="1")["message"] == "Please sign in to see your account."
    assert visitor.send(step, phone="1", created_user=charlie.user_id)["state"] == "error"


def test_another_address_is_the_bridges_to_change(shop, alice):
    assert alice.send("email", email="new@example.test")["profile"] == {"email": "new@example.test"}
    assert alice.send("email", email="nonsense")["errors"] == {
        "email": "Please enter a valid e-mail address."
    }
    visitor = Sender(shop, "myaccount").send("email", email="new@example.test")
    assert (visitor["state"], visitor["profile"]) == ("error", {})


# --- the checkout -----------------------------------------------------------------------------------------------------


def test_a_buyer_says_more_of_himself_in_the_checkout(shop):
    size, product = make_field("Shoe size", now=NOW), shop.product()
    bob = Sender(shop, "checkout", shop.house.user("bob"))
    assert (
        bob.begin(product, phone="0228 1", billing_country="DE", **{f"custom_{size}": "44"})["state"] == "ok"
    )
    contact, answers = told(bob.user_id)
    assert (contact["phone"], contact["billing_country"], answers) == ("0228 1", "DE", {size: "44"})


def test_what_is_wrong_in_it_makes_nobody_a_user(shop):
    answer = Sender(shop, "checkout").begin(shop.product(), **ANNA, phone="1" * 201)
    assert (answer["state"], answer["errors"]) == ("error", {"phone": "This is too long."})


def test_the_price_with_a_coupon_comes_as_figures_too(shop):
    product = shop.product()
    visitor = Sender(shop, "checkout")
    with reading() as reader:
        reference = get_product(reader, product).reference
    figures = visitor.send("quote", product=reference)["data"]["figures"]
    assert figures == {"total": "€19.00", "discount": "€0.00", "coupon": ""}


# --- his data ---------------------------------------------------------------------------------------------------------


def test_a_member_takes_his_data_along_and_nobody_elses(shop, alice):
    bob = Sender(shop, "myaccount", shop.house.user("bob"))
    order = shop.buy(bob.user_id, shop.product("Gold"))
    alice.send("profile", phone="0228 1")
    answer = alice.send("download", email="bob@example.test")
    file = answer["data"]["file"]
    assert (file["name"], file["type"]) == ("my-data.json", "application/json")
    content = json.loads(file["text"])
    assert content["is_whole"] is True
    assert "0228 1" in file["text"]
    assert order.uuid not in file["text"]
    assert order.uuid in bob.send("download")["data"]["file"]["text"]


def test_who_wants_his_data_too_often_waits(shop, alice):
    for _time in range(5):
        assert alice.send("download")["state"] == "ok"
    assert "too often" in alice.send("download")["message"]
    assert Sender(shop, "myaccount").send("download")["state"] == "error"
