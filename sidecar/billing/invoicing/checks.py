"""The invariants of invoices, as SELECTs that give (subject, member_id) of what must not be."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sidecar.billing.invoicing.models import invoices, series
from sidecar.billing.invoicing.rules import Kind
from sidecar.billing.invoicing.store import uninvoiced
from sidecar.billing.models import ledger, receivables, refunds, settlements

_NOBODY = sa.literal(0).label("member_id")
_IS_FIRST = invoices.c.credits_id.is_(None)
Check = sa.Select[Any]


def invariants() -> dict[str, Check]:
    """By name; every one must come back empty."""
    return {
        "invoices leave no gap": _gap(Kind.INVOICE),
        "credit notes leave no gap": _gap(Kind.CREDIT_NOTE),
        "a payment has its invoice": uninvoiced(),
        "an invoice says what was owed": _invoiced_otherwise(),
        "a refund has its credit note": _uncredited(),
        "no more is credited than was invoiced": _credited_too_much(),
    }


def _gap(kind: Kind) -> Check:
    """As many as the series has counted, the last one with its number: so each number from 1 is there."""
    counter = series.c.credit_notes if kind is Kind.CREDIT_NOTE else series.c.invoices
    counted = sa.select(sa.func.count(), sa.func.coalesce(sa.func.max(invoices.c.number), 0))
    mine = counted.where(invoices.c.series == series.c.code, invoices.c.kind == kind).correlate(series)
    count, newest = (mine.with_only_columns(column).scalar_subquery() for column in mine.selected_columns)
    return sa.select(series.c.code.label("subject"), _NOBODY).where(
        sa.or_(count != counter, newest != counter)
    )


def _invoiced_otherwise() -> Check:
    """Also one without a settlement, or whose receivable has another sum, tax or currency."""
    joined = invoices.outerjoin(
        settlements, settlements.c.receivable_id == invoices.c.receivable_id
    ).outerjoin(receivables, receivables.c.id == invoices.c.receivable_id)
    same = sa.and_(
        settlements.c.id.is_not(None),
        *(
            invoices.c[name] == receivables.c[name]
            for name in ("net_minor", "tax_minor", "currency", "tax_ppm")
        ),
    )
    return (
        sa.select(invoices.c.cause.label("subject"), invoices.c.member_id)
        .select_from(joined)
        .where(_IS_FIRST, sa.func.coalesce(same, sa.false()).is_(sa.false()))
    )


def _uncredited() -> Check:
    """A refund that did not fail and has no credit note, though something of its invoice stands; or one that failed and keeps
    its credit note."""
    note, undone = invoices.alias("note"), invoices.alias("undone")
    paper = invoices.alias("paper")
    joined = (
        refunds.join(settlements, settlements.c.charge_id == refunds.c.charge_id)
        .join(
            paper, sa.and_(paper.c.receivable_id == settlements.c.receivable_id, paper.c.credits_id.is_(None))
        )
        .outerjoin(note, note.c.cause == sa.literal("refund:").concat(refunds.c.uuid))
        .outerjoin(undone, undone.c.credits_id == note.c.id)
    )
    stands = (
        sa.select(sa.func.sum(invoices.c.gross_minor))
        .where(invoices.c.receivable_id == settlements.c.receivable_id)
        .correlate(settlements)
        .scalar_subquery()
    )
    given = refunds.c.status.in_(("pending", "succeeded"))
    lacks = sa.and_(given, note.c.id.is_(None), stands > 0, ~_was_paid_out())
    keeps = sa.and_(refunds.c.status == "failed", note.c.id.is_not(None), undone.c.id.is_(None))
    return (
        sa.select(refunds.c.uuid.label("subject"), refunds.c.member_id)
        .select_from(joined)
        .where(sa.or_(lacks, keeps))
    )


def _was_paid_out() -> sa.ColumnElement[bool]:
    """All of the refund had been credited already, when its order was exchanged for another."""
    return (
        sa.select(ledger.c.id)
        .where(
            ledger.c.posting == sa.literal("withdrawn:").concat(refunds.c.uuid),
            ledger.c.account == "credit",
            ledger.c.amount_minor >= refunds.c.amount_minor,
        )
        .exists()
    )


def _credited_too_much() -> Check:
    """What is left of an invoice is never negative, in no part of it."""
    return (
        sa.select(
            sa.func.min(invoices.c.cause).label("subject"),
            sa.func.max(invoices.c.member_id).label("member_id"),
        )
        .group_by(invoices.c.receivable_id)
        .having(
            sa.or_(
                sa.func.sum(invoices.c.net_minor) < 0,
                sa.func.sum(invoices.c.tax_minor) < 0,
                sa.func.sum(invoices.c.gross_minor) < 0,
            )
        )
    )
