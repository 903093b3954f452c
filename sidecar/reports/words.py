"""Instants, money, cards and origins as a person at a bank reads them, in the language of now. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from babel.dates import format_date, format_datetime

from sidecar.catalog.rules import Terms
from sidecar.i18n import _, ngettext
from sidecar.pages.forms.words import Words
from sidecar.reports.facts import Payment

_BRANDS = {
    "amex": "American Express",
    "mastercard": "Mastercard",
    "visa": "Visa",
    "discover": "Discover",
    "jcb": "JCB",
}


@dataclass(frozen=True)
class Wording:
    """All times are UTC: a reader far away needs one clock, and its name beside each time."""

    language: str

    def at(self, moment: datetime | None) -> str:
        """
        >>> Wording("en").at(datetime(2026, 6, 15, 12, 0, 7, tzinfo=UTC))
        '15 Jun 2026, 12:00:07 UTC'
        """
        if moment is None:
            return "-"
        text = format_datetime(moment.astimezone(UTC), "d MMM y, HH:mm:ss", tzinfo=UTC, locale=self.language)
        return f"{text} UTC"

    def day(self, moment: datetime | None) -> str:
        """
        >>> Wording("fr").day(datetime(2026, 6, 15, 12, tzinfo=UTC))
        '15 juin 2026'
        """
        return (
            "-"
            if moment is None
            else format_date(moment.astimezone(UTC).date(), "d MMM y", locale=self.language)
        )

    def money(self, minor: int, currency: str) -> str:
        """With the currency's code: a sign such as $ names several.

        >>> Wording("en").money(1900, "EUR"), Wording("en").money(1900, "JPY")
        ('19.00 EUR', '1,900 JPY')
        """
        text = Words(self.language, UTC).money(minor, currency)
        figures = "".join(letter for letter in text if letter in "0123456789.,-\u202f\xa0 ").strip(
            "\xa0\u202f "
        )
        return f"{figures} {currency}"

    def terms(self, terms: Terms) -> str:
        """Price and rhythm, as the buyer read them."""
        return Words(self.language, UTC).terms(terms)


def card(payment: Payment) -> str:
    """
    >>> from datetime import UTC, datetime
    >>> now = datetime(2026, 6, 15, tzinfo=UTC)
    >>> card(Payment("o", "p", 0, now, 1, "EUR", "gateway", "ch_1", now, None, brand="visa", last4="4242"))
    'Visa ending in 4242'
    """
    if not payment.last4:
        return ""
    brand = _BRANDS.get(payment.brand.lower(), payment.brand.title())
    return _("{brand} ending in {last4}").format(brand=brand, last4=payment.last4)


def times(count: int) -> str:
    """
    >>> times(1), times(12)
    ('once', '12 times')
    """
    return _("once") if count == 1 else ngettext("{count} time", "{count} times", count).format(count=count)


def origin(name: str) -> str:
    """Who began a payment."""
    known = {
        "schedule": _("by subscription, on its due date"),
        "retry": _("by subscription, a later try"),
        "browser": _("by the customer in the browser"),
        "member": _("by the customer in the browser"),
        "admin": _("by the seller"),
        "import": _("as the payment processor reported it"),
    }
    return known.get(name, "")


def reason(name: str) -> str:
    """What a dispute is about."""
    known = {
        "fraudulent": _("fraudulent: the cardholder says that the payment was not authorized"),
        "unrecognized": _("unrecognized: the cardholder does not recognize the payment"),
        "product_not_received": _("product not received"),
        "product_unacceptable": _("product unacceptable"),
        "subscription_canceled": _("subscription canceled"),
        "duplicate": _("duplicate: the cardholder says that the same was paid twice"),
        "credit_not_processed": _("credit not processed"),
    }
    return known.get(name, name.replace("_", " ") or _("general"))
