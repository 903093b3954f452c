"""gatepost_declines"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, token
from sidecar.migrations.steps import create_index_once

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "gatepost_declines",
        sa.Column("id", Id, primary_key=True),
        sa.Column("what", token(64), nullable=False, comment="the charge or set-up that was declined"),
        sa.Column("fingerprint", token(64), nullable=False),
        sa.Column("brand", token(20), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("what", name="uq_gatepost_declines_what"),
        comment="counted against the card networks' ceilings, whoever tried",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_declines_card", "gatepost_declines", ["fingerprint", "at"])
