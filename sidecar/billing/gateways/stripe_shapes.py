"""Stripe's shapes into ours. Pure: what the API answers, as plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sidecar.billing.gateways.gateway import (
    CardFacts,
    ChargeFacts,
    DisputeFacts,
    Intent,
    IntentStatus,
    Notice,
    RefundFacts,
    Setup,
)
from sidecar.billing.gateways.stripe_currencies import from_stripe
from sidecar.billing.overdue import Decline

_DISPUTES = {
    "warning_needs_response": "inquiry", "warning_under_review": "inquiry", "warning_closed": "closed",
    "needs_response": "open", "under_review": "open", "won": "won", "lost": "lost", "prevented": "closed",
}  # fmt: skip


def intent_of(raw: Mapping[str, Any]) -> Intent:
    error = raw.get("last_payment_error")
    return Intent(
        id=raw["id"],
        status=IntentStatus(raw["status"])
        if raw["status"] != "requires_capture"
        else IntentStatus.PROCESSING,
        amount_minor=from_stripe(raw["amount"], raw["currency"]),
        currency=raw["currency"].upper(),
        customer_id=id_of(raw.get("customer")),
        metadata=raw.get("metadata") or {},
        created_s=float(raw["created"]),
        client_secret=raw.get("client_secret") or "",
        charge=_newest_charge(raw),
        error=_decline_of(error) if error else None,
        message=(error or {}).get("message") or "",
        card_id=id_of(raw.get("payment_method")),
        keeps_card=bool(raw.get("setup_future_usage")),
        refunded_minor=_refunded(raw.get("latest_charge")),
    )


def _refunded(charge: Any) -> int:
    if not isinstance(charge, Mapping):
        return 0
    return from_stripe(int(charge.get("amount_refunded") or 0), charge["currency"])


def _newest_charge(raw: Mapping[str, Any]) -> ChargeFacts | None:
    """`latest_charge`, expanded or not; what is not in it is taken from the intent's last error."""
    newest, error = raw.get("latest_charge"), raw.get("last_payment_error") or {}
    if not newest:
        return None
    if isinstance(newest, Mapping):
        return charge_of(newest, error if error.get("charge") == newest["id"] else {})
    failed = error.get("charge") == newest
    succeeded = raw["status"] == "succeeded" and not failed
    card = error.get("payment_method") if failed else None
    return ChargeFacts(
        id=newest, succeeded=succeeded, amount_minor=from_stripe(raw["amount"], raw["currency"]), currency=raw["currency"].upper(),
        card=card_of(card) if isinstance(card, Mapping) else None, decline=_decline_of(error) if failed else None,
        message=error.get("message") or "" if failed else "",
    )  # fmt: skip


def charge_of(raw: Mapping[str, Any], error: Mapping[str, Any] | None = None) -> ChargeFacts:
    outcome = raw.get("outcome") or {}
    details = (raw.get("payment_method_details") or {}).get("card")
    card = (
        card_of({"id": id_of(raw.get("payment_method")), "card": details, "customer": raw.get("customer")})
        if details
        else None
    )
    decline = None
    if raw["status"] == "failed":
        decline = Decline(
            code=raw.get("failure_code") or (error or {}).get("code") or "",
            decline_code=(error or {}).get("decline_code") or outcome.get("reason") or "",
            advice_code=outcome.get("advice_code") or (error or {}).get("advice_code") or "",
            network_decline_code=outcome.get("network_decline_code") or "",
            network_advice_code=outcome.get("network_advice_code") or "",
            brand=card.brand if card else "",
        )
    return ChargeFacts(
        id=raw["id"],
        succeeded=raw["status"] == "succeeded",
        amount_minor=from_stripe(raw["amount"], raw["currency"]),
        currency=raw["currency"].upper(),
        card=card,
        decline=decline,
        message=raw.get("failure_message") or "",
        made_s=float(raw["created"]),
    )


