"""Amounts, dates, cards and reasons as a reader of a mail knows them, in the language of now. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from sidecar.i18n import _, format_money
from sidecar.mail.facts import CardOnFile

_NAME_LENGTH = 60
_LOOKS_LIKE_AN_ADDRESS = re.compile(r"[/@:<>\[\]]|\w\.\w{2}")
_BRANDS = {
    "amex": "American Express", "cartes_bancaires": "CB", "diners": "Diners Club", "discover": "Discover",
    "eftpos_au": "Eftpos", "jcb": "JCB", "mastercard": "Mastercard", "unionpay": "UnionPay", "visa": "Visa",
}  # fmt: skip


@dataclass(frozen=True)
class Wording:
    """How one reader's language and the site's zone write things. `language`: `en` or `fr`."""

    language: str
    zone: tzinfo

    def amount(self, minor: int, currency: str) -> str:
        """An amount in minor units."""
        return format_money(minor, currency, self.language)

    def day(self, at: datetime) -> str:
        """The day of an instant on the site's calendar."""
        return format_date(at.astimezone(self.zone).date(), format="long", locale=self.language)

    def moment(self, at: datetime) -> str:
        """Day and time of an instant, to the second, with the zone."""
        return format_datetime(at.astimezone(self.zone), "long", tzinfo=self.zone, locale=self.language)

    def percent(self, ppm: int) -> str:
        """A rate in millionths, without the sign.

        >>> from datetime import UTC
        >>> Wording("fr", UTC).percent(55_000)
        '5,5'
        """
        return format_decimal(Decimal(ppm).scaleb(-4), locale=self.language)

    def month(self, year: int, month: int) -> str:
        """
        >>> from datetime import UTC
        >>> Wording("fr", UTC).month(2026, 8)
        'août 2026'
        """
        return format_date(date(year, month, 1), format="MMMM y", locale=self.language)


def without_addresses(text: str) -> str:
    """What a stranger has written, without anything that a mail program would make a link of.

    >>> without_addresses("Anna B. Kern, see spam.example/x or https://spam.example now")
    'Anna B. Kern, see … or … now'
    """
    return " ".join("…" if _LOOKS_LIKE_AN_ADDRESS.search(word) else word for word in text.split())


def card_name(card: CardOnFile) -> str:
    """
    >>> card_name(CardOnFile("visa", "4242", 2030, 1))
    'Visa •••• 4242'
    """
    brand = _BRANDS.get(card.brand.lower().replace(" ", "_")) or one_line(card.brand).title()
    return f"{brand} •••• {card.last4}".strip()


def reason_of_decline(code: str | None) -> str:
    """Why a payment was declined, as its payer may be told: of fraud, loss and theft only the bank may speak.

    `code`: the gateway's, or ours (`no_card`).
    """
    reasons = {
        "no_card": _("There is no card on file that we may charge."),
        "insufficient_funds": _("According to your bank, there was not enough money in the account."),
        "expired_card": _("The card has expired."),
        "incorrect_cvc": _("The security code of the card was not right."),
        "incorrect_number": _("The number of the card was not right."),
        "card_velocity_exceeded": _("According to your bank, the card has reached its limit."),
        "withdrawal_count_limit_exceeded": _("According to your bank, the card has reached its limit."),
        "currency_not_supported": _("The card cannot pay in this currency."),
    }
    return reasons.get(code or "", _("Your bank has declined it."))


def greeted_name(first_name: str) -> str:
    """The first name as a mail may call its reader; '' where it could be something else than a name.

    Whoever signs up with a stranger's address must not be able to send him a link or a slogan under the site's name.

    >>> greeted_name(" Anna  Maria "), greeted_name("J.R."), greeted_name("Win at evil.example"), greeted_name("<b>")
    ('Anna Maria', 'J.R.', '', '')
    """
    name = one_line(first_name)
    return "" if len(name) > _NAME_LENGTH or _LOOKS_LIKE_AN_ADDRESS.search(name) else name


def one_line(text: str) -> str:
    """Without line ends, control and invisible characters: it can begin no header and hide nothing.

    >>> one_line("Gold\\r\\nBcc: all@example.test") == "Gold Bcc: all@example.test"
    True
    """
    plain = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in text)
    return " ".join(plain.split())
