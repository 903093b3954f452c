"""gatepost_invoice_series"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, UtcDateTime, token

revision = "0063"
down_revision = "0062"


def upgrade() -> None:
    op.create_table(
        "gatepost_invoice_series",
        sa.Column("code", token(5), primary_key=True),
        sa.Column(
            "is_open", sa.Integer(), nullable=True, comment="1, or NULL: the key below allows one open"
        ),
        sa.Column("invoices", sa.BigInteger(), nullable=False, comment="the last number that was given"),
        sa.Column("credit_notes", sa.BigInteger(), nullable=False, comment="and that of credit notes"),
        sa.Column(
            "mark",
            sa.BigInteger(),
            nullable=False,
            comment="the newest run of billing that this machine had seen",
        ),
        sa.Column("reason", token(20), nullable=False, comment="first, restored, adopted, asked"),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("is_open", name="uq_gatepost_invoice_series_is_open"),
        comment="who counts invoices: one row is the lock of all numbers",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
