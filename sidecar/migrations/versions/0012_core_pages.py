"""gatepost_core_pages"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, token

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "gatepost_core_pages",
        sa.Column("kind", token(20), primary_key=True, comment="login, error, myaccount, ..."),
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
