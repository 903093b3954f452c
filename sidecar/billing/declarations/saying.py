"""A declaration in words, as its sender is told that it has arrived: on the page, by mail, and as the owner reads it. Pure."""

from __future__ import annotations

from babel.dates import format_date

from sidecar.billing.declarations.rules import Kind, Said
from sidecar.i18n import _


def rows_of(said: Said, language: str) -> list[tuple[str, str]]:
    """(label, value) of everything that was declared."""
    rows = [
        (_("Declared"), kind_words(said)),
        (_("Name"), said.name),
        (_("E-mail address"), said.email),
        (_("Contract"), said.contract or _("not named")),
    ]
    if said.kind is Kind.CANCEL:
        rows.append((_("To end on"), _wanted(said, language)))
    if said.reason:
        rows.append((_("Reason"), said.reason))
    return rows


def kind_words(said: Said) -> str:
    """What it is."""
    if said.kind is Kind.WITHDRAW:
        return _("withdrawal")
    return _("extraordinary cancellation") if said.reason else _("cancellation")


def _wanted(said: Said, language: str) -> str:
    if said.wanted_on is None:
        return _("as soon as possible")
    return format_date(said.wanted_on, "long", locale=language)
