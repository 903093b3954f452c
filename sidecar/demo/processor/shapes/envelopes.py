"""What objects travel in: events, lists; and the account itself."""

from __future__ import annotations

from typing import Any

from sidecar.demo.processor.books import Row
from sidecar.demo.processor.shapes.ids import API_VERSION


def event(
    id: str, now: int, type: str, object: Row, request: dict[str, str | None], *, livemode: bool
) -> Row:
    return {
        "id": id,
        "object": "event",
        "account": None,
        "api_version": API_VERSION,
        "context": None,
        "created": now,
        "data": {"object": object},
        "livemode": livemode,
        "pending_webhooks": 0,
        "request": request,
        "type": type,
    }


def account(id: str, now: int) -> Row:
    return {
        "id": id,
        "object": "account",
        "business_profile": {"name": "Gatepost test processor", "url": None},
        "business_type": None,
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "US",
        "created": now,
        "default_currency": "usd",
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "type": "standard",
    }


def listing(url: str, rows: list[Any], *, has_more: bool) -> Row:
    return {"object": "list", "data": rows, "has_more": has_more, "url": url}
