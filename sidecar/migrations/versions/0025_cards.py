"""gatepost_cards"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, token
from sidecar.migrations.steps import create_index_once

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "gatepost_cards",
        sa.Column("id", Id, primary_key=True),
        sa.Column("member_id", Id, nullable=False),
        sa.Column("gateway_id", token(64), nullable=False),
        sa.Column("customer_id", token(64), nullable=False, comment="for whom the gateway keeps it"),
        sa.Column("fingerprint", token(64), nullable=False),
        sa.Column("brand", token(20), nullable=False),
        sa.Column("last4", token(4), nullable=False),
        sa.Column("exp_year", sa.Integer(), nullable=False),
        sa.Column("exp_month", sa.Integer(), nullable=False),
        sa.Column(
            "never_again", sa.Boolean(create_constraint=False), nullable=False, comment="the network said so"
        ),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("gateway_id", name="uq_gatepost_cards_gateway_id"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_cards_expiry", "gatepost_cards", ["exp_year", "exp_month"])
    create_index_once("ix_gatepost_cards_fingerprint", "gatepost_cards", ["fingerprint"])
    create_index_once("ix_gatepost_cards_member", "gatepost_cards", ["member_id"])
