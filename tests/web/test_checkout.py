"""Buying through the form: a visitor becomes a member, a member pays, and nobody gets what is somebody else's."""

import time

import pytest
import sqlalchemy as sa

from sidecar.access.ruling import choose_core_page
from sidecar.billing.locking import member_locked
from sidecar.billing.models import orders
from sidecar.billing.ordering import find_by_token
from sidecar.catalog.coupons import Coupon, CouponKind
from sidecar.catalog.making import make_coupon
from sidecar.catalog.rules import ProductKind
from sidecar.catalog.store import get_product
from sidecar.db import reading
from sidecar.members.changing import change_status, make_member
from sidecar.members.rules import Change, Status
from tests.house import NOW
from tests.web.sender import ANNA, Sender

DECLINED, NO_MONEY, ASKS = "4000000000000002", "4000000000009995", "4000002760003184"


def a_coupon():
    """Five euros off the first payment."""
    return make_coupon(Coupon(0, "FIVE", CouponKind.AMOUNT, amount_minor=500, currency="EUR"), now=NOW)


def reference_of(product):
    with reading() as reader:
        return get_product(reader, product).reference


# --- a visitor ----------------------------------------------------------------------------------------------------


def test_a_visitor_becomes_a_user_pays_and_is_signed_in(shop):
    visitor, product = Sender(shop, "checkout"), shop.product()
    asked = visitor.begin(product, **ANNA)
    assert (asked["state"], asked["data"]) == ("need_user", {"user": {**ANNA, "login": ""}})
    anna = shop.house.user("anna")
    begun = visitor.begin(product, **ANNA, created_user=anna)
    assert (begun["state"], begun["data"]["mode"], begun["sign_in"]) == ("ok", "payment", None)
    assert begun["message"] == "To pay now: €19.00."
    visitor.pay(begun)
    paid = visitor.finish(begun)
    assert (paid["state"], paid["sign_in"]) == ("ok", anna)
    assert shop.hold(anna).status is Status.ACTIVE
    assert visitor.finish(begun)["state"] == "ok"
    assert len(shop.charges()) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""),
        ("email", "anna"),
        ("email", "a@b@c.d"),
        ("email", "x" * 300),
        ("first_name", " "),
        ("last_name", ""),
    ],
)
def test_what_a_visitor_filled_in_wrongly_is_said_beside_its_field_and_makes_no_user(shop, field, value):
    answer = Sender(shop, "checkout").begin(shop.product(), **{**ANNA, field: value})
    assert (answer["state"], list(answer["errors"])) == ("error", [field])


def test_nobody_becomes_a_user_for_what_is_not_for_sale(shop):
    visitor, product = Sender(shop, "checkout"), shop.product()
    assert visitor.send("begin", product="no-such", **ANNA)["state"] == "error"
    assert visitor.send("begin", product=product, **ANNA)["state"] == "error"  # its name is no reference
    assert visitor.begin(product, coupon="GUESSED", **ANNA)["errors"] == {
        "coupon": "There is no such coupon."
    }
    shop.house.service.desk = shop.new_desk(gateway=None, front=None)
    visitor.shop = shop
    assert visitor.begin(product, **ANNA)["message"].startswith("Nothing can be bought here")


def test_a_repeated_click_is_one_order_and_another_coupon_is_another(shop):
    alice, product = shop.house.user("alice"), shop.product()
    a_coupon()
    member = Sender(shop, "checkout", alice)
    first, again = member.begin(product), member.begin(product)
    assert first["data"] == again["data"]
    reduced = member.begin(product, coupon=" five ")
    assert reduced["message"] == "To pay now: €14.00."
    assert reduced["data"]["order"] != first["data"]["order"]
    member.pay(reduced)
    assert member.finish(reduced)["state"] == "ok"
    assert [charge["amount"] for charge in shop.charges()] == [1400]
    assert member.finish(first)["data"]["begin_again"] is True


def test_an_order_token_is_not_what_the_database_holds(shop):
    alice = shop.house.user("alice")
    begun = Sender(shop, "checkout", alice).begin(shop.product())
    with reading() as reader:
        stored = reader.scalar(sa.select(orders.c.token))
    assert stored
    assert begun["data"]["order"] not in (stored, "")


