"""How much a bank takes, and how a text is cut to it. Pure.

Sources, looked up on 2026-11-26:

- Stripe's API reference of `disputes/update` (and its library, version 16.1): 150,000 characters in all fields together,
  20,000 in each long one. From API version 2026-09-30 on it estimates the pages of texts and files together and refuses what
  has more than the network takes (`dispute_evidence_page_limit_exceeded`).
- Stripe's guidance on files: PDF, JPEG or PNG, A4 or US Letter, upright, fewer than 50 pages and at most 4.5 MB together (older
  pages of Stripe's say 5 MB), legible at 12 points. Colour does not survive transmission.
- Networks: Mastercard takes 19 pages and charges for each more; American Express takes 20 (checkout.com, "Dispute evidence file
  requirements").

So everything here keeps to the strictest: what fits Mastercard fits all.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

FIELD_CHARACTERS = 20_000
ALL_CHARACTERS = 150_000
ALL_PAGES = 19
FILE_PAGES = 12
"""Of the report; the rest is left to the texts."""
FILE_BYTES = 4_500_000
_PAGE_CHARACTERS = 3_000
_JOINED = {"\u200d"}


def count_characters(text: str) -> int:
    """UTF-16 code units: whoever counts otherwise counts fewer.

    >>> count_characters("Ana"), count_characters("😀")
    (3, 2)
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def estimate_pages(texts: Sequence[str]) -> int:
    """How many pages these texts become, one after the other. How Stripe estimates it is not published.

    >>> estimate_pages([]), estimate_pages(["short", "x" * 3001])
    (0, 2)
    """
    return -(-sum(count_characters(text) + _PAGE_CHARACTERS // 20 for text in texts) // _PAGE_CHARACTERS)


def cut_text(text: str, most: int, more: str = "…") -> str:
    """The text, or its beginning and `more`, `most` characters at most; never in the midst of a character that is written with
    several code points.

    >>> cut_text("Anna Maria", 10), cut_text("Anna Maria", 6), len(cut_text("e\\u0301e\\u0301", 3))
    ('Anna Maria', 'Anna …', 3)
    """
    if count_characters(text) <= most:
        return text
    room = most - count_characters(more)
    if room <= 0:
        return ""
    end, used = 0, 0
    for place, letter in enumerate(text):
        if _begins(text, place):
            end = place
        used += count_characters(letter)
        if used > room:
            break
    return text[:end] + more


def _begins(text: str, place: int) -> bool:
    """Whether a character begins here, and does not belong to the one before."""
    letter = text[place]
    joins = (
        unicodedata.category(letter).startswith("M")
        or letter in _JOINED
        or "\U0001f3fb" <= letter <= "\U0001f3ff"
    )
    return not joins and (place == 0 or text[place - 1] != "\u200d")


def keep_lines(lines: Sequence[str], most: int) -> tuple[list[str], int]:
    """(as many of the first lines as fit into `most` characters with their line ends, how many were left out).

    >>> keep_lines(["one", "two", "three"], 8)
    (['one', 'two'], 1)
    """
    kept: list[str] = []
    used = 0
    for line in lines:
        used += count_characters(line) + 1
        if used > most:
            break
        kept.append(line)
    return kept, len(lines) - len(kept)
