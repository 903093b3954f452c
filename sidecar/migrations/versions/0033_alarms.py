"""gatepost_alarms"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, token
from sidecar.migrations.steps import create_index_once

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.create_table(
        "gatepost_alarms",
        sa.Column("id", Id, primary_key=True),
        sa.Column("kind", token(30), nullable=False),
        sa.Column("subject", token(100), nullable=False),
        sa.Column("sentence", sa.String(500), nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.UniqueConstraint("kind", "subject", name="uq_gatepost_alarms_kind_subject"),
        comment="what the owner must know",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_alarms_open", "gatepost_alarms", ["closed_at", "raised_at"])
