"""Every object has the fields that the official library's classes know, with values that they allow."""

import types
import typing
from typing import Any, Literal, Union, get_args, get_origin

import pytest
import stripe

from tests.processor.builders import a_card, a_payer, an_intent, charge, declined


def hints_of(kind: type) -> dict[str, Any]:
    """The fields of a class of the library; its forward references name other classes of it."""
    space = {**vars(stripe), **vars(__import__(kind.__module__, fromlist=["_"])), **_nested(kind)}
    hints: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("stripe._") and base.__name__ not in {"StripeObject", "APIResource"}:
            for name, written in vars(base).get("__annotations__", {}).items():
                hints[name] = eval(written, dict(space)) if isinstance(written, str) else written
    return {name: hint for name, hint in hints.items() if get_origin(hint) is not typing.ClassVar}


def _nested(kind: type) -> dict[str, Any]:
    return {name: value for name, value in vars(kind).items() if isinstance(value, type)}


def wrong_with(value: Any, hint: Any, where: str) -> list[str]:
    """What does not fit, as sentences; empty when all does."""
    if isinstance(hint, typing.ForwardRef | str):
        name = hint.__forward_arg__ if isinstance(hint, typing.ForwardRef) else hint
        hint = getattr(stripe, name, Any)
    origin = get_origin(hint)
    if origin is Union or origin is types.UnionType:
        return _wrong_with_union(value, get_args(hint), where)
    if origin is Literal:
        return [] if value in get_args(hint) else [f"{where}: {value!r} is none of {get_args(hint)}"]
    if origin is list:
        return [wrong for entry in value for wrong in wrong_with(entry, get_args(hint)[0], f"{where}[]")]
    if isinstance(hint, type) and issubclass(hint, stripe.StripeObject):
        return (
            wrong_object(value, hint, where)
            if isinstance(value, dict)
            else [f"{where}: {value!r} is no object"]
        )
    if hint in {int, str, bool}:
        return [] if type(value) is hint else [f"{where}: {value!r} is no {hint.__name__}"]
    return []


def _wrong_with_union(value: Any, choices: tuple[Any, ...], where: str) -> list[str]:
    """`Literal | str` is the library's way to write an open list: the literals are what there is today."""
    if value is None:
        return [] if type(None) in choices else [f"{where}: must not be null"]
    literals = [choice for choice in choices if get_origin(choice) is Literal]
    found = [wrong_with(value, choice, where) for choice in literals or choices if choice is not type(None)]
    return [] if [] in found else found[0]


def wrong_object(value: dict[str, Any], kind: type, where: str) -> list[str]:
    hints = hints_of(kind)
    if not hints:
        return []
    unknown = value.keys() - hints.keys()
    wrong = [f"{where}.{name}: unknown to {kind.__name__}" for name in sorted(unknown)]
    for name, hint in hints.items():
        if name in value:
            wrong += wrong_with(value[name], hint, f"{where}.{name}")
        elif type(None) not in get_args(hint):
            wrong.append(f"{where}.{name}: is missing")
    return wrong


@pytest.fixture
def ledger(processor, client) -> dict[str, list[dict[str, Any]]]:
    """One of everything, in all its states."""
    payer = a_payer(client)
    client.v1.customers.update(
        payer.customer,
        {"address": {"city": "Lyon"}, "invoice_settings": {"default_payment_method": payer.method}},
    )
    processor.post(
        f"cards/{payer.method}",
        {"outcomes": ["insufficient_funds", "processing", "authentication_required"], "then": "succeed"},
    )
    declined(client, payer)
    charge(client, payer)
    client.v1.payment_intents.confirm(
        an_intent(client, payer), {"payment_method": payer.method, "return_url": "https://club.test/"}
    )
    client.v1.payment_intents.cancel(an_intent(client, payer))
    refunds = [client.v1.refunds.create({"payment_intent": charge(client, payer).id}) for _ in range(2)]
    processor.post(f"refunds/{refunds[0].id}/fail")
    for status in ("needs_response", "warning_needs_response"):
        processor.post("disputes", {"charge": charge(client, payer).latest_charge, "status": status})
    for method in (payer.method, a_card(client, "4000002500003155")):
        client.v1.setup_intents.create(
            {"customer": payer.customer, "payment_method": method, "confirm": True}
        )
    with pytest.raises(stripe.CardError):
        client.v1.setup_intents.create(
            {"payment_method": a_card(client, "4000000000000002"), "confirm": True}
        )
    return processor.get("ledger")


KINDS = {
    "customers": stripe.Customer,
    "payment_intents": stripe.PaymentIntent,
    "charges": stripe.Charge,
    "refunds": stripe.Refund,
    "disputes": stripe.Dispute,
    "setup_intents": stripe.SetupIntent,
    "payment_methods": stripe.PaymentMethod,
    "balance_transactions": stripe.BalanceTransaction,
}


@pytest.mark.parametrize("table", KINDS)
def test_every_object_is_one_that_the_library_knows(ledger, table):
    assert ledger[table]
    assert [wrong for row in ledger[table] for wrong in wrong_object(row, KINDS[table], row["object"])] == []


def test_events_are_of_types_that_the_library_knows(ledger, client):
    events = [event.to_dict() for event in client.v1.events.list({"limit": 100}).data]
    assert len(events) > 20
    assert [wrong for row in events for wrong in wrong_object(row, stripe.Event, "event")] == []


def test_the_account_is_one_that_the_library_knows(client):
    account = client.v1.accounts.retrieve_current().to_dict()
    assert wrong_object(account, stripe.Account, "account") == []


def test_the_objects_follow_the_version_that_the_library_asks_for(client):
    client.v1.customers.create()
    assert client.v1.events.list().data[0].api_version == stripe.api_version


def test_the_judge_notices_what_does_not_fit(ledger):
    row = {**ledger["payment_intents"][0], "colour": "red"}
    del row["amount"]
    assert wrong_object(row, stripe.PaymentIntent, "intent") == [
        "intent.colour: unknown to PaymentIntent",
        "intent.amount: is missing",
    ]
    paid = {**ledger["charges"][0], "status": "paid", "outcome": {"type": 1}}
    assert [wrong.split(": ")[0] for wrong in wrong_object(paid, stripe.Charge, "charge")] == [
        "charge.outcome.type",
        "charge.status",
    ]
    card = {**ledger["payment_methods"][0]["card"], "last4": 4242, "colour": "red"}
    method = {**ledger["payment_methods"][0], "card": card}
    assert len(wrong_object(method, stripe.PaymentMethod, "method")) == 2
