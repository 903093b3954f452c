"""What the log says afterwards of access and money: what was, what is, who did it, how often it was tried and when again."""

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from sidecar.billing import changing, returning
from sidecar.billing.membership import change_membership
from sidecar.catalog.rules import Grant
from sidecar.members.changing import change_days, change_level, change_status, give_bundle
from sidecar.members.rules import Change, DaysMethod
from tests.house import DAY, NOW

PARIS = ZoneInfo("Europe/Paris")


def told(house, kind, *names):
    """(name, body) of events of a type, oldest first; only these names, if any are given."""
    return [
        (event.name, json.loads(event.body))
        for event in house.events()
        if event.type == kind and (not names or event.name in names)
    ]


def part(body, *keys):
    return {key: body[key] for key in keys}


# --- access ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "old", "new"),
    [
        ([Change.PAUSE], "active", "paused"),
        ([Change.PAUSE, Change.RESUME], "paused", "active"),
        ([Change.LOCK], "active", "locked"),
        ([Change.LOCK, Change.UNLOCK], "locked", "active"),
        ([Change.CANCEL], "active", "canceled"),
        ([Change.EXPIRE], "active", "expired"),
        ([Change.FALL_OVERDUE], "active", "overdue"),
        ([Change.CANCEL, Change.REACTIVATE], "canceled", "active"),
    ],
)
def test_each_step_says_what_was_what_is_and_who_did_it(house, steps, old, new):
    anna = house.member(house.level("Gold"), "anna")
    for step in steps:
        change_status(anna.user_id, step, now=NOW, by="cli:owner", zone=PARIS)
    bodies = [body for _name, body in told(house, "access", "status_changed")]
    assert len(bodies) == len(steps)
    assert {"old": old, "new": new, "change": steps[-1], "by": "cli:owner"} in [
        {key: value for key, value in body.items() if key != "under_lock"} for body in bodies
    ]
    (created,) = [event for event in house.events() if event.name == "created"]
    assert (created.member_id, created.user_id) == (anna.id, anna.user_id)
    assert json.loads(created.body) == {"level": "Gold", "status": "active", "by": "test"}


def test_another_level_a_bundle_and_other_days_say_the_old_and_the_new(house):
    gold, silver, videos = house.level("Gold"), house.level("Silver"), house.bundle("Videos")
    anna = house.member(gold, "anna")
    change_level(anna.user_id, silver, now=NOW, by="cli:owner")
    give_bundle(anna.user_id, videos, now=NOW, by="cli:owner")
    change_status(anna.user_id, Change.CANCEL, now=NOW, by="cli:owner", zone=PARIS, bundle_id=videos)
    give_bundle(anna.user_id, videos, now=NOW, by="cli:owner")
    change_days(anna.user_id, DaysMethod.FIXED, now=NOW, by="cli:owner", fixed=7)
    ((_name, level),) = told(house, "access", "level_changed")
    assert level == {"old": "Gold", "new": "Silver", "by": "cli:owner"}
    bundles = [body for _name, body in told(house, "access", "bundle_added")]
    assert sorted((body["old"] or "", body["status"]) for body in bundles) == [
        ("", "active"),
        ("canceled", "active"),
    ]
    ((_name, days),) = told(house, "access", "days_changed")
    assert (days["old"]["method"], days["method"], days["fixed"], days["by"]) == (
        "joined",
        "fixed",
        7,
        "cli:owner",
    )


def test_an_end_of_access_that_an_order_sets_is_told_with_the_order(shop):
    anna = shop.house.user("anna")
    order = shop.buy(anna, shop.once(access_days=30))
    ((_name, body),) = told(shop.house, "access", "expiry_changed")
    assert body == {"old": None, "new": (NOW + 30 * DAY).isoformat(), "by": f"order:{order.uuid}"}


# --- money ----------------------------------------------------------------------------------------------------------


def test_every_payment_and_every_refusal_says_how_much_which_try_and_when_again(shop):
    anna = shop.house.user("anna")
    order = shop.buy(anna, shop.product())
    shop.script(order, "insufficient_funds", "insufficient_funds", then="succeed")
    shop.move(days=30)
    shop.run()
    shop.move(days=2)
    shop.run()
    shop.move(days=3)
    shop.run()
    money = told(shop.house, "billing", "paid_first", "declined", "recovered")
    assert [name for name, _body in money] == ["paid_first", "declined", "declined", "recovered"]
    assert all(part(body, "order", "amount_minor", "currency") == {
        "order": order.uuid, "amount_minor": 1900, "currency": "EUR",
    } for _name, body in money)  # fmt: skip
    (_first, first), (_refused, refused), (_again, again), (_paid, paid) = money
    assert (first["cycle"], first["attempt"], first["source"]) == (0, 1, "gateway")
    assert (refused["cycle"], refused["attempt"], refused["origin"]) == (1, 1, "schedule")
    assert refused["next_retry"].startswith((shop.now - timedelta(days=3)).date().isoformat())
    assert (again["attempt"], again["origin"]) == (2, "retry")
    assert again["next_retry"].startswith(shop.now.date().isoformat())
    assert (paid["cycle"], paid["attempt"]) == (1, 3)
    statuses = [(body["old"], body["new"]) for _name, body in told(shop.house, "access", "status_changed")]
    assert ("active", "overdue") in statuses
    assert ("overdue", "active") in statuses


def test_an_affiliate_has_his_part_in_the_first_payment_the_renewal_and_the_refund(shop):
    anna, bob = shop.house.user("anna"), shop.house.user("bob")
    product = shop.product()
    order = shop.buy(anna, product, affiliate_id="aff7", subaffiliate_id="news")
    shop.buy(bob, product)
    shop.move(days=30)
    shop.run()
    shop.move(hours=1)
    returning.refund(shop.desk, order.uuid, 500, by="cli:owner")
    parts = told(shop.house, "affiliate")
    assert [name for name, _body in parts] == ["paid_first", "paid_renewal", "refunded"]
    assert [body["amount_minor"] for _name, body in parts] == [1900, 1900, 500]
    assert {(body["affiliate"], body["subaffiliate"]) for _name, body in parts} == {("aff7", "news")}


def test_who_pauses_cancels_and_keeps_is_told_with_the_order(shop):
    anna = shop.house.user("anna")
    order = shop.buy(anna, shop.product(grant=Grant.LEVEL))
    changing.cancel(shop.desk, None, order.uuid, by="member")
    changing.keep(shop.desk, None, order.uuid, by="cli:owner")
    change_membership(shop.desk, anna, Change.PAUSE, by="cli:owner", zone=PARIS)
    steps = told(shop.house, "billing", "cancel_at_end", "keep", "pause")
    assert sorted((name, body["by"]) for name, body in steps) == [
        ("cancel_at_end", "member"), ("keep", "cli:owner"), ("pause", "cli:owner"),
    ]  # fmt: skip
