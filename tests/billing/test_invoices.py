"""Invoices and credit notes: each payment has one, each number is used once, and nothing is ever changed."""

import msgspec
import pytest
import sqlalchemy as sa

from sidecar.billing import changing, restoring, returning, store, store_guard
from sidecar.billing.checking import check
from sidecar.billing.desk import Settings
from sidecar.billing.invoicing import issuing
from sidecar.billing.invoicing.models import invoices, series
from sidecar.billing.invoicing.rules import Kind, name_of
from sidecar.billing.models import refunds
from sidecar.billing.ordering import Buyer, finish
from sidecar.billing.owing import owe
from sidecar.billing.progress import settle
from sidecar.billing.rules import Source
from sidecar.billing.switching import change_product
from sidecar.catalog.making import make_field
from sidecar.config import Invoices
from sidecar.db import at_last, db, reading, session, transaction, use_case
from sidecar.members.details import answer_field
from sidecar.members.store_details import set_contact
from tests.billing.books import a_coupon, close_intents, credit_of, deliver_all, newest_charge, rows_of
from tests.billing.test_at_once import at_once
from tests.processor.builders import a_number

SELLER = Invoices(
    seller_name="Atelier Béla",
    seller_address="12 rue des Érables\n75011 Paris",
    seller_tax_id="FR12345678901",
    prefix="GP-",
    footer="Merci !",
    buyer_tax_id_field="VAT",
)


@pytest.fixture
def alice(shop):
    return shop.house.user("alice", display_name="Alice L.")


@pytest.fixture
def product(shop):
    return shop.product("Workshop", tax_ppm=200_000, tax_country="FR")


def papers(shop):
    with reading() as reader:
        return list(reader.execute(sa.select(invoices).order_by(invoices.c.id)))


def sums(shop):
    return [(one.kind, one.number, one.gross_minor, one.tax_minor) for one in papers(shop)]


def all_series():
    with reading() as reader:
        return list(reader.execute(sa.select(series).order_by(series.c.code)))


def selling_as(shop, **changes):
    seller = msgspec.structs.replace(SELLER, **changes)
    return shop.new_desk(settings=Settings(accept_unsafe_database=True, invoices=seller))


# --- what has an invoice --------------------------------------------------------------------------------------------


def test_each_payment_has_an_invoice_that_says_what_was_bought_when_and_how_it_was_paid(shop, alice, product):
    order = shop.buy(alice, product)
    shop.move(days=31)
    shop.run()
    first, second = papers(shop)
    assert [(one.kind, one.number, one.cause.partition(":")[0]) for one in (first, second)] == [
        ("invoice", 1, "settle"), ("invoice", 2, "settle"),
    ]  # fmt: skip
    assert (first.net_minor, first.tax_minor, first.gross_minor, first.tax_ppm, first.currency) == (
        1583, 317, 1900, 200_000, "EUR",
    )  # fmt: skip
    receivable = shop.receivables(order)[0]
    assert (first.description, first.from_at, first.until_at) == (
        "Workshop", receivable.from_at, receivable.until_at,
    )  # fmt: skip
    assert (first.paid_by, first.card_brand, first.card_last4, first.credit_minor) == (
        "gateway", "visa", "4242", 0,
    )  # fmt: skip
    assert (str(first.issued_on), first.zone) == ("2026-06-15", "Europe/Paris")


def test_seller_and_buyer_are_kept_as_they_were(shop, alice, product):
    shop.house.meta(alice, "first_name", "Älice")
    shop.house.meta(alice, "first_name", "a second row, which WordPress does not read")
    shop.house.meta(alice, "last_name", "Łęcka" + "x" * 300)
    shop.house.meta(alice, "locale", "fr_FR")
    shop.desk = selling_as(shop)
    order = shop.buy(alice, product)
    with transaction() as open_session:
        lines = {"billing_address": "Rue Haute 3", "billing_zip_code": "1000", "billing_city": "Bruxelles"}
        set_contact(open_session, order.member_id, lines)
    shop.desk = selling_as(shop, seller_name="Another")
    shop.move(days=31)
    shop.run()
    first, second = papers(shop)
    assert (first.buyer_first_name, first.buyer_last_name, first.buyer_shown_as, first.buyer_locale) == (
        "Älice", ("Łęcka" + "x" * 300)[:200], "Alice L.", "fr_FR",
    )  # fmt: skip
    assert (first.seller_name, first.seller_tax_id, first.footer, first.prefix) == (
        "Atelier Béla", "FR12345678901", "Merci !", "GP-",
    )  # fmt: skip
    assert [one.buyer_city for one in (first, second)] == ["", "Bruxelles"]
    assert [one.seller_name for one in (first, second)] == ["Atelier Béla", "Another"]


