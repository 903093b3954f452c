"""What staff does for a member: its consequences are said before, the right verb does it, the log says who; and Charlie."""

import json

import pytest
import sqlalchemy as sa

from sidecar.billing import store
from sidecar.billing.states import SubscriptionState
from sidecar.db import reading
from sidecar.members.rules import DaysMethod, Status
from sidecar.outbox import outbox
from sidecar.staff.rules import Role
from tests.billing.shop import OTHER_GOOD_CARD
from tests.dashboard.screens import Desk, an_administrator, an_employee


@pytest.fixture
def owner(shop):
    return Desk(shop.house, an_administrator(shop.house), billing=shop.desk)


@pytest.fixture
def alice(shop):
    return shop.house.user("alice")


@pytest.fixture
def order(shop, alice):
    """Alice's monthly subscription for 19 €, paid on June 15th for the first time."""
    return shop.buy(alice, shop.product("Gold, monthly"))


def do(desk, user, act, order=None, bundle="", **fields):
    query = f"order={order.uuid}" if order else f"bundle={bundle}"
    return desk.post(f"/members/{user}/do/{act}?{query}", **fields)


def before(desk, user, act, order=None, bundle=""):
    query = f"order={order.uuid}" if order else f"bundle={bundle}"
    return desk.text(f"/members/{user}/do/{act}?{query}")


def now(shop, order):
    with reading() as reader:
        return store.get_order(reader, order.uuid)


def by_whom(shop, name):
    return [json.loads(event.body).get("by") for event in shop.house.events() if event.name == name]


def test_canceling_at_the_end_says_until_when_and_does_so(shop, owner, alice, order):
    said = before(owner, alice, "cancel_order", order)
    answer = do(owner, alice, "cancel_order", order)

    assert "stays until Jul 15, 2026" in said
    assert "nothing is refunded" in said
    assert answer.headers["Location"] == f"/office/orders/{order.uuid}?said=done"
    assert now(shop, order).status is SubscriptionState.PENDING_CANCEL
    assert shop.house.read(alice).level.status is Status.PENDING_CANCEL
    assert by_whom(shop, "cancel_at_end") == [owner.by]


def test_what_an_order_pays_for_offers_no_act_beside_the_order_but_lock_and_days(shop, owner, alice, order):
    page = owner.get(f"/members/{alice}").get_data(as_text=True)
    offered = {part.split("?")[0].split('"')[0] for part in page.split(f"/members/{alice}/do/")[1:]}
    assert offered == {"lock", "days", "give", "level"}


def test_a_lock_shuts_out_and_says_that_billing_goes_on(shop, owner, alice, order):
    assert "Billing goes on: the next payment is due on Jul 15, 2026" in before(owner, alice, "lock")
    do(owner, alice, "lock")
    assert shop.house.read(alice).level.status is Status.LOCKED
    assert now(shop, order).status is SubscriptionState.ACTIVE
    do(owner, alice, "unlock")
    assert shop.house.read(alice).level.status is Status.ACTIVE


def test_a_pause_stops_the_order_and_resuming_gives_the_rest_back(shop, owner, alice, order):
    do(owner, alice, "pause_order", order)
    assert now(shop, order).status is SubscriptionState.PAUSED
    assert shop.house.read(alice).level.status is Status.PAUSED
    shop.move(days=10)
    do(owner, alice, "resume_order", order)
    assert now(shop, order).next_due_at == order.next_due_at + (shop.now - order.activated_at)


def falls_overdue(shop, order):
    shop.script(order, "insufficient_funds")
    shop.move(days=31)
    shop.run()
    return now(shop, order)


def test_charging_an_overdue_member_by_hand_collects_once_and_gives_access_back(shop, owner, alice, order):
    late = falls_overdue(shop, order)
    said = before(owner, alice, "charge", order)
    first = do(owner, alice, "charge", order)
    second = do(owner, alice, "charge", order)

    assert late.status is SubscriptionState.OVERDUE
    assert "€19.00 is charged to Visa" in said
    assert first.status_code == 303
    assert second.status_code == 409  # a second click would pay the cycle after
    assert now(shop, order).status is SubscriptionState.ACTIVE
    assert [one["amount"] for one in shop.charges()] == [1900, 1900]
    assert by_whom(shop, "charged_by_hand") == [owner.by]


def test_a_declined_charge_is_said_and_changes_no_access_by_itself(shop, owner, alice, order):
    falls_overdue(shop, order)
    shop.script(order, "insufficient_funds")
    answer = do(owner, alice, "charge", order)
    assert answer.status_code == 409
    assert now(shop, order).status is SubscriptionState.OVERDUE


def test_a_reminder_is_one_mail_a_day(shop, owner, alice, order):
    falls_overdue(shop, order)
    for _click in range(3):
        do(owner, alice, "remind", order)
    with reading() as reader:
        mails = reader.scalars(sa.select(outbox.c.payload).where(outbox.c.kind == "mail")).all()
    assert len([one for one in mails if '"payment_failed"' in one]) == 2  # the schedule's own, and one more
    assert len(by_whom(shop, "reminded")) == 3


