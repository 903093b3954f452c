"""gatepost_webhooks"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, LongText, UtcDateTime, token
from sidecar.migrations.steps import create_index_once

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.create_table(
        "gatepost_webhooks",
        sa.Column("id", token(64), primary_key=True, comment="the gateway's own id of the event"),
        sa.Column("gateway", token(20), nullable=False),
        sa.Column("type", token(80), nullable=False),
        sa.Column("payload", LongText, nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", token(20), nullable=True, comment="booked, known, foreign, ignored"),
        sa.Column("error", sa.String(500), nullable=True),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_webhooks_due", "gatepost_webhooks", ["done_at", "due_at"])