def test_the_buyers_tax_number_comes_from_the_owners_field(shop, alice, product):
    field_id = make_field("VAT", now=shop.now)
    shop.desk = selling_as(shop)
    order = shop.buy(alice, product)
    answer_field(alice, field_id, "BE0123456789", now=shop.now, by="test")
    shop.move(days=31)
    shop.run()
    assert [one.buyer_tax_id for one in papers(shop)] == ["", "BE0123456789"]
    assert shop.read(order).status == "active"


def test_cash_has_an_invoice_and_what_is_given_has_none(shop, alice, product):
    order = shop.buy(alice, product)
    shop.script(order, "insufficient_funds")
    shop.move(days=30)
    shop.run()
    changing.mark_paid(shop.desk, order.uuid, by="admin:1", note="cash")
    shop.move(days=2)
    changing.skip(shop.desk, order.uuid, by="admin:1")
    shop.buy(shop.house.user("bob"), shop.product(trial_days=14, trial_price_minor=0))
    assert [(one.paid_by, one.card_last4) for one in papers(shop)] == [("gateway", "4242"), ("manual", "")]


def test_a_coupon_over_everything_leaves_nothing_to_invoice(shop, alice):
    a_coupon(shop, "FREE", percent_ppm=1_000_000)
    shop.buy(alice, shop.once(), coupon="FREE")
    assert papers(shop) == []


def test_money_that_nothing_was_owed_for_has_no_paper_nor_has_its_refund(shop, alice, product):
    begun, _token = shop.begin(alice, product)
    shop.pay(begun)
    changing.cancel(shop.desk, None, begun.order, by="admin:1", at_once=True)
    close_intents(shop)
    assert returning.refund_surpluses(shop.desk) == 1
    assert papers(shop) == []


# --- what is taken back ---------------------------------------------------------------------------------------------


def test_refunds_are_credited_part_by_part_until_nothing_is_left(shop, alice, product):
    order = shop.buy(alice, product)
    returning.refund(shop.desk, order.uuid, 500, by="admin:1")
    returning.refund(shop.desk, order.uuid, None, by="admin:1")
    assert sums(shop) == [
        ("invoice", 1, 1900, 317), ("credit_note", 1, -500, -83), ("credit_note", 2, -1400, -234),
    ]  # fmt: skip
    first, *notes = papers(shop)
    assert {note.credits_id for note in notes} == {first.id}
    assert {note.series for note in notes} == {first.series}


def test_a_refund_that_fails_later_is_invoiced_again(shop, alice, product):
    order = shop.buy(alice, product)
    returning.refund(shop.desk, order.uuid, 500, by="admin:1")
    shop.processor.post(f"refunds/{rows_of(refunds)[0].gateway_id}/fail")
    deliver_all(shop)
    returning.refund(shop.desk, order.uuid, None, by="admin:1")
    assert sums(shop) == [
        ("invoice", 1, 1900, 317), ("credit_note", 1, -500, -83), ("invoice", 2, 500, 83),
        ("credit_note", 2, -1900, -317),
    ]  # fmt: skip
    _first, note, again, _last = papers(shop)
    assert again.credits_id == note.id


def test_a_dispute_changes_no_paper(shop, alice, product):
    order = shop.buy(alice, product)
    shop.processor.post("disputes", {"charge": newest_charge(shop), "amount": 1900})
    deliver_all(shop)
    assert sums(shop) == [("invoice", 1, 1900, 317)]
    assert shop.read(order).held == "dispute"


