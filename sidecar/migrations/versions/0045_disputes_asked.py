"""gatepost_disputes: until when and for which of the network's reasons the bank asks"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sidecar.db import UtcDateTime, token
from sidecar.migrations.steps import add_column_once

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    due_at: sa.Column[Any] = sa.Column(
        "due_at", UtcDateTime(), nullable=True, comment="evidence is taken until then"
    )
    reason: sa.Column[Any] = sa.Column(
        "network_reason", token(20), nullable=True, comment="the card network's code, such as 10.4"
    )
    for column in (due_at, reason):
        add_column_once("gatepost_disputes", column)
