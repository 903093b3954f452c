"""One try to collect an intent: the bank's answer, and everything that is written down because of it."""

from __future__ import annotations

from typing import Any

from sidecar.demo.processor import disputing, methods, shapes
from sidecar.demo.processor.books import Row
from sidecar.demo.processor.cards import behaviour_of
from sidecar.demo.processor.declines import DECLINES, Decline, as_seen_by
from sidecar.demo.processor.desk import Desk
from sidecar.demo.processor.outcomes import SUCCEED, Described, Outcome, next_scripted, of_card, outcome_from
from sidecar.demo.processor.referee import Referee
from sidecar.demo.processor.refusals import ApiError
from sidecar.demo.processor.refusing import authentication_failed, card_error

AUTHENTICATED: Row = {
    "authentication_flow": "challenge",
    "electronic_commerce_indicator": "05",
    "exemption_indicator": None,
    "exemption_indicator_applied": None,
    "result": "authenticated",
    "result_reason": None,
    "transaction_id": None,
    "version": "2.2.0",
}


def attempt(
    desk: Desk, intent: Row, method: Row, *, off_session: bool, may_ask: bool = True, return_url: str = ""
) -> Row:
    """The intent after one try. Raises nothing for a decline: it is in the intent's `last_payment_error`.

    `may_ask`: False where the client said that it cannot handle a bank's question.
    """
    Referee(desk).saw_try(intent, method, off_session=off_session)
    outcome = _outcome(desk, method)
    if outcome.kind == "authenticate" and (off_session or not may_ask):
        code = "authentication_required" if off_session else "authentication_not_handled"
        return book_decline(desk, intent, method, DECLINES[code])
    if outcome.kind == "authenticate":
        return _ask(desk, intent, method, return_url, scripted=outcome.scripted)
    return _apply(desk, intent, method, outcome)


def _outcome(desk: Desk, method: Row) -> Outcome:
    scripted = desk.forced or next_scripted(desk.house, method)
    return scripted or _own_outcome(desk, method, authenticated=False)


def _own_outcome(desk: Desk, method: Row, *, authenticated: bool) -> Outcome:
    """What the card does by itself, and that it has expired by the processor's clock."""
    if methods.has_expired(method, desk.now):
        return Outcome("decline", DECLINES["expired_card"])
    behaviour = behaviour_of(methods.number_of(desk, method))
    return of_card(behaviour, set_up=methods.is_set_up(desk, method), authenticated=authenticated)


def _apply(desk: Desk, intent: Row, method: Row, outcome: Outcome, *, authenticated: bool = False) -> Row:
    if outcome.decline:
        return book_decline(desk, intent, method, outcome.decline, authenticated=authenticated)
    if outcome.kind == "process":
        return _start_processing(desk, intent, method, outcome)
    return _book_success(desk, intent, method, authenticated=authenticated, disputed=outcome.disputed)


def _ask(desk: Desk, intent: Row, method: Row, return_url: str, *, scripted: bool) -> Row:
    desk.put("question", {"id": intent["id"], "method": method["id"], "scripted": scripted})
    asking = desk.change(
        "payment_intent", intent, status="requires_action", next_action=next_action(desk, intent, return_url)
    )
    desk.tell("payment_intent.requires_action", asking)
    return asking


def next_action(desk: Desk, intent: Row, return_url: str) -> Row:
    """A redirect to the bank's page where the client can come back from it, else the script's own dialog."""
    if return_url and not desk.publishable:
        url = f"{desk.origin}/v3/bank?intent={intent['id']}&client_secret={intent['client_secret']}"
        return {"redirect_to_url": {"return_url": return_url, "url": url}, "type": "redirect_to_url"}
    question = {"type": "three_d_secure_redirect", "source": intent["id"]}
    return {"type": "use_stripe_sdk", "use_stripe_sdk": question}


def answer_question(desk: Desk, intent: Row, *, approved: bool) -> Row:
    """The customer has answered the bank's question; only then is the card charged."""
    question = desk.get("question", intent["id"])
    method = desk.get("payment_method", question["method"])
    desk.world.remove("question", intent["id"])
    intent = desk.change("payment_intent", intent, next_action=None)
    if not approved:
        return _fail(desk, intent, authentication_failed("payment_intent", payment_method=method))
    outcome = SUCCEED if question["scripted"] else _own_outcome(desk, method, authenticated=True)
    return _apply(desk, intent, method, outcome, authenticated=True)


def _start_processing(desk: Desk, intent: Row, method: Row, outcome: Outcome) -> Row:
    charge = desk.put("charge", shapes.charge(shapes.new_id("ch"), desk.now, intent, method))
    due_at = None if outcome.after_seconds is None else desk.now + outcome.after_seconds
    eventually = {"outcome": outcome.eventually, "due_at": due_at}
    desk.put("unfinished", {"id": intent["id"], "method": method["id"], **eventually})
    waiting = desk.change("payment_intent", intent, status="processing", latest_charge=charge["id"])
    desk.tell("payment_intent.processing", waiting)
    return waiting


