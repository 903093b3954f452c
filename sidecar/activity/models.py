"""The log's table, in its final shape: LIST partitions of type and month on MySQL and MariaDB."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from sidecar.db import TABLE_OPTIONS, UtcDateTime, metadata, token


def binary(length: int) -> sa.types.TypeEngine[bytes]:
    """Bytes of a fixed length."""
    return sa.LargeBinary(length).with_variant(mysql.BINARY(length), "mysql", "mariadb")


events = sa.Table(
    "gatepost_events",
    metadata,
    sa.Column("id", binary(16), nullable=False, comment="begins with the time in milliseconds"),
    sa.Column("type", token(10), nullable=False),
    sa.Column("month", sa.Integer(), nullable=False, autoincrement=False, comment="202611: of the id's time"),
    sa.Column("name", token(40), nullable=False),
    sa.Column("at", UtcDateTime(), nullable=False),
    sa.Column("member_id", sa.BigInteger(), nullable=True),
    sa.Column("user_id", sa.BigInteger(), nullable=True),
    sa.Column("subject", sa.String(190), nullable=False),
    sa.Column("ip", token(45), nullable=False),
    sa.Column("body", sa.Text(), nullable=False, comment="canonical JSON; digested as text"),
    sa.Column("salt", binary(16), nullable=True, comment="NULL after erasure"),
    sa.Column("digest", binary(32), nullable=False),
    sa.Column("seal", sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint("id", "type", "month"),
    sa.Index("ix_gatepost_events_member", "member_id", "at", "id"),
    sa.Index("ix_gatepost_events_user", "user_id", "at"),
    sa.Index("ix_gatepost_events_type", "type", "at", "id"),
    sa.Index("ix_gatepost_events_subject", "subject", "at", "id"),
    sa.Index("ix_gatepost_events_ip", "ip", "at"),
    sa.Index("ix_gatepost_events_seal", "seal"),
    **TABLE_OPTIONS,
)
