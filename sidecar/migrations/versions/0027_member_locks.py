"""gatepost_member_locks"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, token
from sidecar.migrations.steps import create_index_once

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_table(
        "gatepost_member_locks",
        sa.Column("member_id", Id, primary_key=True, autoincrement=False),
        sa.Column("holder", token(32), nullable=True),
        sa.Column("until_s", sa.Double(), nullable=False, comment="real seconds"),
        comment="one at a time round everything that moves a member's money",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_member_locks_holder", "gatepost_member_locks", ["holder"])
