"""gatepost_settings"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, LongText, UtcDateTime, token

revision = "0077"
down_revision = "0076"


def upgrade() -> None:
    op.create_table(
        "gatepost_settings",
        sa.Column("name", token(60), primary_key=True, comment="a key of the configuration file"),
        sa.Column("value", LongText, nullable=False, comment="JSON"),
        sa.Column("by", sa.String(100), nullable=False, comment="who set it"),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        comment="what the owner has set in the dashboard, in place of the file",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
