"""gatepost_event_counts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, token

revision = "0042"
down_revision = "0040"


def upgrade() -> None:
    op.create_table(
        "gatepost_event_counts",
        sa.Column("day", sa.Date(), primary_key=True, comment="of the site's time zone when it was counted"),
        sa.Column("type", token(10), primary_key=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        comment="how many sealed events of each type a day has, kept when they are dropped",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
