"""A site's database with many members in every state, by bulk SQL: what `benchmarks/screens.py` measures on."""

from __future__ import annotations

import random
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from sidecar import config as configuration
from sidecar.activity.models import events
from sidecar.activity.partitions import months_from, sync_partitions
from sidecar.activity.rules import Event, EventType, canonical_body, digest, event_id
from sidecar.app import create_app
from sidecar.billing.models import attempts, cards, orders, receivables, settlements
from sidecar.catalog.making import make_bundle, make_level, make_product
from sidecar.catalog.rules import Grant, ProductKind, Terms, terms_to_json
from sidecar.catalog.store import get_product
from sidecar.db import db, transaction
from sidecar.installation import claim_for_site
from sidecar.members.models import entitlements, members
from sidecar.migrations.running import upgrade
from sidecar.wordpress.serialization import dumps

CHUNK = 2000
DAY = timedelta(days=1)
TERMS = {
    "Gold": Terms(ProductKind.SUBSCRIPTION, price_minor=1900, currency="EUR", every=1, unit="month"),
    "Silver": Terms(ProductKind.SUBSCRIPTION, price_minor=9900, currency="EUR", every=1, unit="year"),
}
FIRST = [
    "Anna",
    "Bob",
    "Carla",
    "David",
    "Emma",
    "Farid",
    "Grace",
    "Hugo",
    "Ines",
    "Jack",
    "Keiko",
    "Liam",
    "Maya",
    "Noah",
    "Olga",
    "Paul",
    "Rosa",
    "Sam",
    "Tara",
    "Yann",
]
LAST = [
    "Martin",
    "Bernard",
    "Dubois",
    "Thomas",
    "Robert",
    "Richard",
    "Petit",
    "Durand",
    "Leroy",
    "Moreau",
    "Simon",
    "Laurent",
    "Lefevre",
    "Michel",
    "Garcia",
    "David",
]
STATUSES = (
    ["active"] * 90 + ["overdue"] * 3 + ["canceled"] * 4 + ["paused"] + ["expired"] + ["pending_cancel"]
)
ORDER_STATUS = {"expired": "completed"}


