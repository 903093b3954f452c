"""Products: kept as they were made, found by name, reference and id; their terms change, and they leave the shop."""

from dataclasses import replace

import pytest

from sidecar.catalog.making import archive_product, change_product_terms, make_product
from sidecar.catalog.models import products
from sidecar.catalog.rules import DESCRIPTION_LENGTH, TERM_NAMES, Grant, PlanEnd, ProductKind, Terms
from sidecar.catalog.store import find_product, get_product, list_products
from sidecar.db import reading
from sidecar.errors import NotFound, Refused
from tests.catalog.racing import at_once
from tests.house import DAY, NOW

MONTHLY = Terms(ProductKind.SUBSCRIPTION, 1900, "EUR", 1, "month")
TRIAL = replace(MONTHLY, trial_days=14, trial_price_minor=100)
EVERY_KIND = (
    Terms(ProductKind.FREE, access_days=30),
    Terms(ProductKind.ONE_TIME, 2**62, "JPY", access_days=365, tax_ppm=200_000, tax_country="FR"),
    replace(TRIAL, retry_days="1,2", keeps_access_overdue=False),
    replace(MONTHLY, retry_days="", keeps_access_overdue=True),
    Terms(ProductKind.PAYMENT_PLAN, 6500, "CAD", 1, "month", 3, 7, 0, plan_end=PlanEnd.END),
)


def get(key):
    with reading() as reader:
        return get_product(reader, key)


def find(key):
    with reading() as reader:
        return find_product(reader, key)


def a_product(house, name="Offer", terms=MONTHLY, **more):
    level_id = house.level()
    return make_product(name, terms, Grant.LEVEL, level_id, now=NOW, **more)


@pytest.mark.parametrize("terms", EVERY_KIND)
def test_a_product_keeps_its_terms(house, terms):
    assert get(a_product(house, terms=terms)).terms == terms


def test_every_term_has_a_column_of_its_name():
    assert set(products.columns.keys()) >= TERM_NAMES


def test_a_product_keeps_what_it_was_made_with(house):
    bundle_id = house.bundle("Videos")
    product_id = make_product(
        " Add-on ", MONTHLY, Grant.BUNDLE, bundle_id, now=NOW, description=" All films ", is_hidden=True
    )
    found = get(product_id)
    assert (found.name, found.grant, found.grant_id) == ("Add-on", Grant.BUNDLE, bundle_id)
    assert (found.description, found.is_hidden, found.is_archived) == ("All films", True, False)


def test_a_product_is_found_by_id_name_and_reference(house):
    product_id = a_product(house, "Or – Élite")
    found = get(product_id)
    assert find("Or – Élite") == find(found.reference) == found
    assert find("or – none") is find("éééé") is find(4711) is None
    with pytest.raises(NotFound, match="there is no product 4711"):
        get(4711)


def test_a_name_goes_before_another_products_reference(house):
    first = get(a_product(house, "First"))
    second = a_product(house, first.reference)
    assert get(first.reference).id == second


def test_references_are_short_and_differ(house):
    references = {get(a_product(house, f"Offer {number}")).reference for number in range(20)}
    assert len(references) == 20
    assert all(len(one) == 8 and one.isascii() and one.isalnum() for one in references)


@pytest.mark.parametrize("grant", list(Grant))
def test_a_product_for_what_is_not_there_is_refused(house, grant):
    with pytest.raises(NotFound, match=f"there is no {grant} 4711"):
        make_product("Offer", MONTHLY, grant, 4711, now=NOW)


def test_terms_and_descriptions_that_cannot_be_are_refused(house):
    with pytest.raises(Refused, match="needs a price"):
        a_product(house, terms=Terms(ProductKind.ONE_TIME))
    with pytest.raises(Refused, match="at most 500"):
        a_product(house, description="x" * (DESCRIPTION_LENGTH + 1))


def test_products_are_listed_by_id_with_what_they_give(house):
    level_id, bundle_id = house.level("Gold"), house.bundle("Videos")
    make_product("Monthly", MONTHLY, Grant.LEVEL, level_id, now=NOW)
    make_product("Add-on", Terms(ProductKind.ONE_TIME, 500), Grant.BUNDLE, bundle_id, now=NOW)
    with reading() as reader:
        found = [(one.name, one.grant, one.grant_id) for one in list_products(reader)]
    assert found == [("Monthly", Grant.LEVEL, level_id), ("Add-on", Grant.BUNDLE, bundle_id)]


