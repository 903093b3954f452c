"""Invoices on paper: everything that was kept is printed, in the language of then."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from sidecar.billing.invoicing.rules import Kind
from sidecar.errors import Refused
from sidecar.i18n import speaking
from sidecar.reports.papers.facts import Paper
from sidecar.reports.papers.listing import days_of_month
from sidecar.reports.papers.making import make_html, make_pdf
from sidecar.reports.papers.writing import write

INVOICE = Paper(
    kind=Kind.INVOICE, name="GP-3EWP1-000042", issued_on=date(2026, 6, 15), order="a1b2c3d4", language="en",
    zone=ZoneInfo("Europe/Paris"), seller=("Atelier Kőszegi", "75011 Paris"), buyer=("Zoë Łęcka", "1000 Bruxelles"),
    seller_tax_id="FR123", buyer_tax_id="BE456", description="Workshop", from_at=datetime(2026, 6, 14, 22, 30, tzinfo=UTC),
    until_at=datetime(2026, 7, 14, 22, 30, tzinfo=UTC), currency="EUR", net_minor=1583, tax_minor=317, gross_minor=1900,
    tax_ppm=200_000, tax_country="FR", paid_by="gateway", credit_minor=0, card_brand="visa", card_last4="4242",
    footer="RCS Paris", takes_back=None,
)  # fmt: skip
NOTE = replace(
    INVOICE, kind=Kind.CREDIT_NOTE, name="GP-3EWP1-C000007", net_minor=-417, tax_minor=-83, gross_minor=-500,
    takes_back=("GP-3EWP1-000042", date(2026, 6, 15)),
)  # fmt: skip


def words(paper):
    with speaking(paper.language):
        written = write(paper)
    pairs = [f"{label} {text}" for label, text in (*written.facts, *written.totals)]
    lines = (written.title, *written.seller, *written.buyer, *written.cells, *pairs, *written.sentences)
    return "\n".join(lines).replace("\xa0", " ").replace("\u202f", " ")


def test_an_invoice_says_who_sold_what_to_whom_when_and_what_of_it_is_tax():
    said = words(INVOICE)
    for part in (
        "Invoice", "Atelier Kőszegi", "FR123", "Zoë Łęcka", "BE456", "Number GP-3EWP1-000042", "Date June 15, 2026",
        "Order a1b2c3d4", "Workshop", "June 15, 2026 – July 15, 2026", "Net €15.83", "Tax 20% (FR) €3.17", "Total €19.00",
        "Paid by card, Visa •••• 4242.",
    ):  # fmt: skip
        assert part in said


def test_a_credit_note_names_its_invoice_and_says_where_the_money_goes_in_french():
    said = words(replace(NOTE, language="fr"))
    assert "Avoir" in said
    assert "Total -5,00 €" in said
    assert "Cet avoir annule tout ou partie de la facture GP-3EWP1-000042 du 15 juin 2026." in said
    assert "L’argent est rendu sur votre carte, Visa •••• 4242." in said


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"credit_minor": 500}, "Your credit has paid €5.00 of it."),
        ({"paid_by": "credit", "credit_minor": 1900}, "Paid from your credit with us."),
        ({"paid_by": "manual"}, "Paid."),
        (
            {"takes_back": ("C1", date(2026, 6, 15))},
            "The refund of credit note C1 of June 15, 2026 has failed",
        ),
    ],
)
def test_it_says_how_it_was_paid(changes, sentence):
    assert sentence in words(replace(INVOICE, **changes))


def test_without_tax_there_is_one_sum():
    said = words(replace(INVOICE, tax_ppm=0, tax_minor=0, net_minor=1900))
    assert "Net" not in said
    assert "Tax" not in said


def test_the_page_escapes_whatever_a_buyer_calls_himself():
    page = make_html(replace(INVOICE, buyer=("<script>alert(1)</script>",)))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_file_is_a_pdf_the_same_each_time_whatever_script_a_name_is_in():
    strange = replace(INVOICE, buyer=("王明 Αλίκη שלום",), description="x" * 400)
    for paper in (INVOICE, NOTE, strange):
        assert make_pdf(paper).startswith(b"%PDF-")
        assert make_pdf(paper) == make_pdf(paper)


@pytest.mark.parametrize("text", ["2026-13", "2026-6", "june", "", "2026-06-01"])
def test_a_month_that_is_none_is_refused(text):
    with pytest.raises(Refused):
        days_of_month(text)
