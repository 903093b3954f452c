"""gatepost_staff_sessions"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, token
from sidecar.migrations.steps import create_index_once

revision = "0058"
down_revision = "0057"


def upgrade() -> None:
    op.create_table(
        "gatepost_staff_sessions",
        sa.Column("digest", token(64), primary_key=True, comment="SHA-256 of the cookie"),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "mark", token(64), nullable=False, comment="of the password's hash: another one ends the session"
        ),
        sa.Column("how", token(10), nullable=False, comment="wordpress, password"),
        sa.Column("ip", token(45), nullable=False),
        sa.Column("begun_s", sa.Double(), nullable=False, comment="real seconds"),
        sa.Column("seen_s", sa.Double(), nullable=False, comment="real seconds, to the minute"),
        comment="who is signed on to the dashboard",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_staff_sessions_user", "gatepost_staff_sessions", ["user_id"])
    create_index_once("ix_gatepost_staff_sessions_seen", "gatepost_staff_sessions", ["seen_s"])
