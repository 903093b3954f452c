"""gatepost_employees"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id

revision = "0053"
down_revision = "0052"


def upgrade() -> None:
    op.create_table(
        "gatepost_employees",
        sa.Column("id", Id, primary_key=True),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("phone", sa.String(200), nullable=False),
        sa.Column(
            "is_default", sa.Boolean(create_constraint=False), nullable=False, comment="speaks for the site"
        ),
        sa.UniqueConstraint("user_id", name="uq_gatepost_employees_user_id"),
        comment="WordPress users whom pages may show to members",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
