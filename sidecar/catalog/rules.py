"""What levels, bundles and products are, and what makes a product lawful. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from functools import cache

import msgspec
from babel.numbers import list_currencies

from sidecar.errors import Refused, WrongValue
from sidecar.i18n import _

NAME_LENGTH = 100
DESCRIPTION_LENGTH = 500
_MOST_MINOR = 2**62
_LONGEST = 36_500
_MOST_RETRIES = 15


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


class PlanEnd(StrEnum):
    """What access does when the last payment of a plan was made."""

    KEEP = "keep"
    END = "end"


UNITS = ("day", "week", "month", "year")


@dataclass(frozen=True)
class Level:
    """A membership level."""

    id: int
    name: str
    is_free: bool
    role: str
    keeps_access_overdue: bool
    is_default: bool = False


@dataclass(frozen=True)
class Bundle:
    """An add-on."""

    id: int
    name: str
    role: str
    keeps_access_overdue: bool


class FieldKind(StrEnum):
    """How a custom field is filled in. A ticked checkbox has the value `TICKED`, any other ''."""

    TEXT = "text"
    CHECKBOX = "checkbox"


TICKED = "mm_cb_on"


@dataclass(frozen=True)
class CustomField:
    """What an owner asks members beside their names."""

    id: int
    name: str
    kind: FieldKind


@dataclass(frozen=True)
class Terms:
    """What is paid and when. An order keeps those it was made with, whatever its product says later.

    Money is gross, in minor units of `currency`: `price_minor`, every `every` `unit`s, `payments` times.

    - `trial_days`, `trial_price_minor`: what comes before the first full price; a price of 0 is a free trial.
    - `retry_days`: "2,5,7", days after a renewal first failed; "" = no retry, None = the site's.
    - `keeps_access_overdue`: None = as the level or bundle says, and then the site.
    - `plan_end`: what access does after the last payment of a plan; None = it stays.
    - `access_days`: how long access to what is paid once, or is free, lasts; None = for ever.
    - `tax_ppm`: the rate of the tax that is inside the price, in parts per million of the net; `tax_country`
      (ISO 3166, "" = none) is whose.
    """

    kind: ProductKind
    price_minor: int = 0
    currency: str = "USD"
    every: int | None = None
    unit: str | None = None
    payments: int | None = None
    trial_days: int | None = None
    trial_price_minor: int | None = None
    retry_days: str | None = None
    keeps_access_overdue: bool | None = None
    plan_end: PlanEnd | None = None
    access_days: int | None = None
    tax_ppm: int = 0
    tax_country: str = ""

    @property
    def renews(self) -> bool:
        """Whether it is paid more than once."""
        return self.kind in {ProductKind.SUBSCRIPTION, ProductKind.PAYMENT_PLAN}


TERM_NAMES = frozenset(field.name for field in fields(Terms))
"""The keys of terms as text, and their columns."""


@dataclass(frozen=True)
class Product:
    """A price for one level or bundle. `reference` names it in purchase links.

    `alternate_product_id`: what a buyer who has had a trial before gets in its place.
    """

    id: int
    name: str
    grant: Grant
    grant_id: int
    terms: Terms
    reference: str
    description: str = ""
    is_hidden: bool = False
    is_archived: bool = False
    alternate_product_id: int | None = None


def check_name(name: str) -> str:
    """The name without spaces around it; refuses an empty and a long one."""
    name = name.strip()
    if not name or len(name) > NAME_LENGTH:
        sentence = _("a name has from 1 to {length} characters")
        raise WrongValue("name", sentence.format(length=NAME_LENGTH))
    return name


def check_description(description: str) -> str:
    """The description without spaces around it; refuses a long one."""
    description = description.strip()
    if len(description) > DESCRIPTION_LENGTH:
        sentence = _("a description has at most {length} characters")
        raise WrongValue("description", sentence.format(length=DESCRIPTION_LENGTH))
    return description


def is_currency(code: str) -> bool:
    """Whether ISO 4217 knows it, in capitals.

    >>> is_currency("EUR"), is_currency("eur"), is_currency("EUX")
    (True, False, False)
    """
    return code in _currencies()


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


# --- terms as text --------------------------------------------------------------------------------------------------


def terms_to_json(terms: Terms) -> str:
    """Canonical: equal terms are equal texts. Sorted keys, no spaces, every field.

    >>> terms_to_json(Terms(ProductKind.ONE_TIME, 500, "EUR"))[:56]
    '{"access_days":null,"currency":"EUR","every":null,"keeps'
    """
    return json.dumps(asdict(terms), sort_keys=True, separators=(",", ":"))


def terms_from_json(text: str) -> Terms:
    """The terms in a text that `terms_to_json` made, perhaps before a field was added: that one gets its default.

    They are not checked: what was once agreed stays readable when the rules become stricter. Raises Refused for
    what is no text of terms: unknown fields, other types, a price that is no whole number.

    >>> terms_from_json('{"kind":"one_time","price_minor":500}') == Terms(ProductKind.ONE_TIME, 500)
    True
    """
    try:
        values = json.loads(text, parse_float=_refuse_fraction)
        terms = msgspec.convert(values, Terms)
    except (ValueError, msgspec.ValidationError) as error:
        raise Refused(_("terms that cannot be read: {problem}").format(problem=error)) from error
    unknown = sorted(values.keys() - TERM_NAMES)
    if unknown:
        raise Refused(_("terms with unknown fields: {fields}").format(fields=", ".join(unknown)))
    return terms


def _refuse_fraction(number: str) -> float:
    """Nothing in terms has decimals; msgspec would take 19.0 for 19."""
    raise ValueError(number)


# --- what is lawful -------------------------------------------------------------------------------------------------

_Wrongs = Iterator[tuple[str, str, bool]]
"""Sentences, each with the field it is about and whether what it forbids is the case."""


def check_terms(terms: Terms) -> None:
    """Refuses terms that contradict themselves, in a sentence.

    >>> check_terms(Terms(ProductKind.SUBSCRIPTION, 1900, "EUR", 1, "month"))
    >>> check_terms(Terms(ProductKind.FREE, 1900))
    Traceback (most recent call last):
        ...
    sidecar.errors.WrongValue: a free product has no price
    """
    for field, sentence in find_wrongs(terms).items():
        raise WrongValue(field, sentence)


def find_wrongs(terms: Terms) -> dict[str, str]:
    """All contradictions, the first of each field: field → sentence.

    >>> list(find_wrongs(Terms(ProductKind.ONE_TIME, 0, "EUR", access_days=0)))
    ['price_minor', 'access_days']
    """
    found: dict[str, str] = {}
    for wrongs in (_wrongs_of_price, _wrongs_of_rhythm, _wrongs_of_trial, _wrongs_of_access, _wrongs_of_tax):
        for field, sentence, holds in wrongs(terms):
            if holds:
                found.setdefault(field, sentence)
    return found


def _wrongs_of_price(terms: Terms) -> _Wrongs:
    is_free = terms.kind is ProductKind.FREE
    yield (
        "currency",
        _("a currency is three capital letters, such as EUR"),
        not re.fullmatch("[A-Z]{3}", terms.currency),
    )
    yield (
        "currency",
        _("there is no currency {currency}").format(currency=terms.currency),
        not is_currency(terms.currency),
    )
    yield "price_minor", _("a price is a whole number of minor units and not negative"), terms.price_minor < 0
    yield (
        "price_minor",
        _("this price is too high"),
        max(terms.price_minor, terms.trial_price_minor or 0) > _MOST_MINOR,
    )
    yield "price_minor", _("a free product has no price"), is_free and terms.price_minor != 0
    yield "price_minor", _("a product that is paid for needs a price"), not is_free and terms.price_minor == 0


def _wrongs_of_rhythm(terms: Terms) -> _Wrongs:
    is_plan = terms.kind is ProductKind.PAYMENT_PLAN
    has_period = terms.unit in UNITS and terms.every is not None and terms.every >= 1
    yield (
        "every",
        _("a period is a number from 1 on of day, week, month or year"),
        terms.renews and not has_period,
    )
    yield (
        "every",
        _("only subscriptions and payment plans have a period"),
        not terms.renews and not (terms.every is None and terms.unit is None),
    )
    yield (
        "payments",
        _("a payment plan has a number of payments from 2 on"),
        is_plan and (terms.payments or 0) < 2,
    )
    yield (
        "payments",
        _("only a payment plan has a number of payments"),
        not is_plan and terms.payments is not None,
    )
    for field in ("every", "payments", "trial_days", "access_days"):
        sentence = _("a number of days, periods or payments is at most {most}").format(most=_LONGEST)
        yield field, sentence, (getattr(terms, field) or 0) > _LONGEST


def _wrongs_of_trial(terms: Terms) -> _Wrongs:
    has_trial = terms.trial_days is not None
    yield "trial_days", _("only subscriptions and payment plans have a trial"), has_trial and not terms.renews
    yield (
        "trial_days",
        _("a trial lasts one day or more"),
        terms.trial_days is not None and terms.trial_days < 1,
    )
    yield (
        "trial_price_minor",
        _("a trial has a number of days and a price, which may be 0"),
        has_trial != (terms.trial_price_minor is not None),
    )
    yield "trial_price_minor", _("the price of a trial is not negative"), (terms.trial_price_minor or 0) < 0


def _wrongs_of_access(terms: Terms) -> _Wrongs:
    is_plan, days = terms.kind is ProductKind.PAYMENT_PLAN, terms.access_days
    yield (
        "retry_days",
        _("only subscriptions and payment plans are retried and can be overdue"),
        not terms.renews and not (terms.retry_days is None and terms.keeps_access_overdue is None),
    )
    yield (
        "retry_days",
        _("retry days are at most {most} rising numbers from 1 on, such as 2,5,7").format(most=_MOST_RETRIES),
        terms.retry_days is not None and not _is_schedule(terms.retry_days),
    )
    yield (
        "plan_end",
        _("only a payment plan says what happens at its end"),
        not is_plan and terms.plan_end is not None,
    )
    yield (
        "access_days",
        _("only what is paid once or is free ends after days"),
        terms.renews and days is not None,
    )
    yield "access_days", _("access lasts one day or more"), days is not None and days < 1


def _is_schedule(retry_days: str) -> bool:
    if not re.fullmatch(r"([0-9]{1,3}(,[0-9]{1,3})*)?", retry_days):
        return False
    days = [int(day) for day in retry_days.split(",") if day]
    return len(days) <= _MOST_RETRIES and all(a < b for a, b in zip([0, *days], days, strict=False))


def _wrongs_of_tax(terms: Terms) -> _Wrongs:
    yield "tax_ppm", _("a tax is from 0 to 100 percent"), not 0 <= terms.tax_ppm <= 1_000_000
    yield (
        "tax_country",
        _("a country is two capital letters, such as FR"),
        not re.fullmatch("([A-Z]{2})?", terms.tax_country),
    )
    yield "tax_country", _("a tax has a country"), terms.tax_ppm > 0 and not terms.tax_country
