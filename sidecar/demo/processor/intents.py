"""Payment intents: created once, tried as often as it takes, paid at most once."""

from __future__ import annotations

from typing import Any

from sidecar.demo.processor import charging, methods, shapes
from sidecar.demo.processor.books import Row
from sidecar.demo.processor.currencies import checked_amount, checked_currency
from sidecar.demo.processor.desk import Desk
from sidecar.demo.processor.parameters import (
    flag,
    inner,
    merged_metadata,
    needed,
    one_of,
    text,
    whole,
)
from sidecar.demo.processor.refusals import Impossible, WrongParameter
from sidecar.demo.processor.refusing import error_from

ALLOWED = {
    "confirm": ("requires_payment_method", "requires_confirmation", "requires_action"),
    "cancel": ("requires_payment_method", "requires_confirmation", "requires_action"),
    "update": ("requires_payment_method", "requires_confirmation", "requires_action"),
}
"""In which states an intent takes which verb; confirming decides its next state by the bank's answer."""
PAST = {"confirm": "confirmed", "cancel": "canceled", "update": "updated"}
REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
ALWAYS_CHANGEABLE = frozenset({"metadata", "description", "receipt_email", "shipping", "expand"})
TEXTS = (
    "description",
    "receipt_email",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
)


def create(desk: Desk) -> Row:
    """Unconfirmed unless `confirm=true`; then a decline is raised after the intent was written."""
    amount, currency = _checked_sum(desk)
    confirming = bool(flag(desk.params, "confirm"))
    if not confirming and ({"off_session", "error_on_requires_action"} & desk.params.keys()):
        raise WrongParameter("off_session can only be used when confirm is true.", "off_session")
    facts = {**_facts(desk, {}), **methods.automatic(desk)}
    id = shapes.new_id("pi")
    intent = {
        **shapes.payment_intent(id, desk.now, amount, currency, livemode=desk.livemode),
        **facts,
        "setup_future_usage": _future_usage(desk),
    }
    intent = _ready_to_try(desk, intent) if confirming else methods.with_method(desk, intent)
    desk.put("payment_intent", intent)
    desk.tell("payment_intent.created", intent)
    return _try(desk, intent) if confirming else intent


def _checked_sum(desk: Desk) -> tuple[int, str]:
    needed(desk.params, "amount")
    currency = checked_currency(needed(desk.params, "currency"))
    return checked_amount(whole(desk.params, "amount") or 0, currency), currency


def _facts(desk: Desk, old: Row) -> Row:
    """The fields that are only written down."""
    if one_of(desk.params, "capture_method", "automatic", "automatic_async", "manual") == "manual":
        raise WrongParameter("This processor captures at once.", "capture_method")
    facts: dict[str, Any] = {name: text(desk.params, name) for name in TEXTS if name in desk.params}
    if "customer" in desk.params:
        facts["customer"] = desk.get("customer", needed(desk.params, "customer"), "customer")["id"]
    if "shipping" in desk.params:
        facts["shipping"] = inner(desk.params, "shipping") or None
    return {**facts, "metadata": merged_metadata(old.get("metadata", {}), desk.params)}


def _future_usage(desk: Desk) -> str | None:
    return one_of(desk.params, "setup_future_usage", "off_session", "on_session")


def retrieve(desk: Desk, id: str) -> Row:
    """With a publishable key, what its client secret shows."""
    return desk.shown(desk.get_intent("payment_intent", id))


def update(desk: Desk, id: str) -> Row:
    """What was paid or canceled keeps its amount, customer and method."""
    intent = desk.get("payment_intent", id)
    if intent["status"] not in ALLOWED["update"] and desk.params.keys() - ALWAYS_CHANGEABLE:
        raise unexpected_state(desk, intent, "update")
    intent = {**intent, **_facts(desk, intent)}
    if {"amount", "currency"} & desk.params.keys():
        intent = _with_sum(desk, intent)
    if "setup_future_usage" in desk.params:
        intent = {**intent, "setup_future_usage": _future_usage(desk)}
    return desk.put("payment_intent", methods.with_method(desk, intent))


