"""gatepost_outbox"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, LongText, UtcDateTime, token
from sidecar.migrations.steps import create_index_once

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "gatepost_outbox",
        sa.Column("id", token(32), primary_key=True),
        sa.Column(
            "seq_at", UtcDateTime(), nullable=False, comment="when it was written: the order of delivery"
        ),
        sa.Column("kind", token(20), nullable=False),
        sa.Column("payload", LongText, nullable=False, comment="canonical JSON"),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("holder", token(32), nullable=True),
        sa.Column("held_until", UtcDateTime(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.String(500), nullable=True),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_outbox_due", "gatepost_outbox", ["done_at", "due_at"])
