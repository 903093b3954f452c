"""gatepost_level_pages"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, token

revision = "0054"
down_revision = "0053"


def upgrade() -> None:
    op.create_table(
        "gatepost_level_pages",
        sa.Column(
            "level_id",
            Id,
            sa.ForeignKey("gatepost_levels.id", name="fk_gatepost_level_pages_level_id"),
            primary_key=True,
        ),
        sa.Column("kind", token(20), primary_key=True, comment="login, error, myaccount, ..."),
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        comment="a level's own core pages, in place of the site's",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
