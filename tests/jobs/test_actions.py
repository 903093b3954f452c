"""Other plugins hear what they know from MemberMouse: each change once, with facts as they are at delivery."""

from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from jobs.site import deliver_changes
from sidecar.db import reading, transaction
from sidecar.members.changing import SITE_CHANGE, change_level, change_status, give_bundle, make_member
from sidecar.members.rules import Change, Status
from sidecar.outbox import list_waiting
from tests.house import DAY, NOW
from tests.mail.orders import a_free_order

PARIS = ZoneInfo("Europe/Paris")


def queued():
    """Names of the actions that wait, oldest first where their times differ."""
    with reading() as reader:
        return [
            parcel.payload["name"]
            for parcel in list_waiting(reader, SITE_CHANGE)
            if parcel.payload["kind"] == "action"
        ]


def heard(house, site):
    """Actions that were fired, as (name, data)."""
    deliver_changes(house.service)
    return [(sent["name"], sent["data"]) for sent in site.asked if sent["kind"] == "action"]


def change(member, what, at=NOW, **kwargs):
    change_status(member.user_id, what, now=at, by="test", zone=PARIS, **kwargs)


def test_a_new_member_is_told_with_name_level_and_status(house, site):
    level = house.level("Gold")
    alice = house.user("alice")
    house.meta(alice, "first_name", "Alice")
    house.meta(alice, "last_name", "Ames")
    make_member(alice, level, now=NOW, by="test")
    house.clock.move(3 * DAY)
    assert heard(house, site) == [
        (
            "mm_member_add",
            {
                "member_id": alice, "username": "alice", "email": "alice@example.test", "first_name": "Alice",
                "last_name": "Ames", "registered": "2026-06-15 12:00:00", "membership_level": level,
                "membership_level_name": "Gold", "status": 1, "status_name": "Active", "is_complimentary": "false",
                "days_as_member": 3,
            },
        )
    ]  # fmt: skip


def test_an_action_is_fired_once(house, site):
    house.member(house.level())
    assert len(heard(house, site)) == 1
    assert len(heard(house, site)) == 1


def test_an_action_keeps_its_id_while_the_site_is_away(house, site):
    house.member(house.level())
    site.is_away = True
    assert heard(house, site) == []
    (rider,) = house.service.waiting_changes
    site.is_away = False
    house.clock.move(DAY)
    deliver_changes(house.service)
    assert [sent["id"] for sent in site.asked] == [rider["id"]]


def test_each_change_of_status_is_told_with_the_status_of_then(house, site):
    member = house.member(house.level())
    change(member, Change.LOCK, NOW + DAY)
    change(member, Change.UNLOCK, NOW + 2 * DAY)
    house.clock.move(3 * DAY)
    assert [(name, data["status"], data["status_name"]) for name, data in heard(house, site)] == [
        ("mm_member_add", 1, "Active"),
        ("mm_member_status_change", 3, "Locked"),
        ("mm_member_status_change", 1, "Active"),
    ]


def test_a_change_of_level_is_told_with_the_new_one(house, site):
    member, gold = house.member(house.level("Silver")), house.level("Gold")
    heard(house, site)
    change_level(member.user_id, gold, now=NOW, by="test")
    name, data = heard(house, site)[-1]
    assert (name, data["membership_level"], data["membership_level_name"]) == (
        "mm_member_membership_change",
        gold,
        "Gold",
    )


def test_bundles_are_told_beside_the_level(house, site):
    member, bundle = house.member(house.level("Gold")), house.bundle("Hand tools")
    heard(house, site)
    give_bundle(member.user_id, bundle, now=NOW, by="test")
    change(member, Change.CANCEL, NOW + DAY, bundle_id=bundle)
    house.clock.move(2 * DAY)
    added, ended = heard(house, site)[1:]
    assert added[0] == "mm_bundles_add"
    assert (added[1]["bundle_id"], added[1]["bundle_name"]) == (bundle, "Hand tools")
    assert (added[1]["bundle_status"], added[1]["bundle_status_name"]) == (1, "Active")
    assert (ended[0], ended[1]["bundle_status"], ended[1]["status_name"]) == (
        "mm_bundles_status_change",
        2,
        "Active",
    )
    assert ended[1]["days_with_bundle"] == 2


def test_a_checkout_that_was_never_paid_makes_nobody_a_member_to_others(house):
    member = house.member(house.level(), status=Status.PENDING_ACTIVATION)
    assert queued() == []
    change(member, Change.CANCEL)
    assert queued() == []


def test_a_checkout_that_was_paid_is_told_as_a_new_member(house, site):
    member = house.member(house.level(), status=Status.PENDING_ACTIVATION)
    change(member, Change.ACTIVATE)
    assert [(name, data["status_name"]) for name, data in heard(house, site)] == [("mm_member_add", "Active")]


@pytest.mark.parametrize("status", [Status.PENDING_ACTIVATION, Status.ERROR])
def test_a_bundle_that_was_not_paid_yet_is_told_when_it_is(house, site, status):
    member, bundle = house.member(house.level()), house.bundle()
    heard(house, site)
    give_bundle(member.user_id, bundle, now=NOW, by="test", status=status)
    assert queued() == []
    change(member, Change.ACTIVATE, bundle_id=bundle)
    assert queued() == ["mm_bundles_add"]


def test_of_somebody_who_is_gone_nothing_is_told(house, site):
    alice = house.member(house.level(), "alice")
    with transaction() as session:
        session.execute(sa.delete(house.tables.users).where(house.tables.users.c.id == alice.user_id))
    assert heard(house, site) == []
    assert queued() == []


# --- orders ---------------------------------------------------------------------------------------------------------


def test_an_order_is_told_with_its_number_sum_product_and_affiliate(house, site):
    order = a_free_order(house, house.user("alice"))
    told = dict(heard(house, site))
    data = told["mm_product_purchase"]
    assert set(told) == {"mm_member_add", "mm_payment_received", "mm_product_purchase"}
    assert (data["order_number"], data["order_total"], data["order_currency"]) == (
        order.uuid,
        "0.00",
        order.currency,
    )
    assert data["order_products"] == [{"id": order.product_id, "name": "Apprentice", "amount": "0.00"}]
    assert (data["product_id"], data["product_name"]) == (order.product_id, "Apprentice")
    assert (data["order_ip_address"], data["order_affiliate_id"], data["order_subaffiliate_id"]) == (
        "192.0.2.7",
        "aff7",
        "",
    )
    assert data["membership_level_name"] == "Apprentice"


def test_sums_are_decimal_text_and_a_decline_names_what_was_due(shop, site):
    order = shop.buy(shop.house.user("alice"), shop.product("Apprentice, monthly"))
    shop.script(order, {"decline_code": "insufficient_funds"})
    shop.move(days=30, hours=1)
    shop.run()
    told = dict(heard(shop.house, site))
    assert told["mm_payment_received"]["order_total"] == "19.00"
    assert told["mm_payment_received"]["order_products"][0]["amount"] == "19.00"
    declined = told["mm_payment_rebill_declined"]
    assert (declined["order_number"], declined["order_total"]) == (order.uuid, "19.00")
    assert "order_total_minor" not in declined
    assert told["mm_member_status_change"]["status_name"] == "Overdue"
