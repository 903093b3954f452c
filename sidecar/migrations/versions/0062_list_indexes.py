"""Indexes by which members are listed, newest first, whatever they are filtered by."""

from __future__ import annotations

from sidecar.migrations.steps import create_index_once

revision = "0062"
down_revision = "0061"

_ENTITLEMENTS, _ORDERS = "gatepost_entitlements", "gatepost_orders"


def upgrade() -> None:
    create_index_once("ix_gatepost_entitlements_slot", _ENTITLEMENTS, ["slot", "status", "member_id"])
    create_index_once("ix_gatepost_entitlements_level_member", _ENTITLEMENTS, ["level_id", "member_id"])
    create_index_once("ix_gatepost_entitlements_bundle_member", _ENTITLEMENTS, ["bundle_id", "member_id"])
    create_index_once("ix_gatepost_orders_product_member", _ORDERS, ["product_id", "member_id"])
