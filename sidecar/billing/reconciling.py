"""The gateway's books against ours, for any range of time. For what was charged, the gateway is the truth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sidecar.billing import store, store_checks, store_returns
from sidecar.billing.booking import Foreign, book_intent
from sidecar.billing.desk import Desk
from sidecar.billing.gateways.gateway import Intent, IntentStatus, NotExecuted
from sidecar.billing.locking import member_locked
from sidecar.billing.returning import book_refund
from sidecar.billing.rules import Receivable
from sidecar.db import reading, session, use_case

_SLACK = timedelta(hours=1)


@dataclass(frozen=True)
class Difference:
    """`what`: unbooked, unknown, missing, amount, refunds. `here` and `there`: minor units, ours and the gateway's."""

    what: str
    intent_id: str
    receivable: str
    here_minor: int
    there_minor: int
    currency: str


def reconcile(desk: Desk, since: datetime, until: datetime, *, mend: bool = False) -> list[Difference]:
    """Compare every intent of ours that was made in the range, and every settlement that we wrote down in it.

    `mend`: book what the gateway knows and we do not. What we know and the gateway does not is only listed: it is for a
    person to look at. Asks the gateway page by page; needs no lock but for mending.
    """
    gateway = desk.pays_by_card()
    theirs: dict[str, Intent] = {}
    for intent in gateway.list_intents((since - _SLACK).timestamp()):
        if intent.metadata.get("gatepost") == desk.installation and intent.created_s < until.timestamp():
            theirs[intent.id] = intent
    found = [one for intent in theirs.values() for one in _compare(desk, intent, mend=mend)]
    with reading() as reader:
        ours = store_checks.list_settled_between(reader, since, until)
    return found + [_missing(row) for row in ours if _is_missing(desk, row, theirs)]


def _compare(desk: Desk, intent: Intent, *, mend: bool) -> list[Difference]:
    receivable = _receivable_of(intent)
    if receivable is None:
        if intent.status is not IntentStatus.SUCCEEDED:
            return []
        return [Difference("unknown", intent.id, "", 0, intent.amount_minor, intent.currency)]
    if intent.status is not IntentStatus.SUCCEEDED or intent.charge is None:
        return []
    booked = _booked_minor(intent.charge.id)
    if booked is None:
        if mend:
            _mend(desk, receivable, intent)
        return [Difference("unbooked", intent.id, receivable.uuid, 0, intent.amount_minor, intent.currency)]
    if booked != intent.charge.amount_minor:
        return [
            Difference(
                "amount", intent.id, receivable.uuid, booked, intent.charge.amount_minor, intent.currency
            )
        ]
    return _compare_refunds(desk, intent, receivable, mend=mend)


def _compare_refunds(desk: Desk, intent: Intent, receivable: Receivable, *, mend: bool) -> list[Difference]:
    assert intent.charge is not None  # noqa: S101  the caller has looked
    here = _refunded_minor(intent.charge.id)
    if not here and not intent.refunded_minor:
        return []
    facts = desk.pays_by_card().list_refunds(intent.charge.id)
    there = sum(one.amount_minor for one in facts if one.status != "failed")
    if here == there:
        return []
    if mend:
        with member_locked(receivable.member_id):
            for one in facts:
                book_refund(desk, one)
    return [Difference("refunds", intent.id, receivable.uuid, here, there, intent.currency)]


def _mend(desk: Desk, receivable: Receivable, intent: Intent) -> None:
    with member_locked(receivable.member_id):
        try:
            book_intent(desk, receivable.id, intent, now=desk.now())
        except Foreign:
            return


@use_case
def _receivable_of(intent: Intent) -> Receivable | None:
    return store.find_receivable_by_uuid(session(), intent.metadata.get("receivable", ""))


@use_case
def _booked_minor(charge_id: str) -> int | None:
    found = store_returns.find_charge(session(), charge_id)
    return None if found is None else int(found.amount_minor)


@use_case
def _refunded_minor(charge_id: str) -> int:
    return store_returns.compute_refunded(session(), charge_id)


def _is_missing(desk: Desk, row: Any, theirs: dict[str, Intent]) -> bool:
    """Whether the gateway does not say that it collected this. An intent that is older than the range is read by its id."""
    try:
        intent = theirs.get(row.intent_id) or desk.pays_by_card().read_intent(row.intent_id)
    except NotExecuted as error:
        if error.is_passing:
            raise
        return True
    return intent.status is not IntentStatus.SUCCEEDED


def _missing(row: Any) -> Difference:
    return Difference("missing", row.intent_id, str(row.receivable_id), row.amount_minor, 0, row.currency)