def finish_processing(desk: Desk, intent: Row, outcome: Described | None = None) -> Row:
    """`processing` goes one way or the other: as a test says, else as it was decided when it began."""
    unfinished = desk.get("unfinished", intent["id"])
    desk.world.remove("unfinished", intent["id"])
    method = desk.get("payment_method", unfinished["method"])
    decided = outcome_from(outcome or unfinished["outcome"] or "succeed")
    return _apply(desk, intent, method, decided)


def _book_success(desk: Desk, intent: Row, method: Row, *, authenticated: bool, disputed: bool) -> Row:
    charge = _paid_charge(desk, intent, method, authenticated=authenticated)
    method = _after_success(desk, intent, method)
    paid = desk.change(
        "payment_intent",
        intent,
        status="succeeded",
        amount_received=intent["amount"],
        latest_charge=charge["id"],
        last_payment_error=None,
        payment_method=method["id"],
    )
    desk.tell("charge.succeeded", charge)
    desk.tell("payment_intent.succeeded", paid)
    Referee(desk).saw_success(paid)
    if disputed:
        disputing.open_dispute(desk, charge, charge["amount"], reason="fraudulent", status="needs_response")
    return paid


def _paid_charge(desk: Desk, intent: Row, method: Row, *, authenticated: bool) -> Row:
    charge = _charge_of(desk, intent, method)
    moved = shapes.balance_transaction(
        shapes.new_id("txn"),
        desk.now,
        type="charge",
        source=charge["id"],
        amount=charge["amount"],
        currency=charge["currency"],
    )
    desk.put("balance_transaction", moved)
    return desk.change(
        "charge",
        charge,
        status="succeeded",
        paid=True,
        captured=True,
        amount_captured=charge["amount"],
        outcome=shapes.AUTHORIZED,
        balance_transaction=moved["id"],
        payment_method_details=_details(charge, authenticated=authenticated),
    )


def _charge_of(desk: Desk, intent: Row, method: Row) -> Row:
    """The pending charge of an intent that was processing, else a new one."""
    latest = desk.find("charge", intent["latest_charge"] or "")
    if latest and latest["status"] == "pending":
        return latest
    return shapes.charge(shapes.new_id("ch"), desk.now, intent, method)


def _details(charge: Row, *, authenticated: bool) -> Row:
    details: Row = charge["payment_method_details"]
    if not authenticated:
        return details
    return {**details, "card": {**details["card"], "three_d_secure": AUTHENTICATED}}


def _after_success(desk: Desk, intent: Row, method: Row) -> Row:
    """Kept with the customer where that was asked for; a card that belongs to nobody is used up."""
    if intent["setup_future_usage"] and intent["customer"]:
        methods.agree_to_later_charges(desk, method)
        return methods.keep(desk, method, intent["customer"])
    if not method["customer"]:
        methods.use_up(desk, method)
    return method


def book_decline(
    desk: Desk, intent: Row, method: Row, decline: Decline, *, authenticated: bool = False
) -> Row:
    """A failed charge, the error on the intent, which waits for a payment method again."""
    decline = as_seen_by(decline, method["card"]["brand"])
    Referee(desk).saw_decline(method, decline, intent)
    charge = _charge_of(desk, intent, method)
    charge = desk.change(
        "charge",
        charge,
        status="failed",
        failure_code=decline.code,
        failure_message=decline.message,
        outcome=declined_outcome(decline),
        payment_method_details=_details(charge, authenticated=authenticated),
    )
    desk.tell("charge.failed", charge)
    error = card_error(decline, charge=charge["id"], payment_method=method)
    return _fail(desk, intent, error, latest_charge=charge["id"])


def declined_outcome(decline: Decline) -> Row:
    """A failed charge's `outcome`."""
    return {
        **shapes.AUTHORIZED,
        "advice_code": decline.advice_code,
        "network_advice_code": decline.network_advice_code,
        "network_decline_code": decline.network_decline_code,
        "network_status": "declined_by_network",
        "reason": decline.decline_code,
        "seller_message": "The bank did not return any further details with this decline."
        if decline.decline_code == "generic_decline"
        else decline.message,
        "type": "issuer_declined",
    }


def _fail(desk: Desk, intent: Row, error: ApiError, **changes: Any) -> Row:
    failed = desk.change(
        "payment_intent",
        intent,
        status="requires_payment_method",
        payment_method=None,
        next_action=None,
        last_payment_error=error.error,
        **changes,
    )
    desk.tell("payment_intent.payment_failed", failed)
    return failed
