"""The owner's words: every version of every text of a mail that was ever in force."""

from __future__ import annotations

import sqlalchemy as sa

from sidecar.db import TABLE_OPTIONS, Id, LongText, UtcDateTime, metadata, token

mail_texts = sa.Table(
    "gatepost_mail_texts",
    metadata,
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
    sa.UniqueConstraint("kind", "language", "version"),
    comment="mails in the owner's words; without a row the letter in code is sent",
    **TABLE_OPTIONS,
)
