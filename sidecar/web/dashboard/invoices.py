"""Invoices and credit notes: the list, a month as a file for the accountant, each as PDF and page."""

from __future__ import annotations

from datetime import date

from flask import Response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sidecar.billing.invoicing.store import list_newest, list_of_days
from sidecar.db import reading
from sidecar.errors import Refused
from sidecar.reports.papers.facts import Paper, buyer_name, get_row, name_of_row, paper_of
from sidecar.reports.papers.listing import cells, days_of_month, heads
from sidecar.reports.papers.making import make_html, make_pdf
from sidecar.reports.store_members import list_faces
from sidecar.service import service
from sidecar.staff.rules import Right
from sidecar.web.dashboard.disputes import file_of
from sidecar.web.dashboard.door import frame, person, screen
from sidecar.web.dashboard.exporting import csv_piece

PAGE, PIECE = 50, 1000


@screen("/invoices", Right.SEE_MEMBERS)
def invoices() -> str:
    """The newest first, of a month or of all time."""
    before_id, month = request.args.get("before", None, int), request.args.get("month", "")
    with reading() as reader:
        found = list_newest(reader, before_id=before_id, limit=PAGE + 1, month=_days(month))
        faces = list_faces(reader, {row.member_id for row in found})
    return render_template(
        "dashboard/invoices.html",
        rows=found[:PAGE],
        faces=faces,
        month=month,
        this_month=frame().now.strftime("%Y-%m"),
        next_before=found[PAGE - 1].id if len(found) > PAGE else None,
        is_first=before_id is None,
        knows_seller=bool(service().config.invoices.seller_name),
        name_of_row=name_of_row,
        buyer_name=buyer_name,
    )


def _days(month: str) -> tuple[date, date] | None:
    """None for no month, and for what is none."""
    try:
        return days_of_month(month)
    except Refused:
        return None


@screen("/invoices.csv", Right.SEE_MEMBERS)
def invoices_csv() -> Response:
    """A month, in the order of numbers, in pieces."""
    month = request.args.get("month", "") or frame().now.strftime("%Y-%m")
    after_id = request.args.get("after", 0, int)
    with reading() as reader:
        rows = list_of_days(reader, *days_of_month(month), after_id=after_id, limit=PIECE)
    more = {"month": month, "after": rows[-1].id} if len(rows) == PIECE else None
    lines = (cells(row) for row in rows)
    return csv_piece(f"invoices-{month}", None if after_id else heads(), lines, more, by=person().by)


@screen("/invoices/<name>/invoice.pdf", Right.SEE_MEMBERS)
def invoice_pdf(name: str) -> AnyResponse:
    """As its buyer gets it."""
    paper = _paper(name)
    return file_of(make_pdf(paper), f"{paper.name}.pdf", "application/pdf")


@screen("/invoices/<name>/invoice.html", Right.SEE_MEMBERS)
def invoice_page(name: str) -> AnyResponse:
    """The same as a page in a file: its style is its own, so it is not shown in here."""
    paper = _paper(name)
    return file_of(make_html(paper).encode(), f"{paper.name}.html", "text/html; charset=utf-8")


def _paper(name: str) -> Paper:
    with reading() as reader:
        return paper_of(reader, get_row(reader, name), service().config.invoices)
