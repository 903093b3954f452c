"""Cancelling and withdrawing without signing in: what is declared counts, and nobody learns or takes anything by it."""

import csv
import io
import secrets
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sidecar.access.ruling import choose_core_page, choose_core_pages, core_pages_of
from sidecar.billing.changing import cancel_at_end
from sidecar.billing.declarations.models import declarations
from sidecar.billing.states import SubscriptionState
from sidecar.catalog.rules import Grant
from sidecar.catalog.versions import version_of
from sidecar.db import reading
from sidecar.errors import Refused
from sidecar.mail.gathering import Gathering
from sidecar.mail.rendering import render
from sidecar.members.rules import Status
from sidecar.outbox import list_waiting
from sidecar.privacy.erasing import erase_person
from tests.billing.books import alarm_kinds
from tests.dashboard.screens import Desk, an_administrator
from tests.house import NOW
from tests.pages.forms import FormReader, attributes, open_shop
from tests.web.sender import Sender

EMAIL = "alice@example.test"
State = SubscriptionState


@pytest.fixture
def shop(shop):
    """With a page for both."""
    for kind in ("cancel", "withdraw"):
        choose_core_page(kind, shop.house.post(f"[MM_Form type='{kind}']", type="page"), now=NOW)
    return shop


@pytest.fixture
def alice(shop):
    return shop.house.user("alice")


@pytest.fixture
def order(shop, alice):
    return shop.buy(alice, shop.product("Gold"))


def declare(shop, form="cancel", ip="192.0.2.7", **fields):
    sender = Sender(shop, form, ip=ip)
    values = {"name": "Alice Kern", "email": EMAIL, "declaration": secrets.token_hex(32), **fields}
    return sender.send("declare", **values)


def remove_core_page(kind):
    with reading() as reader:
        seen = version_of({str(level): page for level, page in core_pages_of(reader, kind).items()})
    choose_core_pages(kind, {None: None}, seen=seen, by="admin:1", now=NOW)


def rows():
    with reading() as reader:
        return list(reader.execute(sa.select(declarations).order_by(declarations.c.id)))


def receipts(shop):
    """Address and mail of each receipt that is queued."""
    with reading() as reader:
        parcels = [one for one in list_waiting(reader, "mail") if one.payload["kind"] == "declared"]
        found = [Gathering(reader, shop.house.tables).gather(one.payload) for one in parcels]
    return [(to.address, render("declared", facts, to.language)) for to, facts in found]


# --- the page -------------------------------------------------------------------------------------------------------


def test_a_visitor_gets_the_form_with_the_laws_label_and_few_fields(shop):
    page = FormReader(open_shop(shop), "[MM_Form type='cancel']")
    markup = page.html()
    assert "Cancel now" in page.words()
    assert "Résilier maintenant" in page.words(language="fr_FR")
    names = set(attributes(markup, "name"))
    assert names == {"name", "email", "contract", "wanted", "reason", "declaration"}
    withdraw = FormReader(shop, "[MM_Form type='withdraw']")
    assert "Confirm withdrawal" in withdraw.words()
    assert set(attributes(withdraw.html(), "name")) == {"name", "email", "contract", "declaration"}


def test_a_site_without_a_page_for_it_shows_no_form_and_takes_no_declaration(shop, order):
    for kind in ("cancel", "withdraw"):
        remove_core_page(kind)
        refused = "This cannot be declared here. Please write to us."
        assert FormReader(open_shop(shop), f"[MM_Form type='{kind}']").words() == refused
        answer = declare(shop, kind)
        assert (answer["state"], answer["message"]) == ("error", refused)
    assert (shop.read(order).status, rows(), receipts(shop)) == (State.ACTIVE, [], [])


def test_who_is_signed_in_need_not_say_who_he_is_and_each_page_has_its_own_token(shop, alice):
    for key, value in {"first_name": "Ali", "last_name": "Kern"}.items():
        shop.house.meta(alice, key, value)
    page = FormReader(open_shop(shop), "[MM_Form type='cancel']")
    assert {EMAIL, "Ali Kern"} <= set(attributes(page.html(alice), "value"))
    assert len({attributes(page.html(), "value")[-1] for _time in range(3)}) == 3


# --- what follows of a cancellation ---------------------------------------------------------------------------------


def test_with_the_members_own_address_the_order_is_canceled_for_its_end_and_can_be_kept(shop, alice, order):
    answer = declare(shop)
    assert answer["state"] == "ok"
    assert shop.read(order).status is State.PENDING_CANCEL
    assert shop.hold(alice).status is Status.PENDING_CANCEL
    assert "canceled" in shop.mails()
    [row] = rows()
    assert (row.outcome, row.is_waiting, row.order_id, row.settled_by) == (
        "canceled",
        False,
        order.id,
        "declaration",
    )
    assert [one.name for one in shop.house.events()].count("cancel_at_end") == 1
    assert "declaration" not in alarm_kinds()
    assert Sender(shop, "myaccount", alice).send("keep", order=order.uuid)["state"] == "ok"
    assert shop.read(order).status is State.ACTIVE


