"""The members' tables. `user_id` points at WordPress's users without a foreign key: those tables are not ours."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from sidecar.db import TABLE_OPTIONS, Id, LongText, UtcDateTime, metadata, token

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
    sa.Column(
        "keeps_access_overdue",
        sa.Boolean(create_constraint=False),
        nullable=True,
        comment="while overdue; NULL: as the level or bundle says",
    ),
    sa.UniqueConstraint("member_id", "slot"),
    sa.CheckConstraint("(level_id IS NULL) <> (bundle_id IS NULL)", name="level_or_bundle"),
    sa.CheckConstraint("(status = 'locked') = (status_under_lock IS NOT NULL)", name="lock"),
    sa.Index("ix_gatepost_entitlements_level", "level_id", "status"),
    sa.Index("ix_gatepost_entitlements_bundle", "bundle_id", "status"),
    sa.Index("ix_gatepost_entitlements_expires", "status", "expires_at"),
    sa.Index("ix_gatepost_entitlements_slot", "slot", "status", "member_id"),
    sa.Index("ix_gatepost_entitlements_level_member", "level_id", "member_id"),
    sa.Index("ix_gatepost_entitlements_bundle_member", "bundle_id", "member_id"),
    **TABLE_OPTIONS,
)

member_faces = sa.Table(
    "gatepost_member_faces",
    metadata,
    sa.Column("member_id", Id, primary_key=True, autoincrement=False),
    sa.Column("user_id", sa.BigInteger(), nullable=False),
    sa.Column("name", sa.String(190), nullable=False, comment="as lists show it"),
    sa.Column("login", sa.String(60), nullable=False),
    sa.Column("email", sa.String(100), nullable=False),
    sa.Column("digest", token(32), nullable=False, comment="of all that its words are made of"),
    sa.Column(
        "checked_at", UtcDateTime(), nullable=False, comment="when it was last compared with WordPress"
    ),
    sa.Index("ix_gatepost_member_faces_user", "user_id"),
    sa.Index("ix_gatepost_member_faces_checked", "checked_at"),
    comment="what WordPress calls our members: a copy, so that lists need no other tables",
    **TABLE_OPTIONS,
)

member_words = sa.Table(
    "gatepost_member_words",
    metadata,
    sa.Column(
        "word",
        sa.LargeBinary(240).with_variant(mysql.VARBINARY(240), "mysql", "mariadb"),
        nullable=False,
        comment="folded, UTF-8",
    ),
    sa.Column("member_id", Id, nullable=False),
    sa.PrimaryKeyConstraint("word", "member_id"),
    sa.Index("ix_gatepost_member_words_member", "member_id"),
    comment="by which words a member is found; bytes, so that nothing but our own folding counts",
    **TABLE_OPTIONS,
)

custom_values = sa.Table(
    "gatepost_custom_values",
    metadata,
    sa.Column("member_id", sa.ForeignKey("gatepost_members.id"), primary_key=True),
    sa.Column("field_id", sa.ForeignKey("gatepost_custom_fields.id"), primary_key=True),
    sa.Column("value", LongText, nullable=False, comment="a ticked box: mm_cb_on"),
    **TABLE_OPTIONS,
)

ADDRESS_LINES = tuple(
    f"{kind}_{line}"
    for kind in ("billing", "shipping")
    for line in ("address", "address2", "city", "state", "zip_code", "country")
)

contacts = sa.Table(
    "gatepost_contacts",
    metadata,
    sa.Column("member_id", sa.ForeignKey("gatepost_members.id"), primary_key=True),
    *(sa.Column(name, sa.String(200), nullable=False) for name in ("phone", *ADDRESS_LINES)),
    comment="how a member can be reached, beside the e-mail address that WordPress has",
    **TABLE_OPTIONS,
)

employees = sa.Table(
    "gatepost_employees",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("user_id", sa.BigInteger(), nullable=False, unique=True),
    sa.Column("phone", sa.String(200), nullable=False),
    sa.Column(
        "is_default", sa.Boolean(create_constraint=False), nullable=False, comment="speaks for the site"
    ),
    comment="WordPress users whom pages may show to members",
    **TABLE_OPTIONS,
)

bad_addresses = sa.Table(
    "gatepost_bad_addresses",
    metadata,
    sa.Column("digest", token(64), primary_key=True, comment="SHA-256 of the address in small letters"),
    sa.Column("address", sa.String(320), nullable=False),
    sa.Column("reason", sa.String(500), nullable=False, comment="what its mail server said"),
    sa.Column("found_at", UtcDateTime(), nullable=False),
    comment="e-mail addresses that do not exist, as their mail servers say: nothing is sent there",
    **TABLE_OPTIONS,
)
