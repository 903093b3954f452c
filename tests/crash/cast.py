"""Who is there and what can be bought: many members, several rhythms and currencies, one who never pays for anything."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from sidecar.catalog.making import make_bundle, make_level, make_product
from sidecar.catalog.rules import Grant, PlanEnd, ProductKind, Terms
from sidecar.db import transaction
from sidecar.wordpress.tables import Tables

MONTHLY, TRIAL, PLAN, YEARLY = "Monthly", "With a trial", "In three payments", "Yearly"
WEEKLY, DAILY, COURSE, CLUB = "Weekly letter", "Daily puzzle", "Course", "Club room"
LEVELS, BUNDLES = (MONTHLY, TRIAL, PLAN, YEARLY), (WEEKLY, DAILY, COURSE, CLUB)
_BRANDS = {"visa": "4929", "mastercard": "5425"}
_SUBSCRIPTION = ProductKind.SUBSCRIPTION


@dataclass
class Member:
    """`cards`: numbers, the newest last; `wants`: product → the day on which it is bought."""

    user_id: int
    cards: list[str]
    wants: dict[str, int]


def make_catalog(now: datetime) -> None:
    """Two levels and four bundles, and a product for each rhythm. Needs an app's context."""
    make_level("Free", now=now, is_free=True, is_default=True)
    gold = make_level("Gold", now=now)
    for name, terms in _level_terms().items():
        make_product(name, terms, Grant.LEVEL, gold, now=now)
    for name, terms in _bundle_terms().items():
        make_product(name, terms, Grant.BUNDLE, make_bundle(name, now=now), now=now)


def _level_terms() -> dict[str, Terms]:
    return {
        MONTHLY: Terms(_SUBSCRIPTION, 1900, "EUR", 1, "month", tax_ppm=200_000, tax_country="FR"),
        TRIAL: Terms(_SUBSCRIPTION, 2900, "USD", 1, "month", trial_days=14, trial_price_minor=0),
        PLAN: Terms(ProductKind.PAYMENT_PLAN, 3300, "EUR", 1, "month", payments=3, plan_end=PlanEnd.END),
        YEARLY: Terms(_SUBSCRIPTION, 12_000, "GBP", 1, "year"),
    }


def _bundle_terms() -> dict[str, Terms]:
    return {
        WEEKLY: Terms(_SUBSCRIPTION, 500, "CHF", 1, "week"),
        DAILY: Terms(_SUBSCRIPTION, 120, "JPY", 1, "day"),
        COURSE: Terms(ProductKind.ONE_TIME, 9900, "EUR", access_days=45),
        CLUB: Terms(_SUBSCRIPTION, 4500, "EUR", 3, "month", keeps_access_overdue=True),
    }


def make_members(
    tables: Tables, count: int, luck: random.Random, now: datetime, products: tuple[str, ...] = ()
) -> list[Member]:
    """WordPress users with something to buy within the first weeks: of `products`, or the usual mix. Needs an app's context."""
    return [
        Member(_add_user(tables, number, now), [new_card(luck)], _wants(luck, products))
        for number in range(1, count + 1)
    ]


def _add_user(tables: Tables, number: int, now: datetime) -> int:
    login = f"member{number}"
    values = {
        "user_login": login, "user_email": f"{login}@example.test", "user_nicename": login, "user_pass": "",
        "display_name": login, "user_registered": now,
    }  # fmt: skip
    with transaction() as session:
        return int(session.execute(sa.insert(tables.users).values(values)).inserted_primary_key[0])


def _wants(luck: random.Random, products: tuple[str, ...]) -> dict[str, int]:
    if products:
        return {product: luck.randint(0, 20) for product in products}
    wants = {luck.choices(LEVELS, (6, 3, 2, 1))[0]: luck.randint(0, 20)}
    if luck.random() < 0.4:
        wants[luck.choices(BUNDLES, (4, 1, 2, 2))[0]] = luck.randint(0, 25)
    return wants


def new_card(luck: random.Random) -> str:
    """A valid number that pays whatever no script says otherwise."""
    digits = luck.choice(list(_BRANDS.values())) + f"{luck.randrange(10**11):011}"
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits))]
    return digits + str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)