def test_it_says_exactly_what_arrived_and_when_on_the_page_and_by_mail(shop, order):
    message = declare(shop, contract="Gold", wanted="2026-06-20", reason="They closed the workshop.")[
        "message"
    ]
    for part in (
        "June 15, 2026", "2:00:00", "extraordinary cancellation", "Alice Kern", EMAIL, "Gold", "June 20, 2026",
        "They closed the workshop.",
    ):  # fmt: skip
        assert part in message.replace("\u202f", " ")
    [(address, mail)] = receipts(shop)
    assert address == EMAIL
    for part in ("June 15, 2026", "2:00:00", "Alice Kern", "Gold", "They closed the workshop."):
        assert part in mail.text.replace("\u202f", " ")


def test_a_stranger_is_answered_alike_and_the_owner_looks(shop, order):
    known = declare(shop)
    strange = declare(shop, email="nobody@example.test")
    assert known["message"].replace(EMAIL, "nobody@example.test") == strange["message"]
    assert {key: known[key] for key in ("state", "errors", "redirect", "data")} == {
        key: strange[key] for key in ("state", "errors", "redirect", "data")
    }
    row = rows()[1]
    assert (row.is_waiting, row.member_id, row.outcome) == (True, None, None)
    assert "declaration" in alarm_kinds()


def test_an_address_that_only_a_collation_takes_for_the_members_is_not_his(shop, order):
    declare(shop, email="alicé@example.test")
    assert (shop.read(order).status, rows()[0].member_id) == (State.ACTIVE, None)


def test_charlie_with_alices_order_number_and_his_own_address_ends_nothing(shop, order):
    shop.house.user("charlie")
    declare(shop, email="charlie@example.test", contract=order.uuid[:8])
    assert shop.read(order).status is State.ACTIVE
    assert rows()[0].is_waiting


@pytest.mark.parametrize(
    ("contract", "which"), [("", None), ("Gold", 0), ("silver ", 1), ("number", 1), ("Bronze", None)]
)
def test_of_several_orders_the_one_that_is_named_is_meant(shop, alice, order, contract, which):
    bundle = shop.house.bundle()
    other = shop.buy(alice, shop.product("Silver", grant=Grant.BUNDLE, grant_id=bundle))
    both = [order, other]
    declare(shop, contract=other.uuid[:8].upper() if contract == "number" else contract)
    ended = [shop.read(one).status is State.PENDING_CANCEL for one in both]
    assert ended == [which == 0, which == 1]
    assert rows()[0].is_waiting is (which is None)


def test_a_later_end_a_pause_and_what_was_paid_once_wait_for_a_person(shop, alice, order):
    declare(shop, wanted="2026-12-31")
    assert shop.read(order).status is State.ACTIVE
    Sender(shop, "myaccount", alice).send("pause", order=order.uuid)
    declare(shop)
    assert shop.read(order).status is State.PAUSED
    shop.buy(shop.house.user("bob"), shop.once())
    declare(shop, email="bob@example.test")
    assert [row.is_waiting for row in rows()] == [True] * 3


def test_what_is_overdue_waits_for_a_person_and_nobody_is_told_that_it_ended(shop, alice, order):
    shop.script(order, {"decline_code": "insufficient_funds"})
    shop.move(days=30, hours=1)
    shop.run()
    assert shop.read(order).status is State.OVERDUE
    declare(shop)
    assert shop.read(order).status is State.OVERDUE
    assert shop.hold(alice).status is Status.OVERDUE
    [row] = rows()
    assert (row.is_waiting, row.outcome, row.order_id) == (True, None, order.id)
    assert "declaration" in alarm_kinds()
    assert "canceled" not in shop.mails()
    [(address, _mail)] = receipts(shop)
    assert address == EMAIL


def test_whose_paid_time_is_over_waits_for_a_person_however_late_that_is_seen(shop, order):
    shop.move(days=30, hours=1)
    assert shop.read(order).status is State.ACTIVE  # its renewal has not been tried yet
    declare(shop)
    assert (shop.read(order).status, rows()[0].is_waiting) == (State.ACTIVE, True)
    with pytest.raises(Refused):
        cancel_at_end(shop.desk, order.uuid, by="declaration:1")
    assert shop.read(order).status is State.ACTIVE


def test_what_is_canceled_already_stays_so_and_needs_nobody(shop, order):
    declare(shop)
    declare(shop)
    assert shop.read(order).status is State.PENDING_CANCEL
    assert [row.is_waiting for row in rows()] == [False, False]


