"""gatepost_anchors"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, token

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "gatepost_anchors",
        sa.Column("id", Id, primary_key=True),
        sa.Column(
            "order_id",
            Id,
            sa.ForeignKey("gatepost_orders.id", name="fk_gatepost_anchors_order_id"),
            nullable=False,
        ),
        sa.Column("cycle", sa.Integer(), nullable=False, comment="from this cycle on"),
        sa.Column("at", UtcDateTime(), nullable=False, comment="that cycle begins here"),
        sa.Column("reason", token(20), nullable=False, comment="ordered, resumed, skipped, moved, imported"),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("order_id", "cycle", "at", name="uq_gatepost_anchors_order_id_cycle_at"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
