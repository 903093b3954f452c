"""What Stripe takes, and how it counts: its minor units are not always ours. Pure.

Ours have as many decimals as `sidecar/currencies.py` says, which is how prices are written and shown. Sources: Stripe,
"Supported currencies" and "Minimum and maximum charge amounts".
"""

from __future__ import annotations

from sidecar.currencies import decimals_of

_TAKEN = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BWP BYN BZD
    CAD CDF CHF CLP CNY COP CRC CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GNF GTQ
    GYD HKD HNL HTG HUF IDR ILS INR ISK JMD JOD JPY KES KGS KHR KMF KRW KWD KYD KZT LAK LBP LKR LRD
    LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK
    PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL THB TJS TND TOP
    TRY TTD TWD TZS UAH UGX USD UYU UZS VND VUV WST XAF XCD XOF XPF YER ZAR ZMW
"""
_WITHOUT_DECIMALS = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"
_IN_THOUSANDTHS = "BHD JOD KWD OMR TND"
"""Of three decimals the last is always 0. All other currencies have two there, also those whose smaller unit is out of use."""

_SMALLEST = {
    "USD": 50, "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250, "EUR": 50,
    "GBP": 30, "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200,
    "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000,
}  # fmt: skip
"""In Stripe's minor units; a currency that is not here has no minimum but one."""


def smallest_minor(currency: str) -> int | None:
    """The smallest sum that is collected, in our minor units; None for a currency that is not taken.

    >>> smallest_minor("EUR"), smallest_minor("KWD"), smallest_minor("ISK"), smallest_minor("XAU")
    (50, 10, 1, None)
    """
    if currency not in _TAKEN.split():
        return None
    return max(step_minor(currency), -(-_SMALLEST.get(currency, 1) // _factor(currency)))


def step_minor(currency: str) -> int:
    """Multiples of this are collected, in our minor units."""
    return 10 if currency in _IN_THOUSANDTHS.split() else 1


def to_stripe(amount_minor: int, currency: str) -> int:
    """Our amount in Stripe's units; `currency` in any case.

    >>> to_stripe(1900, "EUR"), to_stripe(990, "ISK"), to_stripe(500, "JPY"), to_stripe(1230, "KWD")
    (1900, 99000, 500, 1230)
    """
    return amount_minor * _factor(currency)


def from_stripe(amount: int, currency: str) -> int:
    """Stripe's amount in our minor units, rounded down; `currency` in any case.

    >>> from_stripe(99000, "isk"), from_stripe(500, "jpy")
    (990, 500)
    """
    return amount // _factor(currency)


def _factor(currency: str) -> int:
    """How many of Stripe's units one of ours is."""
    code = currency.upper()
    decimals = 0 if code in _WITHOUT_DECIMALS.split() else 3 if code in _IN_THOUSANDTHS.split() else 2
    return int(10 ** max(0, decimals - decimals_of(code)))
