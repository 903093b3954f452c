"""How many decimals an amount of a currency has. Pure.

What is stored and charged are whole minor units, so this table says what they mean. It is ours and does not change: those of
libraries do, as when Unicode gave the Serbian dinar its two decimals back, and each stored amount would be another sum.
"""

from __future__ import annotations

from decimal import Decimal

_WITHOUT_DECIMALS = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "MGA",
        "PYG",
        "RWF",
        "UGX",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
_WITH_THREE = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
"""As in ISO 4217; the ariary has none, as its fifths are no decimals and no gateway takes them."""


def decimals_of(currency: str) -> int:
    """
    >>> [decimals_of(currency) for currency in ("EUR", "JPY", "KWD", "RSD", "HUF")]
    [2, 0, 3, 2, 2]
    """
    return 0 if currency in _WITHOUT_DECIMALS else 3 if currency in _WITH_THREE else 2


def to_decimal(minor: int, currency: str) -> Decimal:
    """Minor units as a number of the currency.

    >>> [str(to_decimal(1900, currency)) for currency in ("EUR", "JPY", "KWD")]
    ['19.00', '1900', '1.900']
    """
    return Decimal(minor).scaleb(-decimals_of(currency))
