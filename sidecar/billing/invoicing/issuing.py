"""Issuing: an invoice for each payment, a credit note for what is taken back, in the transaction that books it.

What it decides. An invoice over the whole gross of a receivable when money, cash or the member's credit settles it; nothing when
it was waived, is a coupon's or costs nothing. A credit note for a refund when it is booked, for the unused part of what was
exchanged for another product, and for what a full refund gives back as credit; never over more than stands of the invoice. When
a refund fails later, an invoice that takes its credit note back. Money that nothing was owed for, and disputes, issue nothing:
the first is no sale, the second takes a payment away and changes no price.

Units and sign: minor units of the order's currency; credit notes are negative. Rounding: `rules.credit_of`.

Time: dates are those of the order's frozen zone. Series are named by the real clock.

Transaction: each function needs one, and does its part at its very end (`db.at_last`). There the row of the series is locked by
the UPDATE that counts it on, the paper is inserted, and the commit lets go: whoever holds that lock asks for no other, so nobody
waits in a circle, and others wait for two statements and a commit. A transaction that is rolled back takes its number back with
it, so there is no gap; one that commits has its paper, so there is no payment without.

A second call for the same cause would break the unique key of `cause` and with it the transaction; the callers book each cause
once, under the member's lock. Two statements a payment.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sidecar.billing import store as billing_store
from sidecar.billing.desk import Desk
from sidecar.billing.guard import read_mark
from sidecar.billing.invoicing import store
from sidecar.billing.invoicing.rules import INVOICED, Kind, credit_of
from sidecar.billing.locking import member_locked
from sidecar.billing.periods import zone_of
from sidecar.billing.rules import Order, Receivable, Source
from sidecar.db import at_last, reading, session, use_case


def invoice(desk: Desk, order: Order, receivable: Receivable, source: Source, now: datetime) -> None:
    """The invoice of a receivable that `source` settles in this transaction."""
    if source in INVOICED and receivable.gross_minor > 0:
        at_last(lambda: _issue_invoice(desk, order, receivable, now))


def credit(
    desk: Desk, receivable_id: int, amount_minor: int, cause: str, now: datetime, *, paid_by: Source
) -> None:
    """A credit note over `amount_minor` of a receivable's invoice, at most what stands of it; none where it has no invoice.

    `cause` names what it is for, once. `paid_by`: GATEWAY, where the money goes back; CREDIT, where it becomes the member's.
    """
    at_last(lambda: _issue_credit(desk, receivable_id, amount_minor, cause, now, paid_by))


def credit_unused(desk: Desk, old: Order, amount_minor: int, cause: str, at: datetime, now: datetime) -> None:
    """Credit notes over the unused part of an order that was exchanged at `at`: of the newest cycle first, since what is unused
    lies at the end."""
    at_last(lambda: _issue_unused(desk, old, amount_minor, cause, at, now))


def take_back(desk: Desk, credited: str, cause: str, now: datetime) -> None:
    """An invoice that takes the credit note issued for the cause `credited` back; none where there is none."""
    at_last(lambda: _issue_again(desk, credited, cause, now))


def issue_missing(desk: Desk, limit: int = 1000) -> int:
    """Invoices for payments that have none although others since have: booked by a version of before, while this one was
    installed. Gives how many."""
    with reading() as reader:
        missing = store.list_uninvoiced(reader, limit)
    return sum(_issue_one_missing(desk, receivable_id) for receivable_id in missing)


def _issue_one_missing(desk: Desk, receivable_id: int) -> bool:
    with reading() as reader:
        receivable = billing_store.find_receivable(reader, receivable_id)
    if receivable is None:
        return False
    with member_locked(receivable.member_id):
        return _issue_if_missing(desk, receivable)


@use_case
def _issue_if_missing(desk: Desk, receivable: Receivable) -> bool:
    order = billing_store.find_order(session(), receivable.order_id)
    if order is None or store.find_invoice_of(session(), receivable.id) is not None:
        return False
    at_last(lambda: _issue_invoice(desk, order, receivable, desk.now()))
    return True


def open_series(desk: Desk, reason: str) -> str:
    """Let numbers begin again at 1 in a series of another name; gives it. Needs a transaction."""
    return store.open_series(session(), reason, _minute(), read_mark(desk), desk.now())


# --- the end of a transaction ---------------------------------------------------------------------------------------


def _issue_invoice(desk: Desk, order: Order, receivable: Receivable, now: datetime) -> None:
    values = _values(desk, order.zone, f"settle:{receivable.uuid}", now)
    _claim(desk, Kind.INVOICE)
    field = desk.settings.invoices.buyer_tax_id_field
    store.add_invoice(session(), desk.tables, receivable.id, {**values, "tax_field": field})


def _issue_credit(
    desk: Desk, receivable_id: int, amount_minor: int, cause: str, now: datetime, paid_by: Source
) -> int:
    """Gives how much was credited, positive."""
    paper = store.find_invoice_of(session(), receivable_id)
    sums = None if paper is None else credit_of(store.compute_left(session(), receivable_id), amount_minor)
    if paper is None or sums is None:
        return 0
    values = _values(desk, paper.zone, cause, now)
    _claim(desk, Kind.CREDIT_NOTE)
    store.add_counterpart(session(), paper.id, Kind.CREDIT_NOTE, sums, paid_by, values)
    return -sums.gross_minor


def _issue_unused(desk: Desk, old: Order, amount_minor: int, cause: str, at: datetime, now: datetime) -> None:
    left = amount_minor
    for one in store.list_settled_by(session(), old.id, at):
        name = f"{cause}:{one.cycle}"
        left -= _issue_credit(desk, one.receivable_id, left, name, now, Source.CREDIT)


def _issue_again(desk: Desk, credited: str, cause: str, now: datetime) -> None:
    note = store.find_by_cause(session(), credited)
    if note is None:
        return
    values = _values(desk, note.zone, cause, now)
    _claim(desk, Kind.INVOICE)
    sums = store.sums_of(note).negated
    store.add_counterpart(session(), note.id, Kind.INVOICE, sums, note.paid_by, values)


def _claim(desk: Desk, kind: Kind) -> None:
    """Take the next number. From here to the commit everybody else who settles waits."""
    mark = read_mark(desk)
    while not store.claim_number(session(), kind, mark):
        reason = "restored" if store.has_series(session()) else "first"
        store.open_series(session(), reason, _minute(), mark, desk.now(), only_behind=True)


def _minute() -> int:
    return int(time.time() // 60)


def _values(desk: Desk, zone: str, cause: str, now: datetime) -> Mapping[str, Any]:
    """What is the same for all papers: the seller as he is called now, and the day."""
    seller = desk.settings.invoices
    return {
        "prefix": seller.prefix, "seller_name": seller.seller_name, "seller_address": seller.seller_address,
        "seller_tax_id": seller.seller_tax_id, "footer": seller.footer, "issued_at": now,
        "issued_on": now.astimezone(zone_of(zone)).date(), "zone": zone, "cause": cause,
    }  # fmt: skip
