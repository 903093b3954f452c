"""gatepost_job_runs"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, token

revision = "0075"
down_revision = "0070"


def upgrade() -> None:
    op.create_table(
        "gatepost_job_runs",
        sa.Column("name", token(40), primary_key=True),
        sa.Column("at_s", sa.Double(), nullable=False, comment="real seconds: its last run"),
        sa.Column("took_s", sa.Double(), nullable=False),
        sa.Column(
            "done", sa.BigInteger(), nullable=False, comment="of the last run that found something to do"
        ),
        sa.Column("done_at_s", sa.Double(), nullable=True, comment="when that was"),
        sa.Column(
            "error", sa.String(100), nullable=False, comment="what kind it was, if its last run failed"
        ),
        comment="what became of each job's last run",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
