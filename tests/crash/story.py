"""What happened to an order, told from the evidence: for whoever has to find out why the judge complained."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from tests.crash.judge.evidence import Evidence, Row, at

_MOST_ORDERS = 12
_LEFT_OUT = {
    "terms",
    "token",
    "zone",
    "affiliate_id",
    "subaffiliate_id",
    "ip",
    "coupon",
    "coupon_id",
    "gateway",
}


def write_stories(evidence: Evidence, findings: list[str], path: Path) -> None:
    """The stories of the orders that the findings name."""
    names = {int(name) for finding in findings for name in re.findall(r"order (\d+)", finding)}
    names |= set(_named(evidence, " ".join(findings)))
    lines = [
        *findings,
        *(
            line
            for name in sorted(names & evidence.orders.keys())[:_MOST_ORDERS]
            for line in tell(evidence, name)
        ),
    ]
    path.write_text("\n".join(lines) + "\n")


def _named(evidence: Evidence, text: str) -> Iterator[int]:
    """Orders by their UUID, or by an intent, a charge or a card of theirs that the text names."""
    named = {row["metadata"]["order"] for row in evidence.intents if row["id"] in text}
    for order in evidence.orders.values():
        receivables = evidence.receivables_of[order["id"]]
        words = {
            order["uuid"],
            *(row["uuid"] for row in receivables),
            *(row["intent_id"] for row in receivables),
        }
        for receivable in receivables:
            words |= {
                row[name]
                for row in evidence.attempts[receivable["id"]]
                for name in ("intent_id", "charge_id")
            }
        if order["uuid"] in named or any(word and word in text for word in words):
            yield order["id"]


def tell(evidence: Evidence, order_id: int) -> Iterator[str]:
    """Rows of ours, then what the gateway saw, then the log."""
    order = evidence.orders[order_id]
    yield f"\n== order {order_id} at {evidence.now}: {_row({key: order[key] for key in order if key not in _LEFT_OUT})}"
    for receivable in evidence.receivables_of[order_id]:
        yield f"  receivable {_row(receivable)}"
        yield from (f"    attempt {_row(row)}" for row in evidence.attempts[receivable["id"]])
        yield from (f"    settlement {_row(row)}" for row in evidence.settlements[receivable["id"]])
        yield from _at_gateway(evidence, receivable)
    for held in evidence.tables["entitlements"]:
        if held["member_id"] == order["member_id"]:
            yield f"  hold {held['slot']} {held['status']} expires {held['expires_at']}"
    yield from _log(evidence, order)


def _at_gateway(evidence: Evidence, receivable: Row) -> Iterator[str]:
    for intent in evidence.intents:
        if intent["metadata"].get("receivable") == receivable["uuid"]:
            yield f"    intent {intent['id']} {at(intent['created'])} {intent['status']} number {intent['metadata']['intent']}"
            for charge in evidence.books["charges"]:
                if charge["payment_intent"] == intent["id"]:
                    yield f"      charge {charge['id']} {at(charge['created'])} {charge['status']} {charge['amount']}"


def _log(evidence: Evidence, order: Row) -> Iterator[str]:
    for event in evidence.events:
        if event["subject"] == f"order:{order['uuid']}":
            body = {key: value for key, value in event["body"].items() if key not in {"order", "product"}}
            yield f"  event {event['at']} {event['name']} {json.dumps(body)}"
    yield from (
        f"  mail {mail['kind']} {json.dumps(mail['data'])}" for mail in evidence.mails.get(order["id"], [])
    )


def _row(row: Row) -> str:
    return " ".join(f"{key}={value}" for key, value in row.items() if value is not None)
