"""The log's tables. That of the events has LIST partitions of type and month on MySQL and MariaDB."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from sidecar.db import TABLE_OPTIONS, Id, LongText, UtcDateTime, metadata, token


def binary(length: int) -> sa.types.TypeEngine[bytes]:
    """Bytes of a fixed length."""
    return sa.LargeBinary(length).with_variant(mysql.BINARY(length), "mysql", "mariadb")


LongBytes = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")


events = sa.Table(
    "gatepost_events",
    metadata,
    sa.Column("id", binary(16), nullable=False, comment="begins with the time in milliseconds"),
    sa.Column("type", token(10), nullable=False),
    sa.Column(
        "month",
        sa.Integer(),
        nullable=False,
        autoincrement=False,
        comment="202611: of the id's time",
    ),
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
    # Each ends in the order of the log, so that the newest rows come out of it sorted, and names the whole primary key, which
    # InnoDB keeps in it anyway: so the server looks for an event of one index in another, in its own partition alone.
    sa.Index("ix_gatepost_events_at", "at", "id"),
    sa.Index("ix_gatepost_events_member", "member_id", "at", "id", "type", "month"),
    sa.Index("ix_gatepost_events_user", "user_id", "at", "id", "type", "month"),
    sa.Index("ix_gatepost_events_name", "name", "at", "id", "type", "month"),
    sa.Index("ix_gatepost_events_subject", "subject", "at", "id", "type", "month"),
    sa.Index("ix_gatepost_events_ip", "ip", "at", "id", "type", "month"),
    sa.Index("ix_gatepost_events_seal", "seal"),
    **TABLE_OPTIONS,
)

event_counts = sa.Table(
    "gatepost_event_counts",
    metadata,
    sa.Column("day", sa.Date(), primary_key=True, comment="of the site's time zone when it was counted"),
    sa.Column("type", token(10), primary_key=True),
    sa.Column("number", sa.BigInteger(), nullable=False),
    comment="how many sealed events of each type a day has, kept when they are dropped",
    **TABLE_OPTIONS,
)

counted_seals = sa.Table(
    "gatepost_counted_seals",
    metadata,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("seal", sa.BigInteger(), nullable=False),
    comment="one row: events up to this seal are in gatepost_event_counts",
    **TABLE_OPTIONS,
)

seals = sa.Table(
    "gatepost_seals",
    metadata,
    sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False, comment="1, 2, 3, … no gap"),
    sa.Column("kind", token(10), nullable=False, comment="rows, drop, release"),
    sa.Column("sealed_at", UtcDateTime(), nullable=False),
    sa.Column("count", sa.Integer(), nullable=False, comment="of the rows that it speaks of"),
    sa.Column(
        "parts",
        LongText,
        nullable=False,
        comment="canonical JSON: [[type, month, count, root], …]; see docs/log.md",
    ),
    sa.Column("previous", binary(32), nullable=False, comment="the root of the seal before"),
    sa.Column("root", binary(32), nullable=False, comment="SHA-256 over all of it"),
    **TABLE_OPTIONS,
)

seal_leaves = sa.Table(
    "gatepost_seal_leaves",
    metadata,
    sa.Column("type", token(10), primary_key=True),
    sa.Column("month", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("seal", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column(
        "leaves",
        LongBytes,
        nullable=False,
        comment="id and digest of each event, 48 bytes, in order of the ids",
    ),
    **TABLE_OPTIONS,
)

holds = sa.Table(
    "gatepost_holds",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("member_id", sa.BigInteger(), nullable=False),
    sa.Column("order_uuid", token(36), nullable=False, comment="what it is about; '' for the member as such"),
    sa.Column("reason", sa.String(300), nullable=False),
    sa.Column("made_by", sa.String(100), nullable=False),
    sa.Column("made_at", UtcDateTime(), nullable=False),
    sa.Column("released_at", UtcDateTime(), nullable=True),
    sa.Index("ix_gatepost_holds_member", "member_id"),
    **TABLE_OPTIONS,
)

held_events = sa.Table(
    "gatepost_held_events",
    metadata,
    sa.Column("type", token(10), primary_key=True),
    sa.Column("month", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("id", binary(16), primary_key=True),
    sa.Column("name", token(40), nullable=False),
    sa.Column("at", UtcDateTime(), nullable=False),
    sa.Column("member_id", sa.BigInteger(), nullable=True),
    sa.Column("user_id", sa.BigInteger(), nullable=True),
    sa.Column("subject", sa.String(190), nullable=False),
    sa.Column("ip", token(45), nullable=False),
    sa.Column("body", sa.Text(), nullable=False),
    sa.Column("salt", binary(16), nullable=True),
    sa.Column("digest", binary(32), nullable=False),
    sa.Column("seal", sa.BigInteger(), nullable=False),
    sa.Index("ix_gatepost_held_events_member", "member_id", "at"),
    sa.Index("ix_gatepost_held_events_seal", "type", "month", "seal", "id"),
    sa.Index("ix_gatepost_held_events_user", "user_id", "at"),
    comment="events under a hold whose month was dropped",
    **TABLE_OPTIONS,
)

mail_copies = sa.Table(
    "gatepost_mail_copies",
    metadata,
    sa.Column("id", binary(16), primary_key=True, comment="of the event"),
    sa.Column("month", sa.Integer(), nullable=False, comment="of the event"),
    sa.Column(
        "content",
        LongBytes,
        nullable=False,
        comment="zlib: canonical JSON of text and html; its SHA-256 is in the event",
    ),
    sa.Index("ix_gatepost_mail_copies_month", "month"),
    comment="the text of mails, kept as long as their events",
    **TABLE_OPTIONS,
)
