"""What Stripe takes: currencies, how many minor units they have there, and the least that can be charged."""

from __future__ import annotations

from sidecar.demo.processor.refusals import WrongParameter

_KNOWN = """aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf
    clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils
    inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk
    mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp
    sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd xof xpf yer zar
    zmw"""
_ZERO = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
_THREE = "bhd jod kwd omr tnd"
KNOWN = frozenset(_KNOWN.split())
ZERO_DECIMAL = frozenset(_ZERO.split())
THREE_DECIMAL = frozenset(_THREE.split())
STEPS = {"isk": 100, "ugx": 100, **dict.fromkeys(THREE_DECIMAL, 10)}
"""Amounts must be multiples of these: ISK and UGX are written with two decimals that stay 00."""
MINIMUMS = {
    "usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250,
    "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300,
    "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip
"""In minor units, from Stripe's page on minimum charge amounts; elsewhere one unit is enough here."""
LARGEST = 99_999_999


def checked_currency(currency: str) -> str:
    """In small letters; refuses what Stripe does not know."""
    code = currency.lower()
    if code not in KNOWN:
        raise WrongParameter(f"Invalid currency: {code}", "currency")
    return code


def checked_amount(amount: int, currency: str) -> int:
    """The amount in minor units; refuses below the minimum, above the maximum and between the steps."""
    if amount < 1:
        raise WrongParameter(
            "This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer"
        )
    least = MINIMUMS.get(currency, 1)
    if amount < least:
        raise WrongParameter(
            f"Amount must be at least {shown(least, currency)} {currency}", "amount", "amount_too_small"
        )
    if amount > LARGEST:
        raise WrongParameter(
            f"Amount must be no more than {shown(LARGEST, currency)} {currency}", "amount", "amount_too_large"
        )
    step = STEPS.get(currency, 1)
    if amount % step:
        raise WrongParameter(f"Amounts in {currency} must be multiples of {step}", "amount")
    return amount


def shown(amount: int, currency: str) -> str:
    """
    >>> shown(50, "usd"), shown(50, "jpy"), shown(1230, "kwd")
    ('0.50', '50', '1.230')
    """
    places = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    if not places:
        return str(amount)
    whole, rest = divmod(amount, 10**places)
    return f"{whole}.{rest:0{places}}"
