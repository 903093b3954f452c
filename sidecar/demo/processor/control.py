"""The control under /_test: what a test, the demo or a crash machine does to the processor. JSON in and out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from sidecar.demo.processor import charging, disputing, idempotency, intents, methods, refunding, setups
from sidecar.demo.processor.acting import answer_bank, at_desk
from sidecar.demo.processor.books import Row
from sidecar.demo.processor.calls import as_json
from sidecar.demo.processor.cards import brand_of, checked_number, fingerprint_of
from sidecar.demo.processor.clock import year_of
from sidecar.demo.processor.desk import Desk
from sidecar.demo.processor.outcomes import write_script
from sidecar.demo.processor.processor import Processor
from sidecar.demo.processor.referee import forgive_card
from sidecar.demo.processor.refusals import ApiError, Missing
from sidecar.demo.processor.wire import Answer, Request

Body = dict[str, Any]
Verb = Callable[..., Any]


def answer_control(processor: Processor, request: Request) -> Answer:
    """One request under /_test: 400 for what makes no sense, 404 for an address or object that there is not."""
    steps = request.path.strip("/").split("/")[1:]
    verb, ids = _find(request.method, steps)
    if verb is None:
        return Answer(404, as_json({"error": f"no such control: {request.method} {request.path}"}))
    try:
        return Answer(200, as_json(verb(processor, _body_of(request), *ids)))
    except Missing as error:
        return Answer(404, as_json(error.body()))
    except ApiError as error:
        return Answer(error.status, as_json(error.body()))
    except (ValueError, KeyError, TypeError) as error:
        return Answer(400, as_json({"error": f"{type(error).__name__}: {error}"}))


def _body_of(request: Request) -> Body:
    """JSON, or the query of a GET."""
    body = dict(parse_qsl(request.query)) if request.method == "GET" else json.loads(request.body or b"{}")
    if not isinstance(body, dict):
        raise TypeError("the body must be a JSON object")
    return body


def _find(method: str, steps: list[str]) -> tuple[Verb | None, list[str]]:
    if len(steps) == 1:
        return CONTROLS.get(f"{method} {steps[0]}"), []
    if len(steps) in {2, 3}:
        exact = CONTROLS.get(f"{method} {'/'.join(steps)}")
        if exact:
            return exact, []
        return CONTROLS.get(f"{method} {'/'.join([steps[0], '{id}', *steps[2:]])}"), [steps[1]]
    return None, []


def read_clock(processor: Processor, _body: Body) -> Body:
    """`now` in whole seconds, and the `offset` from real time."""
    return {"now": processor.clock.now(), "offset": processor.clock.offset}


def move_clock(processor: Processor, body: Body) -> Body:
    """`advance` by seconds, or set to `now`; what is due by then happens before the answer."""
    with processor.books.lock:
        if "now" in body:
            processor.clock.set(body["now"])
        processor.clock.advance(body.get("advance", 0))
        processor.books.house.put("setting", {"id": "clock", "offset": processor.clock.offset})
        processor.books.write_down()
    processor.run_due()
    return read_clock(processor, {})


def script_card(processor: Processor, body: Body, key: str) -> Row:
    """Coming charges of a card, named by payment method, fingerprint or last four digits."""
    with processor.books.lock:
        row = write_script(processor.books.house, key, body.get("outcomes", []), body.get("then"))
        processor.books.write_down()
    return row


def update_card(processor: Processor, body: Body, id: str) -> Row:
    """The network's updater: a new expiry, or a new number; "do not try again" no longer holds."""
    return at_desk(processor, "payment_method", id, lambda desk, method: _renewed(desk, method, body))


def _renewed(desk: Desk, method: Row, body: Body) -> Row:
    card = {**method["card"], **{name: body[name] for name in ("exp_month", "exp_year") if name in body}}
    forgive_card(desk.house, card["fingerprint"])
    if body.get("number"):
        number = checked_number(body["number"])
        desk.change("vault", desk.get("vault", method["id"]), number=number)
        card |= {"fingerprint": fingerprint_of(number), "last4": number[-4:], "brand": brand_of(number)}
    renewed = desk.change("payment_method", method, card=card)
    desk.tell("payment_method.automatically_updated", renewed)
    return renewed