def test_a_reason_is_weighed_by_a_person_and_nothing_more_is_charged_meanwhile(shop, order):
    declare(shop, reason="They closed the workshop.")
    assert shop.read(order).status is State.PENDING_CANCEL
    [row] = rows()
    assert (row.is_waiting, row.outcome) == (True, "canceled")


def test_sent_twice_from_one_page_it_is_one(shop, order):
    token = secrets.token_hex(32)
    first, again = declare(shop, declaration=token), declare(shop, declaration=token)
    assert first["message"] == again["message"]
    assert (len(rows()), len(receipts(shop))) == (1, 1)


# --- withdrawal -----------------------------------------------------------------------------------------------------


def test_a_withdrawal_in_time_stops_charging_and_waits_for_the_owners_one_button(shop, alice, order):
    declare(shop, "withdraw")
    assert shop.read(order).status is State.PENDING_CANCEL
    assert [row.is_waiting for row in rows()] == [True]
    owner = Desk(shop.house, an_administrator(shop.house), billing=shop.desk)
    assert "in time" in owner.text("/declarations")
    assert owner.post(f"/declarations/{rows()[0].id}/refund").status_code == 303
    assert (shop.read(order).status, shop.read(order).ended_for) == (State.CANCELED, "refunded")
    assert [(one["amount"]) for one in shop.processor.get("ledger")["refunds"]] == [1900]
    [row] = rows()
    assert (row.is_waiting, row.outcome, row.settled_by) == (False, "refunded", owner.by)
    assert owner.post(f"/declarations/{row.id}/refund").status_code >= 400
    assert len(shop.processor.get("ledger")["refunds"]) == 1


@pytest.mark.parametrize(("days", "stops"), [(14, True), (15, False)])
def test_the_period_is_so_many_days_after_the_first_payment(shop, order, days, stops):
    shop.house.clock.moment = NOW
    shop.move(days=days)
    declare(shop, "withdraw")
    assert (shop.read(order).status is State.PENDING_CANCEL) is stops


# --- abuse ----------------------------------------------------------------------------------------------------------


def test_what_is_missing_is_said_beside_its_field_and_nothing_is_declared(shop):
    answer = declare(shop, name="", email="nonsense", wanted="soon")
    assert set(answer["errors"]) == {"name", "email", "wanted"}
    assert declare(shop, declaration="x")["state"] == "error"
    assert rows() == []


def test_nobodys_box_is_filled_and_one_address_declares_only_so_often(shop):
    answers = [
        declare(shop, ip=f"192.0.2.{number}", email="Victim@example.test")["state"] for number in range(7)
    ]
    assert answers == ["ok"] * 5 + ["error"] * 2
    many = [
        declare(shop, ip="198.51.100.1", email=f"v{number}@example.test")["state"] for number in range(12)
    ]
    assert many.count("ok") == 10


def test_a_receipt_carries_no_link_that_a_stranger_has_typed(shop):
    declare(
        shop,
        name="Buy at http://evil.example/now",
        contract="www.evil.example",
        reason="see evil.example today",
    )
    [(_address, mail)] = receipts(shop)
    assert "evil.example" not in mail.text + mail.html + mail.subject


# --- the owner ------------------------------------------------------------------------------------------------------


def test_the_dashboard_lists_them_with_day_and_time_and_as_a_file(shop, order):
    declare(shop, contract="=HYPERLINK()")
    declare(shop)
    owner = Desk(shop.house, an_administrator(shop.house), billing=shop.desk)
    shown = owner.text("/declarations")
    assert "Waits for you" in shown
    assert "Settled" in shown
    assert " canceled Jun 15, 2026" in shown
    assert "Jun 15, 2026" in shown
    text = owner.get("/declarations.csv").get_data(as_text=True).lstrip("\ufeff")
    first, second = csv.DictReader(io.StringIO(text))
    assert (first["contract"], second["order"]) == ("'=HYPERLINK()", order.uuid)
    assert second["received_at"] == "2026-06-15T12:00:00+00:00"
    assert owner.post(f"/declarations/{rows()[0].id}/close").status_code == 303
    assert rows()[0].outcome == "by_hand"
    assert "declaration" not in alarm_kinds()
    assert owner.post("/declarations/999/close").status_code == 404


def test_an_erasure_forgets_who_declared_and_keeps_that_it_was_done(shop, alice, order):
    declare(shop)
    declare(shop, email="bob@example.test", name="Bob")
    shop.move(days=40)
    shop.run()
    erase_person(shop.house.tables, EMAIL, now=shop.now + timedelta(days=1))
    first, second = rows()
    assert (first.name, first.email, first.ip, first.outcome) == ("", "", "", "canceled")
    assert second.name == "Bob"
