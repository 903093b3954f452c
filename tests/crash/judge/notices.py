"""Every notice was queued exactly once: a payment, a decline, an end, a refund is one mail and one event, not none, not two;
and a payment or a decline is one action that other plugins are told of."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from tests.crash.judge.evidence import Evidence, Row

_PAID_MAILS = {"welcome", "receipt", "recovered"}
_PAID_EVENTS = {"paid_first", "paid_renewal", "recovered"}
_PAID_ACTIONS, _DECLINED_ACTION = {"mm_payment_received", "mm_payment_rebill"}, "mm_payment_rebill_declined"
_FAILED_MAILS = {"payment_failed", "retry_failed", "authentication_needed"}
_END_MAILS = {"canceled", "expired"}
_QUIET = {"abandoned", "replaced", "paid_up", None}
_OF_THE_SCHEDULE = {"schedule", "retry"}


def check_notices(evidence: Evidence) -> Iterator[str]:
    """All of it."""
    events = _events_by_order(evidence)
    for order in evidence.orders.values():
        mails = evidence.mails.get(order["id"], [])
        yield from _check_payments(evidence, order, mails, events.get(order["uuid"], []))
        yield from _check_declines(evidence, order, mails, events.get(order["uuid"], []))
        yield from _check_end(order, mails)
        yield from _check_refunds(evidence, order, mails)
        yield from _check_twins(order, mails)
        yield from _check_actions(evidence, order, events.get(order["uuid"], []))


def _events_by_order(evidence: Evidence) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for event in evidence.events:
        found.setdefault(event["subject"].removeprefix("order:"), []).append(event)
    return found


def _check_payments(evidence: Evidence, order: Row, mails: list[Row], events: list[Row]) -> Iterator[str]:
    told = Counter(mail["data"]["cycle"] for mail in mails if mail["kind"] in _PAID_MAILS)
    logged = Counter(event["body"]["cycle"] for event in events if event["name"] in _PAID_EVENTS)
    imported = {row["receivable_id"] for row in evidence.tables["attempts"] if row["origin"] == "import"}
    for receivable in evidence.receivables_of[order["id"]]:
        if receivable["id"] in imported:
            continue
        wanted = int(receivable["status"] == "settled")
        for what, count in (("mails", told), ("events", logged)):
            if count[receivable["cycle"]] != wanted:
                yield f"{evidence.name_of(receivable)} is {receivable['status']}: {count[receivable['cycle']]} {what} of its payment"


def _check_declines(evidence: Evidence, order: Row, mails: list[Row], events: list[Row]) -> Iterator[str]:
    declines = [event["body"] for event in events if event["name"] == "declined"]
    logged = Counter((body["cycle"], body["attempt"]) for body in declines)
    failed = Counter(
        (receivable["cycle"], attempt["number"])
        for receivable in evidence.receivables_of[order["id"]]
        for attempt in evidence.attempts[receivable["id"]]
        if attempt["status"] == "failed" and attempt["origin"] != "import"
    )
    for which in logged.keys() | failed.keys():
        due_only = which in logged or _was_due(evidence, order, which[0])
        if due_only and logged[which] != failed[which]:
            yield f"order {order['id']}, cycle and try {which}: {logged[which]} events of {failed[which]} declines"
    notices = sum(
        mail["kind"] in _FAILED_MAILS and mail["data"].get("decline") != "no_card" for mail in mails
    )
    by_schedule = sum(body["origin"] in _OF_THE_SCHEDULE for body in declines)
    ended = int(order["ended_for"] in {"unpaid", "user_deleted"})
    if not by_schedule - ended <= notices <= len(declines):
        yield f"order {order['id']}: {notices} mails for {by_schedule} declines of the schedule and {len(declines)} in all"


def _was_due(evidence: Evidence, order: Row, cycle: int) -> bool:
    """A decline on what is owed no more is written down, but nobody is told."""
    return any(
        row["cycle"] == cycle and row["status"] in {"due", "settled"}
        for row in evidence.receivables_of[order["id"]]
    )


def _check_end(order: Row, mails: list[Row]) -> Iterator[str]:
    ends = [mail for mail in mails if mail["kind"] in _END_MAILS and "until" not in mail["data"]]
    wanted = int(order["ended_at"] is not None and order["ended_for"] not in _QUIET)
    if wanted and len(ends) != 1:
        yield f"order {order['id']} ended ({order['ended_for']}): {len(ends)} mails of its end"


def _check_refunds(evidence: Evidence, order: Row, mails: list[Row]) -> Iterator[str]:
    given = [
        row
        for row in evidence.tables["refunds"]
        if row["order_id"] == order["id"] and row["gateway_id"] is not None and row["status"] != "failed"
    ]
    told = sum(mail["kind"] == "refunded" for mail in mails)
    if told < len(given):
        yield f"order {order['id']}: {told} mails for {len(given)} refunds"


def _check_twins(order: Row, mails: list[Row]) -> Iterator[str]:
    """No two mails of one order say the same."""
    same = Counter(json.dumps([mail["kind"], mail["data"]], sort_keys=True) for mail in mails)
    for text, times in same.items():
        if times > 1 and json.loads(text)[0] != "refunded":
            yield f"order {order['id']}: {times} mails say {text}"


def _check_actions(evidence: Evidence, order: Row, events: list[Row]) -> Iterator[str]:
    """What other plugins listen to: an action for each payment, also for one that came back after a restored database, and
    for each decline of a renewal."""
    told = Counter(evidence.actions.get(order["id"], []))
    paid = sum(row["status"] == "settled" for row in evidence.receivables_of[order["id"]])
    if (actions := sum(told[name] for name in _PAID_ACTIONS)) != paid:
        yield f"order {order['id']}: {actions} actions for {paid} payments"
    declined = sum(event["name"] == "declined" and event["body"]["cycle"] > 0 for event in events)
    if told[_DECLINED_ACTION] != declined:
        yield f"order {order['id']}: {told[_DECLINED_ACTION]} actions for {declined} declined renewals"