class LargeSite:
    """`count` members; the owner is WordPress user 1. The same numbers make the same site."""

    def __init__(self, database_url: str, folder: Path, count: int) -> None:
        self.count, self.now, self._dice = count, datetime.now(UTC).replace(microsecond=0), random.Random(7)
        (folder / "state").mkdir(exist_ok=True)
        (folder / "secret").write_text(secrets.token_hex(32))
        self.app: Flask = create_app(
            configuration.from_tables(
                {
                    "site": {"url": "https://club.test"},
                    "database": {"url": database_url},
                    "bridge": {"listen": f"unix:{folder}/s.sock", "secret_file": f"{folder}/secret"},
                    "service": {"state_dir": f"{folder}/state"},
                    "dashboard": {"address": "https://club.test/office"},
                }
            )
        )

    def build(self) -> None:
        """All of it, in the app's context."""
        tables = self.app.extensions["gatepost"].tables
        upgrade(db.engine)
        sync_partitions(months_from(self.now - 70 * DAY, 4))
        claim_for_site("wp_", self.now)
        with transaction() as session:
            tables.create_all(session)
            roles = {"administrator": {"name": "Administrator", "capabilities": {"manage_options": True}}}
            session.execute(sa.insert(tables.options), [
                {"option_name": name, "option_value": value, "autoload": "yes"}
                for name, value in {"home": "https://club.test", "blogname": "Club", "timezone_string": "Europe/Paris",
                                    tables.roles_option: dumps(roles)}.items()
            ])  # fmt: skip
        self.levels = [make_level(name, now=self.now) for name in TERMS]
        self.bundles = [make_bundle(name, now=self.now) for name in ("Videos", "Forum")]
        for name, level in zip(TERMS, self.levels, strict=True):
            make_product(name, TERMS[name], Grant.LEVEL, level, now=self.now)
        with transaction() as session:
            self.products = {name: get_product(session, name).id for name in TERMS}
        for begin in range(1, self.count + 1, CHUNK):
            self._add(range(begin, min(begin + CHUNK, self.count + 1)))
        with transaction() as session:
            session.execute(sa.insert(tables.usermeta).values(
                user_id=1, meta_key=tables.capabilities_key, meta_value=dumps({"administrator": True})))  # fmt: skip
            for table in (
                members,
                entitlements,
                orders,
                receivables,
                settlements,
                attempts,
                events,
                tables.users,
            ):
                session.execute(sa.text(f"ANALYZE TABLE {table.name}"))

    def _add(self, numbers: range) -> None:
        rows: dict[sa.Table, list[dict[str, Any]]] = {}
        for number in numbers:
            for table, row in self._member(number):
                rows.setdefault(table, []).append(row)
        with transaction() as session:
            for table, made in rows.items():
                keys = {key for row in made for key in row}
                session.execute(sa.insert(table), [{**dict.fromkeys(keys), **row} for row in made])

    def _member(self, n: int) -> list[tuple[sa.Table, dict[str, Any]]]:
        tables, dice, now = self.app.extensions["gatepost"].tables, self._dice, self.now
        first, last = dice.choice(FIRST), dice.choice(LAST)
        login = f"{first}.{last}{n}".lower()
        joined = now - DAY * dice.randrange(1, 900)
        status, kind = dice.choice(STATUSES), dice.choice(["Gold"] * 3 + ["Silver"])
        level = self.levels[list(TERMS).index(kind)]
        made: list[tuple[sa.Table, dict[str, Any]]] = [
            (tables.users, {"id": n, "user_login": login, "user_pass": "x" * 34, "user_nicename": login,
                            "display_name": f"{first} {last}", "user_email": f"{login}@example.test", "user_url": "",
                            "user_registered": joined, "user_activation_key": "", "user_status": 0}),
            (tables.usermeta, {"user_id": n, "meta_key": "first_name", "meta_value": first}),
            (tables.usermeta, {"user_id": n, "meta_key": "last_name", "meta_value": last}),
            (members, {"id": n, "user_id": n, "joined_at": joined}),
            (entitlements, self._held(n, "level", joined, status, level_id=level)),
        ]  # fmt: skip
        if dice.random() < 0.3:
            bundle = dice.choice(self.bundles)
            made.append((entitlements, self._held(n, f"bundle:{bundle}", joined, "active", bundle_id=bundle)))
        made += self._order(n, joined, status, kind, level)
        made += [(events, self._event(n, number)) for number in range(3)]
        return made

    def _held(self, n: int, slot: str, at: datetime, status: str, **grant: int) -> dict[str, Any]:
        return {"member_id": n, "slot": slot, "level_id": None, "bundle_id": None, "status": status, "status_changed_at": at,
                "is_complimentary": False, "started_at": at, "days_method": "joined", "paused_days": 0, **grant}  # fmt: skip

    def _order(
        self, n: int, joined: datetime, status: str, kind: str, level: int
    ) -> list[tuple[sa.Table, dict[str, Any]]]:
        dice, now, terms = self._dice, self.now, TERMS[kind]
        due = now + DAY * dice.randrange(1, 30) if status != "overdue" else now - DAY * dice.randrange(1, 6)
        paid = due - 30 * DAY
        ended = now - DAY * dice.randrange(1, 60) if status in {"canceled", "expired"} else None
        lives = status in {"active", "overdue"}
        order = {
            "id": n, "uuid": str(uuid.UUID(int=dice.getrandbits(128), version=4)), "token": f"{n:064d}", "member_id": n,
            "product_id": self.products[kind], "level_id": level, "gateway": "stripe", "status": ORDER_STATUS.get(status, status),
            "terms": terms_to_json(terms), "currency": "EUR", "zone": "Europe/Paris", "anchor_at": paid, "anchor_cycle": 0,
            "next_cycle": 1, "next_due_at": due if lives else None, "paid_until_at": due, "wake_at": due if lives else None,
            "retries": 1 if status == "overdue" else 0, "faults": 0, "carried_minor": 0, "affiliate_id": "",
            "subaffiliate_id": "", "ip": "192.0.2.7", "ordered_at": joined, "activated_at": joined, "waits_for_member": False,
            "first_failed_at": due if status == "overdue" else None, "ended_at": ended, "card_id": n,
            "ended_for": dice.choice(["asked", "unpaid"]) if ended else None,
        }  # fmt: skip
        owed = {"id": 2 * n, "uuid": str(uuid.UUID(int=dice.getrandbits(128), version=4)), "order_id": n, "member_id": n,
                "cycle": 0, "status": "settled", "net_minor": terms.price_minor, "tax_minor": 0, "gross_minor": terms.price_minor,
                "credit_minor": 0, "currency": "EUR", "tax_ppm": 0, "country": "", "from_at": paid, "until_at": due,
                "due_at": paid, "intent_number": 1, "made_at": paid}  # fmt: skip
        was_late = dice.random() < 0.05
        tried = {"order_id": n, "member_id": n, "receivable_id": 2 * n, "amount_minor": terms.price_minor, "currency": "EUR",
                 "card_id": n, "started_s": 0.0}  # fmt: skip
        made: list[tuple[sa.Table, dict[str, Any]]] = [
            (cards, {"id": n, "member_id": n, "gateway_id": f"pm_{n}", "customer_id": f"cus_{n}", "fingerprint": f"fp{n}",
                     "brand": "visa", "last4": "4242", "exp_year": 2040, "exp_month": 12, "never_again": False, "added_at": joined}),
            (orders, order), (receivables, owed),
        ]  # fmt: skip
        if was_late:
            made.append((attempts, {**tried, "id": 4 * n, "number": 1, "origin": "schedule", "status": "failed",
                                    "decline": "insufficient_funds", "started_at": paid, "finished_at": paid}))  # fmt: skip
        made += [
            (attempts, {**tried, "id": 4 * n + 1, "number": 2 if was_late else 1, "origin": "retry" if was_late else "schedule",
                        "status": "succeeded", "charge_id": f"ch_{n}", "started_at": paid, "finished_at": paid}),
            (settlements, {"receivable_id": 2 * n, "order_id": n, "member_id": n, "source": "gateway", "currency": "EUR",
                           "amount_minor": terms.price_minor, "note": "", "settled_at": paid, "attempt_id": 4 * n + 1,
                           "charge_id": f"ch_{n}"}),
        ]  # fmt: skip
        if status == "overdue":
            late = {**owed, "id": 2 * n + 1, "uuid": str(uuid.UUID(int=dice.getrandbits(128), version=4)), "cycle": 1,
                    "status": "due", "due_at": due, "from_at": due, "until_at": due + 30 * DAY, "made_at": due}  # fmt: skip
            made += [
                (receivables, late),
                (attempts, {**tried, "id": 4 * n + 2, "receivable_id": 2 * n + 1, "number": 1, "origin": "schedule",
                            "status": "failed", "decline": "card_declined", "started_at": due, "finished_at": due}),
            ]  # fmt: skip
        return made

    def _event(self, n: int, number: int) -> dict[str, Any]:
        at = self.now - timedelta(minutes=self._dice.randrange(1, 60 * 24 * 30))
        kind, name = [(EventType.PAGE, "viewed"), (EventType.LOGIN, "signed_in"), (EventType.EMAIL, "sent")][
            number
        ]
        event = Event(
            event_id(f"{n}:{number}", at), kind, name, at, n, n, "post:1", "192.0.2.7", {"url": "/a-page/"}
        )
        body, salt = canonical_body(event.body), b"\0" * 16
        return {"id": event.id, "type": str(kind), "month": event.month, "name": name, "at": at, "member_id": n, "user_id": n,
                "subject": event.subject, "ip": event.ip, "body": body, "salt": salt, "digest": digest(event, body, salt),
                "seal": None}  # fmt: skip
