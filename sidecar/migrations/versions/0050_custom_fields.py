"""gatepost_custom_fields"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, token

revision = "0050"
down_revision = "0046"


def upgrade() -> None:
    op.create_table(
        "gatepost_custom_fields",
        sa.Column("id", Id, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("kind", token(10), nullable=False, comment="text, checkbox"),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("name", name="uq_gatepost_custom_fields_name"),
        comment="what an owner asks members beside their names",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
