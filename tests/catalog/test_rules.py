"""What makes a name and a price lawful."""

import pytest

from sidecar.catalog.rules import NAME_LENGTH, ProductKind, Terms, check_name, check_terms
from sidecar.errors import Refused
from sidecar.i18n import speaking

FREE, ONE_TIME, SUBSCRIPTION, PLAN = ProductKind


@pytest.mark.parametrize(
    "terms",
    [
        Terms(FREE),
        Terms(ONE_TIME, 1),
        Terms(ONE_TIME, 2**62, "JPY"),
        Terms(SUBSCRIPTION, 1900, "EUR", 1, "month"),
        Terms(SUBSCRIPTION, 1900, "EUR", 90, "day"),
        Terms(PLAN, 10000, "EUR", 2, "week", 2),
        Terms(PLAN, 10000, "EUR", 1, "year", 36),
    ],
)
def test_terms_that_can_be_kept_are_let_through(terms):
    assert check_terms(terms) is None


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        (Terms(FREE, 1), "no price"),
        (Terms(ONE_TIME), "needs a price"),
        (Terms(SUBSCRIPTION, 0, "EUR", 1, "month"), "needs a price"),
        (Terms(ONE_TIME, -1), "not negative"),
        (Terms(FREE, -1), "not negative"),
        (Terms(ONE_TIME, 1, "EURO"), "currency"),
        (Terms(ONE_TIME, 1, "eur"), "currency"),
        (Terms(ONE_TIME, 1, "EUR\n"), "currency"),
        (Terms(ONE_TIME, 1, ""), "currency"),
        (Terms(SUBSCRIPTION, 1), "period"),
        (Terms(SUBSCRIPTION, 1, "EUR", 1, None), "period"),
        (Terms(SUBSCRIPTION, 1, "EUR", None, "month"), "period"),
        (Terms(SUBSCRIPTION, 1, "EUR", 0, "month"), "period"),
        (Terms(SUBSCRIPTION, 1, "EUR", -1, "month"), "period"),
        (Terms(SUBSCRIPTION, 1, "EUR", 1, "fortnight"), "period"),
        (Terms(PLAN, 1, "EUR", None, None, 3), "period"),
        (Terms(ONE_TIME, 1, "EUR", 1, "month"), "only subscriptions"),
        (Terms(FREE, 0, "EUR", None, "month"), "only subscriptions"),
        (Terms(PLAN, 1, "EUR", 1, "month"), "from 2 on"),
        (Terms(PLAN, 1, "EUR", 1, "month", 1), "from 2 on"),
        (Terms(PLAN, 1, "EUR", 1, "month", -2), "from 2 on"),
        (Terms(SUBSCRIPTION, 1, "EUR", 1, "month", 3), "only a payment plan"),
        (Terms(ONE_TIME, 1, "EUR", payments=2), "only a payment plan"),
    ],
)
def test_terms_that_contradict_themselves_are_refused_with_the_reason(terms, reason):
    with pytest.raises(Refused, match=reason):
        check_terms(terms)


@pytest.mark.parametrize("name", ["A", "Gold", "Or – Élite", "x" * NAME_LENGTH, "金"])
def test_a_name_loses_the_spaces_around_it_and_nothing_else(name):
    assert check_name(f"  {name}\n") == name


@pytest.mark.parametrize("name", ["", "   ", "\n", "x" * (NAME_LENGTH + 1)])
def test_an_empty_or_endless_name_is_refused(name):
    with pytest.raises(Refused, match="from 1 to 100"):
        check_name(name)


def test_a_refusal_is_in_the_language_of_its_context():
    with speaking("fr"), pytest.raises(Refused, match="un nom compte de 1 à 100 caractères"):
        check_name("")
