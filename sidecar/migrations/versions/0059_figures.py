"""gatepost_figures"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, UtcDateTime, token

revision = "0059"
down_revision = "0058"


def upgrade() -> None:
    op.create_table(
        "gatepost_figures",
        sa.Column("on", sa.Date(), nullable=False, comment="on the site's calendar"),
        sa.Column("name", token(20), nullable=False, comment="what is counted"),
        sa.Column("key", token(60), nullable=False, comment="of which kind; '' for all"),
        sa.Column("currency", token(3), nullable=False, comment="of minor units; '' for numbers of things"),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("on", "name", "key", "currency"),
        comment="the business in figures, a set for each day",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
