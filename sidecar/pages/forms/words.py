"""Prices, rhythms and days in words. Pure; whole sentences are in the language of the context (`i18n`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_percent

from sidecar.catalog.rules import ProductKind, Terms
from sidecar.i18n import _, format_money, ngettext


@dataclass(frozen=True)
class Words:
    """How numbers and days are written for one reader: `language` is that of the context, days are those of `zone`."""

    language: str
    zone: tzinfo

    def money(self, minor: int, currency: str) -> str:
        """An amount in minor units."""
        return format_money(minor, currency, self.language)

    def day(self, moment: datetime) -> str:
        """The day that it is then."""
        return format_date(moment.astimezone(self.zone).date(), format="long", locale=self.language)

    def price(self, minor: int, currency: str, every: int | None, unit: str | None) -> str:
        """What is paid how often; once where there is no rhythm.

        >>> from datetime import UTC
        >>> Words("en", UTC).price(1900, "EUR", 1, "month"), Words("en", UTC).price(1900, "EUR", 3, "month")
        ('€19.00 a month', '€19.00 every 3 months')
        """
        price = self.money(minor, currency)
        if unit is None or every is None:
            return price
        return (_each() if every == 1 else _every())[unit].format(price=price, count=every)

    def terms(self, terms: Terms) -> str:
        """Everything a buyer agrees to pay, without a full stop; prices are gross.

        >>> from datetime import UTC
        >>> trial = Terms(ProductKind.SUBSCRIPTION, 1900, "EUR", 1, "month", trial_days=14, trial_price_minor=0)
        >>> Words("en", UTC).terms(trial)
        'Free for 14 days, then €19.00 a month'
        >>> Words("en", UTC).terms(Terms(ProductKind.PAYMENT_PLAN, 1900, "EUR", 1, "month", payments=3))
        '3 payments of €19.00 a month'
        """
        words = self._with_trial(terms) if terms.renews else self._with_access(terms)
        if not terms.tax_ppm:
            return words
        rate = format_percent(Decimal(terms.tax_ppm).scaleb(-6), "#,##0.##%", locale=self.language)
        return _("{price}, {rate} tax included").format(price=words, rate=rate)

    def _with_access(self, terms: Terms) -> str:
        """What is paid once, or never."""
        is_free = terms.kind is ProductKind.FREE
        price = _("Free") if is_free else self.money(terms.price_minor, terms.currency)
        if terms.access_days is None:
            return price
        sentence = ngettext("{price} for {days} day", "{price} for {days} days", terms.access_days)
        return sentence.format(price=price, days=terms.access_days)

    def _with_trial(self, terms: Terms) -> str:
        days, then = terms.trial_days, self._payments(terms)
        if days is None:
            return then
        if not terms.trial_price_minor:
            sentence = ngettext(
                "Free for {days} day, then {price}", "Free for {days} days, then {price}", days
            )
            return sentence.format(days=days, price=then)
        trial = self.money(terms.trial_price_minor, terms.currency)
        sentence = ngettext(
            "{trial} for {days} day, then {price}", "{trial} for {days} days, then {price}", days
        )
        return sentence.format(trial=trial, days=days, price=then)

    def _payments(self, terms: Terms) -> str:
        price = self.price(terms.price_minor, terms.currency, terms.every, terms.unit)
        if terms.payments is None:
            return price
        return _("{count} payments of {price}").format(count=terms.payments, price=price)


def _each() -> dict[str, str]:
    return {
        "day": _("{price} a day"), "week": _("{price} a week"), "month": _("{price} a month"),
        "year": _("{price} a year"),
    }  # fmt: skip


def _every() -> dict[str, str]:
    return {
        "day": _("{price} every {count} days"), "week": _("{price} every {count} weeks"),
        "month": _("{price} every {count} months"), "year": _("{price} every {count} years"),
    }  # fmt: skip
