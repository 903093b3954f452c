"""`gatepost invoices`: what was invoiced and credited, for the owner and the accountant."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import click

from sidecar.activity.exporting import is_formula
from sidecar.billing.invoicing import store
from sidecar.billing.invoicing.issuing import issue_missing, open_series
from sidecar.commands.speaking import N_, Group, option, say, say_table, with_service
from sidecar.commands.writing import write_private
from sidecar.db import reading, use_case
from sidecar.i18n import _, ngettext
from sidecar.reports.papers.facts import buyer_name, get_row, name_of_row, paper_of
from sidecar.reports.papers.listing import cells, days_of_month, heads
from sidecar.reports.papers.making import make_html, make_pdf
from sidecar.service import Service
from sidecar.written import from_minor

_FILE = click.Path(dir_okay=False, path_type=Path)
_BATCH = 500


@click.group(cls=Group, help=N_("Invoices and credit notes, by their number with its prefix or without."))
def invoices() -> None:
    pass


@invoices.command("list", help=N_("Print the newest invoices and credit notes, or those of a month."))
@option("--month", help=N_("Of this month, such as 2026-06."))
@option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help=N_("So many at most."))
@with_service
def show_list(_service: Service, month: str | None, limit: int) -> None:
    days = None if month is None else days_of_month(month)
    with reading() as reader:
        rows = store.list_newest(reader, before_id=None, limit=limit, month=days)
    lines = [
        (
            name_of_row(row),
            row.issued_on,
            buyer_name(row),
            row.description,
            _money(row.gross_minor, row.currency),
        )
        for row in rows
    ]
    say_table((_("number"), _("date"), _("buyer"), _("product"), _("sum")), lines)


def _money(minor: int, currency: str) -> str:
    return f"{from_minor(minor, currency)} {currency}"


@invoices.command(
    "show", help=N_("Write one as a file; without an option a PDF of its name into the current folder.")
)
@click.argument("number")
@option("--pdf", type=_FILE, help=N_("Write the PDF here."))
@option("--html", type=_FILE, help=N_("Write a page here."))
@with_service
def show(service: Service, number: str, pdf: Path | None, html: Path | None) -> None:
    with reading() as reader:
        paper = paper_of(reader, get_row(reader, number), service.config.invoices)
    if pdf is html is None:
        pdf = Path(f"{paper.name}.pdf")
    if pdf is not None:
        write_private(pdf, make_pdf(paper))
    if html is not None:
        write_private(html, make_html(paper).encode())


@invoices.command("export", help=N_("Print a month as CSV, for the accountant. Credit notes are negative."))
@click.argument("month")
@with_service
def export(_service: Service, month: str) -> None:
    since, until = days_of_month(month)
    writer = csv.writer(sys.stdout)
    writer.writerow(heads())
    writer.writerows([_cell(value) for value in line] for line in _lines(since, until))


def _lines(since: date, until: date) -> Iterator[tuple[object, ...]]:
    """All of these days, read in batches."""
    after_id = 0
    with reading() as reader:
        while rows := store.list_of_days(reader, since, until, after_id=after_id, limit=_BATCH):
            yield from (cells(row) for row in rows)
            after_id = rows[-1].id


def _cell(value: object) -> object:
    """A name that a spreadsheet would take for a formula is one no more."""
    return f"'{value}" if isinstance(value, str) and is_formula(value) else value


@invoices.command(
    "open-series",
    help=N_(
        "Let numbers begin again at 1 in a series of another name: after a backup was restored on a site where all is paid by"
        " hand. With a payment gateway Gatepost does it by itself."
    ),
)
@with_service
def begin_series(service: Service) -> None:
    code = use_case(open_series)(service.desk, "asked")
    say(_("Numbers go on in series {code}.").format(code=code))


@invoices.command(
    "issue-missing",
    help=N_("Issue invoices for payments that an older version booked while this one was being installed."),
)
@with_service
def issue_those_missing(service: Service) -> None:
    count = issue_missing(service.desk)
    say(ngettext("{count} invoice was issued.", "{count} invoices were issued.", count).format(count=count))
