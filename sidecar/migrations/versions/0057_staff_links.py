"""gatepost_staff_links"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, token
from sidecar.migrations.steps import create_index_once

revision = "0057"
down_revision = "0056"


def upgrade() -> None:
    op.create_table(
        "gatepost_staff_links",
        sa.Column("digest", token(64), primary_key=True, comment="SHA-256 of what the link holds"),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("made_s", sa.Double(), nullable=False, comment="real seconds"),
        comment="one-time links into the dashboard; using one removes it",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_staff_links_made", "gatepost_staff_links", ["made_s"])
