"""gatepost_events"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.activity.models import binary
from sidecar.activity.partitions import months_from
from sidecar.activity.rules import EventType
from sidecar.activity.store import partition_clause
from sidecar.clock import real_now
from sidecar.db import TABLE_OPTIONS, UtcDateTime, token
from sidecar.migrations.steps import create_index_once

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    first = ", ".join(
        partition_clause(kind, month) for month in months_from(real_now()) for kind in EventType
    )
    partitions = f"LIST COLUMNS(type, month) ({first})"
    op.create_table(
        "gatepost_events",
        sa.Column("id", binary(16), nullable=False, comment="begins with the time in milliseconds"),
        sa.Column("type", token(10), nullable=False),
        sa.Column(
            "month", sa.Integer(), nullable=False, autoincrement=False, comment="202611: of the id's time"
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
        sa.PrimaryKeyConstraint("id", "type", "month", name="pk_gatepost_events"),
        if_not_exists=True,
        mysql_partition_by=partitions,
        mariadb_partition_by=partitions,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_events_at", "gatepost_events", ["at", "id"])
    create_index_once("ix_gatepost_events_seal", "gatepost_events", ["seal"])
    for name, column in (
        ("member", "member_id"), ("user", "user_id"), ("name", "name"), ("subject", "subject"), ("ip", "ip"),
    ):  # fmt: skip
        columns = [column, "at", "id", "type", "month"]
        create_index_once(f"ix_gatepost_events_{name}", "gatepost_events", columns)
