"""Products and orders as tags see them. Pure; sentences are in the language of the context."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from babel.units import format_unit

from shortcodes.facts import Money, OrderFacts, ProductFacts
from sidecar.billing.rules import Order
from sidecar.catalog.rules import Grant, Product, Terms
from sidecar.currencies import to_decimal
from sidecar.pages.forms.words import Words

CONFIRMED_FOR = timedelta(days=1)
"""So long a confirmation page speaks of an order."""
_NUMBER_LENGTH = 8


def money(words: Words, minor: int, currency: str) -> Money:
    """An amount in minor units, as a number and in words."""
    plain = to_decimal(minor, currency)
    return Money(f"{plain:f}", words.money(minor, currency))


def product_facts(product: Product, words: Words, *, is_listed: bool) -> ProductFacts:
    """What a page may say of a product."""
    terms = product.terms
    return ProductFacts(
        id=product.id,
        name=product.name,
        description=product.description,
        billing_description=words.terms(terms),
        price=money(words, terms.price_minor, terms.currency),
        is_subscription=terms.renews,
        rebill_duration=terms.every if terms.renews else None,
        rebill_frequency=_frequency(terms, words.language),
        is_listed=is_listed,
    )


def _frequency(terms: Terms, language: str) -> str:
    """
    >>> from sidecar.catalog.rules import ProductKind
    >>> _frequency(Terms(ProductKind.SUBSCRIPTION, 1, "EUR", 3, "month"), "fr")
    'mois'
    """
    if terms.unit is None or terms.every is None:
        return ""
    return format_unit(terms.every, f"duration-{terms.unit}", locale=language).split(maxsplit=1)[-1]


def order_facts(order: Order, product: Product | None, words: Words) -> OrderFacts:
    """What its buyer is told of an order: the amounts are those of its first payment, tax included."""
    total = order.price_of(0).gross_minor
    subtotal = replace(order, coupon_json=None).price_of(0).gross_minor
    return OrderFacts(
        number=order.uuid[:_NUMBER_LENGTH],
        product_id=order.product_id,
        product_name="" if product is None else product.name,
        level_id=order.level_id,
        total=money(words, total, order.currency),
        subtotal=money(words, subtotal, order.currency),
        discount=money(words, subtotal - total, order.currency),
        shipping=money(words, 0, order.currency),
        coupon_code="" if order.coupon is None else order.coupon.code,
        gift_link="",
        ip=order.ip,
        affiliate=order.affiliate_id,
        subaffiliate=order.subaffiliate_id,
        is_free=total == 0,
        is_discounted=subtotal > total,
    )


def just_bought(orders: Iterable[Order], now: datetime) -> Order | None:
    """Of a member's orders the newest that gave access, while it is new."""
    given = [order for order in orders if order.activated_at is not None]
    newest = max(given, key=lambda order: (order.ordered_at, order.id), default=None)
    return newest if newest is not None and now - newest.ordered_at < CONFIRMED_FOR else None


def find_by_name(products: Iterable[Product], wanted: str) -> Product | None:
    """By number, else by name, else by reference; archived ones, too."""
    by_number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 else 0
    ranked = sorted(
        products, key=lambda one: (one.id != by_number, one.name != wanted, one.reference != wanted)
    )
    first = ranked[0] if ranked else None
    fits = first is not None and (first.id == by_number or wanted in (first.name, first.reference))
    return first if fits else None


def first_giving_level(products: Iterable[Product], level_id: int) -> Product | None:
    """The first product for sale, by number, that gives the level and that is listed."""
    wanted = (Grant.LEVEL, level_id)
    return next((one for one in products if (one.grant, one.grant_id) == wanted and is_listed(one)), None)


def is_listed(product: Product) -> bool:
    """Whether everybody may know of it."""
    return not product.is_hidden and not product.is_archived


def with_query(url: str, **parameters: str) -> str:
    """The address with these parameters, less those that are empty.

    >>> with_query("https://club.test/?page_id=5", rid="abc", coupon="")
    'https://club.test/?page_id=5&rid=abc'
    """
    query = urlencode({name: value for name, value in parameters.items() if value})
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url
