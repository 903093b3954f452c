"""Coupons: lawful ones are kept, found however they are typed, and used as often as they may be."""

from dataclasses import replace

import pytest

from sidecar.catalog.coupons import Coupon, CouponKind, CouponScope, check_coupon, fold_code
from sidecar.catalog.making import archive_coupon, make_coupon, make_product
from sidecar.catalog.rules import Grant, ProductKind, Terms
from sidecar.catalog.store import claim_coupon_use, find_coupon, get_coupon, list_coupons, return_coupon_use
from sidecar.db import reading, transaction
from sidecar.errors import NotFound, Refused
from tests.catalog.racing import at_once
from tests.house import DAY, NOW

PERCENT = Coupon(0, "SUMMER", CouponKind.PERCENT, percent_ppm=200_000)
AMOUNT = Coupon(0, "FIVER", CouponKind.AMOUNT, amount_minor=500, currency="EUR")
FREE = Coupon(0, "GIFT", CouponKind.FREE)


def find(code):
    with reading() as reader:
        return find_coupon(reader, code)


def get(coupon_id):
    with reading() as reader:
        return get_coupon(reader, coupon_id)


def claim(coupon_id):
    with transaction() as session:
        return claim_coupon_use(session, coupon_id)


def give_back(coupon_id):
    with transaction() as session:
        return_coupon_use(session, coupon_id)


# --- what is lawful -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "coupon",
    [
        PERCENT,
        AMOUNT,
        FREE,
        replace(PERCENT, percent_ppm=1),
        replace(PERCENT, percent_ppm=1_000_000, scope=CouponScope.ALL),
        replace(FREE, code="A-B_9" * 8, quantity=1, starts_at=NOW, ends_at=NOW + DAY),
    ],
)
def test_a_coupon_that_can_be_kept_is_let_through(coupon):
    assert check_coupon(coupon) is None


@pytest.mark.parametrize(
    ("coupon", "reason"),
    [
        (replace(PERCENT, percent_ppm=0), "percentage"),
        (replace(PERCENT, percent_ppm=-1), "percentage"),
        (replace(PERCENT, percent_ppm=1_000_001), "percentage"),
        (replace(FREE, percent_ppm=1), "only a coupon for a percentage"),
        (replace(AMOUNT, percent_ppm=1), "only a coupon for a percentage"),
        (replace(AMOUNT, amount_minor=0), "names the amount and a currency"),
        (replace(AMOUNT, amount_minor=-1), "more than nothing"),
        (replace(AMOUNT, amount_minor=2**63), "more than nothing"),
        (replace(AMOUNT, currency=None), "names the amount and a currency"),
        (replace(AMOUNT, currency="EUX"), "there is no currency EUX"),
        (replace(AMOUNT, currency="eur"), "there is no currency eur"),
        (replace(PERCENT, currency="EUR"), "names the amount and a currency"),
        (replace(FREE, amount_minor=1), "names the amount and a currency"),
        (replace(FREE, code=""), "code"),
        (replace(FREE, code="X" * 41), "code"),
        (replace(FREE, code="ÉTÉ"), "code"),
        (replace(FREE, code="gift"), "code"),
        (replace(FREE, code="A B"), "code"),
        (replace(FREE, quantity=0), "once or more"),
        (replace(FREE, quantity=2**31), "once or more"),
        (replace(FREE, starts_at=NOW, ends_at=NOW), "ends after it starts"),
        (replace(FREE, starts_at=NOW, ends_at=NOW - DAY), "ends after it starts"),
    ],
)
def test_a_coupon_that_contradicts_itself_is_refused_with_the_reason(coupon, reason):
    with pytest.raises(Refused, match=reason):
        check_coupon(coupon)


@pytest.mark.parametrize("typed", ["summer", " SUMMER\n", "sum mer", "ｓｕｍｍｅｒ", "SUM\u00a0MER"])
def test_a_code_is_the_same_however_it_is_typed(typed):
    assert fold_code(typed) == "SUMMER"


