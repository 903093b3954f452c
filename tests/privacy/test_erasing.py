"""Forgetting Alice: nothing of her is left but what must be, and Charlie does not notice."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sidecar import outbox
from sidecar.activity.models import events
from sidecar.activity.rules import EventType
from sidecar.billing.changing import cancel
from sidecar.billing.checking import check
from sidecar.billing.models import cards, orders
from sidecar.billing.returning import note_dispute
from sidecar.db import db, reading, transaction
from sidecar.members.store_addresses import mark_address
from sidecar.privacy import erasing
from sidecar.privacy.erasing import erase_person
from sidecar.privacy.inventory import INVENTORY, Fate
from tests.reports.cases import AGENT, HOME_IP, Case

EMAIL = "alice@example.test"
MARKS = (EMAIL, HOME_IP, AGENT, "Firefox", "/sharpening", "Your receipt")


@pytest.fixture
def case(shop, tmp_path):
    """Alice, whose subscription has ended, and of whom something lies everywhere."""
    case = Case(shop, tmp_path)
    case.live(2)
    case.log(EventType.PAGE, "viewed", shop.now, user=case.charlie, ip="192.0.2.99", body={"url": "/other/"})
    case.log(EventType.LOGIN, "failed", shop.now, user=0, ip=HOME_IP, body={"name": EMAIL})
    case.log(EventType.LOGIN, "failed", shop.now, user=0, ip="192.0.2.99", body={"name": "charlie"})
    with transaction() as session:
        payload = {
            "kind": "card_expiring",
            "member": case.member_id,
            "order": case.order.id,
            "data": {"last4": "4242"},
        }
        outbox.add(session, "mail", payload, shop.now)
        mark_address(session, EMAIL, f"550 5.1.1 {EMAIL}: no such mailbox", shop.now)
        session.execute(sa.update(outbox.outbox).values(done_at=shop.now, error=f"{EMAIL}: no such mailbox"))
    return case


def ended(case):
    cancel(case.shop.desk, case.alice, case.order.uuid, by=f"user:{case.alice}", at_once=True)
    return case


def erase(case):
    """As WordPress does: again and again until it is done. Gives all answers."""
    answers = []
    while not answers or not answers[-1]["done"]:
        answers.append(erase_person(case.shop.house.tables, EMAIL, now=case.shop.now))
        assert len(answers) < 50
    return answers


def everything():
    """(table, column) → its values by row, as text."""
    with reading() as reader:
        return {
            (table.name, column.name): [str(value) for value in reader.scalars(sa.select(column).order_by(*table.primary_key))]
            for table in db.metadata.sorted_tables
            for column in table.columns
        }  # fmt: skip


def kept_columns(fates):
    return {
        (table, name)
        for table, columns in INVENTORY.items()
        for name, fate in columns.items()
        if fate in fates
    }


def test_no_mark_of_the_person_is_left_in_any_column(case):
    before = everything()
    assert {
        mark for mark in MARKS if any(mark in text for texts in before.values() for text in texts)
    } == set(MARKS)
    erase(ended(case))
    found = {
        place: text
        for place, texts in everything().items()
        for text in texts
        if any(mark in text for mark in MARKS)
    }
    assert found == {}


def test_the_books_the_account_and_all_numbers_stay_as_they_were(case):
    ended(case)
    before = everything()
    erase(case)
    after = everything()
    for place in kept_columns({Fate.BOOKS, Fate.NUMBER, Fate.ACCOUNT}) - {("gatepost_events", "member_id")}:
        assert after[place] == before[place], place
    with reading() as reader:
        assert check(reader, case.shop.now) == []


def test_what_is_listed_as_erased_is_empty_for_the_person(case):
    erase(ended(case))
    with reading() as reader:
        mine = reader.execute(sa.select(events).where(events.c.member_id == case.member_id)).all()
        bought = reader.execute(sa.select(orders.c.ip)).all()
        shown = reader.execute(sa.select(cards.c.last4, cards.c.exp_year, cards.c.exp_month)).all()
    rest = [row for row in mine if row.name != "erased"]
    assert {(row.ip, row.body, row.salt, row.user_id) for row in rest} == {("", "{}", None, None)}
    assert {row.subject for row in rest if row.type == "page"} == {""}
    assert {tuple(row) for row in (*bought, *shown)} == {("",), ("", 0, 0)}


def test_each_event_keeps_its_digest_its_time_and_its_seal(case):
    with transaction() as session:
        session.execute(sa.update(events).values(seal=7))
    before = {
        event.id: (event.digest, event.at, event.seal, event.type, event.member_id)
        for event in case.shop.house.events()
    }
    erase(case)
    after = {
        event.id: (event.digest, event.at, event.seal, event.type, event.member_id)
        for event in case.shop.house.events()
    }
    assert before.items() <= after.items()


def test_the_erasure_is_an_event_that_says_how_many_were_blanked_of_whom(case):
    erase(case)
    mine = [event for event in case.shop.house.events() if event.name == "erased"]
    blanked = [event for event in case.shop.house.events() if event.salt is None]
    for member_id in {event.member_id for event in blanked}:
        said = sum(json.loads(event.body)["events"] for event in mine if event.member_id == member_id)
        assert said == sum(event.member_id == member_id for event in blanked)


def test_nobody_else_loses_anything(case):
    def charlies():
        return {
            tuple(event)
            for event in case.shop.house.events()
            if event.user_id == case.charlie or "charlie" in event.body
        }

    before = charlies()
    erase(ended(case))
    assert charlies() == before
    assert len(before) >= 2


def test_a_second_erasure_finds_nothing_and_says_again_what_is_kept(case):
    erase(ended(case))
    before = everything()
    [again] = erase(case)
    assert again["removed"] == 0
    assert again["retained"] == 1
    assert everything() == before


def test_it_goes_on_page_by_page_and_after_being_cut_off(case, monkeypatch):
    monkeypatch.setattr(erasing, "EVENTS_A_CALL", 5)
    personal = sum(event.user_id == case.alice for event in case.shop.house.events())
    first = erase_person(case.shop.house.tables, EMAIL, now=case.shop.now)
    assert (first["done"], first["removed"]) == (False, 5)
    answers = erase(ended(case))
    assert len(answers) + 1 >= personal // 5 > 1
    assert not [event for event in case.shop.house.events() if event.user_id == case.alice]


def test_while_a_payment_is_disputed_nothing_goes_and_the_administrator_is_told(case):
    dispute = case.dispute()
    before = everything()
    [answer] = erase(case)
    assert (answer["done"], answer["removed"], answer["retained"]) == (True, 0, 1)
    assert dispute in answer["messages"][0]
    assert "Erase again" in answer["messages"][0]
    assert everything() == before
    case.shop.processor.post(f"disputes/{dispute}/close", {"status": "won"})
    note_dispute(case.shop.desk, dispute)
    assert erase(case)[0]["removed"] > 0


def test_a_subscription_that_goes_on_keeps_its_card_and_can_still_be_charged(case):
    answers = erase(case)
    assert any("A subscription goes on" in message for message in answers[-1]["messages"])
    with reading() as reader:
        assert reader.scalar(sa.select(cards.c.last4)) == "4242"
    charges = len(case.shop.charges())
    case.shop.move(days=31)
    case.shop.run()
    assert len(case.shop.charges()) == charges + 1


def test_the_administrator_is_told_what_is_kept_and_of_the_payment_processor(case):
    messages = erase(ended(case))[-1]["messages"]
    assert messages[0].startswith("1 order with its payments is kept")
    assert messages[1].startswith("3 invoices are kept")
    assert "cus_" in messages[2]


def test_what_the_bridge_still_has_to_hand_over_does_not_come_back(case):
    tables = case.shop.house.tables
    name = f"{tables.prefix}gatepost_spool"
    with transaction() as session:
        session.execute(sa.text(f"CREATE TABLE {name} (seq INTEGER PRIMARY KEY, id CHAR(32), body TEXT)"))
        rows = [
            {"kind": "page", "user": case.alice},
            {"kind": "page", "user": case.charlie},
            {"kind": "login_failed", "user": 0, "data": {"name": EMAIL}},
        ]
        for seq, row in enumerate(rows, 1):
            add = sa.text(f"INSERT INTO {name} VALUES (:seq, :id, :body)")
            session.execute(add, {"seq": seq, "id": f"{seq:032x}", "body": json.dumps(row)})
    try:
        erase(case)
        with reading() as reader:
            assert list(reader.scalars(sa.text(f"SELECT seq FROM {name}"))) == [2]
    finally:
        with transaction() as session:
            session.execute(sa.text(f"DROP TABLE {name}"))


def test_what_happens_after_an_erasure_is_new(case):
    erase(case)
    case.read(case.shop.now + timedelta(minutes=1))
    assert erase(case)[0]["removed"] >= 1


@pytest.mark.parametrize("email", ["", "nobody@example.test", "' OR 1=1 --", "alice@example.test\u0000", "%"])
def test_an_address_that_nobody_has_erases_nothing(case, email):
    before = everything()
    answer = erase_person(case.shop.house.tables, email, now=case.shop.now)
    assert answer == {"done": True, "removed": 0, "retained": 0, "messages": []}
    assert everything() == before
