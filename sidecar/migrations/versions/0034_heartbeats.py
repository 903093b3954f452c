"""gatepost_heartbeats"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, token

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.create_table(
        "gatepost_heartbeats",
        sa.Column("name", token(80), primary_key=True, comment="tick, worker:HOST, serve:HOST"),
        sa.Column("at_s", sa.Double(), nullable=False, comment="real seconds"),
        comment="who was last alive",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
