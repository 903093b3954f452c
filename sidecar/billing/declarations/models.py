"""The table of declarations."""

from __future__ import annotations

import sqlalchemy as sa

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, metadata, token

declarations = sa.Table(
    "gatepost_declarations",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column(
        "token",
        token(64),
        nullable=False,
        comment="SHA-256 of what the sender's page holds: sent twice it is one",
    ),
    sa.Column("kind", token(10), nullable=False, comment="cancel, withdraw"),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("email", sa.String(200), nullable=False),
    sa.Column("contract", sa.String(200), nullable=False, comment="how the sender names what he means"),
    sa.Column("reason", sa.String(2000), nullable=False, comment="of an extraordinary cancellation"),
    sa.Column("wanted_on", sa.Date(), nullable=True, comment="NULL: as soon as possible"),
    sa.Column("language", token(5), nullable=False),
    sa.Column("ip", token(45), nullable=False),
    sa.Column("received_at", UtcDateTime(), nullable=False),
    sa.Column("member_id", Id, nullable=True, comment="whose address it is"),
    sa.Column("order_id", Id, nullable=True, comment="what is meant, where that is sure"),
    sa.Column("is_waiting", sa.Boolean(create_constraint=False), nullable=False, comment="for a person"),
    sa.Column("outcome", token(10), nullable=True, comment="canceled, refunded, by_hand"),
    sa.Column("settled_at", UtcDateTime(), nullable=True),
    sa.Column("settled_by", sa.String(100), nullable=False),
    sa.UniqueConstraint("token", name="uq_gatepost_declarations_token"),
    sa.Index("ix_gatepost_declarations_waiting", "is_waiting", "id"),
    sa.Index("ix_gatepost_declarations_member", "member_id"),
    sa.Index("ix_gatepost_declarations_email", "email"),
    comment="cancellations and withdrawals that were declared without signing in",
    **TABLE_OPTIONS,
)
