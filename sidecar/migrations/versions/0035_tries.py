"""gatepost_tries"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, token
from sidecar.migrations.steps import create_index_once

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.create_table(
        "gatepost_tries",
        sa.Column("name", token(64), primary_key=True, comment="SHA-256 of what was tried and by whom"),
        sa.Column("begun_s", sa.Double(), nullable=False, comment="real seconds: when the window began"),
        sa.Column("number", sa.Integer(), nullable=False, comment="tries since then"),
        comment="how often something was tried",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    create_index_once("ix_gatepost_tries_begun", "gatepost_tries", ["begun_s"])
