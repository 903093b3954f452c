"""gatepost_customers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, token

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "gatepost_customers",
        sa.Column("id", Id, primary_key=True),
        sa.Column("member_id", Id, nullable=False),
        sa.Column(
            "account", token(80), nullable=False, comment="the gateway's account and its mode: acct_1:test"
        ),
        sa.Column("gateway_id", token(64), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("member_id", "account", name="uq_gatepost_customers_member_id_account"),
        sa.UniqueConstraint("gateway_id", name="uq_gatepost_customers_gateway_id"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
