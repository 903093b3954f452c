"""gatepost_coupons"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, token

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "gatepost_coupons",
        sa.Column("id", Id, primary_key=True),
        sa.Column("code", token(40), nullable=False, comment="folded"),
        sa.Column("kind", token(10), nullable=False, comment="percent, amount, free"),
        sa.Column("percent_ppm", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False, comment="in the currency's minor unit"),
        sa.Column("currency", token(3), nullable=True, comment="ISO 4217; of an amount"),
        sa.Column("scope", token(5), nullable=False, comment="first, all: the payments it is taken off"),
        sa.Column("starts_at", UtcDateTime(), nullable=True),
        sa.Column("ends_at", UtcDateTime(), nullable=True, comment="exclusive"),
        sa.Column("quantity", sa.Integer(), nullable=True, comment="how often it can be used; NULL = always"),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("is_archived", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "used >= 0 AND (quantity IS NULL OR used <= quantity)", name=op.f("ck_gatepost_coupons_used")
        ),
        sa.UniqueConstraint("code", name="uq_gatepost_coupons_code"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
