"""Changing what is there: what it means for whom, two people at once, and the log that says who did it."""

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa

from sidecar.catalog.coupons import Coupon, CouponKind
from sidecar.catalog.editing import change_coupon, change_product, rename_field, unused
from sidecar.catalog.making import make_coupon, make_field, make_product
from sidecar.catalog.models import coupons
from sidecar.catalog.rules import Grant, ProductKind, Terms
from sidecar.catalog.store import get_bundle, get_coupon, get_generation, get_level, get_product
from sidecar.catalog.store_fields import get_field
from sidecar.catalog.versions import ChangedMeanwhile, version_of
from sidecar.db import reading, transaction
from sidecar.errors import Refused, WrongValue
from sidecar.members.grants import change_bundle, change_level
from sidecar.outbox import list_waiting
from tests.catalog.racing import at_once
from tests.house import NOW

MONTHLY = Terms(ProductKind.SUBSCRIPTION, 1900, "EUR", 1, "month")
TRIAL = replace(MONTHLY, trial_days=14, trial_price_minor=0)


def get(find, key):
    with reading() as reader:
        return find(reader, key)


@pytest.fixture
def offer(house):
    level_id = house.level("Gold")
    return get(get_product, make_product("Offer", MONTHLY, Grant.LEVEL, level_id, now=NOW))


def last_change(house):
    event = house.events()[-1]
    return event.name, event.subject, json.loads(event.body)


def test_a_product_is_changed_and_the_log_says_by_whom_and_what(house, offer):
    wanted = replace(offer, name=" Better ", terms=replace(MONTHLY, price_minor=2900), is_hidden=True)
    change_product(wanted, seen=version_of(offer), by="administrator:1", now=NOW)
    found = get(get_product, offer.id)
    assert (found.name, found.terms.price_minor, found.is_hidden) == ("Better", 2900, True)
    assert (found.reference, found.grant_id) == (offer.reference, offer.grant_id)
    assert last_change(house) == (
        "catalog_changed",
        f"product:{offer.id}",
        {
            "by": "administrator:1",
            "changes": {
                "name": ["Offer", "Better"],
                "price_minor": [1900, 2900],
                "is_hidden": [False, True],
            },
        },
    )


def test_whoever_saves_second_is_told_and_overwrites_nothing(offer):
    seen = version_of(offer)
    change_product(replace(offer, name="First"), seen=seen, by="a", now=NOW)
    with pytest.raises(ChangedMeanwhile):
        change_product(replace(offer, name="Second"), seen=seen, by="b", now=NOW)
    assert get(get_product, offer.id).name == "First"


def test_of_two_who_save_at_the_same_moment_one_is_told(house, offer):
    seen = version_of(offer)
    told = at_once(
        house,
        lambda: change_product(replace(offer, name="One"), seen=seen, by="a", now=NOW),
        lambda: change_product(replace(offer, name="Two"), seen=seen, by="b", now=NOW),
    )
    assert told.count(Refused) == 1


def test_a_taken_name_and_terms_that_contradict_themselves_name_their_field(offer):
    make_product("Taken", MONTHLY, Grant.LEVEL, offer.grant_id, now=NOW)
    for wanted, field in (
        (replace(offer, name="Taken"), "name"),
        (replace(offer, name=" "), "name"),
        (replace(offer, terms=replace(MONTHLY, price_minor=0)), "price_minor"),
        (replace(offer, alternate_product_id=offer.id), "alternate_product_id"),
    ):
        with pytest.raises(WrongValue) as caught:
            change_product(wanted, seen=version_of(offer), by="a", now=NOW)
        assert caught.value.field == field
    assert get(get_product, offer.id) == offer


def test_what_a_second_trial_becomes_gets_no_trial_itself(offer):
    make_product("Trial", TRIAL, Grant.LEVEL, offer.grant_id, now=NOW, alternate_product_id=offer.id)
    with pytest.raises(WrongValue, match="alternate product of Trial"):
        change_product(replace(offer, terms=TRIAL), seen=version_of(offer), by="a", now=NOW)


def test_a_coupon_is_changed_while_others_use_it_but_not_below_what_was_used(house):
    coupon_id = make_coupon(Coupon(0, "SUMMER", CouponKind.PERCENT, percent_ppm=200_000), now=NOW)
    seen = get(get_coupon, coupon_id)
    with transaction() as session:
        session.execute(sa.update(coupons).values(used=3))
    change_coupon(
        replace(seen, quantity=5, code="OTHER"), seen=version_of(unused(seen)), by="administrator:1", now=NOW
    )
    found = get(get_coupon, coupon_id)
    assert (found.code, found.quantity, found.used) == ("SUMMER", 5, 3)
    with pytest.raises(WrongValue) as caught:
        change_coupon(replace(found, quantity=2), seen=version_of(unused(found)), by="a", now=NOW)
    assert caught.value.field == "quantity"


def test_a_custom_field_gets_another_name(house):
    field = get(get_field, make_field("Colour", now=NOW))
    rename_field(replace(field, name="Favourite colour"), seen=version_of(field), by="a", now=NOW)
    assert get(get_field, field.id).name == "Favourite colour"


def test_another_role_of_a_level_follows_to_its_holders_and_takes_the_old_one_along(house):
    level = get(get_level, house.level("Gold", role="gold", assignable=["gold"]))
    alice, charlie = house.member(level.id), house.member(house.level("Other"))
    before = get(lambda reader, _key: get_generation(reader), 0)
    change_level(
        replace(level, role="silver"), seen=version_of(level), by="a", now=NOW, assignable=["gold", "silver"]
    )
    with reading() as reader:
        waiting = [one.payload for one in list_waiting(reader, "site_change") if "was" in one.payload]
    assert waiting == [{"kind": "roles", "user": alice.user_id, "was": "gold"}]
    assert charlie.user_id not in {one["user"] for one in waiting}
    assert get(lambda reader, _key: get_generation(reader), 0) > before


def test_a_role_that_is_not_allowed_is_refused_but_one_that_is_there_stays(house):
    level = get(get_level, house.level("Gold", role="gold", assignable=["gold"]))
    with pytest.raises(WrongValue) as caught:
        change_level(replace(level, role="silver"), seen=version_of(level), by="a", now=NOW)
    assert caught.value.field == "role"
    change_level(replace(level, name="Golden"), seen=version_of(level), by="a", now=NOW)
    assert get(get_level, level.id).name == "Golden"


def test_there_is_one_default_level_and_it_is_free(house):
    free = get(get_level, house.level("Free", is_free=True, is_default=True))
    other = get(get_level, house.level("Other", is_free=True))
    for wanted in (replace(free, is_default=False), replace(free, is_free=False)):
        with pytest.raises(WrongValue):
            change_level(wanted, seen=version_of(free), by="a", now=NOW)
    change_level(replace(other, is_default=True), seen=version_of(other), by="a", now=NOW)
    assert not get(get_level, free.id).is_default
    assert get(get_level, other.id).is_default


def test_a_bundle_is_changed_like_a_level(house):
    bundle = get(get_bundle, house.bundle("Videos"))
    change_bundle(
        replace(bundle, name="Films", keeps_access_overdue=True), seen=version_of(bundle), by="a", now=NOW
    )
    found = get(get_bundle, bundle.id)
    assert (found.name, found.keeps_access_overdue) == ("Films", True)
