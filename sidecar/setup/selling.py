"""Something to sell, where there is nothing yet: a level, and a product that gives it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sidecar.catalog.making import make_level, make_product
from sidecar.catalog.rules import Grant, Level, Product, ProductKind, Terms
from sidecar.catalog.store import find_product, get_level, get_product, list_levels
from sidecar.db import session, use_case
from sidecar.errors import Refused
from sidecar.i18n import _


@dataclass(frozen=True)
class Goods:
    """What is for sale. `is_new`: the product was made just now."""

    level: Level
    product: Product
    is_new: bool


def terms_of(price_minor: int, currency: str, every: str, trial_days: int) -> Terms:
    """`every`: a unit (`month`, `year` …), or `once`.

    >>> terms_of(900, "EUR", "month", 14).trial_price_minor, terms_of(900, "EUR", "once", 0).kind.value
    (0, 'one_time')
    """
    if every == "once":
        if trial_days:
            raise Refused(_("Only what renews can have a trial."))
        return Terms(ProductKind.ONE_TIME, price_minor, currency)
    return Terms(
        ProductKind.SUBSCRIPTION,
        price_minor,
        currency,
        1,
        every,
        trial_days=trial_days or None,
        trial_price_minor=0 if trial_days else None,
    )


@use_case
def ensure_goods(level_name: str, product_name: str, terms: Terms, *, now: datetime) -> Goods:
    """The level and the product of these names; what is there already stays as it is. Refuses a product of something else."""
    level = next((one for one in list_levels(session()) if one.name == level_name.strip()), None)
    if level is None:
        level = get_level(session(), make_level(level_name, now=now))
    product = find_product(session(), product_name)
    if product is None:
        made = make_product(product_name, terms, Grant.LEVEL, level.id, now=now)
        return Goods(level, get_product(session(), made), is_new=True)
    if (product.grant, product.grant_id) != (Grant.LEVEL, level.id) or product.is_archived:
        sentence = _("There is a product {product} already, and it does not sell the level {level}.")
        raise Refused(sentence.format(product=product.name, level=level.name))
    return Goods(level, product, is_new=False)
