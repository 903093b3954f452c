"""gatepost_trials"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_table(
        "gatepost_trials",
        sa.Column("member_id", Id, primary_key=True, autoincrement=False),
        sa.Column("order_id", Id, nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        comment="one trial per member",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