# --- a member -----------------------------------------------------------------------------------------------------


def test_a_member_pays_and_goes_to_the_owners_confirmation_page(shop):
    house = shop.house
    page = house.post("Thank you", "Thanks", type="page")
    choose_core_page("confirmation", page, now=NOW)
    alice, product = house.user("alice"), shop.product()
    member = Sender(shop, "checkout", alice)
    begun = member.begin(product)
    member.pay(begun)
    paid = member.finish(begun)
    assert paid["redirect"] == f"https://club.test/?page_id={page}"
    assert paid["sign_in"] is None


def test_a_free_trial_keeps_a_card_and_charges_nothing(shop):
    alice, product = shop.house.user("alice"), shop.product(trial_days=14, trial_price_minor=0)
    member = Sender(shop, "checkout", alice)
    begun = member.begin(product)
    assert (begun["data"]["mode"], begun["message"]) == ("setup", "To pay now: €0.00.")
    assert member.finish(begun)["message"] == "Nothing was paid yet. Please try again."
    member.pay(begun)
    assert member.finish(begun)["state"] == "ok"
    assert shop.hold(alice).status is Status.ACTIVE
    assert shop.charges() == []


def test_what_is_free_needs_no_gateway(shop):
    alice = shop.house.user("alice")
    product = shop.product(kind=ProductKind.FREE, price_minor=0, every=None, unit=None)
    member = Sender(shop, "checkout", alice)
    shop.house.service.desk = shop.new_desk(gateway=None, front=None)
    begun = member.begin(product)
    assert begun["data"].keys() == {"mode", "order"}
    assert member.finish(begun)["state"] == "ok"
    assert shop.hold(alice).status is Status.ACTIVE


def test_a_declined_card_says_why_and_the_same_order_may_be_paid_with_another(shop):
    alice, product = shop.house.user("alice"), shop.product()
    member = Sender(shop, "checkout", alice)
    begun = member.begin(product)
    for card, words in [(NO_MONEY, "There is not enough money"), (DECLINED, "Your card was declined.")]:
        member.pay(begun, card)
        answer = member.finish(begun)
        assert answer["state"] == "error"
        assert answer["message"].startswith(words)
        assert answer["data"] == begun["data"]
    member.pay(begun)
    assert member.finish(begun)["state"] == "ok"


def test_a_decline_is_told_in_the_members_language(shop):
    alice = shop.house.user("alice")
    member = Sender(shop, "checkout", alice)
    begun = member.begin(shop.product())
    member.pay(begun, NO_MONEY)
    answer = member.send("finish", order=begun["data"]["order"], _language="fr_FR")
    assert answer["message"].startswith("Le solde de cette carte")


def test_a_bank_that_is_still_asking_or_was_refused_can_be_asked_again(shop):
    alice = shop.house.user("alice")
    member = Sender(shop, "checkout", alice)
    begun = member.begin(shop.product())
    intent = begun["data"]["client_secret"].split("_secret_")[0]
    member.pay(begun, ASKS)
    assert member.finish(begun)["data"] == begun["data"]
    shop.processor.post("authenticate", {"intent": intent, "outcome": "refuse"})
    refused = member.finish(begun)
    assert refused["message"].startswith("Your bank has not confirmed")
    member.pay(begun, ASKS)
    shop.processor.post("authenticate", {"intent": intent, "outcome": "approve"})
    assert member.finish(begun)["state"] == "ok"


def test_while_it_is_processed_or_the_gateway_is_silent_nobody_is_told_that_it_failed(shop):
    alice = shop.house.user("alice")
    member = Sender(shop, "checkout", alice)
    begun = member.begin(shop.product())
    member.pay(begun)
    shop.processor.post(
        "faults", {"match": {"path": "/v1/payment_intents/*"}, "do": {"kind": "timeout_before"}}
    )
    assert member.finish(begun)["state"] == "processing"
    shop.processor.delete("faults")
    assert member.finish(begun)["state"] == "ok"


