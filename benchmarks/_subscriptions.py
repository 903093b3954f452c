"""A site's database full of subscriptions, and their cards at the test processor: what `benchmarks/billing.py` measures on."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa
from flask import Flask

from sidecar import config as configuration
from sidecar.activity.partitions import months_from, sync_partitions
from sidecar.app import create_app
from sidecar.billing.models import (
    billing_lease,
    cards,
    customers,
    member_locks,
    orders,
    receivables,
    settlements,
)
from sidecar.billing.restoring import adopt
from sidecar.catalog.making import make_level, make_product
from sidecar.catalog.rules import Grant, ProductKind, Terms, terms_to_json
from sidecar.catalog.store import get_product
from sidecar.db import db, reading, transaction
from sidecar.installation import claim_for_site
from sidecar.members.models import entitlements, members
from sidecar.migrations.running import upgrade
from sidecar.service import Service
from tests.bed.session import Session
from tests.processor.running import RunningProcessor

TERMS = Terms(ProductKind.SUBSCRIPTION, price_minor=1900, currency="EUR", every=1, unit="month")
CHUNK = 2000
CARD = {"type": "card", "card[number]": "4242424242424242", "card[exp_month]": "12", "card[exp_year]": "2040"}
Rows = Iterable[dict[str, Any]]


@dataclass(frozen=True)
class Run:
    """One measurement. `delay_ms`: how long the processor takes for an answer; `limits`: its own, per second and endpoint."""

    name: str
    title: str
    renewals: int
    threads: int
    delay_ms: int = 0
    calls: tuple[int, int] = (0, 0)
    limits: tuple[int | None, int | None] = (None, None)


@dataclass(frozen=True)
class Kept:
    """A card that the processor keeps for a customer."""

    customer: str
    card: str
    fingerprint: str


class Shop:
    """A site's database with subscriptions, and the configuration of its workers."""

    def __init__(self, bed: Session, processor: RunningProcessor, folder: Path) -> None:
        self.bed, self.processor, self.folder = bed, processor, folder
        self.database_url = bed.mariadb.new_database("bench")
        self.app: Flask = create_app(configuration.from_tables(self.tables(Run("", "", 0, 8))))
        self._next = 1

    def tables(self, run: Run) -> dict[str, dict[str, Any]]:
        """The configuration for one measurement."""
        (self.folder / "stripe-key").write_text(self.processor.secret_key)
        return {
            "site": {"url": "https://club.test"},
            "database": {"url": self.database_url},
            "bridge": {"listen": f"unix:{self.folder}/s.sock", "secret_file": f"{self.folder}/secret"},
            "service": {"state_dir": f"{self.folder}/state"},
            "billing": {
                "gateway": "stripe", "secret_key_file": f"{self.folder}/stripe-key", "publishable_key": "pk_test_x",
                "api_url": self.processor.url, "redis_url": f"redis://127.0.0.1:{self.bed.redis_port}/0",
                "threads": run.threads, "calls_per_second": run.calls[0], "calls_per_endpoint": run.calls[1],
            },
        }  # fmt: skip

    def write_config(self, run: Run) -> Path:
        """As a file, for the workers."""
        path = self.folder / f"{run.name}.toml"
        sections = [
            f"[{name}]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in values.items())
            for name, values in self.tables(run).items()
        ]
        path.write_text("\n".join(sections))
        return path

    def said(self, run: Run) -> str:
        """The end of what the workers have written."""
        return "\n".join((self.folder / f"{run.name}.log").read_text().splitlines()[-30:])

    @property
    def service(self) -> Service:
        return self.app.extensions["gatepost"]

    def build(self) -> None:
        """Tables, a product, and the lease, which a database without orders gets by itself."""
        (self.folder / "state").mkdir()
        upgrade(db.engine)
        now = self.service.clock.now()
        sync_partitions(months_from(now, 2))
        claim_for_site("wp_", now)
        with transaction() as session:
            self.service.tables.create_all(session)
        level = make_level("Gold", now=now)
        make_product("Gold", TERMS, Grant.LEVEL, level, now=now)
        with reading() as reader:
            self.product = get_product(reader, "Gold")
        self.account = adopt(self.service.desk, by="bench")
        with transaction() as session:
            session.execute(sa.update(billing_lease).values(forecast=10_000_000))

    # --- subscriptions, by bulk SQL ---------------------------------------------------------------------------------

    def subscribe(self, count: int, kept: list[Kept], due_at: Callable[[int], datetime]) -> tuple[int, int]:
        """`count` active monthly subscriptions; the first and the last member's id.

        `kept`: cards at the processor, for the first ones; the others have invented ones.
        """
        first = self._next
        for begin in range(first, first + count, CHUNK):
            numbers = range(begin, min(begin + CHUNK, first + count))
            names = [
                kept[n - first] if n - first < len(kept) else Kept(f"cus_none{n}", f"pm_none{n}", f"fp{n}")
                for n in numbers
            ]
            with transaction() as session:
                for table, rows in self._rows(numbers, names, due_at).items():
                    session.execute(sa.insert(table), [{**_nothing(table), **row} for row in rows])
        self._next = first + count
        return first, first + count - 1

    def _rows(
        self, numbers: range, names: list[Kept], due_at: Callable[[int], datetime]
    ) -> dict[sa.Table, Rows]:
        began = datetime(2026, 1, 1, tzinfo=UTC)
        due = {n: due_at(n) for n in numbers}
        anchor = {n: due[n] - timedelta(days=31) for n in numbers}
        both = list(zip(numbers, names, strict=True))
        return {
            self.service.tables.users: [
                {"ID": n, "user_login": f"m{n}", "user_pass": "", "user_nicename": f"m{n}", "display_name": f"M {n}",
                 "user_email": f"m{n}@example.test", "user_registered": began} for n in numbers
            ],
            members: [{"id": n, "user_id": n, "joined_at": began} for n in numbers],
            entitlements: [
                {"member_id": n, "slot": "level", "level_id": self.product.grant_id, "status": "active",
                 "status_changed_at": began, "is_complimentary": False, "started_at": began, "days_method": "joined",
                 "paused_days": 0} for n in numbers
            ],
            member_locks: [{"member_id": n, "until_s": 0.0} for n in numbers],
            customers: [
                {"member_id": n, "account": self.account, "gateway_id": name.customer, "made_at": began} for n, name in both
            ],
            cards: [
                {"id": n, "member_id": n, "gateway_id": name.card, "customer_id": name.customer, "fingerprint": name.fingerprint,
                 "brand": "visa", "last4": "4242", "exp_year": 2040, "exp_month": 12, "never_again": False,
                 "added_at": began} for n, name in both
            ],
            orders: [
                {"id": n, "uuid": str(uuid.uuid4()), "token": uuid.uuid4().hex, "member_id": n, "card_id": n,
                 "product_id": self.product.id, "level_id": self.product.grant_id, "gateway": "stripe", "status": "active",
                 "terms": terms_to_json(TERMS), "currency": "EUR", "zone": "Europe/Paris", "anchor_at": anchor[n],
                 "anchor_cycle": 0, "next_cycle": 1, "next_due_at": due[n], "paid_until_at": due[n], "wake_at": due[n],
                 "retries": 0, "faults": 0, "carried_minor": 0, "affiliate_id": "", "subaffiliate_id": "", "ip": "",
                 "ordered_at": began, "activated_at": began} for n in numbers
            ],
            receivables: [
                {"id": n, "uuid": str(uuid.uuid4()), "order_id": n, "member_id": n, "cycle": 0, "status": "settled",
                 "net_minor": 1900, "tax_minor": 0, "gross_minor": 1900, "credit_minor": 0, "currency": "EUR", "tax_ppm": 0,
                 "country": "", "from_at": anchor[n], "until_at": due[n], "due_at": anchor[n], "intent_number": 1,
                 "made_at": anchor[n]} for n in numbers
            ],
            settlements: [
                {"receivable_id": n, "order_id": n, "member_id": n, "source": "manual", "amount_minor": 1900,
                 "currency": "EUR", "note": "", "settled_at": anchor[n]} for n in numbers
            ],
        }  # fmt: skip

    def analyze(self) -> None:
        with transaction() as session:
            for table in (orders, members, entitlements, receivables, settlements, cards):
                session.execute(sa.text(f"ANALYZE TABLE {table.name}"))

    def settled(self, first: int, last: int) -> tuple[int, datetime, datetime]:
        """How many renewals of these members are paid, the first and the last moment."""
        mine = sa.and_(settlements.c.member_id.between(first, last), settlements.c.source == "gateway")
        moment = settlements.c.settled_at
        with reading() as reader:
            row = reader.execute(
                sa.select(sa.func.count(), sa.func.min(moment), sa.func.max(moment)).where(mine)
            ).one()
        return row[0], row[1], row[2]


