"""gatepost_members"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "gatepost_members",
        sa.Column("id", Id, primary_key=True),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("joined_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("user_id", name="uq_gatepost_members_user_id"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
