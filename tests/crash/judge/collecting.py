"""Every due receivable was tried, or there is a reason that the owner can see; nothing hangs for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from tests.crash.judge.evidence import Evidence, Row

_OPEN_AT_GATEWAY = {"processing": "processing", "requires_action": "requires_action"}
_LIVING = {"active", "overdue"}
_LONGEST_WAIT = timedelta(days=31)


def check_collecting(evidence: Evidence) -> Iterator[str]:
    """All of it."""
    yield from _check_due(evidence)
    yield from _check_orders(evidence)
    yield from _check_open_attempts(evidence)
    yield from _check_declines(evidence)
    yield from _check_missed(evidence)
    for alarm in evidence.tables["alarms"]:
        if alarm["kind"] == "broken" and alarm["closed_at"] is None and not evidence.forgives_conflicts:
            yield f"alarm: {alarm['sentence']}"


def _check_due(evidence: Evidence) -> Iterator[str]:
    for receivable in evidence.receivables.values():
        if receivable["status"] != "due" or receivable["due_at"] > evidence.now:
            continue
        if not evidence.attempts[receivable["id"]] and not reason_of(
            evidence, evidence.orders[receivable["order_id"]]
        ):
            yield f"{evidence.name_of(receivable)} is due, was never tried, and nobody can see why"


def _check_orders(evidence: Evidence) -> Iterator[str]:
    """An order that lives and is due is looked at again, at a time that is set."""
    for order in evidence.orders.values():
        is_due = order["next_due_at"] is not None and order["next_due_at"] <= evidence.now
        if order["status"] not in _LIVING or order["gateway"] == "manual" or not is_due:
            continue
        wakes_at = order["wake_at"]
        if wakes_at is None or wakes_at <= evidence.now or wakes_at > evidence.now + _LONGEST_WAIT:
            yield f"order {order['id']} is {order['status']} and due since {order['next_due_at']}, and wakes at {wakes_at}"
        elif not reason_of(evidence, order):
            yield f"order {order['id']} is due since {order['next_due_at']} and waits until {wakes_at}; nobody can see why"


def reason_of(evidence: Evidence, order: Row) -> str:
    """Why nothing is collected now, from what the owner can look up; '' where there is no reason."""
    newest = evidence.receivables_of[order["id"]][-1]
    attempts = evidence.attempts[newest["id"]]
    reasons = {
        "a checkout that its buyer has left": order["status"] == "pending",
        "is held": order["held"] is not None,
        "waits for a retry or a card": order["first_failed_at"] is not None,
        "the gateway had a fault": order["faults"] > 0,
        "a try is under way": any(row["is_open"] for row in attempts),
        "was tried": newest["status"] == "due" and bool(attempts),
        "one renewal a day": evidence.now - newest["made_at"] < timedelta(hours=24)
        and newest["status"] != "due",
        "waits for its notice": order.get("announced_cycle") is not None,
        "its card may not be tried yet": order["card_id"] is not None
        and _is_at_ceiling(evidence, order["card_id"]),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _is_at_ceiling(evidence: Evidence, card_id: int) -> bool:
    card = next(row for row in evidence.tables["cards"] if row["id"] == card_id)
    ids = {row["id"] for row in evidence.tables["cards"] if row["fingerprint"] == card["fingerprint"]}
    month_ago = evidence.now - timedelta(days=30)
    declined = [
        row
        for row in evidence.tables["attempts"]
        if row["card_id"] in ids
        and row["status"] == "failed"
        and (row["finished_at"] or month_ago) > month_ago
    ]
    return len(declined) >= 9


def _check_open_attempts(evidence: Evidence) -> Iterator[str]:
    """In a quiet moment nothing is unknown; what is open is open at the processor, too."""
    intents = {row["id"]: row["status"] for row in evidence.books["payment_intents"]}
    for attempt in evidence.tables["attempts"]:
        if not attempt["is_open"]:
            continue
        receivable = evidence.receivables[attempt["receivable_id"]]
        truth = intents.get(receivable["intent_id"])
        if _OPEN_AT_GATEWAY.get(attempt["status"]) != truth or truth is None:
            yield f"attempt {attempt['id']} on {evidence.name_of(receivable)} is {attempt['status']}, its intent {truth}"


def _check_declines(evidence: Evidence) -> Iterator[str]:
    """Nobody is told that his card was declined unless a bank has said so."""
    declined = {row["id"] for row in evidence.books["charges"] if row["status"] == "failed"}
    for attempt in evidence.tables["attempts"]:
        if attempt["status"] != "failed" or "authentication" in (attempt["decline"] or ""):
            continue
        if attempt["charge_id"] not in declined:
            receivable = evidence.receivables[attempt["receivable_id"]]
            yield f"a try of {evidence.name_of(receivable)} counts as declined, and no bank has declined it"


def _check_missed(evidence: Evidence) -> Iterator[str]:
    told = {row["subject"].partition(":")[0] for row in evidence.tables["alarms"] if row["kind"] == "missed"}
    for receivable in evidence.receivables.values():
        order = evidence.orders[receivable["order_id"]]
        if receivable["status"] == "missed" and order["uuid"] not in told:
            yield f"{evidence.name_of(receivable)} was missed, and the owner was not told"
