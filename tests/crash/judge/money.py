"""Each settled receivable has exactly one settlement, and exactly one success at the processor if and only if the gateway
paid it; nothing else has one that is not written down as surplus."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from tests.crash.judge.evidence import Evidence, Row, at

_CLOCKS_MAY_DIFFER = timedelta(minutes=10)
_OF_THE_SCHEDULE = {"schedule", "retry"}
_A_DAY = timedelta(hours=22)


def check_money(evidence: Evidence) -> Iterator[str]:
    """All of it."""
    for receivable in evidence.receivables.values():
        yield from _check_receivable(evidence, receivable)
    yield from _check_successes(evidence)
    yield from _check_doubles(evidence)
    yield from _check_settlements(evidence)
    yield from _check_pace(evidence)
    yield from _check_ledger(evidence)
    yield from (f"the referee saw: {row}" for row in evidence.violations if not _by_hand(evidence, row))


def _by_hand(evidence: Evidence, violation: Row) -> bool:
    """Whether the member himself typed that card in at the gateway, where nobody can hold him back."""
    if violation["rule"] != "tried after do not try again":
        return False
    tried = {
        row["id"]
        for row in evidence.books["charges"]
        if row["payment_intent"] == violation["intent"] and row["created"] == violation["at"]
    }
    origins = {row["origin"] for row in evidence.tables["attempts"] if row["charge_id"] in tried}
    return origins <= {"browser"}


def _check_receivable(evidence: Evidence, receivable: Row) -> Iterator[str]:
    name, settled = evidence.name_of(receivable), evidence.settlements[receivable["id"]]
    if len(settled) != int(receivable["status"] == "settled"):
        yield f"{name} is {receivable['status']} and has {len(settled)} settlements"
        return
    successes = evidence.successes[receivable["uuid"]]
    if not settled:
        return
    by_gateway = settled[0]["source"] == "gateway"
    if len(successes) != int(by_gateway):
        yield f"{name} was settled by {settled[0]['source']} and the processor has {len(successes)} successes for it"
    elif by_gateway:
        yield from _compare(name, receivable, settled[0], successes[0])


def _compare(name: str, receivable: Row, settlement: Row, charge: Row) -> Iterator[str]:
    if settlement["charge_id"] != charge["id"]:
        yield f"{name} names charge {settlement['charge_id']}, the processor {charge['id']}"
    if (settlement["amount_minor"], settlement["currency"]) != (charge["amount"], charge["currency"].upper()):
        yield f"{name} names {settlement['amount_minor']} {settlement['currency']}, the processor {charge['amount']}"
    if receivable["intent_id"] != charge["intent"]["id"]:
        yield f"{name} is bound to {receivable['intent_id']}, and {charge['intent']['id']} has collected it"


def _check_successes(evidence: Evidence) -> Iterator[str]:
    """No money comes in that is not written down exactly once, as what it is."""
    settled = Counter(row["charge_id"] for row in evidence.tables["settlements"])
    surplus = Counter(row["charge_id"] for row in evidence.tables["surpluses"])
    for receivable, charges in evidence.successes.items():
        for charge in charges:
            times = settled[charge["id"]] + surplus[charge["id"]]
            if times != 1 and not (times == 0 and charge["payment_intent"] in evidence.alarmed):
                yield f"charge {charge['id']} for receivable {receivable} is written down {times} times"


def _check_doubles(evidence: Evidence) -> Iterator[str]:
    """Nobody pays one cycle of one order twice, whatever rows a restored database or a copy has made for it."""
    paid: dict[tuple[str, str], list[str]] = defaultdict(list)
    for charges in evidence.successes.values():
        for charge in charges:
            metadata = charge["intent"]["metadata"]
            paid[(metadata["order"], metadata["cycle"])].append(charge["id"])
    for (order, cycle), charges_of in paid.items():
        if len(charges_of) > 1:
            yield f"DOUBLE CHARGE: order {order}, cycle {cycle} was paid by {charges_of}"
    for row in evidence.tables["surpluses"]:
        if row["reason"] == "second":
            yield f"charge {row['charge_id']} came for a receivable that was paid already"


def _check_settlements(evidence: Evidence) -> Iterator[str]:
    """What we say was paid by card was, and not before it was due."""
    charges = {row["id"]: row for row in evidence.books["charges"]}
    attempts = {row["id"]: row for row in evidence.tables["attempts"]}
    for settlement in evidence.tables["settlements"]:
        if settlement["charge_id"] is None:
            continue
        charge, attempt = charges.get(settlement["charge_id"]), attempts.get(settlement["attempt_id"])
        receivable = evidence.receivables[settlement["receivable_id"]]
        if charge is None or charge["status"] != "succeeded":
            yield f"{evidence.name_of(receivable)} names charge {settlement['charge_id']}, which did not succeed"
        elif attempt is not None and attempt["origin"] in _OF_THE_SCHEDULE:
            early = receivable["due_at"] - at(charge["created"])
            if early > _CLOCKS_MAY_DIFFER:
                yield f"{evidence.name_of(receivable)} was charged {early} before it was due"


def _check_pace(evidence: Evidence) -> Iterator[str]:
    """The schedule begins to collect at most one renewal of an order a day: what was missed is not caught up by surprise."""
    begun: dict[int, list[datetime]] = defaultdict(list)
    for attempts in evidence.attempts.values():
        first = attempts[0]
        if first["origin"] == "schedule" and evidence.settlements[first["receivable_id"]]:
            begun[first["order_id"]].append(first["started_at"])
    for order, moments in begun.items():
        for earlier, later in pairwise(sorted(moments)):
            if later - earlier < _A_DAY:
                yield f"two renewals of order {order} were begun within {later - earlier}"


def _check_ledger(evidence: Evidence) -> Iterator[str]:
    """Every posting balances, no credit is negative, and what the gateway holds is what it says it holds."""
    postings: Counter[str] = Counter()
    credits: Counter[tuple[int, str]] = Counter()
    held: Counter[str] = Counter()
    for row in evidence.tables["ledger"]:
        postings[row["posting"]] += row["amount_minor"]
        if row["account"] == "credit":
            credits[(row["member_id"], row["currency"])] -= row["amount_minor"]
        if row["account"] == "gateway":
            held[row["currency"]] += row["amount_minor"]
    yield from (f"posting {name} is out of balance by {total}" for name, total in postings.items() if total)
    yield from (f"member {who} has a credit of {total}" for who, total in credits.items() if total < 0)
    truth = _held_by_processor(evidence)
    for currency in held.keys() | truth.keys():
        if held[currency] != truth[currency]:
            yield f"our ledger says that the gateway holds {held[currency]} {currency}, the processor {truth[currency]}"


def _held_by_processor(evidence: Evidence) -> Counter[str]:
    held: Counter[str] = Counter()
    booked = {row["charge_id"] for name in ("settlements", "surpluses") for row in evidence.tables[name]}
    ours = {
        charge["id"]
        for charges in evidence.successes.values()
        for charge in charges
        if charge["id"] in booked or charge["payment_intent"] not in evidence.alarmed
    }
    for charge in evidence.books["charges"]:
        if charge["id"] in ours:
            held[charge["currency"].upper()] += charge["amount"]
    for refund in evidence.books["refunds"]:
        if refund["charge"] in ours and refund["status"] in {"succeeded", "pending"}:
            held[refund["currency"].upper()] -= refund["amount"]
    for dispute in evidence.books["disputes"]:
        if dispute["charge"] in ours and dispute["status"] in {"needs_response", "under_review", "lost"}:
            held[dispute["currency"].upper()] -= dispute["amount"]
    return held
