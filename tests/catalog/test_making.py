"""Levels and bundles are made: once per name, with a role that members may have; one level is the default."""

from functools import partial

import pytest
from sqlalchemy.exc import IntegrityError

from sidecar.catalog.making import choose_default_level, make_bundle, make_level, make_product
from sidecar.catalog.rules import Grant, Product, ProductKind, Terms
from sidecar.catalog.store import (
    add_product,
    find_default_level,
    get_generation,
    get_level,
    list_bundles,
    list_levels,
)
from sidecar.db import is_duplicate, reading, transaction
from sidecar.errors import Refused
from tests.catalog.racing import at_once
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
    outcomes = at_once(house, *[lambda: make_level("Gold", now=NOW)] * 4)
    assert outcomes.count(Refused) == 3
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
        add_product(session, Product(0, "Nothing", Grant.LEVEL, 4711, MONTHLY, "nothing"), NOW)
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


def test_every_new_level_and_bundle_tells_memories_to_read_again(house):
    with reading() as reader:
        before = get_generation(reader)
    house.level("Gold")
    house.bundle("Videos")
    with reading() as reader:
        assert get_generation(reader) == before + 2


def default_level():
    with reading() as reader:
        level = find_default_level(reader)
    return level and level.name


def test_without_a_choice_there_is_no_default_level(house):
    house.level("Guest", is_free=True)
    assert default_level() is None


def test_the_default_level_is_one_that_the_owner_chose_last(house):
    house.level("Guest", is_free=True, is_default=True)
    friend = house.level("Friend", is_free=True)
    assert default_level() == "Guest"
    choose_default_level(friend)
    choose_default_level(friend)
    assert default_level() == "Friend"
    house.level("Visitor", is_free=True, is_default=True)
    with reading() as reader:
        assert [level.name for level in list_levels(reader) if level.is_default] == ["Visitor"]


def test_a_level_that_costs_something_is_never_the_default(house):
    gold = house.level("Gold")
    with pytest.raises(Refused, match="must be free"):
        choose_default_level(gold)
    with pytest.raises(Refused, match="must be free"):
        house.level("Silver", is_default=True)
    assert (default_level(), names(list_levels)) == (None, ["Gold"])


def test_of_several_defaults_chosen_at_once_one_stays(house):
    level_ids = [house.level(is_free=True) for _ in range(4)]
    outcomes = at_once(house, *(partial(choose_default_level, level_id) for level_id in level_ids))
    with reading() as reader:
        defaults = [level.id for level in list_levels(reader) if level.is_default]
    assert (outcomes, len(defaults)) == ([None] * 4, 1)


def test_another_default_level_tells_memories_to_read_again(house):
    guest = house.level("Guest", is_free=True)
    with reading() as reader:
        before = get_generation(reader)
    choose_default_level(guest)
    with reading() as reader:
        assert get_generation(reader) == before + 1
