"""Amounts and percentages as people write and read them: on a command line, in a form."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from sidecar.currencies import decimals_of, to_decimal
from sidecar.errors import Refused
from sidecar.i18n import _

_BELOW = 10**15
"""No price is so high, in minor units; the books would hold more."""


def to_minor(text: str, currency: str) -> int:
    """An amount in the currency's minor unit, which has as many decimals as `currencies.py` says; not negative.

    A comma is a point: both languages' ways are understood. Nothing is rounded: more decimals than the currency has are
    refused, and so are a comma between thousands and what is no finite number.

    >>> to_minor("19.00", "EUR"), to_minor(" 5,5 ", "EUR"), to_minor("19", "JPY"), to_minor("0.5", "KWD")
    (1900, 550, 19, 500)
    >>> to_minor("19.005", "EUR")
    Traceback (most recent call last):
        ...
    sidecar.errors.Refused: a price in EUR is a number with at most 2 decimals, such as 19.00
    """
    decimals = decimals_of(currency)
    minor = _whole(text.strip().replace(",", "."), decimals)
    if minor is not None and 0 <= minor < _BELOW:
        return minor
    sentence = _("a price in {currency} is a number with at most {decimals} decimals, such as {example}")
    raise Refused(
        sentence.format(currency=currency, decimals=decimals, example=from_minor(19 * 10**decimals, currency))
    )


def from_minor(minor: int, currency: str) -> str:
    """
    >>> from_minor(1900, "EUR"), from_minor(19, "JPY")
    ('19.00', '19')
    """
    return str(to_decimal(minor, currency))


_PPM_DECIMALS = 4


def to_ppm(percent: str) -> int:
    """A percentage in parts per million. Nothing is rounded: more decimals than four are refused.

    >>> to_ppm("20"), to_ppm("5,5")
    (200000, 55000)
    """
    ppm = _whole(percent.strip().replace(",", "."), _PPM_DECIMALS)
    if ppm is None:
        raise Refused(_("a percentage is a number with at most 4 decimals, such as 5.5"))
    return ppm


def from_ppm(ppm: int) -> str:
    """
    >>> from_ppm(200_000), from_ppm(55_000)
    ('20', '5.5')
    """
    return f"{Decimal(ppm).scaleb(-_PPM_DECIMALS).normalize():f}"


def _whole(text: str, decimals: int) -> int | None:
    """A number as so many of its last decimals; None for what is no finite number or has more decimals."""
    try:
        scaled = Decimal(text).scaleb(decimals)
    except InvalidOperation:
        return None
    return int(scaled) if scaled.is_finite() and scaled == scaled.to_integral_value() else None
