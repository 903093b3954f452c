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
    sa.Column("level_id", sa.ForeignKey("gatepost_levels.id"), nullable=True),
    sa.Column("bundle_id", sa.ForeignKey("gatepost_bundles.id"), nullable=True),
    sa.Column("kind", token(20), nullable=False, comment="free, one_time, subscription, payment_plan"),
    sa.Column("price_minor", sa.BigInteger(), nullable=False, comment="in the currency's minor unit"),
    sa.Column("currency", token(3), nullable=False, comment="ISO 4217"),
    sa.Column("every", sa.Integer(), nullable=True, comment="renews every N units"),
    sa.Column("unit", token(5), nullable=True, comment="day, week, month, year"),
    sa.Column("payments", sa.Integer(), nullable=True, comment="of a payment plan"),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.CheckConstraint("(level_id IS NULL) <> (bundle_id IS NULL)", name="level_or_bundle"),
    sa.CheckConstraint("price_minor >= 0", name="price"),
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
