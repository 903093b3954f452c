"""What a buyer must accept before he pays, and what is kept of it."""

import json
import re
from dataclasses import replace

import pytest
import sqlalchemy as sa

from sidecar.billing.models import policies
from sidecar.billing.policies import mark_of, read_policies
from sidecar.billing.store_policies import list_accepted
from sidecar.config import Policies
from sidecar.db import reading
from tests.pages.forms import FormReader, open_shop
from tests.web.sender import ANNA, Sender

TERMS = "https://club.test/terms/"


@pytest.fixture
def places(tmp_path):
    (tmp_path / "terms.txt").write_text("All of it.\r\nPer month.\n")
    return Policies(
        terms_url=TERMS,
        terms_file=str(tmp_path / "terms.txt"),
        cancellation_url="https://club.test/cancel/?a=1&b=2",
    )


@pytest.fixture
def strict(shop, places):
    """A shop whose owner asks for acceptance."""
    shop.settings = replace(shop.settings, policies=places)
    shop.desk = shop.new_desk()
    return shop


def mark(places):
    return mark_of(read_policies(places))


def ordered(shop):
    return next(event for event in shop.house.events() if event.name == "ordered")


def test_the_checkout_asks_for_what_the_owner_has_named_and_ticks_nothing(shop, places):
    till = open_shop(shop)
    service = till.house.service
    service.rendering = replace(service.rendering, policies=places)
    page = FormReader(till, f"[MM_Form type='checkout' productId='{till.product()}']")
    words = page.words().replace("\n", " ")
    assert "I have read and accept: terms of sale , cancellation policy" in words
    assert f'name="accept" value="{mark(places)}"' in page.html()
    assert "checked" not in page.html()
    assert f'href="{TERMS}"' in page.html()


def test_a_checkout_without_policies_asks_for_nothing(shop):
    till = open_shop(shop)
    page = FormReader(till, f"[MM_Form type='checkout' productId='{till.product()}']")
    assert 'name="accept"' not in page.html()


def test_a_file_of_terms_that_is_gone_closes_the_checkout_and_shows_no_path(shop, places, tmp_path):
    (tmp_path / "terms.txt").unlink()
    till = open_shop(shop)
    service = till.house.service
    service.rendering = replace(service.rendering, policies=places)
    page = FormReader(till, f"[MM_Form type='checkout' productId='{till.product()}']")
    assert page.words() == "Nothing can be bought here at the moment. Please come back later."


def test_nobody_buys_without_accepting_and_nobody_becomes_a_user_by_it(strict, places):
    visitor, product = Sender(strict, "checkout"), strict.product()
    refused = visitor.begin(product, **ANNA)
    assert refused["errors"] == {"accept": "Please accept the terms to go on."}
    stale = visitor.begin(product, **ANNA, accept="0" * 32)
    assert "changed meanwhile" in stale["errors"]["accept"]
    assert visitor.begin(product, **ANNA, accept=mark(places))["state"] == "need_user"


def test_what_was_accepted_stays_readable_when_the_owner_writes_something_else(strict, places, tmp_path):
    alice = strict.house.user("alice")
    member, product = Sender(strict, "checkout", alice), strict.product()
    begun = member.begin(product, accept=mark(places))
    assert begun["state"] == "ok"
    event = ordered(strict)
    body = json.loads(event.body)
    assert (event.ip, body["email"]) == (member.ip, "alice@example.test")
    assert list(body["accepted"]) == ["cancellation", "terms"]
    (tmp_path / "terms.txt").write_text("Something else.")
    with reading() as reader:
        kept = list_accepted(reader, list(body["accepted"].values()))
    assert [(one.kind, one.url, one.text) for one in kept] == [
        ("terms", TERMS, "All of it.\nPer month."),
        ("cancellation", "https://club.test/cancel/?a=1&b=2", ""),
    ]
    assert "changed meanwhile" in member.begin(product, accept=mark_of(tuple(kept)))["errors"]["accept"]


def test_the_same_wording_is_kept_once_for_all_its_buyers(strict, places):
    product = strict.product()
    for login in ("alice", "bob"):
        Sender(strict, "checkout", strict.house.user(login)).begin(product, accept=mark(places))
    with reading() as reader:
        assert reader.scalar(sa.select(sa.func.count()).select_from(policies)) == 2


def test_the_browser_that_bought_is_kept_cut_to_length(strict, places):
    member = Sender(strict, "checkout", strict.house.user("alice"))
    member.begin(strict.product(), accept=mark(places), _agent="Mozilla/5.0 " + "x" * 1000)
    assert re.fullmatch(r"Mozilla/5\.0 x{288}", json.loads(ordered(strict).body)["agent"])
