"""gatepost_staff"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, UtcDateTime, token

revision = "0056"
down_revision = "0054"


def upgrade() -> None:
    op.create_table(
        "gatepost_staff",
        sa.Column("user_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column(
            "role",
            token(20),
            nullable=False,
            comment="product_manager, sales_support, analyst, administrator",
        ),
        sa.Column("by", sa.String(100), nullable=False, comment="who employed them"),
        sa.Column("employed_at", UtcDateTime(), nullable=False),
        comment="who may use the dashboard beside the site's administrators",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
