"""The tables of protection rules and core pages."""

from __future__ import annotations

import sqlalchemy as sa

from sidecar.db import TABLE_OPTIONS, Id, LongText, UtcDateTime, metadata, token

rules = sa.Table(
    "gatepost_rules",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("target_kind", token(10), nullable=False, comment="post, url, term, type"),
    sa.Column("target", sa.String(190), nullable=False, comment="post id, URL pattern, term id or post type"),
    sa.Column("audience", token(10), nullable=False, comment="grants, members, everyone"),
    sa.Column(
        "opens_on", sa.Date(), nullable=True, comment="closed before this date in the site's time zone"
    ),
    sa.Column("excerpt_is_public", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("denied", token(10), nullable=False, comment="login, error, teaser"),
    sa.Column("teaser", LongText, nullable=False, comment="the owner's HTML for a denied visitor; '' = ours"),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Index("ix_gatepost_rules_target", "target_kind", "target"),
    **TABLE_OPTIONS,
)

rule_grants = sa.Table(
    "gatepost_rule_grants",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("rule_id", sa.ForeignKey("gatepost_rules.id", ondelete="CASCADE"), nullable=False),
    sa.Column("level_id", sa.ForeignKey("gatepost_levels.id"), nullable=True),
    sa.Column("bundle_id", sa.ForeignKey("gatepost_bundles.id"), nullable=True),
    sa.Column("from_day", sa.Integer(), nullable=False, comment="0 = the day it began"),
    sa.CheckConstraint("(level_id IS NULL) <> (bundle_id IS NULL)", name="level_or_bundle"),
    sa.CheckConstraint("from_day >= 0", name="from_day"),
    **TABLE_OPTIONS,
)

core_pages = sa.Table(
    "gatepost_core_pages",
    metadata,
    sa.Column("kind", token(20), primary_key=True, comment="login, error, myaccount, ..."),
    sa.Column("post_id", sa.BigInteger(), nullable=False),
    **TABLE_OPTIONS,
)

level_pages = sa.Table(
    "gatepost_level_pages",
    metadata,
    sa.Column("level_id", sa.ForeignKey("gatepost_levels.id"), primary_key=True),
    sa.Column("kind", token(20), primary_key=True, comment="login, error, myaccount, ..."),
    sa.Column("post_id", sa.BigInteger(), nullable=False),
    comment="a level's own core pages, in place of the site's",
    **TABLE_OPTIONS,
)