def _nothing(table: sa.Table) -> dict[str, Any]:
    """What a new row has in the columns that must hold something and that these benchmarks do not care about."""
    wanted = [
        one for one in table.columns if not one.nullable and not one.primary_key and not one.server_default
    ]
    return {one.name: 0 for one in wanted if one.type.python_type in {int, bool}}


def keep_cards(processor: RunningProcessor, count: int) -> list[Kept]:
    """`count` customers with a card each, made by the processor's API."""
    with ThreadPoolExecutor(8) as pool:
        return [
            pair
            for pairs in pool.map(lambda n: list(_keep(processor, n)), _shares(count, 8))
            for pair in pairs
        ]


def _shares(count: int, parts: int) -> list[int]:
    return [count // parts + (part < count % parts) for part in range(parts)]


def _keep(processor: RunningProcessor, count: int) -> Iterator[Kept]:
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {processor.secret_key}"

        def post(path: str, **values: str) -> dict[str, Any]:
            answer = session.post(f"{processor.url}/v1/{path}", data=values, timeout=20)
            answer.raise_for_status()
            return dict(answer.json())

        for _number in range(count):
            customer = post("customers")["id"]
            card = post("payment_methods", **CARD)
            post(f"payment_methods/{card['id']}/attach", customer=customer)
            yield Kept(customer, card["id"], card["card"]["fingerprint"])
