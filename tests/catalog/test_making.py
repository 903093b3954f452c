"""Levels, bundles and products are made: once per name, with a role that members may have."""

import threading

import pytest
from sqlalchemy.exc import IntegrityError

from sidecar.catalog.making import make_bundle, make_level, make_product
from sidecar.catalog.rules import Grant, ProductKind, Terms
from sidecar.catalog.store import (
    add_product,
    get_generation,
    get_level,
    list_bundles,
    list_levels,
    list_products,
)
from sidecar.db import is_duplicate, reading, transaction
from sidecar.errors import NotFound, Refused
from tests.house import NOW

MONTHLY = Terms(ProductKind.SUBSCRIPTION, 1900, "EUR", 1, "month")


def make_one(kind, house, name):
    """A level, bundle or product called `name`."""
    if kind == "product":
        level_id = house.level()
        return make_product(name, MONTHLY, Grant.LEVEL, level_id, now=NOW)
    return (make_level if kind == "level" else make_bundle)(name, now=NOW)


def names(list_them):
    with reading() as reader:
        return [one.name for one in list_them(reader)]


@pytest.mark.parametrize("kind", ["level", "bundle", "product"])
def test_a_name_that_is_taken_is_refused_in_words(house, kind):
    make_one(kind, house, "Gold")
    with pytest.raises(Refused, match=f"there is a {kind} Gold already"):
        make_one(kind, house, " Gold ")


def test_a_level_and_a_bundle_may_share_a_name(house):
    house.level("Gold")
    house.bundle("Gold")
    assert (names(list_levels), names(list_bundles)) == (["Gold"], ["Gold"])


def test_of_several_who_take_a_name_at_once_one_gets_it_and_the_others_are_refused(house):
    outcomes, start = [], threading.Barrier(4)

    def make():
        with house.app.app_context():
            start.wait()
            try:
                outcomes.append(make_level("Gold", now=NOW) > 0)
            except Refused:
                outcomes.append(False)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, False, False, True]
    assert names(list_levels) == ["Gold"]


def test_a_refused_name_leaves_no_trace(house):
    house.level("Gold")
    with reading() as reader:
        before = get_generation(reader)
    with pytest.raises(Refused):
        house.level("Gold")
    with reading() as reader:
        assert get_generation(reader) == before


def test_another_rule_of_the_table_is_not_taken_for_a_taken_name(house):
    with pytest.raises(IntegrityError) as refused, transaction() as session:
        add_product(session, "Nothing", MONTHLY, level_id=4711, bundle_id=None, now=NOW)
    assert not is_duplicate(refused.value)


@pytest.mark.parametrize("make", [make_level, make_bundle])
def test_a_role_must_be_one_that_the_owner_lets_members_have(house, make):
    with pytest.raises(Refused, match=r"the role editor is not among access\.assignable_roles"):
        make("Gold", now=NOW, role="editor", assignable=("gold",))
    assert make("Gold", now=NOW, role="gold", assignable=("gold",)) > 0


def test_a_level_keeps_what_it_was_made_with(house):
    level_id = make_level(
        " Gold ", now=NOW, is_free=True, role="gold", assignable=("gold",), keeps_access_overdue=True
    )
    with reading() as reader:
        level = get_level(reader, "Gold")
    assert (level.id, level.is_free, level.role, level.keeps_access_overdue) == (level_id, True, "gold", True)


@pytest.mark.parametrize("grant", list(Grant))
def test_a_product_for_what_is_not_there_is_refused(house, grant):
    with pytest.raises(NotFound, match=f"there is no {grant} 4711"):
        make_product("Offer", MONTHLY, grant, 4711, now=NOW)


def test_products_are_listed_with_what_they_give(house):
    level_id, bundle_id = house.level("Gold"), house.bundle("Videos")
    make_product("Monthly", MONTHLY, Grant.LEVEL, level_id, now=NOW)
    make_product("Add-on", Terms(ProductKind.ONE_TIME, 500), Grant.BUNDLE, bundle_id, now=NOW)
    with reading() as reader:
        found = [(row.name, row.grant_name, row.price_minor, row.currency) for row in list_products(reader)]
    assert found == [("Monthly", "Gold", 1900, "EUR"), ("Add-on", "Videos", 500, "USD")]


def test_every_new_level_and_bundle_tells_memories_to_read_again(house):
    with reading() as reader:
        before = get_generation(reader)
    house.level("Gold")
    house.bundle("Videos")
    with reading() as reader:
        assert get_generation(reader) == before + 2
