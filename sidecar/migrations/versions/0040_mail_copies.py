"""gatepost_mail_copies"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.activity.models import LongBytes, binary
from sidecar.db import TABLE_OPTIONS
from sidecar.migrations.steps import create_index_once

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.create_table(
        "gatepost_mail_copies",
        sa.Column("id", binary(16), primary_key=True, comment="of the event"),
        sa.Column("month", sa.Integer(), nullable=False, comment="of the event"),
        sa.Column(
            "content",
            LongBytes,
            nullable=False,
            comment="zlib: canonical JSON of text and html; its SHA-256 is in the event",
        ),
        comment="the text of mails, kept as long as their events",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_mail_copies_month", "gatepost_mail_copies", ["month"])
