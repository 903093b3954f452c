"""What makes a name and a price lawful."""

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.catalog.rules import (
    NAME_LENGTH,
    PlanEnd,
    ProductKind,
    Terms,
    check_description,
    check_name,
    check_terms,
    terms_from_json,
    terms_to_json,
)
from sidecar.errors import Refused
from sidecar.i18n import speaking

FREE, ONE_TIME, SUBSCRIPTION, PLAN = ProductKind
MONTHLY = Terms(SUBSCRIPTION, 1900, "EUR", 1, "month")
THREE_PARTS = Terms(PLAN, 6500, "EUR", 1, "month", 3)
ONCE = Terms(ONE_TIME, 8900, "EUR")


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
        replace(MONTHLY, trial_days=14, trial_price_minor=0),
        replace(MONTHLY, trial_days=1, trial_price_minor=2500),
        replace(THREE_PARTS, trial_days=30, trial_price_minor=100, plan_end=PlanEnd.END),
        replace(THREE_PARTS, plan_end=PlanEnd.KEEP),
        replace(MONTHLY, retry_days="2,5,7", keeps_access_overdue=True),
        replace(MONTHLY, retry_days="", keeps_access_overdue=False),
        replace(MONTHLY, retry_days="1,2,3,4,5,6,7,8,9,10,11,12,13,14,999"),
        replace(ONCE, access_days=36_500),
        Terms(FREE, access_days=1),
        replace(ONCE, tax_ppm=200_000, tax_country="FR"),
        replace(ONCE, tax_country="FR"),
    ],
)
def test_terms_that_can_be_kept_are_let_through(terms):
    assert check_terms(terms) is None


NO_SCHEDULES = (
    "0",
    "2,2",
    "5,2",
    "2,",
    ",2",
    "2, 5",
    "-1",
    "2;5",
    "1000",
    "²",
    "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16",
)


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
        (replace(ONCE, currency="EUX"), "there is no currency EUX"),
        (replace(ONCE, price_minor=2**62 + 1), "too high"),
        (replace(MONTHLY, trial_days=1, trial_price_minor=2**62 + 1), "too high"),
        (replace(MONTHLY, every=36_501), "at most 36500"),
        (replace(ONCE, access_days=36_501), "at most 36500"),
        (replace(ONCE, trial_days=14, trial_price_minor=0), "have a trial"),
        (Terms(FREE, trial_days=14, trial_price_minor=0), "have a trial"),
        (replace(MONTHLY, trial_days=0, trial_price_minor=0), "one day or more"),
        (replace(MONTHLY, trial_days=14), "a number of days and a price"),
        (replace(MONTHLY, trial_price_minor=0), "a number of days and a price"),
        (replace(MONTHLY, trial_days=14, trial_price_minor=-1), "not negative"),
        (replace(ONCE, retry_days="2,5,7"), "can be overdue"),
        (replace(ONCE, keeps_access_overdue=False), "can be overdue"),
        *((replace(MONTHLY, retry_days=days), "rising") for days in NO_SCHEDULES),
        (replace(MONTHLY, plan_end=PlanEnd.KEEP), "only a payment plan"),
        (replace(ONCE, plan_end=PlanEnd.END), "only a payment plan"),
        (replace(MONTHLY, access_days=30), "ends after days"),
        (replace(THREE_PARTS, access_days=30), "ends after days"),
        (replace(ONCE, access_days=0), "one day or more"),
        (replace(ONCE, tax_ppm=-1, tax_country="FR"), "from 0 to 100"),
        (replace(ONCE, tax_ppm=1_000_001, tax_country="FR"), "from 0 to 100"),
        (replace(ONCE, tax_ppm=200_000), "a tax has a country"),
        (replace(ONCE, tax_country="France"), "two capital letters"),
        (replace(ONCE, tax_country="fr"), "two capital letters"),
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


def test_a_description_has_an_end():
    assert check_description("  All films\n") == "All films"
    with pytest.raises(Refused, match="at most 500"):
        check_description("x" * 501)


def test_a_refusal_is_in_the_language_of_its_context():
    with speaking("fr"), pytest.raises(Refused, match="un nom compte de 1 à 100 caractères"):
        check_name("")


# --- terms as text --------------------------------------------------------------------------------------------------

whole = st.integers(-(2**62), 2**62)
any_terms = st.builds(
    Terms,
    kind=st.sampled_from(ProductKind),
    price_minor=whole,
    currency=st.text(max_size=3),
    every=st.none() | whole,
    unit=st.none() | st.text(max_size=5),
    payments=st.none() | whole,
    trial_days=st.none() | whole,
    trial_price_minor=st.none() | whole,
    retry_days=st.none() | st.text(max_size=60),
    keeps_access_overdue=st.none() | st.booleans(),
    plan_end=st.none() | st.sampled_from(PlanEnd),
    access_days=st.none() | whole,
    tax_ppm=whole,
    tax_country=st.text(max_size=2),
)


@given(any_terms)
def test_terms_come_back_from_their_text_whatever_they_are(terms):
    assert terms_from_json(terms_to_json(terms)) == terms


@given(any_terms)
def test_the_text_of_terms_is_canonical(terms):
    text = terms_to_json(terms)
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    assert json.loads(text).keys() == {field.name for field in fields(Terms)}


def test_terms_of_an_old_order_are_read_with_what_came_later_at_its_default():
    text = '{"currency":"EUR","every":1,"kind":"subscription","price_minor":1900,"unit":"month"}'
    assert terms_from_json(text) == MONTHLY


def test_terms_that_would_be_refused_today_stay_readable():
    terms = replace(ONCE, currency="EUX")
    assert terms_from_json(terms_to_json(terms)) == terms


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "cannot be read"),
        ("{", "cannot be read"),
        ("null", "cannot be read"),
        ('["free"]', "cannot be read"),
        ("{}", "kind"),
        ('{"kind":"gift"}', "gift"),
        ('{"kind":"one_time","price_minor":5.0}', "5.0"),
        ('{"kind":"one_time","price_minor":5e3}', "5e3"),
        ('{"kind":"one_time","price_minor":true}', "bool"),
        ('{"kind":"one_time","price_minor":"5"}', "str"),
        ('{"kind":"one_time","price_minor":NaN}', "float"),
        ('{"kind":"one_time","price_minor":null}', "null"),
        ('{"kind":"free","colour":"red","size":1}', "unknown fields: colour, size"),
    ],
)
def test_a_text_that_is_none_of_terms_is_refused(text, reason):
    with pytest.raises(Refused, match=reason):
        terms_from_json(text)
