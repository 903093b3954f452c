"""Disputes: the cardholder's bank takes money back, or only asks."""

from __future__ import annotations

from sidecar.demo.processor import shapes
from sidecar.demo.processor.books import Row
from sidecar.demo.processor.desk import Desk
from sidecar.demo.processor.parameters import inner, merged_metadata
from sidecar.demo.processor.refusals import Impossible

OPEN = ("needs_response", "under_review")
INQUIRIES = ("warning_needs_response", "warning_under_review")
ENDS = {
    "won": OPEN,
    "lost": (*OPEN, *INQUIRIES),
    "warning_closed": INQUIRIES,
    "prevented": (*OPEN, *INQUIRIES),
}
"""How a dispute may end, and in which states it may end so."""


def open_dispute(desk: Desk, charge: Row, amount: int, *, reason: str, status: str) -> Row:
    """A chargeback moves the money at once; an inquiry moves none, and the charge can still be refunded."""
    if charge["status"] != "succeeded" or not 0 < amount <= charge["amount_captured"]:
        raise Impossible(f"Charge {charge['id']} cannot be disputed over {amount}.")
    dispute = shapes.dispute(shapes.new_id("du"), desk.now, charge, amount, reason=reason, status=status)
    if status in OPEN:
        dispute = _moved(desk, dispute, -amount)
    dispute = desk.put("dispute", dispute)
    desk.change("charge", desk.get("charge", charge["id"]), disputed=True)
    desk.tell("charge.dispute.created", dispute)
    if status in OPEN:
        desk.tell("charge.dispute.funds_withdrawn", dispute)
    return dispute


def close(desk: Desk, id: str, status: str) -> Row:
    """The network has decided. Raises `Impossible` where this end is impossible from here."""
    dispute = desk.get("dispute", id)
    if dispute["status"] not in ENDS.get(status, ()):
        raise Impossible(f"Dispute {id} has the status {dispute['status']} and cannot become {status}.")
    withdrawn = bool(dispute["balance_transactions"])
    if status == "won":
        dispute = _moved(desk, dispute, dispute["amount"])
        desk.tell("charge.dispute.funds_reinstated", dispute)
    elif status in {"lost", "prevented"} and not withdrawn:
        dispute = _moved(desk, dispute, -dispute["amount"])
        desk.tell("charge.dispute.funds_withdrawn", dispute)
    closed = desk.change(
        "dispute", dispute, status=status, is_charge_refundable=status in {"won", "warning_closed"}
    )
    desk.tell("charge.dispute.closed", closed)
    return closed


def escalate(desk: Desk, id: str) -> Row:
    """An inquiry becomes a chargeback. Raises `Impossible`."""
    dispute = desk.get("dispute", id)
    if dispute["status"] not in INQUIRIES:
        raise Impossible(f"Dispute {id} is no inquiry.")
    card = {**dispute["payment_method_details"]["card"], "case_type": "chargeback"}
    dispute = _moved(desk, dispute, -dispute["amount"])
    changed = desk.change(
        "dispute",
        dispute,
        status="needs_response",
        is_charge_refundable=False,
        payment_method_details={**dispute["payment_method_details"], "card": card},
    )
    desk.tell("charge.dispute.funds_withdrawn", changed)
    desk.tell("charge.dispute.updated", changed)
    return changed


def is_open(dispute: Row) -> bool:
    """Money is held: nothing can be refunded."""
    return dispute["status"] in OPEN


def lost_to_disputes(desk: Desk, charge: Row) -> int:
    """What disputes of this charge took for good, in minor units."""
    disputes = desk.world.table("dispute").where("charge", charge["id"])
    return sum(dispute["amount"] for dispute in disputes if dispute["status"] in {"lost", "prevented"})


def retrieve(desk: Desk, id: str) -> Row:
    return desk.get("dispute", id)


def update(desk: Desk, id: str) -> Row:
    """Evidence is written down; with `submit` (the default) the bank has it and the dispute is under review."""
    dispute = desk.get("dispute", id)
    if dispute["status"] not in (*OPEN, *INQUIRIES):
        raise Impossible("This dispute is already closed.", code="dispute_closed")
    evidence = {**dispute["evidence"], **inner(desk.params, "evidence")}
    has_evidence = any(value for name, value in evidence.items() if name != "enhanced_evidence")
    submitting = has_evidence and desk.params.get("submit") != "false"
    details = {**dispute["evidence_details"], "has_evidence": has_evidence}
    status = dispute["status"]
    if submitting:
        details |= {"submission_count": details["submission_count"] + 1, "submission_method": "manual"}
        status = "warning_under_review" if status in INQUIRIES else "under_review"
    changed = desk.change(
        "dispute",
        dispute,
        evidence=evidence,
        evidence_details=details,
        status=status,
        metadata=merged_metadata(dispute["metadata"], desk.params),
    )
    desk.tell("charge.dispute.updated", changed)
    return changed


def _moved(desk: Desk, dispute: Row, amount: int) -> Row:
    """The dispute with one more balance transaction; `amount` is signed."""
    moved = shapes.balance_transaction(
        shapes.new_id("txn"),
        desk.now,
        type="adjustment",
        source=dispute["id"],
        amount=amount,
        currency=dispute["currency"],
    )
    desk.put("balance_transaction", moved)
    return {**dispute, "balance_transactions": [*dispute["balance_transactions"], moved]}
