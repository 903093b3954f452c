"""gatepost_mail_texts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, LongText, UtcDateTime, token

revision = "0069"
down_revision = "0065"


def upgrade() -> None:
    op.create_table(
        "gatepost_mail_texts",
        sa.Column("id", Id, primary_key=True),
        sa.Column("kind", token(40), nullable=False),
        sa.Column("language", token(2), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="from 1; the highest is in force"),
        sa.Column(
            "is_default",
            sa.Boolean(create_constraint=False),
            nullable=False,
            comment="back to the letter in code",
        ),
        sa.Column("subject", sa.String(500), nullable=False, comment="with SmartTags, without markup"),
        sa.Column("body", LongText, nullable=False, comment="HTML with SmartTags"),
        sa.Column("by", sa.String(100), nullable=False, comment="who wrote it"),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint(
            "kind", "language", "version", name="uq_gatepost_mail_texts_kind_language_version"
        ),
        comment="mails in the owner's words; without a row the letter in code is sent",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
