"""gatepost_held_events"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.activity.models import binary
from sidecar.db import TABLE_OPTIONS, UtcDateTime, token
from sidecar.migrations.steps import create_index_once

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.create_table(
        "gatepost_held_events",
        sa.Column("type", token(10), primary_key=True),
        sa.Column("month", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("id", binary(16), primary_key=True),
        sa.Column("name", token(40), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.String(190), nullable=False),
        sa.Column("ip", token(45), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("salt", binary(16), nullable=True),
        sa.Column("digest", binary(32), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        comment="events under a hold whose month was dropped",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_held_events_member", "gatepost_held_events", ["member_id", "at"])
    create_index_once("ix_gatepost_held_events_seal", "gatepost_held_events", ["type", "month", "seal", "id"])
    create_index_once("ix_gatepost_held_events_user", "gatepost_held_events", ["user_id", "at"])
