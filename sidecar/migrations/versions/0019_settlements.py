"""gatepost_settlements"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, token
from sidecar.migrations.steps import create_index_once

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "gatepost_settlements",
        sa.Column("id", Id, primary_key=True),
        sa.Column(
            "receivable_id",
            Id,
            sa.ForeignKey("gatepost_receivables.id", name="fk_gatepost_settlements_receivable_id"),
            nullable=False,
        ),
        sa.Column("order_id", Id, nullable=False),
        sa.Column("member_id", Id, nullable=False),
        sa.Column("source", token(10), nullable=False, comment="gateway, manual, credit, coupon, waived"),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False, comment="what the source paid"),
        sa.Column("currency", token(3), nullable=False),
        sa.Column("attempt_id", Id, nullable=True),
        sa.Column("charge_id", token(64), nullable=True),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("receivable_id", name="uq_gatepost_settlements_receivable_id"),
        sa.UniqueConstraint("charge_id", name="uq_gatepost_settlements_charge_id"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_settlements_at", "gatepost_settlements", ["settled_at"])
    create_index_once("ix_gatepost_settlements_member", "gatepost_settlements", ["member_id", "settled_at"])
