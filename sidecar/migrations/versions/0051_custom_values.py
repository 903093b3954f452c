"""gatepost_custom_values"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id, LongText

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    op.create_table(
        "gatepost_custom_values",
        sa.Column(
            "member_id",
            Id,
            sa.ForeignKey("gatepost_members.id", name="fk_gatepost_custom_values_member_id"),
            primary_key=True,
        ),
        sa.Column(
            "field_id",
            Id,
            sa.ForeignKey("gatepost_custom_fields.id", name="fk_gatepost_custom_values_field_id"),
            primary_key=True,
        ),
        sa.Column("value", LongText, nullable=False, comment="a ticked box: mm_cb_on"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