# --- alternate products ---------------------------------------------------------------------------------------------


def test_a_second_trial_becomes_the_alternate_product(house):
    plain = a_product(house, "Plain")
    trial = a_product(house, "Trial", TRIAL, alternate_product_id=plain)
    assert get(trial).alternate_product_id == plain


def test_only_a_trial_has_an_alternate_product(house):
    plain = a_product(house, "Plain")
    with pytest.raises(Refused, match="only a product with a trial"):
        a_product(house, "Other", alternate_product_id=plain)


def test_what_is_not_there_is_no_alternate_product(house):
    with pytest.raises(NotFound, match="there is no product 4711"):
        a_product(house, "Trial", TRIAL, alternate_product_id=4711)


def test_an_alternate_product_has_no_trial_and_is_for_sale(house):
    trial, old = a_product(house, "Trial", TRIAL), a_product(house, "Old")
    archive_product(old, now=NOW)
    for alternate in (trial, old):
        with pytest.raises(Refused, match="cannot be an alternate product"):
            a_product(house, "Another", TRIAL, alternate_product_id=alternate)
    assert find("Another") is None


def test_an_alternate_product_neither_gets_a_trial_nor_leaves_the_shop(house):
    plain = a_product(house, "Plain")
    trial = a_product(house, "Trial", TRIAL, alternate_product_id=plain)
    with pytest.raises(Refused, match="Plain is the alternate product of Trial"):
        change_product_terms(plain, TRIAL, now=NOW)
    with pytest.raises(Refused, match="Plain is the alternate product of Trial"):
        archive_product(plain, now=NOW)
    assert (get(plain).terms, get(plain).is_archived) == (MONTHLY, False)
    archive_product(trial, now=NOW)
    archive_product(plain, now=NOW)
    assert get(plain).is_archived


def test_a_product_that_leaves_while_it_becomes_an_alternate_does_one_of_both(house):
    plain = a_product(house, "Plain")
    outcomes = at_once(
        house,
        lambda: archive_product(plain, now=NOW),
        lambda: a_product(house, "Trial", TRIAL, alternate_product_id=plain),
    )
    assert outcomes.count(Refused) == 1
    assert get(plain).is_archived is (find("Trial") is None)


# --- changes --------------------------------------------------------------------------------------------------------


def test_terms_change_and_the_rest_of_a_product_stays(house):
    product_id = a_product(house, description="All films")
    before = get(product_id)
    change_product_terms(product_id, TRIAL, now=NOW + DAY)
    assert get(product_id) == replace(before, terms=TRIAL)


def test_a_product_that_loses_its_trial_loses_its_alternate_too(house):
    plain = a_product(house, "Plain")
    trial = a_product(house, "Trial", TRIAL, alternate_product_id=plain)
    change_product_terms(trial, replace(TRIAL, trial_days=7), now=NOW)
    assert get(trial).alternate_product_id == plain
    change_product_terms(trial, MONTHLY, now=NOW)
    assert get(trial).alternate_product_id is None


def test_terms_that_contradict_themselves_change_nothing(house):
    product_id = a_product(house)
    with pytest.raises(Refused, match="needs a price"):
        change_product_terms(product_id, replace(MONTHLY, price_minor=0), now=NOW)
    assert get(product_id).terms == MONTHLY


def test_an_archived_product_stays_to_be_read_and_a_second_time_changes_nothing(house):
    product_id = a_product(house)
    archive_product(product_id, now=NOW)
    archive_product(product_id, now=NOW + DAY)
    assert get(product_id).is_archived
    with pytest.raises(Refused, match="there is a product Offer already"):
        a_product(house)


@pytest.mark.parametrize(
    "change", [archive_product, lambda key, now: change_product_terms(key, MONTHLY, now=now)]
)
def test_a_product_that_is_not_there_cannot_be_changed(house, change):
    with pytest.raises(NotFound, match="there is no product 4711"):
        change(4711, now=NOW)
