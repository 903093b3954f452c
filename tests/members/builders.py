"""Entitlements as values."""

from datetime import UTC, datetime
from typing import Any

from sidecar.members.rules import DaysMethod, Entitlement, Status

NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


def an_entitlement(**fields: Any) -> Entitlement:
    """Level 1 of member 1, active since `NOON`."""
    if "bundle_id" in fields:
        fields.setdefault("level_id", None)
    defaults: dict[str, Any] = {
        "id": 1, "member_id": 1, "level_id": 1, "bundle_id": None, "status": Status.ACTIVE, "status_under_lock": None,
        "status_changed_at": NOON, "is_complimentary": False, "started_at": NOON, "expires_at": None, "canceled_at": None,
        "days_method": DaysMethod.JOINED, "days_from_at": None, "days_fixed": None, "paused_days": 0, "paused_at": None,
        "error": None,
    }  # fmt: skip
    return Entitlement(**{**defaults, **fields})