def add_fault(processor: Processor, body: Body) -> Body:
    """`match` and `do`, see `faults`; the rule holds until it is used up or cleared."""
    with processor.books.lock:
        return {"id": processor.faults.add(body)}


def clear_faults(processor: Processor, _body: Body) -> Body:
    """Late requests that are already waiting stay."""
    with processor.books.lock:
        cleared = len(processor.faults.rules)
        processor.faults.rules.clear()
    return {"cleared": cleared}


def seed(processor: Processor, body: Body) -> Body:
    """Luck of faults and webhooks begins anew."""
    processor.seed(body["seed"])
    return body


def finish_intent(processor: Processor, body: Body, id: str) -> Row:
    """A payment that is processing goes the way of `outcome`; without it as it was decided. Missing: it is not processing."""
    return at_desk(
        processor,
        "payment_intent",
        id,
        lambda desk, intent: charging.finish_processing(desk, intent, body.get("outcome")),
    )


def authenticate(processor: Processor, body: Body) -> Row:
    """The customer answers the bank: `outcome` approve or refuse."""
    approved = {"approve": True, "refuse": False}[body["outcome"]]
    return answer_bank(processor, body["intent"], approved=approved)


def pay(processor: Processor, body: Body) -> Row:
    """What the browser would do by hand: a card number typed in and confirmed; a decline is answered as `error`."""
    card = {
        "number": body["card"],
        "exp_month": "12",
        "exp_year": str(body.get("exp_year", "")),
        "cvc": "123",
    }
    table = "setup_intent" if body["intent"].startswith("seti_") else "payment_intent"

    def act(desk: Desk, intent: Row) -> Row:
        card["exp_year"] = card["exp_year"] or str(year_of(desk.now) + 4)
        desk.publishable = True
        desk.params = {
            "client_secret": body.get("client_secret", intent["client_secret"]),
            "payment_method_data": {"type": "card", "card": card},
            "return_url": "https://example.test/back",
        }
        confirm = setups.confirm if table == "setup_intent" else intents.confirm
        try:
            return confirm(desk, intent["id"])
        except ApiError as error:
            return error.body()

    return at_desk(processor, table, body["intent"], act)


def dispute(processor: Processor, body: Body) -> Row:
    """Opens one over a charge: `amount` (all of it), `reason` (fraudulent), `status` (needs_response)."""

    def act(desk: Desk, charge: Row) -> Row:
        return disputing.open_dispute(
            desk,
            charge,
            int(body.get("amount") or charge["amount"]),
            reason=body.get("reason", "fraudulent"),
            status=body.get("status", "needs_response"),
        )

    return at_desk(processor, "charge", body["charge"], act)


def close_dispute(processor: Processor, body: Body, id: str) -> Row:
    """`status`: won, lost, warning_closed or prevented."""
    return at_desk(processor, "dispute", id, lambda desk, _row: disputing.close(desk, id, body["status"]))


def escalate_dispute(processor: Processor, _body: Body, id: str) -> Row:
    """An inquiry becomes a chargeback."""
    return at_desk(processor, "dispute", id, lambda desk, _row: disputing.escalate(desk, id))


def fail_refund(processor: Processor, body: Body, id: str) -> Row:
    """`reason`: what `failure_reason` says."""
    reason = body.get("reason", "lost_or_stolen_card")
    return at_desk(processor, "refund", id, lambda desk, _row: refunding.fail(desk, id, reason))


def succeed_refund(processor: Processor, _body: Body, id: str) -> Row:
    """A pending refund arrives."""
    return at_desk(processor, "refund", id, lambda desk, _row: refunding.succeed(desk, id))


def detach_method(processor: Processor, _body: Body, id: str) -> Row:
    """As if somebody had done it at the gateway, past the client."""
    return at_desk(processor, "payment_method", id, lambda desk, _row: methods.detach(desk, id))


