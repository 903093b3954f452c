"""Sums of money: shares that add up, and what of a price is tax. Pure.

An amount is an integer in the minor unit of its currency (cents, yen, fils); a rate is an integer in millionths (`ppm`:
200_000 is 20 %). There is no float anywhere, and every division here says where its remainder goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MILLION = 1_000_000
"""The whole, in `ppm`."""


def allocate(total_minor: int, weights: Sequence[int]) -> list[int]:
    """`total_minor` divided in proportion to `weights`, so that the shares add up to it exactly.

    Unit and sign: minor units of one currency; a negative total (a refund) gives the negated shares of the positive one.
    Weights are integers of any unit, none negative. A weight of 0 gets nothing.

    Rounding: largest remainder. Each share is rounded towards zero, and the units that are left go one each to the shares
    that lost most; of equals, to the earliest. No share is a whole unit away from its exact value.

    Raises ValueError for no weights, a negative weight, and a sum that nobody has a weight for.

    >>> allocate(100, [1, 1, 1]), allocate(-100, [1, 1, 1])
    ([34, 33, 33], [-34, -33, -33])
    >>> allocate(1001, [50, 30, 20])
    [501, 300, 200]
    >>> allocate(2, [0, 5, 5, 5])
    [0, 1, 1, 0]
    """
    whole = sum(weights)
    if not weights or min(weights) < 0 or (whole == 0 and total_minor != 0):
        raise ValueError(f"cannot allocate {total_minor} to {list(weights)}")
    if whole == 0:
        return [0] * len(weights)
    sign, size = (-1, -total_minor) if total_minor < 0 else (1, total_minor)
    shares = [size * weight // whole for weight in weights]
    by_loss = sorted(range(len(weights)), key=lambda place: -(size * weights[place] % whole))
    for place in by_loss[: size - sum(shares)]:
        shares[place] += 1
    return [sign * share for share in shares]


def divide_half_even(numerator: int, denominator: int) -> int:
    """The nearest integer to the quotient; of two equally near, the even one, so that many roundings do not drift.

    Works for a negative numerator alike (the result of the negated is the negated); `denominator` is positive.

    >>> [divide_half_even(n, 2) for n in (1, 3, 5, -1, -3)]
    [0, 2, 2, 0, -2]
    """
    quotient, rest = divmod(numerator, denominator)
    rounds_up = 2 * rest > denominator or (2 * rest == denominator and quotient % 2 == 1)
    return quotient + rounds_up


def percent_of(amount_minor: int, percent_ppm: int) -> int:
    """A share of an amount, given in millionths (12.5 % is 125_000); half a minor unit goes to the even neighbour.

    Unit and sign: minor units; the sign of the amount. A rate below 0 is a ValueError, one above the whole is lawful.

    >>> percent_of(1999, 200_000), percent_of(-1999, 200_000)
    (400, -400)
    >>> percent_of(50, 10_000), percent_of(150, 10_000)  # 0.5 and 1.5
    (0, 2)
    """
    _check_rate(percent_ppm)
    return divide_half_even(amount_minor * percent_ppm, MILLION)


@dataclass(frozen=True)
class Price:
    """What is asked for, with the tax inside it: frozen as it was sold.

    `gross_minor` is what the member pays. `tax_ppm` is the rate that `tax_minor` was made with and `country` the buyer's
    (ISO 3166, two letters) whose rate it is; both may be unknown (0 and ""). A price never leaves a unit unaccounted for:
    net and tax add up to gross, or it cannot be made (ValueError).
    """

    net_minor: int
    tax_minor: int
    gross_minor: int
    currency: str
    tax_ppm: int = 0
    country: str = ""

    def __post_init__(self) -> None:
        _check_rate(self.tax_ppm)
        if self.net_minor + self.tax_minor != self.gross_minor:
            raise ValueError(f"{self.net_minor} and {self.tax_minor} tax do not make {self.gross_minor}")


def price_of_gross(gross_minor: int, currency: str, tax_ppm: int = 0, country: str = "") -> Price:
    """The price of which the member pays `gross_minor`: prices are shown and frozen with their tax.

    Rounding: the tax is the part of the gross that the rate explains (gross × rate / (1 + rate)), half to even, and the net
    is the rest: rounding never changes what is paid.

    Unit and sign: minor units of `currency`; a negative gross (a credit note) is the mirror of the positive one. Raises
    ValueError for a negative rate.

    >>> price_of_gross(1900, "EUR", 200_000, "FR")
    Price(net_minor=1583, tax_minor=317, gross_minor=1900, currency='EUR', tax_ppm=200000, country='FR')
    >>> price_of_gross(1900, "USD").tax_minor
    0
    """
    _check_rate(tax_ppm)
    tax_minor = divide_half_even(gross_minor * tax_ppm, MILLION + tax_ppm)
    return Price(gross_minor - tax_minor, tax_minor, gross_minor, currency, tax_ppm, country)


def price_of_net(net_minor: int, currency: str, tax_ppm: int = 0, country: str = "") -> Price:
    """The price that leaves `net_minor` to the seller, for an owner who sells without tax.

    Rounding: the tax is net × rate, half to even. Not every gross can be met this way, and so `price_of_gross` of the
    result may divide it one minor unit differently: a sold price is kept, never made again.

    Unit and sign: minor units of `currency`; the sign of the net. Raises ValueError for a negative rate.

    >>> price_of_net(1583, "EUR", 200_000, "FR")
    Price(net_minor=1583, tax_minor=317, gross_minor=1900, currency='EUR', tax_ppm=200000, country='FR')
    """
    tax_minor = percent_of(net_minor, tax_ppm)
    return Price(net_minor, tax_minor, net_minor + tax_minor, currency, tax_ppm, country)


def _check_rate(ppm: int) -> None:
    if ppm < 0:
        raise ValueError(f"a rate of {ppm} millionths is negative")
