"""By which words a member is found: what a person types, and what is kept of names and addresses. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

WORD_LENGTH = 60
MOST_WORDS = 24
"""More words than this no name has; the first ones count."""
_PARTS = re.compile(r"[^\w]+")
_NAME_LENGTH = 190


def folded(text: str) -> str:
    """Without case and accents, so that everybody finds 'Zoë' by 'zoe'.

    >>> folded("  Zoë  MÜLLER-Straße ")
    'zoe muller-strasse'
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(char for char in plain if not unicodedata.combining(char)).split())


def words_of(login: str, email: str, name: str, first_name: str, last_name: str) -> frozenset[str]:
    """The words that a search may begin with: login and address whole, their parts, and each part of the names.

    >>> sorted(words_of("anna.k", "anna.kern@example.test", "Anna Kern", "Anna", "Kern"))
    ['anna', 'anna.k', 'anna.kern@example.test', 'k', 'kern']
    """
    whole = [folded(login), folded(email)]
    parts = [login, email.partition("@")[0], first_name, last_name, name]
    split = [word for part in parts for word in _PARTS.split(folded(part))]
    found = dict.fromkeys(word[:WORD_LENGTH] for word in (*whole, *split) if word)
    return frozenset(list(found)[:MOST_WORDS])


def typed_words(text: str) -> list[str]:
    """What somebody has typed into the search, as beginnings of words; an address stays whole.

    >>> typed_words("Kern,  anna"), typed_words("Anna.Kern@exam"), typed_words("-")
    (['kern', 'anna'], ['anna.kern@exam'], [])
    """
    found: list[str] = []
    for piece in re.split(r"[\s,;]+", folded(text)[:200]):
        found += [piece] if "@" in piece or "." in piece else _PARTS.split(piece)
    return list(dict.fromkeys(word[:WORD_LENGTH] for word in found if word))[:6]


def shown_name(name: str, first_name: str, last_name: str, login: str) -> str:
    """What a list calls somebody.

    >>> shown_name("anna", "Anna", "Kern", "anna"), shown_name("", "", "", "anna")
    ('Anna Kern', 'anna')
    """
    return (f"{first_name} {last_name}".strip() or name or login)[:_NAME_LENGTH]


def digest_of(parts: Iterable[str]) -> str:
    """Whether anything has changed since it was written down."""
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
