"""gatepost_rates"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, token

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.create_table(
        "gatepost_rates",
        sa.Column("name", token(80), primary_key=True, comment="the account, or one of its endpoints"),
        sa.Column("next_s", sa.Double(), nullable=False, comment="real seconds: when the next call is free"),
        comment="one rate limiter for all processes",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