def test_a_gateway_that_is_silent_at_the_beginning_loses_nothing(shop):
    alice, product = shop.house.user("alice"), shop.product()
    member = Sender(shop, "checkout", alice)
    shop.processor.post("faults", {"match": {"method": "POST"}, "do": {"kind": "timeout_after"}})
    answer = member.begin(product)
    assert (answer["state"], answer["message"][:35]) == ("error", "The payment service does not answer")
    shop.processor.delete("faults")
    begun = member.begin(product)
    member.pay(begun)
    assert member.finish(begun)["state"] == "ok"
    assert len(shop.charges()) == 1


def test_an_affiliate_comes_along(shop):
    alice = shop.house.user("alice")
    begun = Sender(shop, "checkout", alice).begin(shop.product(), _affid="partner", _sid="mail")
    order = find_by_token(begun["data"]["order"])
    assert (order.affiliate_id, order.subaffiliate_id, order.ip) == ("partner", "mail", "192.0.2.7")


# --- how often, and how long ---------------------------------------------------------------------------------------


def reads_of_intents(shop):
    counts = shop.processor.get("counts")["counts"]
    return sum(number for name, number in counts.items() if name.startswith("GET payment_intents/"))


def test_a_return_asks_the_gateway_once_and_not_again_for_a_moment(shop):
    member = Sender(shop, "checkout", shop.house.user("alice"))
    begun = member.begin(shop.product())
    member.pay(begun, NO_MONEY)
    before = reads_of_intents(shop)
    declined = member.finish(begun)
    assert (declined["state"], reads_of_intents(shop)) == ("error", before + 1)
    assert member.finish(begun, at_once=True)["state"] == "processing"
    assert reads_of_intents(shop) == before + 1
    member.pay(begun)
    assert member.finish(begun)["state"] == "ok"
    assert member.finish(begun, at_once=True)["state"] == "ok"


@pytest.mark.parametrize("by", ["ip", "user", "order"])
def test_asking_how_it_ended_ends_soon_for_an_address_a_user_and_an_order(shop, by):
    alice = shop.house.user("alice")
    sender = Sender(shop, "checkout", alice if by == "user" else None)
    for number in range(61):
        sender.ip = "192.0.2.7" if by == "ip" else f"192.0.2.{number}"
        answer = sender.send("finish", order="0" * 64 if by == "order" else f"{number}")
        assert ("tried too often" in answer["message"]) is (number == 60)


def test_while_somebody_else_works_on_the_member_a_form_waits_no_longer_than_a_moment(shop):
    alice = shop.house.user("alice")
    member = Sender(shop, "checkout", alice)
    begun = member.begin(shop.product())
    member.pay(begun)
    began_at = time.monotonic()
    with member_locked(shop.house.read(alice).id):
        assert member.finish(begun)["state"] == "processing"
        again = member.begin(shop.product())
    assert (again["state"], again["message"][:15]) == ("error", "Another payment")
    assert time.monotonic() - began_at < 8  # twice 1.5 s, and not ten
    assert member.finish(begun)["state"] == "ok"


# --- coupons ------------------------------------------------------------------------------------------------------


def test_a_coupon_is_quoted_before_anything_is_bought(shop):
    product = shop.product()
    a_coupon()
    visitor = Sender(shop, "checkout")
    reference = reference_of(product)
    quoted = visitor.send("quote", product=reference, coupon="five")
    assert quoted["message"] == "To pay now: €14.00 instead of €19.00."
    assert visitor.send("quote", product=reference, coupon="")["message"] == "To pay now: €19.00."
    wrong = visitor.send("quote", product=reference, coupon="SIX")
    assert (wrong["state"], wrong["errors"]) == ("error", {"coupon": "There is no such coupon."})
    assert shop.house.events() == []


def test_guessing_coupons_and_cards_ends_soon_for_an_address_and_for_a_user(shop):
    product = shop.product()
    guesser, reference = Sender(shop, "checkout"), reference_of(product)
    answers = [guesser.send("quote", product=reference, coupon=f"GUESS{number}") for number in range(31)]
    assert "tried too often" not in answers[29]["message"]
    assert "tried too often" in answers[30]["message"]
    assert guesser.begin(product, **ANNA)["state"] == "need_user"
    alice = shop.house.user("alice")
    begins = [Sender(shop, "checkout", alice, f"192.0.2.{at}").begin(product) for at in range(21)]
    assert begins[19]["state"] == "ok"
    assert "tried too often" in begins[20]["message"]


