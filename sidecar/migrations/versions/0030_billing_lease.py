"""gatepost_billing_lease"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, UtcDateTime, token

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.create_table(
        "gatepost_billing_lease",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("account", token(80), nullable=False, comment="the gateway's account and its mode"),
        sa.Column("site_url", sa.String(300), nullable=False),
        sa.Column("server", token(64), nullable=False, comment="the database server, digested"),
        sa.Column("bound_at", UtcDateTime(), nullable=False),
        sa.Column(
            "guarded_s",
            sa.Double(),
            nullable=False,
            comment="gateway's seconds: intents are known up to here",
        ),
        sa.Column(
            "forecast", sa.BigInteger(), nullable=False, comment="what the last run expected of the next day"
        ),
        sa.Column("forecast_at", UtcDateTime(), nullable=False),
        sa.Column("charged", sa.BigInteger(), nullable=False, comment="charges begun since forecast_at"),
        sa.Column("paused_for", token(30), nullable=True),
        sa.Column("paused_because", sa.String(500), nullable=True),
        sa.Column("paused_at", UtcDateTime(), nullable=True),
        sa.Column(
            "runs",
            sa.BigInteger(),
            nullable=False,
            comment="counted here and in the state folder: a restored one is behind",
        ),
        sa.Column(
            "caught_up_s",
            sa.Double(),
            nullable=False,
            comment="gateway's seconds: its events are known up to here",
        ),
        comment="one row: whose money this database may move",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