def prune_keys(processor: Processor, body: Body) -> Body:
    """All keys; with `older_than` (unix time) those made up to then."""
    with processor.books.lock:
        worlds = [processor.books.mode(livemode=livemode) for livemode in (False, True)]
        count = sum(idempotency.prune(world, body.get("older_than")) for world in worlds)
        processor.books.write_down()
    return {"pruned": count}


def limit(processor: Processor, body: Body) -> Body:
    """`per_second` for everything, `per_endpoint` for each; what is missing has no limit."""
    processor.limits.set(body.get("per_second"), body.get("per_endpoint"))
    return body


def set_webhooks(processor: Processor, body: Body) -> Row:
    """Only what is named changes; see `webhooks.USUAL`."""
    return processor.webhooks.set(body)


def read_webhooks(processor: Processor, _body: Body) -> Body:
    """The settings, and how many deliveries are `waiting`."""
    return {**processor.webhooks.settings(), "waiting": processor.webhooks.count()}


def redeliver(processor: Processor, body: Body) -> Row:
    """One event once more, whether it was delivered or dropped."""

    def act(_desk: Desk, event: Row) -> Row:
        processor.webhooks.queue(event, 0)
        return event

    return at_desk(processor, "event", body["event"], act)


LEDGER = (
    "customer", "payment_intent", "charge", "refund", "dispute", "setup_intent", "payment_method", "balance_transaction",
)  # fmt: skip


def read_ledger(processor: Processor, body: Body) -> Body:
    """All objects of both modes, the oldest first; `since` (unix time) leaves out what was created before."""
    since = int(body.get("since", 0))
    with processor.books.lock:
        worlds = [processor.books.mode(livemode=livemode) for livemode in (False, True)]
        return {
            f"{table}s": [
                row for world in worlds for row in world.table(table).rows.values() if row["created"] >= since
            ]
            for table in LEDGER
        }


def violations(processor: Processor) -> list[Row]:
    """What the client did that the world forbids, in order."""
    with processor.books.lock:
        return list(processor.books.house.table("violation").rows.values())


def read_violations(processor: Processor, _body: Body) -> Body:
    """In the order they were seen."""
    return {"violations": violations(processor)}


def read_counts(processor: Processor, _body: Body) -> Body:
    """Requests by endpoint since the start or reset, and how many are still to be executed `late`."""
    return {"counts": dict(processor.counts), "late": processor.late.count()}


def reset(processor: Processor, _body: Body) -> Body:
    """As new: no objects, scripts, faults, limits, webhooks, violations; the clock at real time, a new account."""
    with processor.books.lock:
        for call in processor.late.forget():
            processor.give_up(call)
        processor.books.reset()
        processor.clock.offset = 0
        processor.faults.rules.clear()
        processor.webhooks.forget()
        processor.counts.clear()
        processor.limits.set(None, None)
        processor.seed(processor.first_seed)
        processor.open_account()
    return {"reset": True}


CONTROLS: dict[str, Verb] = {
    "GET clock": read_clock,
    "POST clock": move_clock,
    "POST cards/{id}": script_card,
    "POST cards/{id}/update": update_card,
    "POST faults": add_fault,
    "DELETE faults": clear_faults,
    "POST seed": seed,
    "POST intents/{id}/finish": finish_intent,
    "POST authenticate": authenticate,
    "POST pay": pay,
    "POST disputes": dispute,
    "POST disputes/{id}/close": close_dispute,
    "POST disputes/{id}/escalate": escalate_dispute,
    "POST refunds/{id}/fail": fail_refund,
    "POST refunds/{id}/succeed": succeed_refund,
    "POST methods/{id}/detach": detach_method,
    "POST keys/prune": prune_keys,
    "POST limits": limit,
    "GET webhooks": read_webhooks,
    "POST webhooks": set_webhooks,
    "POST webhooks/redeliver": redeliver,
    "GET ledger": read_ledger,
    "GET violations": read_violations,
    "GET counts": read_counts,
    "POST reset": reset,
}