def _decline_of(error: Mapping[str, Any]) -> Decline:
    card = error.get("payment_method")
    details = (card.get("card") or {}) if isinstance(card, Mapping) else {}
    return Decline(
        code=error.get("code") or "",
        decline_code=error.get("decline_code") or "",
        advice_code=error.get("advice_code") or "",
        network_decline_code=error.get("network_decline_code") or "",
        network_advice_code=error.get("network_advice_code") or "",
        brand=details.get("brand") or "",
    )


def card_of(raw: Mapping[str, Any]) -> CardFacts:
    card = raw.get("card") or {}
    return CardFacts(
        id=str(raw.get("id") or ""),
        fingerprint=card.get("fingerprint") or "",
        brand=card.get("brand") or "",
        last4=card.get("last4") or "",
        exp_year=int(card.get("exp_year") or 0),
        exp_month=int(card.get("exp_month") or 0),
        customer_id=id_of(raw.get("customer")),
    )


def setup_of(raw: Mapping[str, Any]) -> Setup:
    error = raw.get("last_setup_error")
    card = raw.get("payment_method") or (error or {}).get("payment_method")
    return Setup(
        id=raw["id"],
        is_done=raw["status"] == "succeeded",
        customer_id=id_of(raw.get("customer")),
        metadata=raw.get("metadata") or {},
        chosen_s=max(float(raw["created"]), _created_s(card)),
        client_secret=raw.get("client_secret") or "",
        card=card_of(card) if isinstance(card, Mapping) else None,
        error=_decline_of(error) if error else None,
        message=(error or {}).get("message") or "",
        attempt_id=id_of(raw.get("latest_attempt")),
    )


def _created_s(card: object) -> float:
    """When a card was entered; one that is not shown does not say."""
    return float(card.get("created") or 0) if isinstance(card, Mapping) else 0.0


def refund_of(raw: Mapping[str, Any]) -> RefundFacts:
    status = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}.get(
        raw["status"], "pending"
    )
    return RefundFacts(
        raw["id"],
        status,
        from_stripe(raw["amount"], raw["currency"]),
        raw["currency"].upper(),
        id_of(raw.get("charge")),
        raw.get("metadata") or {},
    )


def dispute_of(raw: Mapping[str, Any]) -> DisputeFacts:
    status = _DISPUTES.get(raw["status"], "open")
    moved = sum(int(one["amount"]) for one in raw.get("balance_transactions") or ())
    return DisputeFacts(
        id=raw["id"],
        status="lost" if raw["status"] == "prevented" and moved < 0 else status,
        reason=raw.get("reason") or "",
        amount_minor=from_stripe(raw["amount"], raw["currency"]),
        currency=raw["currency"].upper(),
        charge_id=id_of(raw.get("charge")),
        intent_id=id_of(raw.get("payment_intent")),
        due_s=float((raw.get("evidence_details") or {}).get("due_by") or 0) or None,
        network_reason=_network_reason(raw)[:20],
    )


def _network_reason(raw: Mapping[str, Any]) -> str:
    card = (raw.get("payment_method_details") or {}).get("card") or {}
    return str(card.get("network_reason_code") or raw.get("network_reason_code") or "")


def notice_of(raw: Mapping[str, Any]) -> Notice:
    return Notice(
        id=str(raw["id"]),
        type=str(raw["type"]),
        object_id=str(raw["data"]["object"].get("id") or ""),
        payload=_names_in(raw),
        created_s=float(raw["created"]),
        is_live=bool(raw["livemode"]),
    )


def _names_in(raw: Mapping[str, Any]) -> str:
    """What of an event is kept: the names of what it is about. The object is read afresh, and what else stands in it about
    people (names, addresses, e-mail) is nobody's to keep."""
    found = raw["data"]["object"]
    names = {
        "id": found.get("id"),
        "object": found.get("object"),
        "charge": id_of(found.get("charge")) or None,
    }
    return json.dumps(
        {"id": raw["id"], "type": raw["type"], "created": raw["created"], "data": {"object": names}},
        sort_keys=True,
        separators=(",", ":"),
    )


def id_of(value: Any) -> str:
    """The id of a reference, expanded or not."""
    if isinstance(value, Mapping):
        return str(value.get("id") or "")
    return str(value or "")
