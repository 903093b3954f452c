"""gatepost_refunds"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, token
from sidecar.migrations.steps import create_index_once

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "gatepost_refunds",
        sa.Column("id", Id, primary_key=True),
        sa.Column("uuid", token(36), nullable=False, comment="its name towards the gateway"),
        sa.Column("member_id", Id, nullable=False),
        sa.Column("order_id", Id, nullable=True),
        sa.Column("settlement_id", Id, nullable=True),
        sa.Column("charge_id", token(64), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", token(3), nullable=False),
        sa.Column(
            "status", token(20), nullable=False, comment="claimed, unknown, pending, succeeded, failed"
        ),
        sa.Column("gateway_id", token(64), nullable=True),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("by", sa.String(100), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("asked_s", sa.Double(), nullable=False, comment="real seconds"),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.UniqueConstraint("uuid", name="uq_gatepost_refunds_uuid"),
        sa.UniqueConstraint("gateway_id", name="uq_gatepost_refunds_gateway_id"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_refunds_charge", "gatepost_refunds", ["charge_id"])
    create_index_once("ix_gatepost_refunds_status", "gatepost_refunds", ["status", "asked_at"])