def test_an_exchange_credits_the_unused_part_and_invoices_the_whole_new_price(shop, alice, product):
    order = shop.buy(alice, product)
    shop.move(days=15)
    bigger = shop.product("Studio", price_minor=4900, tax_ppm=200_000, tax_country="FR")
    buyer = Buyer(alice, "alice@example.test", "Alice")
    begun = change_product(shop.desk, buyer, order.uuid, bigger, "t" * 32, by="user")
    shop.pay(begun)
    finish(shop.desk, "t" * 32)
    assert sums(shop) == [
        ("invoice", 1, 1900, 317), ("invoice", 2, 4900, 817), ("credit_note", 1, -950, -158),
    ]  # fmt: skip
    assert (papers(shop)[1].credit_minor, papers(shop)[2].paid_by) == (950, "credit")
    returning.refund(shop.desk, order.uuid, None, by="admin:1")
    assert sum(one.gross_minor for one in papers(shop) if one.order_id == order.id) == 0
    assert credit_of(order) == 0


# --- numbers --------------------------------------------------------------------------------------------------------


def test_concurrent_payments_have_every_number_once_and_a_rolled_back_one_leaves_no_gap(shop):
    """Several workers settle, and some of them fail after they had counted their number."""
    product, rounds = shop.product(), 12
    orders = [shop.buy(shop.house.user(), product, card=a_number()) for _number in range(rounds)]
    unlucky = [shop.buy(shop.house.user(), product, card=a_number()) for _number in range(4)]
    shop.run()
    shop.move(days=30)

    class Stumbled(Exception):
        pass

    def settle_and_stumble(order):
        @use_case
        def run():
            found = store.find_order(session(), order.id)
            owed = owe(shop.desk, found, found.next_cycle, shop.now)
            settle(shop.desk, found, owed, Source.MANUAL, now=shop.now)
            at_last(stumble)

        def stumble():
            raise Stumbled

        try:
            run()
        except Stumbled:
            return True
        return False

    def pay_by_hand(order):
        changing.mark_paid(shop.new_desk(gateway=None, front=None), order.uuid, by="admin:1")

    stumbling = [lambda one=one: settle_and_stumble(one) for one in unlucky]
    paying = [lambda one=one: pay_by_hand(one) for one in orders]
    outcomes = at_once(shop, *stumbling, *paying)
    assert outcomes[:4] == [True] * 4
    numbers = [one.number for one in papers(shop)]
    assert sorted(numbers) == list(range(1, 2 * rounds + 5))
    assert [one.invoices for one in all_series()] == [2 * rounds + 4]


def test_a_renewals_number_costs_two_statements_and_is_taken_last_before_the_commit(shop, alice, product):
    """Whoever holds the lock that all wait for asks for nothing else: so nobody waits in a circle."""
    shop.buy(alice, product)
    shop.run()
    shop.move(days=31)
    said, engine = [], db.engine

    def hear(_connection, _cursor, statement, *_more):
        said.append(statement)

    def hear_commit(_connection):
        said.append("COMMIT")

    sa.event.listen(engine, "before_cursor_execute", hear)
    sa.event.listen(engine, "commit", hear_commit)
    try:
        shop.run()
    finally:
        sa.event.remove(engine, "before_cursor_execute", hear)
        sa.event.remove(engine, "commit", hear_commit)
    about = [number for number, one in enumerate(said) if "gatepost_invoice" in one]
    [counted, kept] = about
    assert said[counted].startswith("UPDATE gatepost_invoice_series")
    assert said[kept].startswith("INSERT INTO gatepost_invoices")
    assert (kept, said[kept + 1]) == (counted + 1, "COMMIT")


def test_a_restored_database_and_a_moved_site_begin_a_series_of_another_name(shop, alice, product):
    shop.buy(alice, product)
    shop.run()
    restoring.adopt(shop.desk, by="admin:1")
    shop.buy(shop.house.user("bob"), product)
    first, second = papers(shop)
    assert (first.number, second.number) == (1, 1)
    assert first.series < second.series
    assert [(one.reason, one.is_open) for one in all_series()] == [("first", None), ("adopted", 1)]


def test_a_database_that_counts_fewer_runs_than_its_machine_has_seen_never_repeats_a_number(
    shop, alice, product
):
    """Restored, and nobody has noticed yet: a webhook or a click of the owner comes before the first run."""
    shop.buy(alice, product)
    shop.run()
    mark = shop.desk.state_dir / "billing_runs"
    mark.write_text(str(int(mark.read_text()) + 7))
    bob, carol = shop.house.user("bob"), shop.house.user("carol")
    shop.buy(bob, product)
    shop.buy(carol, product)
    assert [one.number for one in papers(shop)] == [1, 1, 2]
    assert [(one.reason, one.invoices) for one in all_series()] == [("first", 1), ("restored", 2)]


