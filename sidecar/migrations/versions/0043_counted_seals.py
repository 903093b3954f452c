"""gatepost_counted_seals"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.create_table(
        "gatepost_counted_seals",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        comment="one row: events up to this seal are in gatepost_event_counts",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
