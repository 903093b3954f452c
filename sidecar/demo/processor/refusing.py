"""A bank's no as an error answer, and as it stays written on the intent."""

from __future__ import annotations

from typing import Any

from sidecar.demo.processor.books import Row
from sidecar.demo.processor.declines import Decline
from sidecar.demo.processor.refusals import ApiError


def card_error(decline: Decline, **more: Any) -> ApiError:
    """402 with all that the bank said; `more`: charge, payment_intent, payment_method …"""
    return ApiError(
        402,
        "card_error",
        decline.message,
        code=decline.code,
        decline_code=decline.decline_code,
        advice_code=decline.advice_code,
        network_decline_code=decline.network_decline_code,
        network_advice_code=decline.network_advice_code,
        **more,
    )


def authentication_failed(kind: str, **more: Any) -> ApiError:
    """`kind`: payment_intent or setup_intent. The customer, or the bank, refused; the card was not charged."""
    name = {"payment_intent": "PaymentIntent", "setup_intent": "SetupIntent"}[kind]
    return ApiError(
        402,
        "invalid_request_error",
        "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new "
        f"PaymentMethod to attempt to fulfill this {name} again.",
        code=f"{kind}_authentication_failure",
        **more,
    )


def error_from(written: Row, **more: Any) -> ApiError:
    """The error answer for what an intent's `last_payment_error` or `last_setup_error` says."""
    facts = {name: value for name, value in written.items() if name not in {"type", "message", "doc_url"}}
    return ApiError(402, written["type"], written["message"], **{**facts, **more})
