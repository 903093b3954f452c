"""The file of an invoice: for the member it belongs to, and for nobody else."""

import base64

import msgspec
import pytest

from sidecar.billing import returning
from sidecar.billing.desk import Settings
from sidecar.config import Invoices
from sidecar.db import reading
from sidecar.mail.gathering import Gathering
from sidecar.mail.letters.sentences import rows_of_payment
from sidecar.mail.words import Wording
from sidecar.reports.papers.facts import name_of_row
from tests.billing.test_invoices import papers
from tests.pages.forms import ACCOUNT, FormReader, open_shop
from tests.web.client import Bridge

SELLER = Invoices(seller_name="Atelier Béla", prefix="GP-")


@pytest.fixture
def alice(shop):
    shop.desk = shop.new_desk(settings=Settings(accept_unsafe_database=True, invoices=SELLER))
    alice = shop.house.user("alice")
    shop.order = shop.buy(alice, shop.product("Workshop"))
    return alice


def ask(shop, user, name, status=200):
    body = {"user": user, "name": name, "language": "fr_FR"}
    return Bridge(shop.house.app).ask("/bridge/v1/invoice", body, status=status)


def test_a_member_gets_his_own_as_a_pdf(shop, alice):
    [paper] = papers(shop)
    answer = ask(shop, alice, name_of_row(paper))
    assert answer["name"] == f"GP-{paper.series}-000001"
    assert base64.b64decode(answer["pdf"]).startswith(b"%PDF-")


def test_charlie_gets_none_of_alices_and_learns_not_even_that_it_is_there(shop, alice):
    [paper] = papers(shop)
    charlie, bob = shop.house.user("charlie"), shop.house.user("bob")
    shop.buy(bob, shop.product())
    nothing = ask(shop, charlie, "GP-00000-000999")
    assert nothing["pdf"] == ""
    for stranger in (charlie, bob, 0, 999):
        assert ask(shop, stranger, name_of_row(paper)) == nothing


def test_before_the_owner_has_said_who_sells_it_is_kept_and_not_printed(shop):
    alice = shop.house.user("alice")
    shop.buy(alice, shop.product())
    [paper] = papers(shop)
    answer = ask(shop, alice, name_of_row(paper))
    assert (answer["pdf"], "imprimée" in answer["message"]) == ("", True)
    service = shop.house.service
    service.config = msgspec.structs.replace(service.config, invoices=SELLER)
    assert ask(shop, alice, name_of_row(paper))["pdf"]


def test_my_account_lists_ones_own_with_their_files_and_nobody_elses(shop, alice):
    returning.refund(shop.desk, shop.order.uuid, 500, by="admin:1")
    page = FormReader(open_shop(shop), ACCOUNT)
    invoice, note = (name_of_row(one) for one in papers(shop))
    shown = page.html(alice)
    assert f'href="https://club.test/?gatepost_invoice={invoice}"' in shown
    assert f"Credit note {note}" in page.words(alice)
    assert "-€5.00" in page.words(alice)
    assert "Avoir" in page.words(alice, language="fr_FR")
    for stranger in (shop.house.user("charlie"), None):
        assert invoice not in page.html(stranger)


def test_the_receipt_names_the_number(shop, alice):
    [paper] = papers(shop)
    payload = {
        "kind": "welcome", "member": shop.order.member_id, "order": shop.order.id,
        "data": {"amount_minor": 1900, "cycle": 0, "source": "gateway"},
    }  # fmt: skip
    with reading() as reader:
        gathering = Gathering(reader, shop.house.tables)
        _addressee, facts = gathering.gather(payload)
    rows = dict(rows_of_payment(facts, facts.purchase, Wording("en", facts.zone)))
    assert rows["Invoice"] == f"{name_of_row(paper)}, in your account"
