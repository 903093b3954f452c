"""The table of figures: counted by a job, so that a screen reads some dozens of rows whatever the size of the site."""

from __future__ import annotations

import sqlalchemy as sa

from sidecar.db import TABLE_OPTIONS, UtcDateTime, metadata, token

figures = sa.Table(
    "gatepost_figures",
    metadata,
    sa.Column("on", sa.Date(), nullable=False, comment="on the site's calendar"),
    sa.Column("name", token(20), nullable=False, comment="what is counted"),
    sa.Column("key", token(60), nullable=False, comment="of which kind; '' for all"),
    sa.Column("currency", token(3), nullable=False, comment="of minor units; '' for numbers of things"),
    sa.Column("value", sa.BigInteger(), nullable=False),
    sa.Column("counted_at", UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint("on", "name", "key", "currency"),
    comment="the business in figures, a set for each day",
    **TABLE_OPTIONS,
)
