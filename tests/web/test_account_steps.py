"""My Account's steps: a member does with his own what he may, and nothing with somebody else's."""

import pytest

from sidecar.access.ruling import choose_core_page
from sidecar.billing.locking import member_locked
from sidecar.billing.states import SubscriptionState
from sidecar.catalog.rules import Grant
from sidecar.members.rules import Status
from tests.billing.shop import OTHER_GOOD_CARD
from tests.house import NOW
from tests.web.sender import Sender

NO_MONEY, ASKS = "4000000000009995", "4000002760003184"
STEPS = ["pay", "cancel", "keep", "pause", "resume"]


@pytest.fixture
def alice(shop):
    """Alice's browser; she has bought Gold."""
    browser = Sender(shop, "myaccount", shop.house.user("alice"))
    browser.order = shop.buy(browser.user_id, shop.product("Gold"))
    return browser


def fall_overdue(shop, order, **more):
    shop.script(order, {"decline_code": "insufficient_funds"}, **more)
    shop.move(days=30, hours=1)
    shop.run()
    assert shop.read(order).status is SubscriptionState.OVERDUE


# --- cancel, keep, pause, resume ----------------------------------------------------------------------------------


def test_a_member_cancels_and_takes_it_back(shop, alice):
    canceled = alice.send("cancel", order=alice.order.uuid)
    assert (canceled["state"], canceled["message"]) == ("ok", "Your cancellation is noted.")
    assert shop.hold(alice.user_id).status is Status.PENDING_CANCEL
    assert alice.send("keep", order=alice.order.uuid)["state"] == "ok"
    assert shop.hold(alice.user_id).status is Status.ACTIVE
    [event] = [one for one in shop.house.events() if one.name == "cancel_at_end"]
    assert f"user:{alice.user_id}" in event.body


def test_a_member_pauses_and_goes_on(shop, alice):
    assert alice.send("pause", order=alice.order.uuid)["state"] == "ok"
    assert shop.hold(alice.user_id).status is Status.PAUSED
    assert alice.send("resume", order=alice.order.uuid)["state"] == "ok"
    assert shop.hold(alice.user_id).status is Status.ACTIVE


def test_a_second_click_or_an_old_page_changes_nothing(shop, alice):
    alice.send("cancel", order=alice.order.uuid)
    again = alice.send("cancel", order=alice.order.uuid)
    assert (again["state"], again["message"]) == (
        "error",
        "This has changed meanwhile. Please open the page again.",
    )
    assert alice.send("resume", order=alice.order.uuid)["state"] == "error"


def test_the_page_is_opened_anew_and_says_what_was_done(shop, alice):
    assert (
        alice.send("cancel", order=alice.order.uuid)["redirect"] == ""
    )  # plain links: the path names no page
    shop.house.option("permalink_structure", "/%postname%/")
    shop.house.service.rendering.memory._knowledge = None
    assert (
        alice.send("keep", order=alice.order.uuid)["redirect"]
        == "https://club.test/account/?gatepost_said=keep"
    )
    assert alice.send("pause", order=alice.order.uuid, _url="//evil.test/")["redirect"] == ""
    page = shop.house.post("x", "My account", type="page", post_status="publish")
    choose_core_page("myaccount", page, now=NOW)
    redirect = alice.send("resume", order=alice.order.uuid)["redirect"]
    assert redirect == "https://club.test/my-account/?gatepost_said=resume"


# --- cards --------------------------------------------------------------------------------------------------------


def test_a_member_leaves_a_new_card_and_the_next_payment_is_made_with_it(shop, alice):
    begun = alice.send("card_begin", order=alice.order.uuid)
    assert (begun["data"]["mode"], begun["message"]) == ("setup", "")
    alice.pay(begun, OTHER_GOOD_CARD)
    kept = alice.finish(begun)
    assert kept["message"] == "Your new card is kept; the next payment is made with it."
    shop.move(days=30, hours=1)
    shop.run()
    assert [charge["payment_method_details"]["card"]["last4"] for charge in shop.charges()] == [
        "4242",
        "4444",
    ]


def test_what_is_overdue_is_paid_at_once_with_a_new_card_and_access_is_back(shop, alice):
    fall_overdue(shop, alice.order, then="fail")
    begun = alice.send("pay", order=alice.order.uuid)
    assert (begun["data"]["mode"], begun["message"]) == ("payment", "To pay now: €19.00.")
    alice.pay(begun, OTHER_GOOD_CARD)
    assert alice.finish(begun)["message"] == "Thank you, your payment has arrived."
    assert shop.hold(alice.user_id).status is Status.ACTIVE
    assert alice.finish(begun)["state"] == "ok"
    assert len(shop.charges()) == 2


