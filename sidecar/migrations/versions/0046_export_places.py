"""gatepost_export_places"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.activity.models import binary
from sidecar.db import TABLE_OPTIONS, UtcDateTime, token

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    op.create_table(
        "gatepost_export_places",
        sa.Column("name", token(64), primary_key=True, comment="SHA-256 of the member and the page"),
        sa.Column("at", UtcDateTime(), nullable=False, comment="of the last event before that page"),
        sa.Column("event_id", binary(16), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        comment="after which event a page of an export begins; kept for a day",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
