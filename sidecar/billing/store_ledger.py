"""The ledger's SQL: append-only postings that sum to zero. None of these commits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.billing.models import ledger
from sidecar.db import insert_into


def post(
    session: Session, posting: str, member_id: int, currency: str, at: datetime, sums: Mapping[str, int]
) -> None:
    """One posting of the ledger: account → minor units, debit positive. It sums to zero, or it is a programming error."""
    if sum(sums.values()):
        raise ValueError(f"{posting} does not balance: {dict(sums)}")
    rows = [
        {
            "posting": posting, "account": account, "member_id": member_id, "currency": currency, "at": at,
            "amount_minor": amount,
        }
        for account, amount in sums.items()
        if amount
    ]  # fmt: skip
    if rows:
        session.execute(insert_into(ledger), rows)


def compute_account(session: Session, posting: str, account: str) -> int:
    """What one posting moved on one account."""
    mine = sa.and_(ledger.c.posting == posting, ledger.c.account == account)
    return int(session.scalar(sa.select(ledger.c.amount_minor).where(mine)) or 0)


def reverse(session: Session, posting: str, name: str, at: datetime) -> None:
    """Post the contrary of a posting, under another name."""
    rows = session.execute(sa.select(ledger).where(ledger.c.posting == posting)).all()
    if rows:
        sums = {row.account: -row.amount_minor for row in rows}
        post(session, name, rows[0].member_id, rows[0].currency, at, sums)


def compute_credit(session: Session, member_id: int, currency: str) -> int:
    """What a member has in credit, in minor units; never negative while the ledger is sound."""
    total = session.scalar(_CREDIT, {"member_id": member_id, "currency": currency})
    return -int(total or 0)


def credit_of(member_id: sa.ColumnElement[Any], currency: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """The sum of a member's account of credit: minor units, negative or null."""
    return sa.select(sa.func.sum(ledger.c.amount_minor)).where(
        ledger.c.member_id == member_id, ledger.c.account == "credit", ledger.c.currency == currency
    )


_CREDIT = credit_of(sa.bindparam("member_id"), sa.bindparam("currency"))
