"""A request to the API that has been understood, and how it is run."""

from __future__ import annotations

import json
import sys
import traceback
from dataclasses import dataclass
from typing import Any

from sidecar.demo.processor.books import Row, World
from sidecar.demo.processor.desk import Desk
from sidecar.demo.processor.faults import Subject
from sidecar.demo.processor.keys import Visitor
from sidecar.demo.processor.listing import expanded
from sidecar.demo.processor.parameters import Params, reject_unknown
from sidecar.demo.processor.refusals import (
    ApiError,
    broken,
    key_in_use,
    lock_timeout,
    rate_limited,
    unauthorized,
)
from sidecar.demo.processor.routes import Route
from sidecar.demo.processor.wire import Answer, Request


@dataclass(slots=True)
class Call:
    """`asked` is what its idempotency key stands for."""

    request: Request
    route: Route
    ids: list[str]
    visitor: Visitor
    params: Params
    request_id: str
    key: str | None = None
    asked: str = ""


def run_endpoint(call: Call, desk: Desk) -> tuple[Answer, bool]:
    """The answer, and whether an idempotency key keeps it: not where nothing was executed."""
    try:
        reject_unknown(call.params, call.route.known)
        row = expanded(desk, call.route.endpoint(desk, *call.ids))
    except ApiError as error:
        return answer_of(error), error.kept
    except Exception:
        traceback.print_exc(file=sys.stderr)
        return answer_of(broken()), True
    return Answer(200, as_json(row)), True


def as_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def answer_of(error: ApiError) -> Answer:
    """Stripe's error body with its status and headers."""
    return Answer(error.status, as_json(error.body()), dict(error.headers))


def subject_of(world: World, call: Call) -> Subject:
    """What faults can match: an intent's facts, or those in the parameters, which come first."""
    intent = _intent_of(world, call)
    amount: Any = call.params.get("amount") or intent.get("amount")
    method = call.params.get("payment_method") or intent.get("payment_method")
    return Subject(
        call.request.method,
        call.request.path,
        int(amount or 0) if str(amount).isdecimal() else None,
        call.params.get("customer") or intent.get("customer"),
        _names_of_card(world, call.params, method),
    )


def _intent_of(world: World, call: Call) -> Row:
    id = call.ids[0] if call.ids else ""
    return world.find("payment_intent", id) or world.find("setup_intent", id) or {}


def _names_of_card(world: World, params: Params, method: str | None) -> frozenset[str]:
    row = world.find("payment_method", method or "")
    if row:
        return frozenset({row["id"], row["card"]["fingerprint"], row["card"]["last4"]})
    typed = params.get("payment_method_data")
    number = typed.get("card", {}).get("number", "") if isinstance(typed, dict) else ""
    return frozenset({name for name in (method, number[-4:]) if name})


def false_error(options: dict[str, Any]) -> ApiError:
    """Of `status` and, for 429, `code` (lock_timeout or none)."""
    match options.get("status", 500):
        case 429:
            return lock_timeout() if options.get("code") == "lock_timeout" else rate_limited()
        case 401:
            return unauthorized("sk_test_expired_or_unknown")
        case 409:
            return key_in_use()
        case status:
            error = broken()
            error.status = int(status)
            return error
