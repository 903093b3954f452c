"""gatepost_generation"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "gatepost_generation",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        comment="one row; its number grows with every change of levels, bundles, rules and core pages",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
