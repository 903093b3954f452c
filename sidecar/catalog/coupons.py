"""What a coupon is, and what makes one lawful. Pure. What it takes off a price is reckoned in billing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sidecar.catalog.rules import is_currency
from sidecar.errors import WrongValue
from sidecar.i18n import _

WHOLE_PPM = 1_000_000
"""All of it, in parts per million: 20 % is 200,000."""
_CODE = re.compile(r"[A-Z0-9_-]{1,40}")
_MOST_MINOR = 2**62
_MOST_USES = 2**31 - 1


class CouponKind(StrEnum):
    """What is taken off a price."""

    PERCENT = "percent"
    AMOUNT = "amount"
    FREE = "free"


class CouponScope(StrEnum):
    """Which payments it is taken off."""

    FIRST = "first"
    ALL = "all"


@dataclass(frozen=True)
class Coupon:
    """A code that makes a price smaller.

    `percent_ppm` belongs to PERCENT; `amount_minor`, in minor units of `currency`, to AMOUNT; neither to FREE.
    It counts from `starts_at` until before `ends_at`, `quantity` times; None = without a limit. It is for the
    products in `product_ids`, or for all when there are none.
    """

    id: int
    code: str
    kind: CouponKind
    percent_ppm: int = 0
    amount_minor: int = 0
    currency: str | None = None
    scope: CouponScope = CouponScope.FIRST
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    quantity: int | None = None
    product_ids: frozenset[int] = frozenset()
    used: int = 0
    is_archived: bool = False


def fold_code(code: str) -> str:
    """A code as it is kept and compared: however a buyer types it. It may still be no lawful code.

    >>> fold_code(" summer 26 "), fold_code("ＳＵＭＭＥＲ26")
    ('SUMMER26', 'SUMMER26')
    """
    return "".join(unicodedata.normalize("NFKC", code).split()).upper()


def is_code(folded: str) -> bool:
    """Whether a folded code can be that of a coupon at all.

    >>> is_code("SUMMER-26"), is_code("ÉTÉ"), is_code("")
    (True, False, False)
    """
    return _CODE.fullmatch(folded) is not None


def check_coupon(coupon: Coupon) -> None:
    """Refuses a coupon that contradicts itself, in a sentence; its code is a folded one.

    >>> check_coupon(Coupon(0, "SUMMER", CouponKind.PERCENT, percent_ppm=200_000))
    >>> check_coupon(Coupon(0, "SUMMER", CouponKind.AMOUNT, amount_minor=500))
    Traceback (most recent call last):
        ...
    sidecar.errors.WrongValue: a coupon for an amount names the amount and a currency, and only such a one does
    """
    for field, sentence in find_wrongs(coupon).items():
        raise WrongValue(field, sentence)


def find_wrongs(coupon: Coupon) -> dict[str, str]:
    """All contradictions, the first of each field: field → sentence."""
    found: dict[str, str] = {}
    for field, sentence, holds in (*_wrongs_of_value(coupon), *_wrongs_of_limits(coupon)):
        if holds:
            found.setdefault(field, sentence)
    return found


def _wrongs_of_value(coupon: Coupon) -> Iterator[tuple[str, str, bool]]:
    is_percent, is_amount = coupon.kind is CouponKind.PERCENT, coupon.kind is CouponKind.AMOUNT
    yield (
        "percent_ppm",
        _("a percentage is more than 0 and at most 100, and only a coupon for a percentage has one"),
        not (0 < coupon.percent_ppm <= WHOLE_PPM if is_percent else coupon.percent_ppm == 0),
    )
    yield (
        "amount_minor",
        _("a coupon for an amount names the amount and a currency, and only such a one does"),
        is_amount != (coupon.currency is not None) or is_amount != (coupon.amount_minor != 0),
    )
    yield (
        "amount_minor",
        _("the amount of a coupon is more than nothing"),
        is_amount and not 0 < coupon.amount_minor <= _MOST_MINOR,
    )
    yield (
        "currency",
        _("there is no currency {currency}").format(currency=coupon.currency),
        coupon.currency is not None and not is_currency(coupon.currency),
    )


def _wrongs_of_limits(coupon: Coupon) -> Iterator[tuple[str, str, bool]]:
    starts, ends = coupon.starts_at, coupon.ends_at
    yield (
        "code",
        _("a coupon's code has from 1 to 40 letters from A to Z, digits, - or _"),
        not is_code(coupon.code),
    )
    yield "quantity", _("a coupon can be used once or more often"), _is_no_count(coupon.quantity)
    yield (
        "quantity",
        _("it was used {count} times already").format(count=coupon.used),
        coupon.quantity is not None and coupon.quantity < coupon.used,
    )
    yield (
        "ends_at",
        _("a coupon ends after it starts"),
        starts is not None and ends is not None and ends <= starts,
    )


def _is_no_count(quantity: int | None) -> bool:
    return quantity is not None and not 1 <= quantity <= _MOST_USES
