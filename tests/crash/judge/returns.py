"""Money that goes back: never more than came, never twice, and surplus always."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.crash.judge.evidence import Evidence


def check_returns(evidence: Evidence) -> Iterator[str]:
    """All of it."""
    yield from _check_refunds(evidence)
    yield from _check_surpluses(evidence)


def _check_refunds(evidence: Evidence) -> Iterator[str]:
    """Each of our refunds was made at most once, and no charge gave more back than it took."""
    made: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for refund in evidence.books["refunds"]:
        if refund["status"] not in {"failed", "canceled"}:
            given[refund["charge"]] += refund["amount"]
            made[refund["metadata"].get("refund", refund["id"])] += 1
    yield from (f"refund {name} was made {times} times" for name, times in made.items() if times > 1)
    amounts = {charge["id"]: charge["amount"] for charge in evidence.books["charges"]}
    for charge, amount in given.items():
        if amount > amounts[charge]:
            yield f"charge {charge} of {amounts[charge]} was refunded with {amount}"
    known = {row["gateway_id"] for row in evidence.tables["refunds"]}
    for refund in evidence.books["refunds"]:
        if refund["id"] not in known and refund["metadata"].get("gatepost"):
            yield f"refund {refund['id']} was made, and we do not know it"


def _check_surpluses(evidence: Evidence) -> Iterator[str]:
    begun = {row["charge_id"] for row in evidence.tables["refunds"]}
    disputed = {row["charge"] for row in evidence.books["disputes"]}
    for row in evidence.tables["surpluses"]:
        if not evidence.forgives_surplus:
            yield f"charge {row['charge_id']} was made though nothing was owed"
        if row["charge_id"] not in begun | disputed:
            yield f"surplus charge {row['charge_id']} was not given back"
