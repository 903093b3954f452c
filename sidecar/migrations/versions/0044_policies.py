"""gatepost_policies"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, LongText, UtcDateTime, token

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    op.create_table(
        "gatepost_policies",
        sa.Column("digest", token(64), primary_key=True, comment="SHA-256 of kind, address and text"),
        sa.Column("kind", token(20), nullable=False, comment="terms, refund, cancellation"),
        sa.Column("url", sa.String(500), nullable=False, comment="where buyers read it"),
        sa.Column("text", LongText, nullable=False),
        sa.Column("accepted_at", UtcDateTime(), nullable=False, comment="by its first buyer"),
        comment="each wording of the owner's terms that some buyer has accepted",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
