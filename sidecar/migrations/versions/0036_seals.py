"""gatepost_seals"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.activity.models import binary
from sidecar.db import TABLE_OPTIONS, LongText, UtcDateTime, token

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.create_table(
        "gatepost_seals",
        sa.Column(
            "number", sa.BigInteger(), primary_key=True, autoincrement=False, comment="1, 2, 3, … no gap"
        ),
        sa.Column("kind", token(10), nullable=False, comment="rows, drop, release"),
        sa.Column("sealed_at", UtcDateTime(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False, comment="of the rows that it speaks of"),
        sa.Column(
            "parts",
            LongText,
            nullable=False,
            comment="canonical JSON: [[type, month, count, root], …]; see docs/log.md",
        ),
        sa.Column("previous", binary(32), nullable=False, comment="the root of the seal before"),
        sa.Column("root", binary(32), nullable=False, comment="SHA-256 over all of it"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
