"""gatepost_declines: which of them forbid any other try, and with which date on the card"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sidecar.migrations.steps import add_column_once

revision = "0078"
down_revision = "0077"


def upgrade() -> None:
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column(
            "forbids",
            sa.Boolean(),
            nullable=False,
            server_default="0",
            comment="its network allows no other try",
        ),
        sa.Column("exp_year", sa.Integer(), nullable=True),
        sa.Column("exp_month", sa.Integer(), nullable=True),
    )
    for column in columns:
        add_column_once("gatepost_declines", column)