def test_a_change_of_card_pays_what_is_overdue_too(shop, alice):
    fall_overdue(shop, alice.order, then="fail")
    begun = alice.send("card_begin")
    assert (begun["data"]["mode"], begun["data"]["order"]) == ("payment", alice.order.uuid)


def test_a_declined_new_card_says_so_and_another_may_be_tried(shop, alice):
    fall_overdue(shop, alice.order, then="fail")
    begun = alice.send("pay", order=alice.order.uuid)
    alice.pay(begun, NO_MONEY)
    assert alice.finish(begun)["message"].startswith("There is not enough money on this card")
    assert alice.finish(begun, at_once=True)["state"] == "processing"
    alice.pay(begun, OTHER_GOOD_CARD)
    assert alice.finish(begun)["state"] == "ok"


def test_what_was_not_confirmed_is_neither_paid_nor_declined(shop, alice):
    begun = alice.send("card_begin")
    assert alice.finish(begun)["state"] == "processing"
    alice.pay(begun, ASKS)
    assert alice.finish(begun)["state"] == "processing"


# --- what is not yours --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS)
def test_an_order_of_alices_is_to_charlie_like_one_that_does_not_exist(shop, alice, step):
    charlie = Sender(shop, "myaccount", shop.house.user("charlie"))
    shop.buy(charlie.user_id, shop.product("Silver"))
    before = shop.read(alice.order)
    theirs = charlie.send(step, order=alice.order.uuid)
    assert theirs == charlie.send(step, order="00000000-0000-0000-0000-000000000000")
    assert theirs == charlie.send(step, order=alice.order.uuid[:8])
    assert theirs == charlie.send(step)
    assert (theirs["state"], theirs["message"]) == (
        "error",
        "This is not here any more. Please open the page again.",
    )
    assert shop.read(alice.order) == before


def test_charlie_cannot_finish_what_alice_has_begun(shop, alice):
    charlie = Sender(shop, "myaccount", shop.house.user("charlie"))
    shop.buy(charlie.user_id, shop.product("Silver"))
    begun = alice.send("card_begin")
    alice.pay(begun, OTHER_GOOD_CARD)
    theirs = charlie.finish(begun)
    unknown = charlie.send("card_finish", order="seti_unknown")
    assert theirs == unknown
    for named in ("", "x" * 500, "seti_", "pi_1", alice.order.uuid, alice.order.uuid[:8], "%"):
        assert charlie.send("card_finish", order=named) == unknown
    assert alice.finish(begun)["state"] == "ok"


@pytest.mark.parametrize("step", [*STEPS, "card_begin", "card_finish"])
def test_a_visitor_has_no_account_even_with_somebodys_order(shop, alice, step):
    visitor = Sender(shop, "myaccount")
    answer = visitor.send(step, order=alice.order.uuid, created_user=alice.user_id)
    assert (answer["state"], answer["message"]) == ("error", "Please sign in to see your account.")


def test_who_is_no_member_is_told_nothing(shop, alice):
    stranger = Sender(shop, "myaccount", shop.house.user("stranger"))
    assert stranger.send("card_begin")["state"] == "error"
    assert stranger.send("cancel", order=alice.order.uuid)["state"] == "error"


def test_a_bundle_is_canceled_without_the_level(shop, alice):
    bundle = shop.house.bundle("Club")
    order = shop.buy(alice.user_id, shop.product("Club monthly", Grant.BUNDLE, bundle))
    assert alice.send("cancel", order=order.uuid)["state"] == "ok"
    assert shop.hold(alice.user_id, bundle).status is Status.PENDING_CANCEL
    assert shop.hold(alice.user_id).status is Status.ACTIVE


def test_while_somebody_else_works_on_the_member_his_card_is_open_and_not_lost(shop, alice):
    begun = alice.send("card_begin")
    alice.pay(begun, OTHER_GOOD_CARD)
    with member_locked(shop.house.read(alice.user_id).id):
        assert alice.finish(begun)["state"] == "processing"
    assert alice.finish(begun)["state"] == "ok"


def test_asking_what_became_of_a_card_ends_soon(shop, alice):
    answers = [alice.send("card_finish", order=f"seti_{number}") for number in range(61)]
    assert "tried too often" not in answers[59]["message"]
    assert "tried too often" in answers[60]["message"]


def test_trying_cards_ends_soon(shop, alice):
    answers = [alice.send("card_begin") for _ in range(21)]
    assert answers[19]["state"] == "ok"
    assert "tried too often" in answers[20]["message"]
