"""What makes a product lawful. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from sidecar.errors import Refused
from sidecar.i18n import _

NAME_LENGTH = 100


class Grant(StrEnum):
    """The two kinds of things a member can hold."""

    LEVEL = "level"
    BUNDLE = "bundle"


class ProductKind(StrEnum):
    """How a product is paid."""

    FREE = "free"
    ONE_TIME = "one_time"
    SUBSCRIPTION = "subscription"
    PAYMENT_PLAN = "payment_plan"


UNITS = ("day", "week", "month", "year")


@dataclass(frozen=True)
class Level:
    """A membership level."""

    id: int
    name: str
    is_free: bool
    role: str
    keeps_access_overdue: bool


@dataclass(frozen=True)
class Bundle:
    """An add-on."""

    id: int
    name: str
    role: str
    keeps_access_overdue: bool


@dataclass(frozen=True)
class Terms:
    """What is paid and when: `price_minor` in minor units of `currency`, every `every` `unit`s, `payments` times."""

    kind: ProductKind
    price_minor: int = 0
    currency: str = "USD"
    every: int | None = None
    unit: str | None = None
    payments: int | None = None


def check_name(name: str) -> str:
    """The name without spaces around it; refuses an empty and a long one."""
    name = name.strip()
    if not name or len(name) > NAME_LENGTH:
        raise Refused(_("a name has from 1 to {length} characters").format(length=NAME_LENGTH))
    return name


def check_terms(terms: Terms) -> None:
    """Refuses terms that contradict themselves, in a sentence.

    >>> check_terms(Terms(ProductKind.SUBSCRIPTION, 1900, "EUR", 1, "month"))
    >>> check_terms(Terms(ProductKind.FREE, 1900))
    Traceback (most recent call last):
        ...
    sidecar.errors.Refused: a free product has no price
    """
    renews = terms.kind in {ProductKind.SUBSCRIPTION, ProductKind.PAYMENT_PLAN}
    wrongs = {
        _("a currency is three capital letters, such as EUR"): not re.fullmatch("[A-Z]{3}", terms.currency),
        _("a price is a whole number of minor units and not negative"): terms.price_minor < 0,
        _("a free product has no price"): terms.kind is ProductKind.FREE and terms.price_minor != 0,
        _("a product that is paid for needs a price"): terms.kind is not ProductKind.FREE
        and terms.price_minor == 0,
        _("a period is a number from 1 on of day, week, month or year"): renews
        and (terms.unit not in UNITS or not terms.every or terms.every < 1),
        _("only subscriptions and payment plans have a period"): not renews and (terms.every or terms.unit),
        _("a payment plan has a number of payments from 2 on"): terms.kind is ProductKind.PAYMENT_PLAN
        and (not terms.payments or terms.payments < 2),
        _("only a payment plan has a number of payments"): terms.kind is not ProductKind.PAYMENT_PLAN
        and terms.payments,
    }
    for sentence, holds in wrongs.items():
        if holds:
            raise Refused(sentence)
