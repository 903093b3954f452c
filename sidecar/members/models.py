"""The members' tables. `user_id` points at WordPress's users without a foreign key: those tables are not ours."""

from __future__ import annotations

import sqlalchemy as sa

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, metadata, token

members = sa.Table(
    "gatepost_members",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("user_id", sa.BigInteger(), nullable=False, unique=True),
    sa.Column("joined_at", UtcDateTime(), nullable=False),
    **TABLE_OPTIONS,
)

entitlements = sa.Table(
    "gatepost_entitlements",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("member_id", sa.ForeignKey("gatepost_members.id"), nullable=False),
    sa.Column(
        "slot", token(30), nullable=False, comment="'level', or 'bundle:7': one level, each bundle once"
    ),
    sa.Column("level_id", sa.ForeignKey("gatepost_levels.id"), nullable=True),
    sa.Column("bundle_id", sa.ForeignKey("gatepost_bundles.id"), nullable=True),
    sa.Column("status", token(20), nullable=False),
    sa.Column("status_under_lock", token(20), nullable=True, comment="what it is again once unlocked"),
    sa.Column("status_changed_at", UtcDateTime(), nullable=False),
    sa.Column("is_complimentary", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("started_at", UtcDateTime(), nullable=False),
    sa.Column(
        "expires_at", UtcDateTime(), nullable=True, comment="access ends here, whatever the status says"
    ),
    sa.Column("canceled_at", UtcDateTime(), nullable=True),
    sa.Column("days_method", token(10), nullable=False, comment="joined, custom, fixed"),
    sa.Column("days_from_at", UtcDateTime(), nullable=True, comment="with custom"),
    sa.Column("days_fixed", sa.Integer(), nullable=True, comment="with fixed"),
    sa.Column("paused_days", sa.Integer(), nullable=False, comment="days lost to pauses that are over"),
    sa.Column("paused_at", UtcDateTime(), nullable=True),
    sa.Column("error", sa.String(500), nullable=True, comment="with status error"),
    sa.UniqueConstraint("member_id", "slot"),
    sa.CheckConstraint("(level_id IS NULL) <> (bundle_id IS NULL)", name="level_or_bundle"),
    sa.CheckConstraint("(status = 'locked') = (status_under_lock IS NOT NULL)", name="lock"),
    sa.Index("ix_gatepost_entitlements_level", "level_id", "status"),
    sa.Index("ix_gatepost_entitlements_bundle", "bundle_id", "status"),
    sa.Index("ix_gatepost_entitlements_expires", "status", "expires_at"),
    **TABLE_OPTIONS,
)
