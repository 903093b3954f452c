"""My Account: a member's invoices and credit notes, each with its way to the file. Pure: values in, elements out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from babel.dates import format_date

from sidecar.i18n import _
from sidecar.pages.forms.elements import NOTHING, Element, join, link
from sidecar.pages.forms.words import Words

NEWEST = 12
PARAMETER = "gatepost_invoice"
"""Of the site's own address, where the bridge gives the file to whom it belongs."""


@dataclass(frozen=True)
class Listed:
    """One line. `gross_minor`: minor units, negative on a credit note."""

    name: str
    is_credit_note: bool
    issued_on: date
    description: str
    gross_minor: int
    currency: str


def invoices_view(found: Sequence[Listed], words: Words, home: str) -> Element:
    """The newest first; the older ones folded away. Nothing where there are none."""
    if not found:
        return NOTHING
    lines = [_line(one, words, home) for one in reversed(found)]
    return Element('<div class="gatepost-invoices"><h3>{}</h3><ul>{}</ul>{}</div>').format(
        _("Invoices"), join(*lines[:NEWEST]), _older(lines[NEWEST:])
    )


def _older(lines: Sequence[Element]) -> Element:
    if not lines:
        return NOTHING
    return Element("<details><summary>{}</summary><ul>{}</ul></details>").format(_("Older"), join(*lines))


def _line(one: Listed, words: Words, home: str) -> Element:
    day = format_date(one.issued_on, format="long", locale=words.language)
    kind = _("Credit note") if one.is_credit_note else _("Invoice")
    where = link(f"{home}/?{urlencode({PARAMETER: one.name})}", f"{kind} {one.name}")
    amount = words.money(one.gross_minor, one.currency)
    return Element("<li>{} · {} · {} · {}</li>").format(where, day, one.description, amount)
