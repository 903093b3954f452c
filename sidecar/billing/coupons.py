"""What a coupon takes off a price, and when it may not be used. Pure."""

from __future__ import annotations

from datetime import datetime

from sidecar.billing.amounts import percent_of
from sidecar.catalog.coupons import Coupon, CouponKind, CouponScope
from sidecar.currencies import decimals_of
from sidecar.errors import Refused
from sidecar.i18n import _

_THOUSANDTHS = 3


def discount(coupon: Coupon, price_minor: int, currency: str, *, cycle: int) -> int:
    """What `coupon` takes off the gross price of payment number `cycle`, 0 being the first that it was given for.

    Decides by kind and scope alone: a subscription that began with a coupon for all payments keeps it after the coupon has
    ended. Whether it may be used at all is `refuse_coupon`'s to say, once, at the order.

    Unit and sign: minor units of `currency`, never negative and never more than the price; of a price of 0 or less nothing
    is taken. An amount in another currency takes nothing off: what it is worth here nobody can say.

    Rounding: a percentage is rounded half to even. In a currency with three decimals the discount is then raised to whole
    tens, in the buyer's favour, since cards are charged no single thousandth.

    >>> fifth = Coupon(1, "SUMMER", CouponKind.PERCENT, percent_ppm=200_000, scope=CouponScope.FIRST)
    >>> discount(fifth, 1999, "EUR", cycle=0), discount(fifth, 1999, "EUR", cycle=1)
    (400, 0)
    >>> five = Coupon(2, "FIVE", CouponKind.AMOUNT, amount_minor=500, currency="EUR", scope=CouponScope.ALL)
    >>> [discount(five, price, "EUR", cycle=12) for price in (1999, 300)], discount(five, 1999, "USD", cycle=0)
    ([500, 300], 0)
    >>> discount(fifth, 1230, "KWD", cycle=0)  # 246
    250
    """
    if coupon.scope is CouponScope.FIRST and cycle != 0:
        return 0
    price_minor = max(0, price_minor)
    step = 10 if decimals_of(currency) == _THOUSANDTHS else 1
    return min(price_minor, -(-_off(coupon, price_minor, currency) // step) * step)


def refuse_coupon(coupon: Coupon, product_id: int, currency: str, now: datetime) -> None:
    """Raises Refused, with a sentence for the buyer, when `coupon` may not be used for this product in this currency now.

    Time: it counts from `starts_at` on, and no more from the instant `ends_at` on. The count of uses is a look, not a
    claim: of two buyers of the last one, the row that books the use decides.
    """
    wrongs = {
        _("this coupon is no longer offered"): coupon.is_archived,
        _("this coupon cannot be used yet"): coupon.starts_at is not None and now < coupon.starts_at,
        _("this coupon has ended"): coupon.ends_at is not None and now >= coupon.ends_at,
        _("this coupon has been used up"): coupon.quantity is not None and coupon.used >= coupon.quantity,
        _("this coupon is not for this product"): bool(coupon.product_ids)
        and product_id not in coupon.product_ids,
        _("this coupon is for another currency"): coupon.kind is CouponKind.AMOUNT
        and coupon.currency != currency,
    }
    for sentence, holds in wrongs.items():
        if holds:
            raise Refused(sentence)


def _off(coupon: Coupon, price_minor: int, currency: str) -> int:
    if coupon.kind is CouponKind.FREE:
        return price_minor
    if coupon.kind is CouponKind.PERCENT:
        return percent_of(price_minor, coupon.percent_ppm)
    return coupon.amount_minor if coupon.currency == currency else 0
