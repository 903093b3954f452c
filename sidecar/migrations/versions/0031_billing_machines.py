"""gatepost_billing_machines"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, UtcDateTime, token

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.create_table(
        "gatepost_billing_machines",
        sa.Column("id", token(64), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("enrolled_at", UtcDateTime(), nullable=False),
        comment="machines that may charge",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