# --- what is kept ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "coupon",
    [
        PERCENT,
        AMOUNT,
        FREE,
        replace(FREE, scope=CouponScope.ALL, quantity=3, starts_at=NOW, ends_at=NOW + DAY),
    ],
)
def test_a_coupon_is_kept_as_it_was_made_and_found_as_it_is_typed(house, coupon):
    made = make_coupon(replace(coupon, code=f" {coupon.code.lower()}"), now=NOW)
    assert get(made) == find(f"{coupon.code} ") == replace(coupon, id=made)


def test_a_coupon_is_for_the_products_that_it_names(house):
    level_id, terms = house.level(), Terms(ProductKind.ONE_TIME, 500)
    one, two, _three = (make_product(name, terms, Grant.LEVEL, level_id, now=NOW) for name in "abc")
    make_coupon(replace(FREE, product_ids=frozenset({one, two})), now=NOW)
    make_coupon(replace(PERCENT, product_ids=frozenset({two})), now=NOW)
    make_coupon(AMOUNT, now=NOW)
    with reading() as reader:
        found = {coupon.code: coupon.product_ids for coupon in list_coupons(reader)}
    assert found == {"GIFT": {one, two}, "SUMMER": {two}, "FIVER": set()}


def test_a_coupon_for_what_is_not_there_is_refused(house):
    with pytest.raises(NotFound, match="there is no product 4711"):
        make_coupon(replace(FREE, product_ids=frozenset({4711})), now=NOW)
    assert find("GIFT") is None


@pytest.mark.parametrize("code", ["", "nothing", "ÉTÉ", "' OR 1=1", "x" * 1000, "\x00", "💥"])
def test_a_code_that_is_none_finds_nothing(house, code):
    make_coupon(FREE, now=NOW)
    assert find(code) is None


def test_a_code_is_taken_once_even_when_it_is_archived(house):
    make_coupon(FREE, now=NOW)
    archive_coupon("gift", now=NOW)
    with pytest.raises(Refused, match="there is a coupon GIFT already"):
        make_coupon(replace(FREE, code="gift"), now=NOW)


def test_an_archived_coupon_is_found_by_orders_and_by_nobody_else(house):
    made = make_coupon(FREE, now=NOW)
    archive_coupon("gift", now=NOW)
    assert (find("GIFT"), get(made).is_archived, claim(made)) == (None, True, False)
    with pytest.raises(NotFound, match="there is no coupon GIFT"):
        archive_coupon("gift", now=NOW)
    with pytest.raises(NotFound, match="there is no coupon 4711"):
        get(4711)


# --- what is used ---------------------------------------------------------------------------------------------------


def test_a_coupon_is_used_as_often_as_it_may_be(house):
    made = make_coupon(replace(FREE, quantity=2), now=NOW)
    assert [claim(made) for _ in range(3)] == [True, True, False]
    assert get(made).used == 2


def test_a_coupon_without_a_limit_counts_its_uses(house):
    made = make_coupon(FREE, now=NOW)
    assert [claim(made) for _ in range(3)] == [True, True, True]
    assert get(made).used == 3


def test_a_use_that_is_given_back_can_be_taken_again(house):
    made = make_coupon(replace(FREE, quantity=1), now=NOW)
    assert claim(made)
    give_back(made)
    assert (claim(made), claim(made)) == (True, False)


def test_no_more_can_be_given_back_than_was_taken(house):
    made = make_coupon(replace(FREE, quantity=1), now=NOW)
    give_back(made)
    assert get(made).used == 0


def test_a_claim_that_is_rolled_back_took_nothing(house):
    made = make_coupon(replace(FREE, quantity=1), now=NOW)
    with transaction() as session:
        assert claim_coupon_use(session, made)
        session.rollback()
    assert (get(made).used, claim(made)) == (0, True)


def test_of_several_who_take_the_last_use_at_once_one_gets_it(house):
    made = make_coupon(replace(FREE, quantity=1), now=NOW)
    outcomes = at_once(house, *[lambda: claim(made)] * 4)
    assert (sorted(outcomes), get(made).used) == ([False, False, False, True], 1)
