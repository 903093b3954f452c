"""A house that sells: billing on a real database, the test processor as its gateway, two clocks that move together.

The cast: Alice buys, Bob buys something else, Charlie never pays for anything and must never be charged.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sidecar.activity.partitions import months_from, sync_partitions
from sidecar.billing import store
from sidecar.billing.charging import Tally, charge_due
from sidecar.billing.checking import check
from sidecar.billing.desk import Desk, Settings
from sidecar.billing.gateways.stripe import StripeGateway
from sidecar.billing.models import attempts, ledger, receivables, settlements
from sidecar.billing.ordering import Begun, Buyer, Wish, begin, finish
from sidecar.billing.rules import Order, Receivable
from sidecar.catalog.making import make_product
from sidecar.catalog.rules import Grant, ProductKind, Terms
from sidecar.catalog.store import get_product
from sidecar.db import reading
from sidecar.members.rules import Entitlement
from sidecar.outbox import outbox
from tests.house import NOW, House
from tests.processor.running import RunningProcessor

_PARTITIONED_UNTIL = NOW + timedelta(days=330)
"""So far the house has months for its events; beyond, the job that makes them is needed."""
GOOD_CARD, OTHER_GOOD_CARD = "4242424242424242", "5555555555554444"


@dataclass
class Shop:
    """`desk` is what billing works with; `processor` is Stripe."""

    house: House
    processor: RunningProcessor
    settings: Settings = field(
        default_factory=lambda: Settings(accept_unsafe_database=True, members_may_pause=True)
    )
    site_url: str = "https://club.test"
    machine: str = "machine-1"

    def __post_init__(self) -> None:
        self.gateway = StripeGateway(
            self.processor.secret_key,
            self.processor.publishable_key,
            "whsec_test",
            api_url=self.processor.url,
        )
        self.desk = self.new_desk()

    def new_desk(self, **changes: Any) -> Desk:
        state_dir = self.house.service.config.state_dir
        state_dir.mkdir(parents=True, exist_ok=True)
        values: dict[str, Any] = {
            "installation": "11111111-2222-3333-4444-555555555555", "site_url": self.site_url, "machine": self.machine,
            "clock": self.house.clock, "tables": self.house.tables, "settings": self.settings, "state_dir": state_dir,
            "gateway": self.gateway, "front": self.gateway, **changes,
        }  # fmt: skip
        return Desk(**values)

    # --- time ---

    @property
    def now(self) -> datetime:
        return self.house.clock.now()

    def move(self, days: float = 0, hours: float = 0) -> None:
        by = timedelta(days=days, hours=hours)
        self.house.clock.move(by)
        if self.now > _PARTITIONED_UNTIL:
            sync_partitions(months_from(self.now, 2))
        self.processor.post("clock", {"now": self.now.timestamp()})

    # --- the catalog ---

    def product(self, name: str = "", grant: Grant = Grant.LEVEL, grant_id: int = 0, **terms: Any) -> str:
        values: dict[str, Any] = {
            "kind": ProductKind.SUBSCRIPTION, "price_minor": 1900, "currency": "EUR", "every": 1, "unit": "month", **terms,
        }  # fmt: skip
        if not grant_id:
            grant_id = self.house.level() if grant is Grant.LEVEL else self.house.bundle()
        name = name or f"Product {self.house.next('product')}"
        make_product(name, Terms(**values), grant, grant_id, now=self.now)
        return name

    def once(self, **terms: Any) -> str:
        return self.product(**{"kind": ProductKind.ONE_TIME, "every": None, "unit": None, **terms})

    # --- buying ---

    def begin(self, user_id: int, product: str, **wish: Any) -> tuple[Begun, str]:
        token = wish.pop("token", "") or secrets.token_hex(16)
        buyer = Buyer(user_id, f"user{user_id}@example.test", f"User {user_id}", ip="192.0.2.7")
        return begin(self.desk, buyer, Wish(product, token, **wish)), token

    def pay(self, begun: Begun, card: str = GOOD_CARD) -> Any:
        """What the browser does with the client secret."""
        return self.processor.post("pay", {"intent": begun.client_secret.split("_secret_")[0], "card": card})

    def buy(self, user_id: int, product: str, card: str = GOOD_CARD, **wish: Any) -> Order:
        begun, token = self.begin(user_id, product, **wish)
        if begun.mode in {"payment", "setup"}:
            self.pay(begun, card)
        return finish(self.desk, token)

    def run(self, **options: Any) -> Tally:
        return charge_due(self.desk, **{"threads": 1, **options})

    def script(self, order: Order, *outcomes: Any, then: str = "succeed") -> None:
        """How the order's card answers the coming charges."""
        self.processor.post(f"cards/{self.card_of(order)}", {"outcomes": list(outcomes), "then": then})

    def card_of(self, order: Order) -> str:
        from sidecar.billing.store_cards import find_card

        with reading() as reader:
            card = find_card(reader, self.read(order).card_id or 0)
        assert card is not None
        return card.gateway_id

    # --- reading ---

    def read(self, order: Order) -> Order:
        with reading() as reader:
            found = store.find_order(reader, order.id)
        assert found is not None
        return found

    def receivables(self, order: Order) -> list[Receivable]:
        with reading() as reader:
            return store.list_receivables(reader, order.id)

    def attempts(self, order: Order) -> list[Any]:
        with reading() as reader:
            return list(
                reader.execute(
                    sa.select(attempts).where(attempts.c.order_id == order.id).order_by(attempts.c.id)
                )
            )

    def settlements(self, order: Order) -> list[Any]:
        with reading() as reader:
            rows = sa.select(settlements).where(settlements.c.order_id == order.id).order_by(settlements.c.id)
            return list(reader.execute(rows))

    def hold(self, user_id: int, bundle_id: int | None = None) -> Entitlement:
        member = self.house.read(user_id)
        if bundle_id is None:
            assert member.level is not None
            return member.level
        return next(held for held in member.bundles if held.bundle_id == bundle_id)

    def charges(self) -> list[Any]:
        """The processor's own ledger of charges that succeeded."""
        return [one for one in self.processor.get("ledger")["charges"] if one["status"] == "succeeded"]

    def mails(self) -> list[str]:
        """Kinds of the mails that are queued, oldest first."""
        import json

        with reading() as reader:
            rows = reader.execute(
                sa.select(outbox.c.payload)
                .where(outbox.c.kind == "mail")
                .order_by(outbox.c.seq_at, outbox.c.id)
            )
            return [json.loads(row[0])["kind"] for row in rows]

    def waiting_mails(self) -> list[str]:
        """Kinds of the mails that will still be sent."""
        from sidecar.outbox import list_waiting

        with reading() as reader:
            return [parcel.payload["kind"] for parcel in list_waiting(reader, "mail")]

    def event_names(self, type: str = "billing") -> list[str]:
        return [event.name for event in self.house.events() if event.type == type]

    def check(self) -> None:
        """What must hold after every test: the invariants, and each settled receivable was paid once and by the processor
        if and only if it says so."""
        with reading() as reader:
            breaches = check(reader, self.now)
            unbalanced = reader.execute(
                sa.select(ledger.c.posting)
                .group_by(ledger.c.posting)
                .having(sa.func.sum(ledger.c.amount_minor) != 0)
            ).all()
            settled = reader.execute(
                sa.select(receivables.c.uuid, settlements.c.source, settlements.c.charge_id)
                .select_from(
                    receivables.outerjoin(settlements, settlements.c.receivable_id == receivables.c.id)
                )
                .where(receivables.c.status == "settled")
            ).all()
        assert breaches == []
        assert unbalanced == []
        charged = {one["id"] for one in self.charges()}
        by_gateway = [row.charge_id for row in settled if row.source == "gateway"]
        assert all(row.source is not None for row in settled)
        assert set(by_gateway) <= charged
        assert len(by_gateway) == len(set(by_gateway))
        assert self.processor.get("violations") == [] or self.processor.get("violations") == {
            "violations": []
        }


@pytest.fixture
def shop(house: House, processor: RunningProcessor) -> Iterator[Shop]:
    """A shop on each database, at noon of June 15th, 2026; checked at the end."""
    processor.post("clock", {"now": NOW.timestamp()})
    the_shop = Shop(house, processor)
    yield the_shop
    the_shop.check()


def product_id(name: str) -> int:
    with reading() as reader:
        return get_product(reader, name).id
