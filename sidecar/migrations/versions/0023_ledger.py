"""gatepost_ledger"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, token
from sidecar.migrations.steps import create_index_once

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "gatepost_ledger",
        sa.Column("id", Id, primary_key=True),
        sa.Column(
            "posting", token(64), nullable=False, comment="what happened, once: settle:UUID, refund:UUID, …"
        ),
        sa.Column("account", token(20), nullable=False),
        sa.Column("member_id", Id, nullable=False),
        sa.Column(
            "amount_minor", sa.BigInteger(), nullable=False, comment="debit positive; a posting sums to zero"
        ),
        sa.Column("currency", token(3), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("posting", "account", name="uq_gatepost_ledger_posting_account"),
        comment="append-only",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_ledger_member", "gatepost_ledger", ["member_id", "account", "currency"])
