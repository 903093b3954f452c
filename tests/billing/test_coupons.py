"""What a coupon takes off, and when it may not be used."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.billing.coupons import discount, refuse_coupon
from sidecar.catalog.coupons import Coupon, CouponKind, CouponScope
from sidecar.errors import Refused
from sidecar.i18n import speaking

NOW = datetime(2026, 5, 31, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


def a_coupon(kind=CouponKind.PERCENT, **fields):
    usual = {
        CouponKind.PERCENT: {"percent_ppm": 200_000},
        CouponKind.AMOUNT: {"amount_minor": 500, "currency": "EUR"},
        CouponKind.FREE: {},
    }[kind]
    return Coupon(1, "SUMMER", kind, **{"scope": CouponScope.ALL, **usual, **fields})


coupons = st.one_of(
    st.builds(lambda ppm: a_coupon(percent_ppm=ppm), st.integers(1, 1_000_000)),
    st.builds(lambda amount: a_coupon(CouponKind.AMOUNT, amount_minor=amount), st.integers(1, 2**62)),
    st.just(a_coupon(CouponKind.FREE)),
)


@pytest.mark.parametrize(
    ("coupon", "price", "off"),
    [
        (a_coupon(), 1900, 380),
        (a_coupon(), 1999, 400),  # 399.8
        (a_coupon(percent_ppm=500_000), 1, 0),  # half a cent: to the even
        (a_coupon(percent_ppm=500_000), 3, 2),
        (a_coupon(percent_ppm=1_000_000), 1999, 1999),
        (a_coupon(percent_ppm=1), 1999, 0),
        (a_coupon(CouponKind.AMOUNT), 1900, 500),
        (a_coupon(CouponKind.AMOUNT), 500, 500),
        (a_coupon(CouponKind.AMOUNT), 499, 499),
        (a_coupon(CouponKind.FREE), 1900, 1900),
        (a_coupon(CouponKind.FREE), 0, 0),
        (a_coupon(CouponKind.AMOUNT), 0, 0),
        (a_coupon(CouponKind.AMOUNT), -100, 0),
    ],
)
def test_a_coupon_takes_its_share_or_sum_off_but_never_more_than_the_price(coupon, price, off):
    assert discount(coupon, price, "EUR", cycle=0) == off


@pytest.mark.parametrize("kind", CouponKind)
def test_a_coupon_for_the_first_payment_takes_nothing_off_the_next(kind):
    coupon = a_coupon(kind, scope=CouponScope.FIRST)
    assert discount(coupon, 1900, "EUR", cycle=0) > 0
    assert [discount(coupon, 1900, "EUR", cycle=cycle) for cycle in (1, 2, 40)] == [0, 0, 0]


@pytest.mark.parametrize("kind", CouponKind)
def test_a_coupon_for_all_payments_takes_the_same_off_each_even_after_it_has_ended(kind):
    coupon = a_coupon(kind, ends_at=NOW - timedelta(days=300), is_archived=True)
    assert len({discount(coupon, 1900, "EUR", cycle=cycle) for cycle in (0, 1, 40)} - {0}) == 1


def test_an_amount_in_another_currency_takes_nothing_off():
    assert discount(a_coupon(CouponKind.AMOUNT), 1900, "USD", cycle=0) == 0


@given(coupons, st.integers(0, 2**62), st.integers(0, 500))
def test_what_is_left_to_pay_is_never_negative_and_never_more_than_the_price(coupon, price, cycle):
    assert 0 <= price - discount(coupon, price, "EUR", cycle=cycle) <= price


@pytest.mark.parametrize(
    "coupon",
    [
        a_coupon(),
        a_coupon(CouponKind.AMOUNT),
        a_coupon(CouponKind.FREE),
        a_coupon(starts_at=NOW),
        a_coupon(ends_at=NOW + INSTANT),
        a_coupon(quantity=10, used=9),
        a_coupon(product_ids=frozenset({3, 7})),
    ],
)
def test_a_coupon_that_holds_is_not_refused(coupon):
    assert refuse_coupon(coupon, 7, "EUR", NOW) is None


@pytest.mark.parametrize(
    ("coupon", "sentence"),
    [
        (a_coupon(starts_at=NOW + INSTANT), "cannot be used yet"),
        (a_coupon(ends_at=NOW), "has ended"),
        (a_coupon(ends_at=NOW - timedelta(days=1)), "has ended"),
        (a_coupon(quantity=10, used=10), "used up"),
        (a_coupon(quantity=10, used=11), "used up"),
        (a_coupon(product_ids=frozenset({3})), "not for this product"),
        (a_coupon(CouponKind.AMOUNT, currency="USD"), "another currency"),
        (a_coupon(is_archived=True), "no longer offered"),
    ],
)
def test_a_coupon_that_does_not_hold_is_refused_in_a_sentence(coupon, sentence):
    with pytest.raises(Refused, match=sentence):
        refuse_coupon(coupon, 7, "EUR", NOW)


def test_a_buyer_who_speaks_french_is_refused_in_french():
    with speaking("fr"), pytest.raises(Refused, match="ce code promo a expiré"):
        refuse_coupon(a_coupon(ends_at=NOW), 7, "EUR", NOW)
