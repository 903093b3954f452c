"""Mails leave once, in their reader's language, when the site is there; each leaves its event in the log."""

import json
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from jobs.mail import deliver_mails
from sidecar import outbox
from sidecar.activity.mail_copies import MailCopy, find_copy
from sidecar.activity.rules import EventType
from sidecar.db import reading, transaction
from sidecar.mail.carrying import SiteCarrier
from sidecar.mail.sending import GIVEN_UP_AFTER
from tests.house import DAY
from tests.mail.orders import a_free_order, queue_mail, waiting_mails

HOST = "127.0.0.1"
MAILS_A_CALL = SiteCarrier.at_once


def alarm(house, sentence="Billing is paused."):
    house.option("admin_email", "owner@example.test")
    return queue_mail(house, "alarm", sentence=sentence)


def email_events(house):
    """What came of mails; that they were queued is a matter of its own."""
    return [
        (event.name, event.member_id, json.loads(event.body)) for event in all_email_events(house, {"queued"})
    ]


def all_email_events(house, but=frozenset()):
    return [event for event in house.events() if event.type == EventType.EMAIL and event.name not in but]


def test_a_mail_is_sent_with_both_parts_and_its_id_as_message_id(house, site):
    alice = house.user("alice")
    a_free_order(house, alice)
    (parcel,) = waiting_mails()
    assert deliver_mails(house.service) == 1
    (sent,) = site.asked
    assert (sent["kind"], sent["id"], sent["to"]) == ("mail", parcel.id, "alice@example.test")
    assert sent["message_id"] == f"<{parcel.id}@{HOST}>"
    assert sent["subject"] == "Welcome: Apprentice"
    assert "“Apprentice” is open to you now." in sent["text"]
    assert "<td" in sent["html"]
    assert sent["headers"] == {"Auto-Submitted": "auto-generated"}
    assert waiting_mails() == []


def test_a_mail_that_was_sent_is_not_sent_again(house, site):
    alarm(house)
    assert [deliver_mails(house.service) for _run in range(3)] == [1, 0, 0]
    assert len(site.asked) == 1


def test_what_was_sent_stands_in_the_log_with_recipient_kind_and_subject(house, site):
    alice = house.user("alice")
    order = a_free_order(house, alice)
    (parcel,) = waiting_mails()
    deliver_mails(house.service)
    member = house.read(alice)
    assert email_events(house) == [
        (
            "sent",
            member.id,
            {
                "mail": parcel.id,
                "kind": "welcome",
                "to": "alice@example.test",
                "subject": "Welcome: Apprentice",
                "copy": MailCopy(site.asked[0]["text"], site.asked[0]["html"]).sha256,
            },
        )
    ]
    (event,) = all_email_events(house, {"queued"})
    assert (event.user_id, event.subject) == (alice, f"order:{order.uuid}")


def test_a_copy_of_what_was_sent_is_kept_with_its_event(house, site):
    a_free_order(house, house.user("alice"))
    deliver_mails(house.service)
    (sent,) = site.asked
    (event,) = all_email_events(house, {"queued"})
    with reading() as reader:
        assert find_copy(reader, event.id) == MailCopy(sent["text"], sent["html"])


def test_that_a_mail_was_queued_is_noted_once_as_of_then_with_its_subject(house, site):
    site.is_away = True
    a_free_order(house, house.user("alice"))
    queued_at = house.clock.now()
    for _try in range(3):
        house.clock.move(timedelta(hours=1))
        deliver_mails(house.service)
    (event,) = all_email_events(house)
    assert (event.name, event.at) == ("queued", queued_at)
    body = json.loads(event.body)
    assert body["subject"] == "Welcome: Apprentice"
    with reading() as reader:
        copy = find_copy(reader, event.id)
    assert copy.sha256 == body["copy"], "the first try may have been delivered, though nobody said so"
    site.is_away = False
    house.clock.move(timedelta(hours=1))
    deliver_mails(house.service)
    assert [event.name for event in all_email_events(house)] == ["queued", "sent"]


def test_a_french_member_gets_french_and_charlie_gets_nothing(house, site):
    alice, charlie = house.user("alice"), house.user("charlie")
    house.meta(alice, "locale", "fr_FR")
    a_free_order(house, alice)
    deliver_mails(house.service)
    assert [(sent["to"], sent["subject"]) for sent in site.asked] == [
        ("alice@example.test", "Bienvenue : Apprentice")
    ]
    assert charlie not in {event.user_id for event in house.events()}


def test_who_has_no_language_of_his_own_gets_the_sites(house, site):
    house.option("WPLANG", "fr_FR")
    a_free_order(house, house.user("alice"))
    deliver_mails(house.service)
    assert site.asked[0]["subject"] == "Bienvenue : Apprentice"


def test_mails_wait_while_the_site_is_away_and_go_with_the_same_id_when_it_is_back(house, site):
    parcel_id = alarm(house)
    site.is_away = True
    assert deliver_mails(house.service) == 0
    (row,) = waiting_mails()
    assert (row.attempts, "without our plugin's signature" in row.error) == (1, True)
    assert email_events(house) == []
    site.is_away = False
    house.clock.move(timedelta(hours=1))
    assert deliver_mails(house.service) == 1
    assert [(sent["id"], sent["message_id"]) for sent in site.asked] == [(parcel_id, f"<{parcel_id}@{HOST}>")]


def test_a_site_that_is_away_is_asked_once_a_run_however_many_mails_wait(house, site):
    for _mail in range(2 * MAILS_A_CALL):
        alarm(house)
    site.is_away = True
    deliver_mails(house.service)
    assert site.calls == 1


