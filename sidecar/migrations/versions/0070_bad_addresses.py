"""gatepost_bad_addresses"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, UtcDateTime, token

revision = "0070"
down_revision = "0069"


def upgrade() -> None:
    op.create_table(
        "gatepost_bad_addresses",
        sa.Column("digest", token(64), primary_key=True, comment="SHA-256 of the address in small letters"),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False, comment="what its mail server said"),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        comment="e-mail addresses that do not exist, as their mail servers say: nothing is sent there",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
