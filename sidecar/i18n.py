"""English and French. English is the source; `translations/<language>.po` holds the rest."""

from __future__ import annotations

import gettext
import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency

from sidecar.currencies import decimals_of, to_decimal

LANGUAGES = ("en", "fr")
_FOLDER = Path(__file__).parent / "translations"
_language: ContextVar[str] = ContextVar("gatepost_language", default="en")


def language_of(locale: str) -> str:
    """The language we speak for a WordPress locale such as `fr_CA`; English when we have no other.

    >>> language_of("fr_FR"), language_of("de_DE"), language_of("")
    ('fr', 'en', 'en')
    """
    language = locale.replace("-", "_").split("_")[0].lower()
    return language if language in LANGUAGES else "en"


def format_money(minor: int, currency: str, language: str, decimals: int | None = None) -> str:
    """An amount in minor units as it is written in a language, with as many decimals as we count in, or as are asked for.

    >>> [format_money(1900, currency, "en") for currency in ("EUR", "JPY")]
    ['€19.00', '¥1,900']
    >>> [format_money(-1900, currency, "en").replace(chr(160), " ") for currency in ("CAD", "KWD")]
    ['-CA$19.00', '-KWD 1.900']
    >>> format_money(99050, "RSD", "en").replace(chr(160), " ")
    'RSD 990.50'
    >>> format_money(1900, "EUR", "fr").replace(chr(160), " ")
    '19,00 €'
    """
    decimals = decimals_of(currency) if decimals is None else decimals
    pattern = Locale.parse(language).currency_formats["standard"].pattern
    pattern = pattern.replace(".00", "." + "0" * decimals if decimals else "")
    text = format_currency(
        to_decimal(minor, currency), currency, pattern, locale=language, currency_digits=False
    )
    # CLDR wants a space between letters and figures; Babel leaves it out.
    before, found, figures = text.partition(currency)
    return f"{before}{currency}\xa0{figures.lstrip()}" if found and figures else text


def set_language(language: str) -> None:
    """Choose the language of `_` for the rest of this context (request, command)."""
    _language.set(language if language in LANGUAGES else "en")


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Choose the language of `_` for a block."""
    token = _language.set(language if language in LANGUAGES else "en")
    try:
        yield
    finally:
        _language.reset(token)


def N_(text: str) -> str:
    """Marks a text for translators that is looked up later."""
    return text


def _(text: str) -> str:
    """`text` in the language of this context."""
    language = _language.get()
    return text if language == "en" else _catalog(language).gettext(text)


def ngettext(singular: str, plural: str, count: int) -> str:
    """The form for `count`, in the language of this context."""
    language = _language.get()
    if language == "en":
        return singular if count == 1 else plural
    return _catalog(language).ngettext(singular, plural, count)


@cache
def _catalog(language: str) -> gettext.GNUTranslations:
    with (_FOLDER / f"{language}.po").open("rb") as file:
        messages = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
