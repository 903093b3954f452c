"""gatepost_rules"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, LongText, UtcDateTime, token
from sidecar.migrations.steps import create_index_once

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "gatepost_rules",
        sa.Column("id", Id, primary_key=True),
        sa.Column("target_kind", token(10), nullable=False, comment="post, url, term, type"),
        sa.Column(
            "target", sa.String(190), nullable=False, comment="post id, URL pattern, term id or post type"
        ),
        sa.Column("audience", token(10), nullable=False, comment="grants, members, everyone"),
        sa.Column(
            "opens_on", sa.Date(), nullable=True, comment="closed before this date in the site's time zone"
        ),
        sa.Column("excerpt_is_public", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("denied", token(10), nullable=False, comment="login, error, teaser"),
        sa.Column(
            "teaser", LongText, nullable=False, comment="the owner's HTML for a denied visitor; '' = ours"
        ),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_rules_target", "gatepost_rules", ["target_kind", "target"])
