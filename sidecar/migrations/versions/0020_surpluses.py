"""gatepost_surpluses"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, token

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "gatepost_surpluses",
        sa.Column("id", Id, primary_key=True),
        sa.Column("charge_id", token(64), nullable=False),
        sa.Column("intent_id", token(64), nullable=False),
        sa.Column("member_id", Id, nullable=False),
        sa.Column("receivable_id", Id, nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", token(3), nullable=False),
        sa.Column("reason", token(20), nullable=False, comment="closed, second, unknown"),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("charge_id", name="uq_gatepost_surpluses_charge_id"),
        comment="money that came and that nothing was owed for: refunded unless the owner says otherwise",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
