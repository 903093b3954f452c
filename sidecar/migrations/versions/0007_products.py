"""gatepost_products"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, token

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "gatepost_products",
        sa.Column("id", Id, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column(
            "level_id",
            Id,
            sa.ForeignKey("gatepost_levels.id", name="fk_gatepost_products_level_id"),
            nullable=True,
        ),
        sa.Column(
            "bundle_id",
            Id,
            sa.ForeignKey("gatepost_bundles.id", name="fk_gatepost_products_bundle_id"),
            nullable=True,
        ),
        sa.Column("kind", token(20), nullable=False, comment="free, one_time, subscription, payment_plan"),
        sa.Column("price_minor", sa.BigInteger(), nullable=False, comment="in the currency's minor unit"),
        sa.Column("currency", token(3), nullable=False, comment="ISO 4217"),
        sa.Column("every", sa.Integer(), nullable=True, comment="renews every N units"),
        sa.Column("unit", token(5), nullable=True, comment="day, week, month, year"),
        sa.Column("payments", sa.Integer(), nullable=True, comment="of a payment plan"),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "(level_id IS NULL) <> (bundle_id IS NULL)", name=op.f("ck_gatepost_products_level_or_bundle")
        ),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_gatepost_products_price")),
        sa.UniqueConstraint("name", name="uq_gatepost_products_name"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
