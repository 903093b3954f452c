"""What the judge looks at: the rows of our tables as they are, and what the processor says has happened."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import pymysql
import requests

Row = dict[str, Any]
_TABLES = (
    "orders", "receivables", "attempts", "settlements", "surpluses", "refunds", "disputes", "ledger", "members", "entitlements",
    "levels", "alarms", "cards", "outbox", "installation", "invoices", "invoice_series",
)  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """`tables`: name → rows; `books`: the processor's ledger; `now`: business time, as the database writes it (naive UTC).

    `forgives_conflicts`: workers stood still in the midst of a transaction, or the database died: whoever met them may have
    put an order off and told the owner. `forgives_surplus`: money may have come past us.
    """

    tables: dict[str, list[Row]]
    events: list[Row]
    books: dict[str, list[Row]]
    violations: list[Row]
    now: datetime
    forgives_conflicts: bool = False
    forgives_surplus: bool = True

    @cached_property
    def orders(self) -> dict[int, Row]:
        """By id."""
        return {row["id"]: row for row in self.tables["orders"]}

    @cached_property
    def receivables(self) -> dict[int, Row]:
        """By id."""
        return {row["id"]: row for row in self.tables["receivables"]}

    @cached_property
    def receivables_of(self) -> dict[int, list[Row]]:
        """By order, the oldest cycle first."""
        return grouped(sorted(self.tables["receivables"], key=lambda row: row["cycle"]), "order_id")

    @cached_property
    def settlements(self) -> dict[int, list[Row]]:
        """By receivable."""
        return grouped(self.tables["settlements"], "receivable_id")

    @cached_property
    def attempts(self) -> dict[int, list[Row]]:
        """By receivable, in order."""
        return grouped(sorted(self.tables["attempts"], key=lambda row: row["number"]), "receivable_id")

    @cached_property
    def intents(self) -> list[Row]:
        """Those of this installation at the processor."""
        name = self.tables["installation"][0]["uuid"]
        return [row for row in self.books["payment_intents"] if row["metadata"].get("gatepost") == name]

    @cached_property
    def successes(self) -> dict[str, list[Row]]:
        """Receivable's UUID → the processor's charges that moved money for it; each knows its `intent`."""
        found: dict[str, list[Row]] = defaultdict(list)
        intents = {row["id"]: row for row in self.intents}
        for charge in self.books["charges"]:
            intent = intents.get(charge["payment_intent"])
            if charge["status"] == "succeeded" and intent is not None:
                found[intent["metadata"]["receivable"]].append({**charge, "intent": intent})
        return found

    @cached_property
    def mails(self) -> dict[int, list[Row]]:
        """Order's id → what was queued for its member: kind and data."""
        payloads = [json.loads(row["payload"]) for row in self.tables["outbox"] if row["kind"] == "mail"]
        return grouped([row for row in payloads if row["order"] is not None], "order")

    @cached_property
    def actions(self) -> dict[int, list[str]]:
        """Order's id → the names of the actions that other plugins are told of."""
        payloads = [
            json.loads(row["payload"]) for row in self.tables["outbox"] if row["kind"] == "site_change"
        ]
        found: dict[int, list[str]] = defaultdict(list)
        for payload in payloads:
            if payload["kind"] == "action":
                found[payload["order"]].append(payload["name"])
        return found

    @cached_property
    def alarmed(self) -> set[str]:
        """Payments that the owner was told of because they belong to nothing that a restored database knows."""
        return {row["subject"] for row in self.tables["alarms"] if row["kind"] == "unknown_payment"}

    def name_of(self, receivable: Row) -> str:
        """For sentences."""
        return f"receivable {receivable['id']} (order {receivable['order_id']}, cycle {receivable['cycle']})"


def grouped(rows: Iterable[Row], key: str) -> dict[Any, list[Row]]:
    """By the value of one column; what is not there has an empty list."""
    found: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found


def at(unix: float) -> datetime:
    """The processor's time as the database writes it."""
    return datetime.fromtimestamp(unix, UTC).replace(tzinfo=None)


def gather(socket: str, database: str, processor_url: str, now: datetime, **forgives: bool) -> Evidence:
    """Read everything. `now`: business time; `forgives`: fields of `Evidence`."""
    connection = pymysql.connect(unix_socket=socket, user="root", database=database, charset="utf8mb4")
    with connection, connection.cursor(pymysql.cursors.DictCursor) as cursor:
        tables = {name: _read(cursor, f"SELECT * FROM gatepost_{name}") for name in _TABLES}
        events = _read(
            cursor,
            "SELECT name, subject, body, at FROM gatepost_events WHERE type = 'billing' ORDER BY at, id",
        )
    for event in events:
        event["body"] = json.loads(event["body"])
    books = requests.get(f"{processor_url}/_test/ledger", timeout=60).json()
    violations = requests.get(f"{processor_url}/_test/violations", timeout=60).json()["violations"]
    return Evidence(tables, events, books, violations, now.astimezone(UTC).replace(tzinfo=None), **forgives)


def _read(cursor: Any, statement: str) -> list[Row]:
    cursor.execute(statement)
    return list(cursor.fetchall())
