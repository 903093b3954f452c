"""Sums of money: nothing is lost, nothing is invented."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.billing.amounts import (
    MILLION,
    Price,
    allocate,
    divide_half_even,
    percent_of,
    price_of_gross,
    price_of_net,
)

amounts = st.integers(-(2**62), 2**62)
rates = st.integers(0, MILLION)
weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=30).filter(any)


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (101, [1, 1, 1], [34, 34, 33]),
        (-101, [1, 1, 1], [-34, -34, -33]),
        (0, [1, 2], [0, 0]),
        (0, [0, 0], [0, 0]),
        (1, [1, 1], [1, 0]),
        (1, [1, 2], [0, 1]),
        (5, [7], [5]),
        (10, [0, 1, 0], [0, 10, 0]),
        (3, [0, 1, 1], [0, 2, 1]),
        (1001, [50, 30, 20], [501, 300, 200]),
        (7, [1000, 1, 1], [7, 0, 0]),
    ],
)
def test_a_sum_is_divided_by_largest_remainder_and_ties_go_to_the_earliest(total, weights, shares):
    assert allocate(total, weights) == shares


@given(amounts, weights)
def test_shares_add_up_to_the_total_exactly(total, weights):
    assert sum(allocate(total, weights)) == total


@given(amounts, weights)
def test_no_share_is_a_whole_unit_away_from_its_exact_value(total, weights):
    for share, weight in zip(allocate(total, weights), weights, strict=True):
        assert abs(share - Fraction(total * weight, sum(weights))) < 1


@given(amounts, weights)
def test_a_refund_is_divided_as_the_payment_was(total, weights):
    assert allocate(-total, weights) == [-share for share in allocate(total, weights)]


@given(amounts, weights)
def test_what_has_no_weight_gets_nothing(total, weights):
    shares = allocate(total, [*weights, 0])
    assert shares[-1] == 0


@given(st.integers(0, 2**62), weights)
def test_of_two_shares_the_heavier_is_never_the_smaller(total, weights):
    by_weight = sorted(zip(weights, allocate(total, weights), strict=True))
    for (lighter, small), (heavier, large) in pairwise(by_weight):
        assert small <= large or lighter == heavier


@pytest.mark.parametrize(("total", "weights"), [(1, []), (0, []), (1, [0, 0]), (1, [2, -1])])
def test_a_sum_that_nobody_has_a_weight_for_is_an_error(total, weights):
    with pytest.raises(ValueError, match="cannot allocate"):
        allocate(total, weights)


@given(amounts, st.integers(1, 10**9))
def test_a_quotient_is_rounded_as_a_fraction_is(numerator, denominator):
    assert divide_half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@given(amounts, rates)
def test_a_percentage_of_the_negated_amount_is_the_negated_percentage(amount, rate):
    assert percent_of(-amount, rate) == -percent_of(amount, rate)


@given(amounts)
def test_nothing_and_the_whole_of_an_amount_are_exact(amount):
    assert (percent_of(amount, 0), percent_of(amount, MILLION)) == (0, amount)


@given(st.integers(0, 2**62), rates)
def test_a_percentage_is_never_more_than_the_amount(amount, rate):
    assert 0 <= percent_of(amount, rate) <= amount


@pytest.mark.parametrize(
    ("gross", "ppm", "tax"),
    [
        (1900, 200_000, 317),  # 316.67
        (1200, 200_000, 200),
        (3, 200_000, 0),  # exactly half: to the even
        (9, 200_000, 2),  # 1.5
        (-1900, 200_000, -317),
        (1900, 0, 0),
        (10_000, 55_000, 521),  # 5.5 %: 521.33
        (1, MILLION, 0),  # 0.5
        (0, 200_000, 0),
    ],
)
def test_the_tax_is_the_part_of_the_gross_that_the_rate_explains(gross, ppm, tax):
    assert price_of_gross(gross, "EUR", ppm).tax_minor == tax


@given(amounts, rates)
def test_a_gross_price_is_what_is_paid_however_its_tax_is_rounded(gross, ppm):
    price = price_of_gross(gross, "EUR", ppm, "FR")
    assert price.gross_minor == gross
    assert price.net_minor + price.tax_minor == gross


@given(amounts, rates)
def test_the_tax_inside_a_price_is_exact_to_half_a_unit(gross, ppm):
    exact = Fraction(gross * ppm, MILLION + ppm)
    assert abs(price_of_gross(gross, "EUR", ppm).tax_minor - exact) <= Fraction(1, 2)


@given(amounts, rates)
def test_a_net_price_leaves_the_net_to_the_seller(net, ppm):
    price = price_of_net(net, "EUR", ppm, "FR")
    assert (price.net_minor, price.gross_minor) == (net, net + percent_of(net, ppm))


@given(amounts, rates)
def test_taking_the_tax_out_of_a_net_price_gives_it_back_to_a_unit(net, ppm):
    there_and_back = price_of_gross(price_of_net(net, "EUR", ppm).gross_minor, "EUR", ppm)
    assert abs(there_and_back.net_minor - net) <= 1


@given(amounts, rates)
def test_a_credit_note_mirrors_its_invoice(gross, ppm):
    invoice, credit_note = price_of_gross(gross, "EUR", ppm), price_of_gross(-gross, "EUR", ppm)
    assert (credit_note.net_minor, credit_note.tax_minor) == (-invoice.net_minor, -invoice.tax_minor)


def test_a_price_whose_parts_do_not_add_up_cannot_be_made():
    with pytest.raises(ValueError, match="do not make"):
        Price(1583, 316, 1900, "EUR")


@pytest.mark.parametrize("make", [price_of_gross, price_of_net])
def test_a_negative_rate_is_an_error(make):
    with pytest.raises(ValueError, match="negative"):
        make(100, "EUR", -1)


def test_a_price_remembers_the_rate_and_whose_it_is():
    price = price_of_gross(1200, "EUR", 200_000, "FR")
    assert (price.currency, price.tax_ppm, price.country) == ("EUR", 200_000, "FR")


def test_sums_as_large_as_a_bigint_are_exact():
    assert percent_of(2**62, 333_333) == round(Fraction(2**62 * 333_333, MILLION))
