"""gatepost_entitlements"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, token
from sidecar.migrations.steps import create_index_once

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "gatepost_entitlements",
        sa.Column("id", Id, primary_key=True),
        sa.Column(
            "member_id",
            Id,
            sa.ForeignKey("gatepost_members.id", name="fk_gatepost_entitlements_member_id"),
            nullable=False,
        ),
        sa.Column(
            "slot", token(30), nullable=False, comment="'level', or 'bundle:7': one level, each bundle once"
        ),
        sa.Column(
            "level_id",
            Id,
            sa.ForeignKey("gatepost_levels.id", name="fk_gatepost_entitlements_level_id"),
            nullable=True,
        ),
        sa.Column(
            "bundle_id",
            Id,
            sa.ForeignKey("gatepost_bundles.id", name="fk_gatepost_entitlements_bundle_id"),
            nullable=True,
        ),
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
        sa.Column(
            "keeps_access_overdue",
            sa.Boolean(create_constraint=False),
            nullable=True,
            comment="while overdue; NULL: as the level or bundle says",
        ),
        sa.CheckConstraint(
            "(level_id IS NULL) <> (bundle_id IS NULL)", name=op.f("ck_gatepost_entitlements_level_or_bundle")
        ),
        sa.CheckConstraint(
            "(status = 'locked') = (status_under_lock IS NOT NULL)",
            name=op.f("ck_gatepost_entitlements_lock"),
        ),
        sa.UniqueConstraint("member_id", "slot", name="uq_gatepost_entitlements_member_id_slot"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_entitlements_bundle", "gatepost_entitlements", ["bundle_id", "status"])
    create_index_once("ix_gatepost_entitlements_expires", "gatepost_entitlements", ["status", "expires_at"])
    create_index_once("ix_gatepost_entitlements_level", "gatepost_entitlements", ["level_id", "status"])
