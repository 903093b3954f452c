"""gatepost_disputes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, token
from sidecar.migrations.steps import create_index_once

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "gatepost_disputes",
        sa.Column("id", Id, primary_key=True),
        sa.Column("gateway_id", token(64), nullable=False),
        sa.Column("charge_id", token(64), nullable=False),
        sa.Column("member_id", Id, nullable=False),
        sa.Column("order_id", Id, nullable=True),
        sa.Column("fingerprint", token(64), nullable=False, comment="of the card; '' where unknown"),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", token(3), nullable=False),
        sa.Column("reason", token(60), nullable=False),
        sa.Column("status", token(20), nullable=False, comment="inquiry, open, won, lost, closed"),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.UniqueConstraint("gateway_id", name="uq_gatepost_disputes_gateway_id"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_disputes_card", "gatepost_disputes", ["fingerprint", "status"])
    create_index_once("ix_gatepost_disputes_charge", "gatepost_disputes", ["charge_id"])
