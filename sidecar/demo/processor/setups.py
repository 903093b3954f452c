"""Setup intents: a card is kept for later charges, with its owner's consent, and nothing is collected."""

from __future__ import annotations

from typing import Any

from sidecar.demo.processor import charging, methods, shapes
from sidecar.demo.processor.books import Row
from sidecar.demo.processor.cards import behaviour_of
from sidecar.demo.processor.declines import DECLINES, Decline, as_seen_by
from sidecar.demo.processor.desk import Desk
from sidecar.demo.processor.outcomes import of_setup
from sidecar.demo.processor.parameters import flag, merged_metadata, needed, one_of, text
from sidecar.demo.processor.referee import Referee
from sidecar.demo.processor.refusals import ApiError, Impossible
from sidecar.demo.processor.refusing import authentication_failed, card_error, error_from

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


def create(desk: Desk) -> Row:
    """Unconfirmed unless `confirm=true`."""
    confirming = bool(flag(desk.params, "confirm"))
    intent = shapes.setup_intent(shapes.new_id("seti"), desk.now, livemode=desk.livemode)
    usage = one_of(desk.params, "usage", "off_session", "on_session") or "off_session"
    intent = {**intent, **_facts(desk, intent), **methods.automatic(desk), "usage": usage}
    intent = _ready_to_try(desk, intent) if confirming else methods.with_method(desk, intent)
    desk.put("setup_intent", intent)
    desk.tell("setup_intent.created", intent)
    return _try(desk, intent) if confirming else intent


def _facts(desk: Desk, old: Row) -> Row:
    facts: dict[str, Any] = {"metadata": merged_metadata(old["metadata"], desk.params)}
    if "description" in desk.params:
        facts["description"] = text(desk.params, "description")
    if "customer" in desk.params:
        facts["customer"] = desk.get("customer", needed(desk.params, "customer"), "customer")["id"]
    return facts


def retrieve(desk: Desk, id: str) -> Row:
    """With a publishable key, what its client secret shows."""
    return desk.shown(desk.get_intent("setup_intent", id))


def update(desk: Desk, id: str) -> Row:
    """What has ended takes metadata and description only."""
    intent = desk.get("setup_intent", id)
    if intent["status"] not in OPEN and desk.params.keys() - {"metadata", "description", "expand"}:
        raise unexpected_state(desk, intent, "update")
    return desk.put("setup_intent", methods.with_method(desk, {**intent, **_facts(desk, intent)}))


def confirm(desk: Desk, id: str) -> Row:
    """Asks the bank. Raises the decline after it was written down."""
    intent = desk.put("setup_intent", _ready_to_try(desk, desk.get_intent("setup_intent", id)))
    return desk.shown(_try(desk, intent))


def _ready_to_try(desk: Desk, intent: Row) -> Row:
    """The intent as it will be tried; nothing of it is written yet. Raises what is wrong with the request."""
    if intent["status"] not in OPEN:
        raise unexpected_state(desk, intent, "confirm")
    intent = {**methods.with_method(desk, intent), "last_setup_error": None, "next_action": None}
    if not intent["payment_method"]:
        raise Impossible(
            "You cannot confirm this SetupIntent because it's missing a payment method.",
            code="setup_intent_unexpected_state",
            setup_intent=desk.shown(intent),
        )
    methods.usable(desk, desk.get("payment_method", intent["payment_method"]), intent["customer"])
    return intent


def _try(desk: Desk, intent: Row) -> Row:
    method = desk.get("payment_method", intent["payment_method"])
    Referee(desk).saw_try(intent, method, off_session=False)
    after = _attempt(desk, intent, method)
    if after["last_setup_error"]:
        raise error_from(after["last_setup_error"], setup_intent=desk.shown(after))
    return after


def _attempt(desk: Desk, intent: Row, method: Row) -> Row:
    outcome = desk.forced or of_setup(behaviour_of(methods.number_of(desk, method)), authenticated=False)
    if outcome.decline:
        return _book_decline(desk, intent, method, outcome.decline)
    if outcome.kind != "authenticate":
        return _book_success(desk, intent, method)
    if flag(desk.params, "error_on_requires_action"):
        return _book_decline(desk, intent, method, DECLINES["authentication_not_handled"])
    return _ask(desk, intent, method)


def _ask(desk: Desk, intent: Row, method: Row) -> Row:
    desk.put("question", {"id": intent["id"], "method": method["id"], "scripted": False})
    action = charging.next_action(desk, intent, text(desk.params, "return_url") or "")
    asking = desk.change("setup_intent", intent, status="requires_action", next_action=action)
    desk.tell("setup_intent.requires_action", asking)
    return asking


def answer_question(desk: Desk, intent: Row, *, approved: bool) -> Row:
    """The customer has answered the bank's question."""
    question = desk.get("question", intent["id"])
    method = desk.get("payment_method", question["method"])
    desk.world.remove("question", intent["id"])
    intent = desk.change("setup_intent", intent, next_action=None)
    if not approved:
        return _fail(desk, intent, authentication_failed("setup_intent", payment_method=method))
    outcome = of_setup(behaviour_of(methods.number_of(desk, method)), authenticated=True)
    if outcome.decline:
        return _book_decline(desk, intent, method, outcome.decline)
    return _book_success(desk, intent, method)


def _book_success(desk: Desk, intent: Row, method: Row) -> Row:
    methods.agree_to_later_charges(desk, method)
    if intent["customer"]:
        method = methods.keep(desk, method, intent["customer"])
    attempt = _note_attempt(desk, intent, status="succeeded", error=None)
    done = desk.change(
        "setup_intent", intent, status="succeeded", payment_method=method["id"], latest_attempt=attempt["id"]
    )
    desk.tell("setup_intent.succeeded", done)
    return done


def _book_decline(desk: Desk, intent: Row, method: Row, decline: Decline) -> Row:
    decline = as_seen_by(decline, method["card"]["brand"])
    Referee(desk).saw_decline(method, decline)
    return _fail(desk, intent, card_error(decline, payment_method=method))


def _fail(desk: Desk, intent: Row, error: ApiError) -> Row:
    attempt = _note_attempt(desk, intent, status="failed", error=error.error)
    failed = desk.change(
        "setup_intent",
        intent,
        status="requires_payment_method",
        payment_method=None,
        next_action=None,
        last_setup_error=error.error,
        latest_attempt=attempt["id"],
    )
    desk.tell("setup_intent.setup_failed", failed)
    return failed


def _note_attempt(desk: Desk, intent: Row, *, status: str, error: Row | None) -> Row:
    id = shapes.new_id("setatt")
    return desk.put("setup_attempt", shapes.setup_attempt(id, desk.now, intent, status=status, error=error))


def cancel(desk: Desk, id: str) -> Row:
    """Final."""
    intent = desk.get("setup_intent", id)
    if intent["status"] not in OPEN:
        raise unexpected_state(desk, intent, "cancel")
    reason = one_of(desk.params, "cancellation_reason", "abandoned", "requested_by_customer", "duplicate")
    canceled = desk.change(
        "setup_intent", intent, status="canceled", cancellation_reason=reason, next_action=None
    )
    desk.tell("setup_intent.canceled", canceled)
    return canceled


def unexpected_state(desk: Desk, intent: Row, verb: str) -> Impossible:
    """The state forbids the verb; the error shows the intent as it is."""
    return Impossible(
        f"You cannot {verb} this SetupIntent because it has a status of {intent['status']}.",
        code="setup_intent_unexpected_state",
        setup_intent=desk.shown(intent),
    )
