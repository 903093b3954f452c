"""gatepost_member_words"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from sidecar.db import TABLE_OPTIONS, Id
from sidecar.migrations.steps import create_index_once

revision = "0061"
down_revision = "0060"


def upgrade() -> None:
    bytes_of_a_word = sa.LargeBinary(240).with_variant(mysql.VARBINARY(240), "mysql", "mariadb")
    op.create_table(
        "gatepost_member_words",
        sa.Column("word", bytes_of_a_word, nullable=False, comment="folded, UTF-8"),
        sa.Column("member_id", Id, nullable=False),
        sa.PrimaryKeyConstraint("word", "member_id"),
        comment="by which words a member is found; bytes, so that nothing but our own folding counts",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_member_words_member", "gatepost_member_words", ["member_id"])