def test_many_mails_go_in_small_calls_in_one_run(house, site):
    for _mail in range(2 * MAILS_A_CALL + 1):
        alarm(house)
    assert deliver_mails(house.service) == 2 * MAILS_A_CALL + 1
    assert site.calls == 3


def test_a_mail_that_the_site_refuses_is_tried_again_and_holds_up_no_other(house, site):
    alarm(house)
    site.refuses = {"mail": "WordPress could not send this mail."}
    assert deliver_mails(house.service) == 0
    assert [row.error for row in waiting_mails()] == ["WordPress could not send this mail."]
    site.refuses = {}
    house.clock.move(timedelta(seconds=5))
    alarm(house)
    assert deliver_mails(house.service) == 2


def test_after_three_days_a_mail_is_given_up_with_an_event_and_never_sent_late(house, site):
    parcel_id = alarm(house)
    site.refuses = {"mail": "WordPress could not send this mail."}
    deliver_mails(house.service)
    house.clock.move(GIVEN_UP_AFTER - timedelta(seconds=1))
    deliver_mails(house.service)
    assert email_events(house) == []
    site.refuses = {}
    house.clock.move(timedelta(hours=2))
    assert deliver_mails(house.service) == 0
    assert waiting_mails() == []
    ((name, _member, body),) = email_events(house)
    assert (name, body["mail"], body["to"], body["kind"]) == (
        "failed",
        parcel_id,
        "owner@example.test",
        "alarm",
    )
    assert body["reason"] == "WordPress could not send this mail."
    assert len(site.asked) == 2, "only the two tries before"


def test_a_mail_that_waited_for_a_service_that_stood_still_is_not_sent_late(house, site):
    alarm(house)
    house.clock.move(GIVEN_UP_AFTER)
    assert deliver_mails(house.service) == 0
    assert (site.calls, [name for name, _member, _body in email_events(house)]) == (0, ["failed"])


def test_a_mail_to_somebody_who_is_gone_is_done_without_being_sent(house, site):
    alice = house.user("alice")
    a_free_order(house, alice)
    with transaction() as session:
        session.execute(sa.delete(house.tables.users).where(house.tables.users.c.id == alice))
    assert deliver_mails(house.service) == 0
    assert (site.calls, waiting_mails()) == (0, [])
    ((name, _member, body),) = email_events(house)
    assert (name, body["reason"]) == ("dropped", "there is no such member any more")


@pytest.mark.parametrize(
    "address", ["", "alice", "a@example.test, b@example.test", "a@example.test\nBcc: b@example.test"]
)
def test_a_mail_without_one_right_address_is_dropped(house, site, address):
    a_free_order(house, house.user("alice", user_email=address))
    assert deliver_mails(house.service) == 0
    assert site.calls == 0
    assert [name for name, _member, _body in email_events(house)] == ["dropped"]


def test_an_alarm_without_an_administrators_address_is_dropped(house, site):
    queue_mail(house, "alarm", sentence="Billing is paused.")
    assert deliver_mails(house.service) == 0
    ((name, member, body),) = email_events(house)
    assert (name, member, body["reason"]) == ("dropped", None, "the site has no administrator's address")


def test_an_order_that_is_gone_makes_no_mail(house, site):
    member = house.member(house.level())
    queue_mail(house, "receipt", member.id, 4711, amount_minor=1900)
    deliver_mails(house.service)
    assert [(name, body["reason"]) for name, _member, body in email_events(house)] == [
        ("dropped", "there is no such order")
    ]


def test_a_mail_that_cannot_be_written_holds_up_no_other_and_says_why(house, site, caplog):
    member = house.member(house.level())
    queue_mail(house, "birthday", member.id, a_free_order(house, house.user()).id)
    queue_mail(house, "alarm", at="yesterday")
    alarm(house)
    assert deliver_mails(house.service) == 2, "the welcome and the alarm"
    errors = sorted(row.error for row in waiting_mails())
    assert [error.partition(":")[0] for error in errors] == ["KeyError", "ValidationError"]
    assert "cannot be written" in caplog.text


@pytest.mark.parametrize("crashes", [1, 2])
def test_a_mail_of_a_process_that_died_is_free_again_after_its_lease_with_the_same_id(house, site, crashes):
    parcel_id = alarm(house)
    for _crash in range(crashes):
        with transaction() as session:
            assert len(outbox.claim_due(session, "mail", house.clock.now())) == 1
        assert deliver_mails(house.service) == 0
        house.clock.move(outbox.LEASE + timedelta(seconds=1))
    assert deliver_mails(house.service) == 1
    assert [sent["id"] for sent in site.asked] == [parcel_id]


def test_a_mail_that_was_sent_by_two_who_both_held_it_is_one_event(house, site):
    parcel_id = alarm(house)
    deliver_mails(house.service)
    with transaction() as session:
        table = outbox.outbox
        session.execute(sa.update(table).where(table.c.id == parcel_id).values(done_at=None))
    house.clock.move(DAY)
    deliver_mails(house.service)
    assert len(site.asked) == 2, "the bridge knows the id and does nothing"
    assert [name for name, _member, _body in email_events(house)] == ["sent"]


def test_two_processes_at_once_send_each_mail_once(house, site):
    ids = {alarm(house) for _mail in range(2 * MAILS_A_CALL)}
    counts, start = [], threading.Barrier(2)

    def run():
        with house.app.app_context():
            start.wait()
            counts.append(deliver_mails(house.service))

    threads = [threading.Thread(target=run) for _process in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == len(ids)
    assert sorted(sent["id"] for sent in site.asked) == sorted(ids)


def test_without_a_secret_mails_wait(house, site):
    alarm(house)
    house.service.secret = None
    assert deliver_mails(house.service) == 0
    assert [row.held_until for row in waiting_mails()] == [None]
    assert site.calls == 0
