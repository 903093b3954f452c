"""The dashboard's invoices: the list, the month as a file, each one to look at."""

import csv
import io

import msgspec
import pytest

from sidecar.billing import returning
from sidecar.config import Invoices
from sidecar.reports.papers.facts import name_of_row
from tests.billing.test_invoices import papers
from tests.dashboard.screens import Desk, an_administrator


@pytest.fixture
def owner(shop):
    desk = Desk(shop.house, an_administrator(shop.house), billing=shop.desk)
    service = desk.app.extensions["gatepost"]
    service.config = msgspec.structs.replace(service.config, invoices=Invoices(seller_name="Atelier"))
    return desk


@pytest.fixture
def order(shop):
    shop.house.meta(shop.house.user("alice"), "first_name", "=Alice")
    order = shop.buy(shop.house.user("bob"), shop.product("Workshop", tax_ppm=200_000, tax_country="FR"))
    returning.refund(shop.desk, order.uuid, 500, by="admin:1")
    return order


def test_the_list_shows_both_kinds_newest_first_and_a_month_alone(shop, owner, order):
    invoice, note = (name_of_row(one) for one in papers(shop))
    shown = owner.text("/invoices")
    assert 0 < shown.index(note) < shown.index(invoice)
    assert "-€5.00" in shown
    assert invoice in owner.text("/invoices?month=2026-06")
    assert "No invoices here" in owner.text("/invoices?month=2026-05")
    assert invoice in owner.text("/invoices?month=nonsense")


def test_a_month_goes_to_the_accountant_with_the_sums_as_numbers(shop, owner, order):
    invoice, note = (name_of_row(one) for one in papers(shop))
    text = owner.get("/invoices.csv?month=2026-06").get_data(as_text=True).lstrip("\ufeff")
    first, second = csv.DictReader(io.StringIO(text))
    assert (first["number"], first["net"], first["tax"], first["gross"]) == (
        invoice,
        "15.83",
        "3.17",
        "19.00",
    )
    assert (second["number"], second["gross"], second["takes_back"]) == (note, "-5.00", invoice)
    assert (first["from"], first["until"], first["order"]) == ("2026-06-15", "2026-07-15", order.uuid[:8])


def test_each_is_there_as_pdf_and_page_and_stands_at_its_order(shop, owner, order):
    invoice, _note = (name_of_row(one) for one in papers(shop))
    assert owner.get(f"/invoices/{invoice}/invoice.pdf").get_data().startswith(b"%PDF-")
    assert "Atelier" in owner.get(f"/invoices/{invoice}/invoice.html").get_data(as_text=True)
    assert owner.get("/invoices/00000-000001/invoice.pdf").status_code == 404
    assert invoice in owner.text(f"/orders/{order.uuid}")
