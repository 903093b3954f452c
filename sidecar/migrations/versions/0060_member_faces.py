"""gatepost_member_faces"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, UtcDateTime, token
from sidecar.migrations.steps import create_index_once

revision = "0060"
down_revision = "0059"


def upgrade() -> None:
    op.create_table(
        "gatepost_member_faces",
        sa.Column("member_id", Id, primary_key=True, autoincrement=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(190), nullable=False, comment="as lists show it"),
        sa.Column("login", sa.String(60), nullable=False),
        sa.Column("email", sa.String(100), nullable=False),
        sa.Column("digest", token(32), nullable=False, comment="of all that its words are made of"),
        sa.Column(
            "checked_at", UtcDateTime(), nullable=False, comment="when it was last compared with WordPress"
        ),
        comment="what WordPress calls our members: a copy, so that lists need no other tables",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_member_faces_user", "gatepost_member_faces", ["user_id"])
    create_index_once("ix_gatepost_member_faces_checked", "gatepost_member_faces", ["checked_at"])
