"""Refunds: never more than was captured less what was lost to disputes, none while a dispute is open."""

from __future__ import annotations

from sidecar.demo.processor import shapes
from sidecar.demo.processor.books import Row
from sidecar.demo.processor.currencies import shown
from sidecar.demo.processor.desk import Desk
from sidecar.demo.processor.disputing import is_open, lost_to_disputes
from sidecar.demo.processor.parameters import merged_metadata, one_of, text, whole
from sidecar.demo.processor.refusals import Impossible, WrongParameter


def create(desk: Desk) -> Row:
    """Of a charge or of a payment intent's charge; without an amount all that is left."""
    charge = _charge(desk)
    if any(is_open(dispute) for dispute in desk.world.table("dispute").where("charge", charge["id"])):
        raise Impossible(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed"
        )
    amount = _checked_amount(desk, charge)
    reason = one_of(desk.params, "reason", "duplicate", "fraudulent", "requested_by_customer")
    refund = shapes.refund(shapes.new_id("re"), desk.now, charge, amount)
    refund = {**refund, "reason": reason, "metadata": merged_metadata({}, desk.params)}
    if desk.forced and desk.forced.kind == "process":
        refund = {**refund, "status": "pending", "pending_reason": "processing"}
    refund = desk.put("refund", {**refund, "balance_transaction": _move(desk, refund, -amount, "refund")})
    charge = _sync_charge(desk, charge)
    desk.tell("refund.created", refund)
    desk.tell("charge.refunded", charge)
    return refund


def _charge(desk: Desk) -> Row:
    charge_id, intent_id = text(desk.params, "charge"), text(desk.params, "payment_intent")
    if charge_id:
        charge = desk.get("charge", charge_id, "charge")
    elif intent_id:
        intent = desk.get("payment_intent", intent_id, "payment_intent")
        charge = desk.find("charge", intent["latest_charge"] or "") or {"status": "none", "id": intent_id}
    else:
        raise WrongParameter(
            "One of the following params should be provided for this request: payment_intent or charge."
        )
    if charge["status"] != "succeeded":
        kind = "PaymentIntent" if intent_id else "Charge"
        raise Impossible(
            f"This {kind} ({intent_id or charge_id}) does not have a successful charge to refund."
        )
    return charge


def _checked_amount(desk: Desk, charge: Row) -> int:
    left = refundable(desk, charge)
    asked = whole(desk.params, "amount")
    if asked is not None and asked < 1:
        raise WrongParameter("Invalid positive integer", "amount", "parameter_invalid_integer")
    if left <= 0:
        raise Impossible(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if asked is not None and asked > left:
        currency = charge["currency"]
        raise Impossible(
            f"Refund amount ({shown(asked, currency)} {currency}) is greater than unrefunded amount on charge "
            f"({shown(left, currency)} {currency})",
            param="amount",
        )
    return left if asked is None else asked


def refundable(desk: Desk, charge: Row) -> int:
    """In minor units: captured, less refunds that did not fail, less what disputes took."""
    return int(charge["amount_captured"]) - refunded(desk, charge) - lost_to_disputes(desk, charge)


def refunded(desk: Desk, charge: Row) -> int:
    """In minor units: what refunds took or are taking."""
    refunds = desk.world.table("refund").where("charge", charge["id"])
    return sum(refund["amount"] for refund in refunds if refund["status"] in {"pending", "succeeded"})


def retrieve(desk: Desk, id: str) -> Row:
    return desk.get("refund", id)


def update(desk: Desk, id: str) -> Row:
    """Metadata only."""
    refund = desk.get("refund", id)
    return desk.change("refund", refund, metadata=merged_metadata(refund["metadata"], desk.params))


def fail(desk: Desk, id: str, reason: str = "lost_or_stolen_card") -> Row:
    """The bank sends the money back, days later: the charge is less refunded again. Raises `Impossible`."""
    refund = desk.get("refund", id)
    if refund["status"] not in {"pending", "succeeded"}:
        raise Impossible(f"Refund {id} has the status {refund['status']}.")
    back = _move(desk, refund, refund["amount"], "refund_failure")
    refund = desk.change(
        "refund",
        refund,
        status="failed",
        failure_reason=reason,
        failure_balance_transaction=back,
        pending_reason=None,
    )
    _sync_charge(desk, desk.get("charge", refund["charge"]))
    for type in ("refund.failed", "refund.updated", "charge.refund.updated"):
        desk.tell(type, refund)
    return refund


def succeed(desk: Desk, id: str) -> Row:
    """A pending refund has arrived. Raises `Impossible`."""
    refund = desk.get("refund", id)
    if refund["status"] != "pending":
        raise Impossible(f"Refund {id} has the status {refund['status']}.")
    refund = desk.change("refund", refund, status="succeeded", pending_reason=None)
    for type in ("refund.updated", "charge.refund.updated"):
        desk.tell(type, refund)
    return refund


def _sync_charge(desk: Desk, charge: Row) -> Row:
    total = refunded(desk, charge)
    return desk.change("charge", charge, amount_refunded=total, refunded=total == charge["amount_captured"])


def _move(desk: Desk, refund: Row, amount: int, type: str) -> str:
    id = shapes.new_id("txn")
    moved = shapes.balance_transaction(
        id, desk.now, type=type, source=refund["id"], amount=amount, currency=refund["currency"]
    )
    desk.put("balance_transaction", moved)
    return id