def test_a_part_is_refunded_and_more_than_is_left_is_not(shop, owner, alice, order):
    assert "up to €19.00 goes back" in before(owner, alice, "refund", order)
    assert do(owner, alice, "refund", order, amount="5,50", note="sorry").status_code == 303
    assert "up to €13.50 goes back" in before(owner, alice, "refund", order)
    assert do(owner, alice, "refund", order, amount="13.51").status_code == 409
    assert do(owner, alice, "refund", order, amount="abc").status_code == 409
    assert now(shop, order).status is SubscriptionState.ACTIVE


def test_all_of_it_back_ends_what_it_paid_for(shop, owner, alice, order):
    do(owner, alice, "refund", order)
    assert now(shop, order).status is SubscriptionState.CANCELED
    assert shop.house.read(alice).level.status is Status.CANCELED


def test_marking_as_paid_and_waiving_charge_no_card(shop, owner, alice, order):
    do(owner, alice, "paid", order, note="cash in the shop")
    assert now(shop, order).next_cycle == 2
    shop.move(days=32)
    do(owner, alice, "waive", order)
    assert now(shop, order).next_cycle == 3
    assert len(shop.charges()) == 1


def test_the_next_payment_moves_to_a_day_and_nonsense_is_refused(shop, owner, alice, order):
    assert do(owner, alice, "date", order, day="2026-07-20").status_code == 303
    assert now(shop, order).next_due_at.isoformat() == "2026-07-19T22:00:00+00:00"  # midnight in Paris
    for nonsense in ("", "soon", "2026-13-40", "2020-01-01"):
        assert do(owner, alice, "date", order, day=nonsense).status_code == 409
    assert now(shop, order).next_due_at.isoformat() == "2026-07-19T22:00:00+00:00"


def test_a_bundle_is_given_as_a_gift_and_ends_on_its_day(shop, owner, alice, order):
    bundle = shop.house.bundle("Videos")
    assert "nothing is charged" in before(owner, alice, "give")
    owner.post(f"/members/{alice}/do/give", bundle=bundle, until="2026-08-01")
    (held,) = shop.house.read(alice).bundles
    assert (held.status, held.is_complimentary) == (Status.ACTIVE, True)
    assert held.expires_at.isoformat() == "2026-07-31T22:00:00+00:00"


def test_the_level_is_the_orders_while_it_pays(shop, owner, alice, order):
    other = shop.house.level("Other")
    answer = owner.post(f"/members/{alice}/do/level", level=other)
    assert answer.status_code == 409
    assert order.uuid[:8] in answer.get_data(as_text=True)
    assert shop.house.read(alice).level.level_id != other


def test_who_has_no_order_changes_level_and_days(shop, owner):
    gold, silver = shop.house.level("Gold"), shop.house.level("Silver")
    bob = shop.house.member(gold, "bob").user_id
    owner.post(f"/members/{bob}/do/level", level=silver)
    do(owner, bob, "days", method="fixed", number="30")
    held = shop.house.read(bob).level
    assert (held.level_id, held.days_method, held.days_fixed) == (silver, DaysMethod.FIXED, 30)
    assert do(owner, bob, "days", method="custom", day="").status_code == 409


def test_a_user_becomes_a_member_by_hand(shop, owner):
    gold, bob = shop.house.level("Gold"), shop.house.user("bob")
    owner.post(f"/members/{bob}/do/comp", level=gold)
    assert shop.house.read(bob).level.is_complimentary
    assert "bob" in owner.text("/members?q=bob")  # found at once


def test_an_order_that_is_not_this_members_is_not_found_and_stays_as_it_is(shop, owner, order):
    charlie = shop.house.user("charlie")
    shop.buy(charlie, shop.product("Other"))
    for act in ("end_order", "charge", "refund", "pause_order"):
        assert do(owner, charlie, act, order).status_code == 404
        assert owner.get(f"/members/{charlie}/do/{act}?order={order.uuid}").status_code == 404
    assert now(shop, order).status is SubscriptionState.ACTIVE
    assert do(owner, charlie, "no_such_act").status_code == 404


def test_a_product_manager_changes_memberships_and_moves_no_money(shop, owner, alice, order):
    manager = Desk(shop.house, an_employee(shop.house, Role.PRODUCT_MANAGER), billing=shop.desk)
    for act in ("charge", "refund", "paid", "waive", "skip"):
        assert do(manager, alice, act, order).status_code == 403
    page = manager.text(f"/orders/{order.uuid}")
    assert "Cancel now" in page
    assert "Refund" not in page
    assert do(manager, alice, "pause_order", order).status_code == 303
    assert len(shop.charges()) == 1


def test_a_card_that_was_changed_meanwhile_is_the_one_that_is_named(shop, owner, alice):
    order = shop.buy(alice, shop.product("Gold"), OTHER_GOOD_CARD)
    assert "Mastercard •••• 4444" in owner.text(f"/orders/{order.uuid}")


def test_names_of_members_are_shown_and_never_run(shop, owner):
    gold = shop.house.level("Gold")
    user = shop.house.user("mallory", display_name="<script>alert(1)</script>")
    owner.post(f"/members/{user}/do/comp", level=gold)
    for path in (f"/members/{user}", "/members", f"/members/{user}/do/lock"):
        page = owner.get(path).get_data(as_text=True)
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page
