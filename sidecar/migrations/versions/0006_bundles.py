"""gatepost_bundles"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "gatepost_bundles",
        sa.Column("id", Id, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column(
            "role", sa.String(60), nullable=False, comment="WordPress role given to its holders; '' = none"
        ),
        sa.Column("keeps_access_overdue", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("name", name="uq_gatepost_bundles_name"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
