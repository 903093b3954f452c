"""An installation that sells, with the test processor as its gateway: for the commands that touch money.

Alice has bought Gold; Bob and Charlie have bought nothing.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sidecar.billing.ordering import Buyer, Wish, begin, finish
from sidecar.billing.rules import Order
from sidecar.billing.store import find_order, list_orders
from sidecar.clock import real_now
from sidecar.db import reading, transaction
from sidecar.members.store import find_member
from tests.processor.running import RunningProcessor
from tests.setup.builders import Installation, an_installation, users_of

CARD, BAD_CARD = "4242424242424242", "4000000000000341"


class Selling:
    """`there`: the installation; `alice`, `bob`, `charlie`: WordPress users; `order`: what Alice has bought."""

    def __init__(self, folder: Path, processor: RunningProcessor) -> None:
        self.processor = processor
        key = folder / "stripe-key"
        key.write_text(processor.secret_key)
        lines = {
            "gateway": "stripe", "secret_key_file": str(key), "publishable_key": "pk_test_x", "api_url": processor.url,
        }  # fmt: skip
        self.there: Installation = an_installation(
            folder, billing="\n".join(f'{name} = "{value}"' for name, value in lines.items())
        )
        self.did("init")
        self.did("level", "add", "Gold")
        self.did("level", "add", "Silver")
        for name, price in {"Gold": "19.00", "Silver": "9.00"}.items():
            self.did(
                "product", "add", name, "--level", name, "--kind", "subscription", "--price", price, "--currency", "EUR",
                "--every", "1", "--unit", "month",
            )  # fmt: skip
        self.alice, self.bob, self.charlie = users_of(self.there, "alice", "bob", "charlie")
        self.order = self.buy(self.alice)

    def did(self, *arguments: str, **options: str) -> str:
        return self.there.did(*arguments, **options)

    def run(self, *arguments: str, **options: str) -> Any:
        return self.there.run(*arguments, **options)

    def buy(self, user_id: int, product: str = "Gold", card: str = CARD) -> Order:
        with self.there.here.at_work() as service:
            token = secrets.token_hex(16)
            buyer = Buyer(user_id, f"user{user_id}@example.test", f"User {user_id}")
            begun = begin(service.desk, buyer, Wish(product, token))
            self.processor.post("pay", {"intent": begun.client_secret.split("_secret_")[0], "card": card})
            return finish(service.desk, token)

    def orders(self, user_id: int) -> list[Order]:
        with self.there.here.at_work(), reading() as reader:
            member = find_member(reader, user_id)
            return list_orders(reader, member.id) if member else []

    def read(self) -> Order:
        """Alice's order as it is now."""
        with self.there.here.at_work(), reading() as reader:
            found = find_order(reader, self.order.id)
        assert found is not None
        return found

    def level_status(self, user_id: int) -> str:
        with self.there.here.at_work(), reading() as reader:
            member = find_member(reader, user_id)
        return str(member.level.status) if member and member.level else ""

    def execute(self, statement: str, **values: Any) -> None:
        with self.there.here.at_work(), transaction() as session:
            session.execute(sa.text(statement), values)

    def make_due(self) -> None:
        """Alice's next payment is due now."""
        now = real_now().replace(tzinfo=None).isoformat(sep=" ")
        self.execute(
            "UPDATE gatepost_orders SET next_due_at = :now, wake_at = :now WHERE id = :id",
            now=now,
            id=self.order.id,
        )

    def succeeded(self) -> int:
        """How many charges the processor has made."""
        return sum(one["status"] == "succeeded" for one in self.processor.get("ledger")["charges"])
