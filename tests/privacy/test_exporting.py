"""Everything that we hold about Alice, and nothing about Charlie."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sidecar.billing.returning import refund
from sidecar.db import transaction
from sidecar.privacy import exporting
from sidecar.privacy.erasing import erase_person
from sidecar.privacy.exporting import export_person
from sidecar.privacy.models import export_places
from tests.reports.cases import AGENT, HOME_IP, Case

EMAIL = "alice@example.test"


@pytest.fixture
def case(shop, tmp_path):
    case = Case(shop, tmp_path)
    case.live(2)
    case.read(shop.now, ip="192.0.2.99", user=case.charlie)
    return case


def page(case, number, **options):
    return export_person(case.shop.house.tables, EMAIL, number, now=case.shop.now, **options)


def all_pages(case):
    pages = [page(case, 1)]
    while not pages[-1]["done"]:
        pages.append(page(case, len(pages) + 1))
        assert len(pages) < 100
    return pages


def events_in(pages):
    return [item["id"] for one in pages for item in one["items"] if item["id"].startswith("event-")]


def test_it_holds_membership_orders_payments_cards_mails_and_the_log(case):
    refund(case.shop.desk, case.order.uuid, 500, by="admin:1", reason="goodwill")
    case.dispute()
    [only] = all_pages(case)
    groups = {item["group"] for item in only["items"]}
    assert groups == {
        "membership", "orders", "payments", "invoices", "attempts", "refunds", "disputes", "cards", "customers", "mails", "activity",
    }  # fmt: skip
    text = json.dumps(only)
    for wanted in (
        case.order.uuid,
        HOME_IP,
        AGENT,
        "4242",
        "Your receipt from the Carpenters' Club",
        "goodwill",
        "cus_",
    ):
        assert wanted in text, wanted
    assert "192.0.2.99" not in text


def test_every_event_is_on_one_page_however_many_there_are(case, monkeypatch):
    monkeypatch.setattr(exporting, "EVENTS_A_PAGE", 4)
    mine = {
        f"event-{event.id.hex()}" for event in case.shop.house.events() if event.member_id == case.member_id
    }
    pages = all_pages(case)
    found = events_in(pages)
    assert len(found) == len(set(found))
    assert set(found) == mine
    assert len(pages) == len(mine) // 4 + 1


def test_what_happens_meanwhile_neither_repeats_nor_loses_an_event(case, monkeypatch):
    monkeypatch.setattr(exporting, "EVENTS_A_PAGE", 4)
    pages = [page(case, 1)]
    while not pages[-1]["done"]:
        if len(pages) < 5:
            case.read(case.shop.now + timedelta(seconds=len(pages)))
        pages.append(page(case, len(pages) + 1))
    mine = {
        f"event-{event.id.hex()}" for event in case.shop.house.events() if event.member_id == case.member_id
    }
    assert sorted(events_in(pages)) == sorted(mine)


def test_events_of_the_same_instant_are_told_apart(case, monkeypatch):
    monkeypatch.setattr(exporting, "EVENTS_A_PAGE", 3)
    for number in range(10):
        case.read(case.shop.now, ip=f"203.0.113.{number}")
    found = events_in(all_pages(case))
    assert (
        len(found) == len(set(found)) == sum(e.member_id == case.member_id for e in case.shop.house.events())
    )


def test_a_page_whose_beginning_was_forgotten_is_found_again(case, monkeypatch):
    monkeypatch.setattr(exporting, "EVENTS_A_PAGE", 4)
    before = events_in(all_pages(case))
    with transaction() as session:
        session.execute(sa.delete(export_places))
    again = [item["id"] for item in page(case, 3)["items"]]
    assert again == before[8:12]


def test_it_is_in_the_language_of_the_administrator(case):
    labels = {item["label"] for item in page(case, 1, language="fr")["items"]}
    assert labels
    assert all(item["data"] for item in page(case, 1)["items"])


def test_after_an_erasure_only_the_books_and_bare_events_are_left(case):
    erase_person(case.shop.house.tables, EMAIL, now=case.shop.now)
    text = json.dumps(all_pages(case))
    for mark in (EMAIL, HOME_IP, AGENT, "Your receipt"):
        assert mark not in text
    assert case.order.uuid in text


@pytest.mark.parametrize("number", [0, -1])
def test_a_page_that_there_is_not_is_empty(case, number):
    assert page(case, number) == {"done": True, "items": []}


def test_pages_behind_the_last_are_empty(case):
    assert events_in([page(case, 7)]) == []
