"""gatepost_receivables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, token
from sidecar.migrations.steps import create_index_once

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "gatepost_receivables",
        sa.Column("id", Id, primary_key=True),
        sa.Column("uuid", token(36), nullable=False, comment="its name towards the gateway"),
        sa.Column(
            "order_id",
            Id,
            sa.ForeignKey("gatepost_orders.id", name="fk_gatepost_receivables_order_id"),
            nullable=False,
        ),
        sa.Column("member_id", Id, nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("status", token(10), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column(
            "credit_minor", sa.BigInteger(), nullable=False, comment="of gross: paid from the member's credit"
        ),
        sa.Column("currency", token(3), nullable=False),
        sa.Column("tax_ppm", sa.Integer(), nullable=False),
        sa.Column("country", token(2), nullable=False),
        sa.Column("from_at", UtcDateTime(), nullable=False, comment="the period that it pays for"),
        sa.Column("until_at", UtcDateTime(), nullable=True, comment="exclusive; NULL: for ever"),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("intent_id", token(64), nullable=True, comment="the one that may collect it"),
        sa.Column(
            "intent_number",
            sa.Integer(),
            nullable=False,
            comment="1, and one more after each that was canceled",
        ),
        sa.Column(
            "intent_asked_at",
            sa.Double(),
            nullable=True,
            comment="real seconds: when its making was first sent",
        ),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("uuid", name="uq_gatepost_receivables_uuid"),
        sa.UniqueConstraint("order_id", "cycle", name="uq_gatepost_receivables_order_id_cycle"),
        sa.UniqueConstraint("intent_id", name="uq_gatepost_receivables_intent_id"),
        sa.CheckConstraint("net_minor + tax_minor = gross_minor", name=op.f("ck_gatepost_receivables_sum")),
        sa.CheckConstraint(
            "credit_minor >= 0 AND credit_minor <= gross_minor", name=op.f("ck_gatepost_receivables_credit")
        ),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_receivables_member", "gatepost_receivables", ["member_id", "status"])
    create_index_once("ix_gatepost_receivables_status", "gatepost_receivables", ["status", "due_at"])
