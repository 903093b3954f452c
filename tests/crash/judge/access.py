"""Access is what the money says: worked out here from settlements and their periods alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tests.crash.judge.evidence import Evidence, Row, grouped

_GIVES = {"active", "pending_cancel"}
_PAID = {"settled", "carried"}
_FOR_EVER = datetime(9999, 1, 1)


def check_access(evidence: Evidence) -> Iterator[str]:
    """For each hold of a member that any order ever paid for."""
    orders = grouped(evidence.orders.values(), "member_id")
    for held in evidence.tables["entitlements"]:
        mine = [order for order in orders[held["member_id"]] if _slot_of(order) == held["slot"]]
        if not mine or held["is_complimentary"]:
            continue
        yield from _check_hold(evidence, held, mine)
    yield from _check_strangers(evidence, orders)


def _check_hold(evidence: Evidence, held: Row, orders: list[Row]) -> Iterator[str]:
    name = f"member {held['member_id']}'s {held['slot']} is {held['status']}"
    free = {level["id"] for level in evidence.tables["levels"] if level["is_free"]}
    lasts = held["expires_at"] is None or held["expires_at"] > evidence.now
    gives = held["status"] in _GIVES and lasts and held["level_id"] not in free
    paying = [order for order in orders if is_paid_now(evidence, order)]
    if gives and not paying and not any(_keeps(evidence, order) for order in orders):
        names = ", ".join(f"order {order['id']}" for order in orders)
        yield f"{name}, and nothing pays for it: {names}"
    unexcused = [order for order in paying if not _has_ended(order)]
    if not gives and unexcused:
        yield f"{name}, though order {unexcused[0]['id']} is paid until {paid_until(evidence, unexcused[0])}"


def is_paid_now(evidence: Evidence, order: Row) -> bool:
    """Whether money, or the owner's word, covers this instant, and the order was not ended before it."""
    if _has_ended(order):
        return False
    if order["status"] == "completed" and order["ended_for"] == "paid_up":
        return True
    until = paid_until(evidence, order)
    return until is not None and until > evidence.now


def paid_until(evidence: Evidence, order: Row) -> datetime | None:
    """The end of what is paid, by the periods of its paid receivables and, where a date was moved, by the order; None: unpaid."""
    periods = [
        row["until_at"] or _FOR_EVER for row in evidence.receivables_of[order["id"]] if row["status"] in _PAID
    ]
    if not periods:
        return None
    moved = order["paid_until_at"] if order["anchor_cycle"] > 1 or _was_moved(evidence, order) else None
    return max(periods) if moved is None else moved


def _was_moved(evidence: Evidence, order: Row) -> bool:
    """Whether a pause or a change of date has written another anchor: the events of the log say so."""
    names = {event["name"] for event in evidence.events if event["subject"] == f"order:{order['uuid']}"}
    return bool(names & {"resume", "date_changed"})


def _has_ended(order: Row) -> bool:
    return order["status"] == "paused" or (order["status"] in {"canceled"} and order["ended_at"] is not None)


def _keeps(evidence: Evidence, order: Row) -> bool:
    """Why access may stay although nothing paid covers this instant: nobody knows yet whether the renewal was paid, its
    retry is to come in a moment, or the owner lets the member in while overdue."""
    if order["status"] not in _GIVES:
        return False
    newest = evidence.receivables_of[order["id"]][-1]
    is_open = any(row["is_open"] for row in evidence.attempts[newest["id"]])
    is_due = order["next_due_at"] is not None and order["next_due_at"] <= evidence.now
    waits = (
        order["wake_at"] is not None and order["wake_at"] > evidence.now and order["first_failed_at"] is None
    )
    return is_open or (is_due and waits)


def _check_strangers(evidence: Evidence, orders: dict[int, list[Row]]) -> Iterator[str]:
    """Who never ordered anything holds nothing but what is free."""
    for held in evidence.tables["entitlements"]:
        bought = [order for order in orders[held["member_id"]] if _slot_of(order) == held["slot"]]
        if not bought and held["bundle_id"] is not None and not held["is_complimentary"]:
            yield f"member {held['member_id']} holds {held['slot']} and has never ordered it"


def _slot_of(order: Row) -> str:
    return "level" if order["level_id"] is not None else f"bundle:{order['bundle_id']}"