def _with_sum(desk: Desk, intent: Row) -> Row:
    currency = checked_currency(text(desk.params, "currency") or intent["currency"])
    asked = whole(desk.params, "amount")
    amount = checked_amount(intent["amount"] if asked is None else asked, currency)
    asking = intent["status"] == "requires_action"
    status = "requires_confirmation" if asking else intent["status"]
    return {**intent, "amount": amount, "currency": currency, "status": status, "next_action": None}


def confirm(desk: Desk, id: str) -> Row:
    """One try. Raises the decline after it was written down."""
    intent = desk.put("payment_intent", _ready_to_try(desk, desk.get_intent("payment_intent", id)))
    return desk.shown(_try(desk, intent))


def _try(desk: Desk, intent: Row) -> Row:
    after = charging.attempt(
        desk,
        intent,
        desk.get("payment_method", intent["payment_method"]),
        off_session=_off_session(desk),
        may_ask=not flag(desk.params, "error_on_requires_action"),
        return_url=text(desk.params, "return_url") or "",
    )
    if after["last_payment_error"]:
        raise error_from(after["last_payment_error"], payment_intent=desk.shown(after))
    return after


def _ready_to_try(desk: Desk, intent: Row) -> Row:
    """The intent as it will be tried; nothing of it is written yet. Raises what is wrong with the request."""
    if intent["status"] not in ALLOWED["confirm"]:
        raise unexpected_state(desk, intent, "confirm")
    intent = {**methods.with_method(desk, intent), "last_payment_error": None, "next_action": None}
    if "setup_future_usage" in desk.params:
        intent["setup_future_usage"] = _future_usage(desk)
    if "receipt_email" in desk.params:
        intent["receipt_email"] = text(desk.params, "receipt_email")
    _check_confirmation(desk, intent, off_session=_off_session(desk))
    methods.usable(desk, desk.get("payment_method", intent["payment_method"]), intent["customer"])
    return intent


def _off_session(desk: Desk) -> bool:
    said = one_of(desk.params, "off_session", "true", "false", "one_off", "recurring")
    if said and desk.publishable:
        raise WrongParameter("off_session cannot be passed with a publishable key.", "off_session")
    return said not in {None, "false"}


def _check_confirmation(desk: Desk, intent: Row, *, off_session: bool) -> None:
    if not intent["payment_method"]:
        raise Impossible(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
            "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a "
            "payment method or ConfirmationToken.",
            code="payment_intent_unexpected_state",
            payment_intent=desk.shown(intent),
        )
    if off_session and intent["setup_future_usage"]:
        raise WrongParameter(
            "You cannot confirm with the `off_session` parameter when `setup_future_usage` is also set on the "
            "PaymentIntent because you cannot set up future usages when processing payments off-session."
        )
    automatic = intent["automatic_payment_methods"]
    redirecting = automatic and automatic["allow_redirects"] != "never"
    if redirecting and not off_session and not text(desk.params, "return_url") and not desk.publishable:
        raise WrongParameter(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of "
            "these payment methods might redirect your customer off of your page, you must provide a `return_url`. If "
            "you don't want to accept redirect-based payment methods, set "
            "`automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to "
            "`never` when creating Setup Intents and Payment Intents.",
            "return_url",
        )


def cancel(desk: Desk, id: str) -> Row:
    """Final, and only while no money can be on its way."""
    intent = desk.get("payment_intent", id)
    if intent["status"] not in ALLOWED["cancel"]:
        raise unexpected_state(desk, intent, "cancel")
    canceled = desk.change(
        "payment_intent",
        intent,
        status="canceled",
        canceled_at=desk.now,
        cancellation_reason=one_of(desk.params, "cancellation_reason", *REASONS),
        next_action=None,
    )
    desk.tell("payment_intent.canceled", canceled)
    return canceled


def unexpected_state(desk: Desk, intent: Row, verb: str) -> Impossible:
    """The state forbids the verb; the error shows the intent as it is."""
    if verb == "confirm" and intent["status"] == "succeeded":
        said = "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed."
    else:
        said = (
            f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}. Only a "
            f"PaymentIntent with one of the following statuses may be {PAST[verb]}: {', '.join(ALLOWED[verb])}."
        )
    return Impossible(said, code="payment_intent_unexpected_state", payment_intent=desk.shown(intent))
