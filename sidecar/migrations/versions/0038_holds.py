"""gatepost_holds"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, token
from sidecar.migrations.steps import create_index_once

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.create_table(
        "gatepost_holds",
        sa.Column("id", Id, primary_key=True),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "order_uuid", token(36), nullable=False, comment="what it is about; '' for the member as such"
        ),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("made_by", sa.String(100), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_holds_member", "gatepost_holds", ["member_id"])