def test_what_is_booked_while_a_restored_database_pauses_is_counted_in_a_series_of_its_own(
    shop, alice, product
):
    """On a machine that has seen no run of billing, such as one that only serves."""
    shop.buy(alice, product)
    shop.run()
    elsewhere = shop.new_desk(state_dir=shop.desk.state_dir / "elsewhere")
    tokens = []
    for name in ("bob", "carol"):
        begun, token = shop.begin(shop.house.user(name), product)
        shop.pay(begun)
        tokens.append(token)
    shop.move(hours=1)
    pause_restored(shop.now)
    shop.move(hours=1)
    for token in tokens:
        finish(elsewhere, token)
    assert [one.number for one in papers(shop)] == [1, 1, 2]
    assert [(one.reason, one.invoices) for one in all_series()] == [("first", 1), ("restored", 2)]


@use_case
def pause_restored(now):
    store_guard.claim_pause(session(), "restored", "restored", now)


def test_an_owner_may_begin_a_series_himself(shop, alice, product):
    shop.buy(alice, product)

    @use_case
    def run():
        return issuing.open_series(shop.desk, "asked")

    code = run()
    shop.buy(shop.house.user("bob"), product)
    assert [name_of(Kind(one.kind), one.prefix, one.series, one.number) for one in papers(shop)][1] == (
        f"{code}-000001"
    )


# --- what the check finds -------------------------------------------------------------------------------------------


def broken_by(shop, *statements):
    with transaction() as open_session:
        for statement in statements:
            open_session.execute(sa.text(statement))
        found = {breach.invariant for breach in check(open_session, shop.now)}
        open_session.rollback()
    return found


def test_the_check_finds_each_thing_that_must_not_be(shop, alice, product):
    order = shop.buy(alice, product)
    returning.refund(shop.desk, order.uuid, 500, by="admin:1")
    shop.buy(shop.house.user("bob"), product)
    a_gap, a_lack = "invoices leave no gap", "a payment has its invoice"
    assert broken_by(shop, "DELETE FROM gatepost_invoices WHERE kind = 'invoice' AND number = 2") == {
        a_gap, a_lack,
    }  # fmt: skip
    assert broken_by(
        shop, "UPDATE gatepost_invoices SET number = 7 WHERE kind = 'invoice' AND number = 2"
    ) == {a_gap}
    assert broken_by(shop, "DELETE FROM gatepost_invoices WHERE kind = 'credit_note'") == {
        "credit notes leave no gap", "a refund has its credit note",
    }  # fmt: skip
    assert broken_by(
        shop,
        "UPDATE gatepost_invoices SET net_minor = net_minor + 1, gross_minor = gross_minor + 1 WHERE number = 2",
    ) == {"an invoice says what was owed"}
    assert broken_by(
        shop, "UPDATE gatepost_invoices SET net_minor = -1683, gross_minor = -1766 WHERE kind = 'credit_note'"
    ) == {"no more is credited than was invoiced"}
    assert broken_by(shop, "UPDATE gatepost_refunds SET status = 'failed'") >= {
        "a refund has its credit note"
    }


def test_payments_of_before_have_no_invoice_and_nobody_complains(shop, alice, product):
    shop.buy(alice, product)
    with transaction() as open_session:
        open_session.execute(sa.delete(invoices))
        open_session.execute(sa.delete(series))
    order = shop.buy(shop.house.user("bob"), product)
    shop.check()
    returning.refund(shop.desk, shop_order(shop, alice).uuid, None, by="admin:1")
    assert [(one.kind, one.order_id) for one in papers(shop)] == [("invoice", order.id)]


def test_a_payment_that_an_older_version_booked_meanwhile_is_invoiced_when_the_owner_asks(
    shop, alice, product
):
    shop.buy(alice, product)
    shop.buy(shop.house.user("bob"), product)
    with transaction() as open_session:
        open_session.execute(sa.text("DELETE FROM gatepost_invoices WHERE number = 2"))
        open_session.execute(sa.text("UPDATE gatepost_invoice_series SET invoices = 1"))
    assert issuing.issue_missing(shop.desk) == 1
    assert issuing.issue_missing(shop.desk) == 0
    assert [one.number for one in papers(shop)] == [1, 2]


def shop_order(shop, user_id):
    with reading() as reader:
        return store.list_orders(reader, shop.house.read(user_id).id)[0]
