"""Events on their way to the client's server: signed, repeated until they are taken, and as unreliable as a test wants."""

from __future__ import annotations

import hashlib
import heapq
import hmac
import http.client
import itertools
import json
import random
import threading
import time
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from sidecar.demo.processor.books import Books, Row

USUAL: Row = {
    "id": "webhooks", "url": "", "secret": "whsec_test", "enabled": False, "delay": 0, "repeat": 0, "shuffle": 0,
    "shuffle_seconds": 0.5, "drop": 0, "retries": [0.2, 1, 5, 30],
}  # fmt: skip
"""`repeat`, `shuffle` and `drop` are chances; `delay`, `shuffle_seconds` and `retries` seconds of real time."""
THREADS = 4


class Webhooks:
    """Deliveries wait in a heap by their due time; a few threads send them."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.luck = random.Random()  # noqa: S311
        self._waiting: list[tuple[float, int, str, str, int]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()

    def settings(self) -> Row:
        """Those of the ledger, else the usual ones."""
        return self._books.house.find("setting", "webhooks") or USUAL

    def set(self, changes: dict[str, Any]) -> Row:
        """Raises ValueError for a setting that there is not. An address alone also enables."""
        if changes.keys() - USUAL.keys():
            raise ValueError(f"no such settings: {sorted(changes.keys() - USUAL.keys())}")
        enabled = {"enabled": True} if changes.get("url") else {}
        with self._books.lock:
            row = self._books.house.put("setting", {**self.settings(), **enabled, **changes})
            self._books.write_down()
        return row

    def send(self, events: list[Row]) -> None:
        """Queues them; some are dropped, doubled or late, as the settings say."""
        settings = self.settings()
        if not events or not settings["enabled"]:
            return
        for event in events:
            if self.luck.random() >= settings["drop"]:
                copies = 2 if self.luck.random() < settings["repeat"] else 1
                for _ in range(copies):
                    self.queue(event, self._delay(settings))

    def _delay(self, settings: Row) -> float:
        late = self.luck.random() < settings["shuffle"]
        return float(settings["delay"] + (self.luck.random() * settings["shuffle_seconds"] if late else 0))

    def queue(self, event: Row, delay: float, tried: int = 0) -> None:
        """One delivery after so many seconds."""
        world = "live" if event["livemode"] else "test"
        entry = (time.monotonic() + delay, next(self._numbers), world, event["id"], tried)
        with self._changed:
            heapq.heappush(self._waiting, entry)
            self._changed.notify()

    def count(self) -> int:
        """Deliveries that still wait."""
        with self._changed:
            return len(self._waiting)

    def forget(self) -> None:
        """What waits will not be sent."""
        with self._changed:
            self._waiting.clear()

    def start(self) -> None:
        """Begins to deliver, first what a former process had not delivered."""
        if self.settings()["enabled"]:
            for world in ("test", "live"):
                for event in self._books.worlds[world].table("event").rows.values():
                    if event["pending_webhooks"]:
                        self.queue(event, 0)
        for _ in range(THREADS):
            threading.Thread(target=self._deliver_for_ever, daemon=True, name="webhooks").start()

    def _deliver_for_ever(self) -> None:
        while True:
            world, id, tried = self._next()
            self._deliver(world, id, tried)

    def _next(self) -> tuple[str, str, int]:
        with self._changed:
            while True:
                wait = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._waiting)[2:]
                self._changed.wait(wait)

    def _deliver(self, world: str, id: str, tried: int) -> None:
        settings = self.settings()
        event = self._books.worlds[world].find("event", id)
        if event is None or not settings["enabled"]:
            return
        if post_event(event, settings["url"], settings["secret"]):
            self._note_delivery(world, id)
        elif tried < len(settings["retries"]):
            self.queue(event, settings["retries"][tried], tried + 1)

    def _note_delivery(self, world: str, id: str) -> None:
        with self._books.lock:
            event = self._books.worlds[world].find("event", id)
            if event and event["pending_webhooks"]:
                self._books.worlds[world].put("event", {**event, "pending_webhooks": 0})
                self._books.write_down()


def signature(secret: str, body: bytes, at: int) -> str:
    """The `Stripe-Signature` header; `at` is real time, which the receiver compares with its own."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


def post_event(event: Row, url: str, secret: str) -> bool:
    """Whether the receiver took it: any 2xx within ten seconds."""
    body = json.dumps(event, indent=2).encode()
    address = urlsplit(url)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Stripe-Signature": signature(secret, body, int(time.time())),
    }
    path = (address.path or "/") + (f"?{address.query}" if address.query else "")
    try:
        with closing(kind(address.netloc, timeout=10)) as connection:
            connection.request("POST", path, body, headers)
            return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
