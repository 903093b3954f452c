"""gatepost_seal_leaves"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.activity.models import LongBytes
from sidecar.db import TABLE_OPTIONS, token

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.create_table(
        "gatepost_seal_leaves",
        sa.Column("type", token(10), primary_key=True),
        sa.Column("month", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("seal", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column(
            "leaves",
            LongBytes,
            nullable=False,
            comment="id and digest of each event, 48 bytes, in order of the ids",
        ),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