def test_wrong_coupons_count_for_the_address_by_whichever_step_and_user_they_come(shop):
    product, reference = shop.product(), None
    a_coupon()
    reference = reference_of(product)
    for number in range(30):
        made = shop.house.user()
        guesser = Sender(shop, "checkout", *([made] if number % 2 else []))
        answer = guesser.begin(product, coupon=f"GUESS{number}", created_user=made, **ANNA)
        assert answer["errors"] == {"coupon": "There is no such coupon."}
    right = Sender(shop, "checkout").send("quote", product=reference, coupon="five")
    assert "tried too often" in right["message"]  # nobody learns that he has guessed it
    elsewhere = Sender(shop, "checkout", ip="198.51.100.7")
    for _ in range(30):
        assert elsewhere.send("quote", product=reference, coupon="five")["state"] == "ok"
    assert elsewhere.begin(product, coupon="five", **ANNA)["state"] == "need_user"


# --- what is not yours --------------------------------------------------------------------------------------------


def test_charlie_cannot_finish_an_order_of_alices_nor_be_signed_in_as_her(shop):
    alice, charlie = shop.house.user("alice"), shop.house.user("charlie")
    member = Sender(shop, "checkout", alice)
    begun = member.begin(shop.product())
    member.pay(begun)
    theirs = Sender(shop, "checkout", charlie).finish(begun)
    unknown = Sender(shop, "checkout", charlie).send("finish", order="0" * 64)
    assert theirs == unknown
    assert theirs["state"] == "error"
    for token in ("", "x" * 5000, "new-", "0" * 64):
        assert Sender(shop, "checkout").send("finish", order=token) == unknown
    stranger = Sender(shop, "checkout").finish(begun)
    assert (stranger["state"], stranger["sign_in"]) == ("ok", None)  # alice was no visitor when she began
    assert Sender(shop, "checkout").send("finish", order=f"new-{begun['data']['order']}") == unknown


def test_charlie_cannot_begin_alices_checkout(shop):
    alice, charlie = shop.house.user("alice"), shop.house.user("charlie")
    product, member = shop.product(), Sender(shop, "checkout", alice)
    begun = member.begin(product)
    thief = Sender(shop, "checkout", charlie)
    thief.drawn = member.drawn
    assert thief.begin(product)["data"]["order"] != begun["data"]["order"]


def test_a_signed_in_sender_is_who_wordpress_says_whatever_else_is_claimed(shop):
    alice, charlie = shop.house.user("alice"), shop.house.user("charlie")
    begun = Sender(shop, "checkout", alice).begin(shop.product(), created_user=charlie)
    Sender(shop, "checkout", alice).pay(begun)
    Sender(shop, "checkout", alice).finish(begun)
    assert shop.hold(alice).status is Status.ACTIVE


def test_a_user_who_is_not_there_buys_nothing(shop):
    answer = Sender(shop, "checkout").begin(shop.product(), **ANNA, created_user=9999)
    assert answer["state"] == "error"
    assert Sender(shop, "checkout", 9999).begin(shop.product())["state"] == "error"


def test_who_is_locked_buys_nothing(shop):
    house = shop.house
    alice = house.user("alice")
    make_member(alice, house.level(), now=NOW, by="test")
    change_status(alice, Change.LOCK, now=NOW, by="test", zone=house.clock.now().tzinfo)
    answer = Sender(shop, "checkout", alice).begin(shop.product())
    assert "locked" in answer["message"]
    as_made = Sender(shop, "checkout").begin(shop.product(), **ANNA, created_user=alice)
    assert "locked" in as_made["message"]


def test_what_is_no_step_of_the_form_is_no_request(shop):
    assert Sender(shop, "checkout").send("cancel", status=400)["error"] == "bad_request"
    assert Sender(shop, "myaccount").send("begin", status=400)["error"] == "bad_request"
    assert Sender(shop, "blog").send("begin", status=400)["error"] == "bad_request"
