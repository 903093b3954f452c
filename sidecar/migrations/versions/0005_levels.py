"""gatepost_levels"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "gatepost_levels",
        sa.Column("id", Id, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("is_free", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column(
            "role", sa.String(60), nullable=False, comment="WordPress role given to its holders; '' = none"
        ),
        sa.Column("keeps_access_overdue", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column(
            "is_default",
            sa.Boolean(create_constraint=False),
            nullable=False,
            comment="for buyers of a bundle who have no level; one at most",
        ),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("name", name="uq_gatepost_levels_name"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
