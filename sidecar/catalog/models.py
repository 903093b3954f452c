"""The catalog's tables."""

from __future__ import annotations

import sqlalchemy as sa

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, metadata, token

levels = sa.Table(
    "gatepost_levels",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.String(100), nullable=False, unique=True),
    sa.Column("is_free", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column(
        "role", sa.String(60), nullable=False, comment="WordPress role given to its holders; '' = none"
    ),
    sa.Column("keeps_access_overdue", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column(
        "is_default",
        sa.Boolean(create_constraint=False),
        nullable=False,
        comment="for buyers of a bundle who have no level; one at most",
    ),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    **TABLE_OPTIONS,
)

bundles = sa.Table(
    "gatepost_bundles",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.String(100), nullable=False, unique=True),
    sa.Column(
        "role", sa.String(60), nullable=False, comment="WordPress role given to its holders; '' = none"
    ),
    sa.Column("keeps_access_overdue", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    **TABLE_OPTIONS,
)

products = sa.Table(
    "gatepost_products",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.String(100), nullable=False, unique=True),
    sa.Column("reference", token(20), nullable=False, unique=True, comment="names it in purchase links"),
    sa.Column("description", sa.String(500), nullable=False),
    sa.Column("level_id", sa.ForeignKey("gatepost_levels.id"), nullable=True),
    sa.Column("bundle_id", sa.ForeignKey("gatepost_bundles.id"), nullable=True),
    sa.Column(
        "alternate_product_id",
        sa.ForeignKey("gatepost_products.id", ondelete="SET NULL"),
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
    sa.CheckConstraint("(level_id IS NULL) <> (bundle_id IS NULL)", name="level_or_bundle"),
    sa.CheckConstraint("price_minor >= 0", name="price"),
    sa.CheckConstraint("trial_price_minor >= 0", name="trial_price"),
    sa.CheckConstraint("tax_ppm >= 0", name="tax"),
    **TABLE_OPTIONS,
)

coupons = sa.Table(
    "gatepost_coupons",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("code", token(40), nullable=False, unique=True, comment="folded"),
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
    sa.CheckConstraint("used >= 0 AND (quantity IS NULL OR used <= quantity)", name="used"),
    **TABLE_OPTIONS,
)

coupon_products = sa.Table(
    "gatepost_coupon_products",
    metadata,
    sa.Column("coupon_id", sa.ForeignKey("gatepost_coupons.id"), primary_key=True),
    sa.Column("product_id", sa.ForeignKey("gatepost_products.id"), primary_key=True),
    comment="what a coupon is for; without a row it is for everything",
    **TABLE_OPTIONS,
)

custom_fields = sa.Table(
    "gatepost_custom_fields",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.String(100), nullable=False, unique=True),
    sa.Column("kind", token(10), nullable=False, comment="text, checkbox"),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    comment="what an owner asks members beside their names",
    **TABLE_OPTIONS,
)

generation = sa.Table(
    "gatepost_generation",
    metadata,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger(), nullable=False),
    comment="one row; its number grows with every change of levels, bundles, rules and core pages",
    **TABLE_OPTIONS,
)
