"""gatepost_contacts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sidecar.db import TABLE_OPTIONS, Id

revision = "0052"
down_revision = "0051"

_LINES = [
    f"{kind}_{line}"
    for kind in ("billing", "shipping")
    for line in ("address", "address2", "city", "state", "zip_code", "country")
]


def upgrade() -> None:
    op.create_table(
        "gatepost_contacts",
        sa.Column(
            "member_id",
            Id,
            sa.ForeignKey("gatepost_members.id", name="fk_gatepost_contacts_member_id"),
            primary_key=True,
        ),
        *(sa.Column(name, sa.String(200), nullable=False) for name in ("phone", *_LINES)),
        comment="how a member can be reached, beside the e-mail address that WordPress has",
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
