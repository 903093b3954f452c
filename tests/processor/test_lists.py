"""Lists: the newest first, filtered, in pages."""

import pytest
import stripe

from tests.processor.builders import a_payer, an_intent, charge, with_code


def ids(listed) -> list[str]:
    return [row.id for row in listed.data]


@pytest.fixture
def seven(processor, client):
    """Seven intents of one customer, a minute apart, the oldest first; and one of somebody else."""
    payer = a_payer(client)
    made = []
    for _ in range(7):
        made.append(an_intent(client, payer))
        processor.post("clock", {"advance": 60})
    an_intent(client, a_payer(client))
    return payer, made


def test_pages_go_from_new_to_old_and_back(client, seven):
    payer, made = seven
    newest = made[::-1]
    page = client.v1.payment_intents.list({"customer": payer.customer, "limit": 3})
    assert (ids(page), page.has_more) == (newest[:3], True)
    page = client.v1.payment_intents.list(
        {"customer": payer.customer, "limit": 4, "starting_after": newest[2]}
    )
    assert (ids(page), page.has_more) == (newest[3:], False)
    page = client.v1.payment_intents.list(
        {"customer": payer.customer, "limit": 2, "ending_before": newest[3]}
    )
    assert (ids(page), page.has_more) == (newest[1:3], True)


def test_the_library_pages_through_all_by_itself(client, seven):
    payer, made = seven
    listed = client.v1.payment_intents.list({"customer": payer.customer, "limit": 2})
    assert [row.id for row in listed.auto_paging_iter()] == made[::-1]


def test_created_bounds_are_inclusive_or_not_as_they_say(client, seven):
    payer, made = seven
    times = {id: client.v1.payment_intents.retrieve(id).created for id in made}

    def within(**bounds) -> list[str]:
        return ids(client.v1.payment_intents.list({"customer": payer.customer, "created": bounds}))[::-1]

    middle = times[made[3]]
    assert within(gte=middle) == made[3:]
    assert within(gt=middle) == made[4:]
    assert within(lte=middle) == made[:4]
    assert within(gt=times[made[1]], lt=middle) == made[2:3]


def test_a_page_goes_on_after_an_object_that_the_filter_left_out(client, seven):
    payer, made = seven
    bound = client.v1.payment_intents.retrieve(made[2]).created
    params = {"customer": payer.customer, "created": {"lte": bound}, "starting_after": made[5]}
    assert ids(client.v1.payment_intents.list(params)) == made[2::-1]


@pytest.mark.parametrize("limit", [-1, 101])
def test_a_page_has_between_one_and_a_hundred(client, limit):
    with with_code("parameter_invalid_integer"):
        client.v1.payment_intents.list({"limit": limit})


def test_an_unknown_cursor_is_refused(client):
    with with_code("resource_missing"):
        client.v1.payment_intents.list({"starting_after": "pi_nobody"})


def test_objects_expand_through_lists_and_through_each_other(client):
    payer = a_payer(client)
    charge(client, payer)
    (row,) = client.v1.payment_intents.list({"expand": ["data.latest_charge.refunds", "data.customer"]}).data
    assert (row.customer.id, row.latest_charge.refunds.data) == (payer.customer, [])
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.payment_intents.retrieve(row.id, {"expand": ["nonsense"]})


def test_charges_are_found_by_intent_and_by_customer(client):
    payer = a_payer(client)
    first, second = charge(client, payer), charge(client, payer)
    assert ids(client.v1.charges.list({"payment_intent": first.id})) == [first.latest_charge]
    assert ids(client.v1.charges.list({"customer": payer.customer})) == [
        second.latest_charge,
        first.latest_charge,
    ]
