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
        sa.Column("reference", token(20), nullable=False, comment="names it in purchase links"),
        sa.Column("description", sa.String(500), nullable=False),
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
        sa.Column(
            "alternate_product_id",
            Id,
            sa.ForeignKey(
                "gatepost_products.id", ondelete="SET NULL", name="fk_gatepost_products_alternate_product_id"
            ),
            nullable=True,
            comment="what a second trial becomes",
        ),
        sa.Column("is_hidden", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("is_archived", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("kind", token(20), nullable=False, comment="free, one_time, subscription, payment_plan"),
        sa.Column("price_minor", sa.BigInteger(), nullable=False, comment="in the currency's minor unit"),
        sa.Column("currency", token(3), nullable=False, comment="ISO 4217"),
        sa.Column("every", sa.Integer(), nullable=True, comment="renews every N units"),
        sa.Column("unit", token(5), nullable=True, comment="day, week, month, year"),
        sa.Column("payments", sa.Integer(), nullable=True, comment="of a payment plan"),
        sa.Column("trial_days", sa.Integer(), nullable=True, comment="before the first full price"),
        sa.Column("trial_price_minor", sa.BigInteger(), nullable=True, comment="0 = a free trial"),
        sa.Column("retry_days", token(60), nullable=True, comment="2,5,7; NULL = the site's"),
        sa.Column(
            "keeps_access_overdue",
            sa.Boolean(create_constraint=False),
            nullable=True,
            comment="NULL = as the level, bundle or site says",
        ),
        sa.Column("plan_end", token(5), nullable=True, comment="keep, end: access after the last payment"),
        sa.Column("access_days", sa.Integer(), nullable=True, comment="NULL = for ever"),
        sa.Column("tax_ppm", sa.Integer(), nullable=False, comment="of the net; it is inside the price"),
        sa.Column("tax_country", token(2), nullable=False, comment="ISO 3166; '' = none"),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "(level_id IS NULL) <> (bundle_id IS NULL)", name=op.f("ck_gatepost_products_level_or_bundle")
        ),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_gatepost_products_price")),
        sa.CheckConstraint("trial_price_minor >= 0", name=op.f("ck_gatepost_products_trial_price")),
        sa.CheckConstraint("tax_ppm >= 0", name=op.f("ck_gatepost_products_tax")),
        sa.UniqueConstraint("name", name="uq_gatepost_products_name"),
        sa.UniqueConstraint("reference", name="uq_gatepost_products_reference"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
