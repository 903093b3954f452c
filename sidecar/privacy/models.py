"""Where an export goes on: WordPress asks for page after page and keeps no place of ours."""

from __future__ import annotations

import sqlalchemy as sa

from sidecar.activity.models import binary
from sidecar.db import TABLE_OPTIONS, UtcDateTime, metadata, token

export_places = sa.Table(
    "gatepost_export_places",
    metadata,
    sa.Column("name", token(64), primary_key=True, comment="SHA-256 of the member and the page"),
    sa.Column("at", UtcDateTime(), nullable=False, comment="of the last event before that page"),
    sa.Column("event_id", binary(16), nullable=False),
    sa.Column("made_at", UtcDateTime(), nullable=False),
    comment="after which event a page of an export begins; kept for a day",
    **TABLE_OPTIONS,
)
