"""gatepost_rule_grants"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "gatepost_rule_grants",
        sa.Column("id", Id, primary_key=True),
        sa.Column(
            "rule_id",
            Id,
            sa.ForeignKey("gatepost_rules.id", ondelete="CASCADE", name="fk_gatepost_rule_grants_rule_id"),
            nullable=False,
        ),
        sa.Column(
            "level_id",
            Id,
            sa.ForeignKey("gatepost_levels.id", name="fk_gatepost_rule_grants_level_id"),
            nullable=True,
        ),
        sa.Column(
            "bundle_id",
            Id,
            sa.ForeignKey("gatepost_bundles.id", name="fk_gatepost_rule_grants_bundle_id"),
            nullable=True,
        ),
        sa.Column("from_day", sa.Integer(), nullable=False, comment="0 = the day it began"),
        sa.CheckConstraint("from_day >= 0", name=op.f("ck_gatepost_rule_grants_from_day")),
        sa.CheckConstraint(
            "(level_id IS NULL) <> (bundle_id IS NULL)", name=op.f("ck_gatepost_rule_grants_level_or_bundle")
        ),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
