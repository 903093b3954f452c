"""An index by which webhooks are listed, newest first."""

from __future__ import annotations

from sidecar.migrations.steps import create_index_once

revision = "0076"
down_revision = "0075"


def upgrade() -> None:
    create_index_once("ix_gatepost_webhooks_received", "gatepost_webhooks", ["received_at", "id"])
