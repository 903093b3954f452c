"""The staff's tables. `user_id` points at WordPress's users without a foreign key: those tables are not ours."""

from __future__ import annotations

import sqlalchemy as sa

from sidecar.db import TABLE_OPTIONS, UtcDateTime, metadata, token

staff = sa.Table(
    "gatepost_staff",
    metadata,
    sa.Column("user_id", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column(
        "role", token(20), nullable=False, comment="product_manager, sales_support, analyst, administrator"
    ),
    sa.Column("by", sa.String(100), nullable=False, comment="who employed them"),
    sa.Column("employed_at", UtcDateTime(), nullable=False),
    comment="who may use the dashboard beside the site's administrators",
    **TABLE_OPTIONS,
)

staff_links = sa.Table(
    "gatepost_staff_links",
    metadata,
    sa.Column("digest", token(64), primary_key=True, comment="SHA-256 of what the link holds"),
    sa.Column("user_id", sa.BigInteger(), nullable=False),
    sa.Column("made_s", sa.Double(), nullable=False, comment="real seconds"),
    sa.Index("ix_gatepost_staff_links_made", "made_s"),
    comment="one-time links into the dashboard; using one removes it",
    **TABLE_OPTIONS,
)

staff_sessions = sa.Table(
    "gatepost_staff_sessions",
    metadata,
    sa.Column("digest", token(64), primary_key=True, comment="SHA-256 of the cookie"),
    sa.Column("user_id", sa.BigInteger(), nullable=False),
    sa.Column(
        "mark", token(64), nullable=False, comment="of the password's hash: another one ends the session"
    ),
    sa.Column("how", token(10), nullable=False, comment="wordpress, password"),
    sa.Column("ip", token(45), nullable=False),
    sa.Column("begun_s", sa.Double(), nullable=False, comment="real seconds"),
    sa.Column("seen_s", sa.Double(), nullable=False, comment="real seconds, to the minute"),
    sa.Index("ix_gatepost_staff_sessions_user", "user_id"),
    sa.Index("ix_gatepost_staff_sessions_seen", "seen_s"),
    comment="who is signed on to the dashboard",
    **TABLE_OPTIONS,
)
