"""What an invoice is called, what is invoiced at all, and how a sum that is taken back divides. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from sidecar.billing.amounts import allocate
from sidecar.billing.rules import Source

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: none that is taken for another. Codes of one length sort like the numbers that they stand for."""
_LENGTH = 5
_EPOCH_MINUTES = 26_297_280
"""Minutes from 1970 to 2020. Five letters last until 2083."""
_NAME = re.compile(rf"(?:.*-)?([{_LETTERS}]{{{_LENGTH}}})-(C?)(\d{{1,12}})")

INVOICED = frozenset({Source.GATEWAY, Source.MANUAL, Source.CREDIT})
"""What pays. What is waived or a coupon's was given: nobody owes anything for it, and no tax is due."""


class Kind(StrEnum):
    """What a paper is. An invoice that names a credit note takes it back: the refund has failed, and the price stands again."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


@dataclass(frozen=True)
class Sums:
    """Minor units of one currency; of a credit note all are negative. Net and tax add up to gross."""

    net_minor: int
    tax_minor: int
    gross_minor: int

    @property
    def negated(self) -> Sums:
        """The contrary."""
        return Sums(-self.net_minor, -self.tax_minor, -self.gross_minor)


def credit_of(left: Sums, amount_minor: int) -> Sums | None:
    """What a credit note over `amount_minor` takes back of an invoice of which `left` stands; None where nothing does.

    Unit and sign: minor units; `amount_minor` and `left` are positive, the result is negative. No more is taken back than
    stands: what is given beyond that is the seller's loss, and no correction of a price.

    Rounding: net and tax in the proportion in which they stand, by largest remainder; the last credit note takes exactly the
    rest, so that an invoice that was wholly credited leaves neither net nor tax.

    >>> credit_of(Sums(1583, 317, 1900), 500)
    Sums(net_minor=-417, tax_minor=-83, gross_minor=-500)
    >>> credit_of(Sums(1166, 234, 1400), 2000)
    Sums(net_minor=-1166, tax_minor=-234, gross_minor=-1400)
    >>> credit_of(Sums(0, 0, 0), 500) is None
    True
    """
    taken = min(amount_minor, left.gross_minor)
    if taken <= 0:
        return None
    net, tax = allocate(taken, [left.net_minor, left.tax_minor])
    return Sums(net, tax, taken).negated


def code_of_minute(minute: int) -> str:
    """The name of a series that is opened in this minute (Unix time): five letters and figures.

    A database that was restored hands its own counts out again, the time it does not: a series opened after another has
    another name, whatever the database remembers.

    >>> code_of_minute(29_000_000), code_of_minute(29_000_001)
    ('2JFC0', '2JFC1')
    """
    number, letters = max(0, minute - _EPOCH_MINUTES), ""
    for _place in range(_LENGTH):
        number, rest = divmod(number, len(_LETTERS))
        letters = _LETTERS[rest] + letters
    return letters


def code_after(code: str) -> str:
    """The next name, for a second series within a minute.

    >>> code_after("2JFBZ")
    '2JFC0'
    """
    number = 0
    for letter in code:
        number = number * len(_LETTERS) + _LETTERS.index(letter)
    return code_of_minute(number + 1 + _EPOCH_MINUTES)


def name_of(kind: str, prefix: str, series: str, number: int) -> str:
    """What stands on the paper and what one finds it by.

    >>> name_of("invoice", "GP-", "2JFB0", 42), name_of("credit_note", "", "2JFB0", 7)
    ('GP-2JFB0-000042', '2JFB0-C000007')
    """
    letter = "C" if kind == Kind.CREDIT_NOTE else ""
    return f"{prefix}{series}-{letter}{number:06}"


def place_of_name(name: str) -> tuple[str, Kind, int] | None:
    """(series, kind, number) of a name, with its prefix or without; None for what is none.

    >>> place_of_name("GP-2JFB0-000042"), place_of_name("2jfb0-c7"), place_of_name("order 12")
    (('2JFB0', <Kind.INVOICE: 'invoice'>, 42), ('2JFB0', <Kind.CREDIT_NOTE: 'credit_note'>, 7), None)
    """
    found = _NAME.fullmatch(name.strip().upper())
    if found is None:
        return None
    return found[1], Kind.CREDIT_NOTE if found[2] else Kind.INVOICE, int(found[3])
