"""Invoices as a table for the accountant: one line each, credit notes with their minus."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from sidecar.billing.invoicing.rules import name_of
from sidecar.billing.periods import zone_of
from sidecar.currencies import to_decimal
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.reports.papers.facts import buyer_name, name_of_row

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def days_of_month(text: str) -> tuple[date, date]:
    """(first day, first day after) of a month such as 2026-06; raises Refused.

    >>> days_of_month("2026-12")
    (datetime.date(2026, 12, 1), datetime.date(2027, 1, 1))
    """
    found = _MONTH.fullmatch(text)
    if found is None or not 1 < int(found[1]) < 9999:
        raise Refused(_("A month is written like 2026-06."))
    year, month = int(found[1]), int(found[2])
    return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)


def heads() -> tuple[str, ...]:
    """Of the columns; in English in every language, since programs read them."""
    return (
        "number", "kind", "date", "buyer", "country", "tax_id", "order", "description", "from", "until", "currency", "net",
        "tax_percent", "tax_country", "tax", "gross", "paid_by", "takes_back",
    )  # fmt: skip


def cells(row: Any) -> tuple[object, ...]:
    """Of one row of `list_of_days`. Days are those of the invoice's own zone; `until` is the day on which the period ends."""
    zone = zone_of(row.zone)
    until = "" if row.until_at is None else row.until_at.astimezone(zone).date().isoformat()
    other = row.other_series and name_of(row.other_kind, row.other_prefix, row.other_series, row.other_number)
    return (
        name_of_row(row), row.kind, row.issued_on.isoformat(), buyer_name(row), row.buyer_country, row.buyer_tax_id,
        row.order_uuid[:8], row.description, row.from_at.astimezone(zone).date().isoformat(), until, row.currency,
        to_decimal(row.net_minor, row.currency), _percent(row.tax_ppm), row.tax_country,
        to_decimal(row.tax_minor, row.currency), to_decimal(row.gross_minor, row.currency), row.paid_by, other or "",
    )  # fmt: skip


def _percent(ppm: int) -> str:
    """
    >>> _percent(200_000), _percent(55_000)
    ('20', '5.5')
    """
    return f"{Decimal(ppm).scaleb(-4).normalize():f}"
