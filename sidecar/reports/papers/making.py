"""An invoice as a file."""

from __future__ import annotations

from sidecar.i18n import speaking
from sidecar.reports.html import template_of
from sidecar.reports.papers.facts import Paper
from sidecar.reports.papers.pdf import render
from sidecar.reports.papers.writing import write


def make_pdf(paper: Paper) -> bytes:
    """One page or more of A4; the same paper makes the same bytes."""
    with speaking(paper.language):
        return render(write(paper), paper.issued_on)


def make_html(paper: Paper) -> str:
    """A whole page: no scripts, nothing from elsewhere, everything escaped."""
    with speaking(paper.language):
        return template_of("invoice.html").render(paper=write(paper))
