"""gatepost_installation"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, UtcDateTime, token

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "gatepost_installation",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column(
            "uuid", token(36), nullable=False, comment="names this installation towards others; never reused"
        ),
        sa.Column(
            "table_prefix", token(64), nullable=False, comment="of the WordPress site these tables belong to"
        ),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
