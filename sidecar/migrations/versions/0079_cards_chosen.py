"""gatepost_orders: when the member chose the card that pays, by the gateway's clock"""

from __future__ import annotations

import sqlalchemy as sa

from sidecar.migrations.steps import add_column_once

revision = "0079"
down_revision = "0078"


def upgrade() -> None:
    column: sa.Column[float] = sa.Column(
        "card_chosen_s",
        sa.Double(),
        nullable=True,
        comment="when the member chose it, by the gateway's clock",
    )
    add_column_once("gatepost_orders", column)
