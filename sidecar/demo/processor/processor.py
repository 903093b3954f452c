"""The processor: one request in, one answer out, with everything that may go wrong between."""

from __future__ import annotations

import random
import sys
import time
import traceback
from collections import Counter
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

from sidecar.demo.processor import charging, idempotency, shapes
from sidecar.demo.processor.books import Books, Row, World
from sidecar.demo.processor.calls import (
    Call,
    answer_of,
    false_error,
    run_endpoint,
    subject_of,
)
from sidecar.demo.processor.clock import Clock
from sidecar.demo.processor.desk import Desk
from sidecar.demo.processor.faults import Fault, Faults, forced_outcome
from sidecar.demo.processor.idempotency import Keys
from sidecar.demo.processor.keys import Keyring, Visitor, secret_key_needed
from sidecar.demo.processor.late import LateWork
from sidecar.demo.processor.limits import Limits
from sidecar.demo.processor.outcomes import Outcome
from sidecar.demo.processor.parameters import parse
from sidecar.demo.processor.referee import report
from sidecar.demo.processor.refusals import ApiError, rate_limited
from sidecar.demo.processor.routes import find_route
from sidecar.demo.processor.webhooks import Webhooks
from sidecar.demo.processor.wire import Answer, Request


class Processor:
    """Holds everything; `books.lock` guards it, and nobody sleeps or sends while holding it."""

    def __init__(
        self, ledger: Path | None = None, secret_keys: list[str] | None = None, seed: int = 0
    ) -> None:
        self.books = Books(ledger)
        self.keyring = Keyring(secret_keys or [])
        self.clock = Clock(self._setting("clock").get("offset", 0))
        self.first_seed = seed
        self.faults = Faults()
        self.limits = Limits()
        self.keys = Keys()
        self.counts: Counter[str] = Counter()
        self.late = LateWork()
        self.webhooks = Webhooks(self.books)
        self.seed(seed)
        self.open_account()

    def seed(self, seed: int) -> None:
        """The luck of faults and webhooks begins anew."""
        with self.books.lock:
            self.faults.luck = random.Random(seed)  # noqa: S311
            self.webhooks.luck = random.Random(seed)  # noqa: S311

    def _setting(self, name: str) -> Row:
        return self.books.house.find("setting", name) or {}

    def open_account(self) -> None:
        """The account, the same for both modes and as long as the ledger lives."""
        with self.books.lock:
            if self.books.mode(livemode=False).find("account", "account"):
                return
            account = shapes.account(shapes.new_id("acct"), self.clock.now())
            for livemode in (False, True):
                self.books.mode(livemode=livemode).put("account", {"id": "account", "object_shown": account})
            self.books.write_down()

    def desk(self, *, livemode: bool, **options: Any) -> Desk:
        """For work under the lock; `options` are fields of `Desk`."""
        world = self.books.mode(livemode=livemode)
        return Desk(world, self.books.house, self.clock.now(), livemode, **options)

    def answer_api(self, request: Request) -> Answer | None:
        """One request under /v1; None: the connection is closed without a word."""
        request_id = shapes.new_id("req")
        try:
            call = self._understand(request, request_id)
            answer = self._carry_out(call)
        except ApiError as error:
            answer = answer_of(error)
        if answer:
            answer.headers = {
                "Date": formatdate(self.clock.now(), usegmt=True),
                "Request-Id": request_id,
                "Stripe-Version": shapes.API_VERSION,
                **answer.headers,
            }
        return answer

    def _understand(self, request: Request, request_id: str) -> Call:
        visitor = self.keyring.admit(request.headers.get("authorization", ""))
        route, ids = find_route(request.method, request.path)
        with self.books.lock:
            self.counts[route.name if route else f"{request.method} {request.path}"] += 1
        if route is None:
            said = f"Unrecognized request URL ({request.method}: {request.path})."
            raise ApiError(404, "invalid_request_error", said)
        if visitor.publishable and not route.public:
            raise secret_key_needed()
        if not self.limits.allow(route.name):
            self._report(visitor, "rate limit exceeded", endpoint=route.name)
            raise rate_limited()
        form = request.query if request.method in {"GET", "DELETE"} else request.body.decode()
        call = Call(request, route, ids, visitor, parse(form), request_id)
        if request.method == "POST" and request.headers.get("idempotency-key"):
            call.key = request.headers["idempotency-key"]
            call.asked = idempotency.digest_of(request.method, request.path, request.body)
        return call

    def _report(self, visitor: Visitor, rule: str, **facts: Any) -> None:
        with self.books.lock:
            mode = "live" if visitor.livemode else "test"
            report(self.books.house, self.clock.now(), rule, mode=mode, **facts)
            self.books.write_down()

    def _world(self, call: Call) -> World:
        return self.books.mode(livemode=call.visitor.livemode)

    def _carry_out(self, call: Call) -> Answer | None:
        with self.books.lock:
            kept = self._claim(call)
            fault = None if kept else self.faults.strike(subject_of(self._world(call), call))
        if kept:
            return Answer(kept["status"], kept["body"].encode(), {"Idempotent-Replayed": "true"})
        if fault is None:
            return self.execute(call)
        return self._with_fault(call, fault)

    def _claim(self, call: Call) -> Row | None:
        if call.key is None:
            return None
        return self.keys.claim(self._world(call), call.key, call.asked, self.clock.now())

    def give_up(self, call: Call) -> None:
        """The request is not going to be executed: its key is free again."""
        if call.key:
            with self.books.lock:
                self.keys.release(self._world(call), call.key)

    def _with_fault(self, call: Call, fault: Fault) -> Answer | None:
        options = fault.options
        match fault.kind:
            case "timeout_before":
                self.give_up(call)
                _hold(options)
            case "timeout_after":
                self.execute(call)
                _hold(options)
            case "execute_late":
                self.late.add(call, options, self.clock.now())
                _hold(options)
            case "cut_reply":
                answer = self.execute(call)
                return replace(answer, cut_after=len(answer.body) // 2)
            case "status":
                return self._false_status(call, options)
            case "delay":
                time.sleep(options.get("ms", 0) / 1000)
                return self.execute(call)
            case _:
                return self.execute(call, forced=forced_outcome(fault.kind, options))
        return None

    def _false_status(self, call: Call, options: dict[str, Any]) -> Answer:
        """An error of the gateway's own: executed before it or not, kept under the key or not."""
        error = false_error(options)
        if options.get("executed"):
            self.execute(call, instead=answer_of(error) if options.get("stored") else None)
            return answer_of(error)
        if options.get("stored"):
            with self.books.lock:
                self._keep(call, answer_of(error))
                self.books.write_down()
        self.give_up(call)
        return answer_of(error)

    def execute(self, call: Call, forced: Outcome | None = None, instead: Answer | None = None) -> Answer:
        """Once, under the lock; `instead` is kept in place of the true answer."""
        desk = self.desk(livemode=call.visitor.livemode, **self._circumstances(call), forced=forced)
        with self.books.lock:
            desk.now = self.clock.now()
            answer, keeping = run_endpoint(call, desk)
            if keeping:
                self._keep(call, instead or answer)
            self.give_up(call)
            self.books.write_down()
        self.webhooks.send(desk.told)
        return answer

    def _circumstances(self, call: Call) -> dict[str, Any]:
        return {
            "params": call.params,
            "publishable": call.visitor.publishable,
            "origin": f"http://{call.request.headers.get('host', '')}",
            "request": {"id": call.request_id, "idempotency_key": call.key},
        }

    def _keep(self, call: Call, answer: Answer) -> None:
        if call.key:
            facts: dict[str, object] = {"status": answer.status, "body": answer.body.decode()}
            idempotency.keep(self._world(call), call.key, call.asked, self.clock.now(), facts)

    def run_due(self) -> None:
        """Everything whose time has come: late requests, and payments that were processing."""
        for call in self.late.take_due(self.clock.now()):
            self.execute(call)
        for livemode in (False, True):
            self._finish_due(self.desk(livemode=livemode))

    def _finish_due(self, desk: Desk) -> None:
        with self.books.lock:
            for row in list(desk.world.table("unfinished").rows.values()):
                if row["due_at"] is not None and row["due_at"] <= desk.now:
                    charging.finish_processing(desk, desk.get("payment_intent", row["id"]))
            self.books.write_down()
        self.webhooks.send(desk.told)

    def keep_time(self) -> None:
        """For a thread of its own: late things happen although nobody asks."""
        while True:
            time.sleep(0.02)
            try:
                self.run_due()
            except Exception:
                traceback.print_exc(file=sys.stderr)


def _hold(options: dict[str, Any]) -> None:
    """The caller waits so long and then hears nothing."""
    time.sleep(options.get("seconds", 0))
