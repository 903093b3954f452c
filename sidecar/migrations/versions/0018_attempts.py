"""gatepost_attempts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, token
from sidecar.migrations.steps import create_index_once

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "gatepost_attempts",
        sa.Column("id", Id, primary_key=True),
        sa.Column(
            "receivable_id",
            Id,
            sa.ForeignKey("gatepost_receivables.id", name="fk_gatepost_attempts_receivable_id"),
            nullable=False,
        ),
        sa.Column("order_id", Id, nullable=False),
        sa.Column("member_id", Id, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "origin", token(10), nullable=False, comment="schedule, retry, member, admin, browser, import"
        ),
        sa.Column("status", token(20), nullable=False),
        sa.Column(
            "is_open",
            sa.Integer(),
            nullable=True,
            comment="1, or NULL when final: the key below allows one open",
        ),
        sa.Column("holder", token(32), nullable=True, comment="the lock under which it was sent"),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", token(3), nullable=False),
        sa.Column("card_id", Id, nullable=True),
        sa.Column("intent_id", token(64), nullable=True),
        sa.Column("charge_id", token(64), nullable=True),
        sa.Column("decline", token(60), nullable=True),
        sa.Column("advice", token(20), nullable=True),
        sa.Column("message", sa.String(300), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("started_s", sa.Double(), nullable=False, comment="real seconds"),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.UniqueConstraint("receivable_id", "number", name="uq_gatepost_attempts_receivable_id_number"),
        sa.UniqueConstraint("receivable_id", "is_open", name="uq_gatepost_attempts_receivable_id_is_open"),
        sa.UniqueConstraint("charge_id", name="uq_gatepost_attempts_charge_id"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_attempts_open", "gatepost_attempts", ["is_open", "started_at"])
    create_index_once("ix_gatepost_attempts_order", "gatepost_attempts", ["order_id", "is_open"])
