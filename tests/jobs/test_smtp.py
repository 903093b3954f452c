"""Mails by SMTP, to a real server: each goes once as far as that can be had, and what a server refuses is understood."""

import json
import logging

import msgspec
import pytest

from jobs.mail import deliver_mails
from sidecar import outbox
from sidecar.activity.rules import EventType
from sidecar.config import Mail
from sidecar.db import reading, transaction
from sidecar.mail.carrying import Outgoing
from sidecar.mail.facts import Mail as MailParts
from sidecar.mail.sending import GIVEN_UP_AFTER
from sidecar.mail.smtp import SmtpCarrier
from sidecar.mail.transport import smtp_server
from sidecar.members.store_addresses import find_bad_address, unmark_address
from tests.house import DAY
from tests.mail.orders import a_free_order, queue_mail, waiting_mails
from tests.mail.smtp_stand_in import PASSWORD, USER, a_certificate, mail_server

ALICE, BOB = "alice@example.test", "bob@example.test"


def by_smtp(house, port, **settings):
    """The house's mails go to this server from now on."""
    asked = {
        "transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none", "from_address": "club@club.test",
        "from_name": "Alder & Ash", "timeout_seconds": 2, **settings,
    }  # fmt: skip
    house.service.config = msgspec.structs.replace(house.service.config, mail=Mail(**asked))


@pytest.fixture
def server(house):
    with mail_server() as running:
        by_smtp(house, running.port)
        yield running


def welcome(house, login):
    a_free_order(house, house.user(login), f"For {login}")


def ends(house):
    return [
        (event.name, json.loads(event.body)["to"], json.loads(event.body).get("reason", ""))
        for event in house.events()
        if event.type == EventType.EMAIL and event.name != "queued"
    ]


def later(house, hours=2):
    house.clock.move(DAY / 24 * hours)
    return deliver_mails(house.service)


def test_a_mail_has_both_parts_its_own_id_and_the_owners_address(house, server):
    welcome(house, "alice")
    (parcel,) = waiting_mails()
    assert deliver_mails(house.service) == 1
    ((sender, to, message),) = server.received
    assert (sender, to) == ("club@club.test", ALICE)
    assert message["Message-ID"] == f"<{parcel.id}@club.test>"
    assert message["From"] == "Alder & Ash <club@club.test>"
    assert (message["To"], message["Subject"]) == (ALICE, "Welcome: For alice")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"]
    text, html = (message.get_body([kind]).get_content() for kind in ("plain", "html"))
    assert "“For alice” is open to you now." in text
    assert html.startswith("<!DOCTYPE html>")
    assert ends(house) == [("sent", ALICE, "")]
    assert deliver_mails(house.service) == 0


def test_many_mails_go_over_one_connection(house, server):
    for login in ("alice", "bob", "carol"):
        welcome(house, login)
    assert deliver_mails(house.service) == 3
    assert server.sessions == 1


def test_reports_of_mail_servers_go_where_the_owner_says(house, server):
    by_smtp(house, server.port, bounces_to="bounces@club.test")
    welcome(house, "alice")
    deliver_mails(house.service)
    assert [sender for sender, _to, _message in server.received] == ["bounces@club.test"]


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_an_address_that_does_not_exist_bounces_is_marked_and_is_not_written_to_again(house, server):
    welcome(house, "alice")
    welcome(house, "bob")
    server.answers[ALICE] = "550 5.1.1 No such user here"
    assert deliver_mails(house.service) == 1
    assert sorted(ends(house)) == [
        ("bounced", ALICE, "550 5.1.1 No such user here"), ("sent", BOB, ""),
    ]  # fmt: skip
    assert waiting_mails() == []
    server.answers.clear()
    alice = next(event.member_id for event in house.events() if event.name == "bounced")
    order = next(event for event in house.events() if event.name == "bounced").subject
    assert order.startswith("order:")
    with reading() as reader:
        assert find_bad_address(reader, "Alice@Example.test").reason == "550 5.1.1 No such user here"
        orders = reader.execute(outbox.outbox.select()).all()
    first = next(json.loads(row.payload) for row in orders if json.loads(row.payload).get("member") == alice)
    queue_mail(house, "expired", alice, first["order"])
    assert later(house) == 0
    assert ends(house)[-1] == ("dropped", ALICE, "the address bounces")
    with transaction() as session:
        assert unmark_address(session, ALICE)
    queue_mail(house, "expired", alice, first["order"])
    assert later(house) == 1


def test_a_plain_refusal_bounces_the_mail_and_marks_nothing(house, server):
    welcome(house, "alice")
    server.answers[ALICE] = "550 We do not like you"
    assert deliver_mails(house.service) == 0
    assert ends(house) == [("bounced", ALICE, "550 We do not like you")]
    with reading() as reader:
        assert find_bad_address(reader, ALICE) is None


@pytest.mark.parametrize(
    "answer", ["450 4.2.1 Try later", "451 Greylisted", "554 5.7.1 Relay access denied", "552 5.2.2 Full"]
)
def test_what_may_go_another_time_waits_and_holds_up_no_other(house, server, answer):
    welcome(house, "alice")
    welcome(house, "bob")
    server.answers[ALICE] = answer
    assert deliver_mails(house.service) == 1
    assert [row.error for row in waiting_mails()] == [answer]
    server.answers.clear()
    assert later(house) == 1
    first, second = ends(house)
    assert (first, second) == (("sent", BOB, ""), ("sent", ALICE, ""))


def test_a_message_that_is_refused_is_tried_again_until_it_is_given_up_with_its_reason(house, server):
    welcome(house, "alice")
    server.on_data = "554 5.6.0 Looks like spam"
    deliver_mails(house.service)
    later(house)
    house.clock.move(GIVEN_UP_AFTER)
    deliver_mails(house.service)
    assert ends(house) == [("failed", ALICE, "554 5.6.0 Looks like spam")]
    assert server.received == []


def test_an_alarm_to_the_owner_is_tried_again_whatever_his_server_says(house, server):
    house.option("admin_email", "owner@example.test")
    queue_mail(house, "alarm", sentence="Billing is paused.")
    server.answers["owner@example.test"] = "550 5.1.1 No such user here"
    assert deliver_mails(house.service) == 0
    assert [row.error for row in waiting_mails()] == ["550 5.1.1 No such user here"]
    server.answers.clear()
    assert later(house) == 1


# --- a server that is in trouble ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["421 4.3.2 Shutting down", "drop"])
def test_a_server_that_goes_away_is_asked_once_a_run_and_loses_nothing(house, server, answer):
    for login in ("alice", "bob"):
        welcome(house, login)
    server.answers = dict.fromkeys((ALICE, BOB), answer)
    assert deliver_mails(house.service) == 0
    assert server.sessions == 1
    server.answers.clear()
    assert later(house) == 2
    assert {to for _sender, to, _message in server.received} == {ALICE, BOB}


def test_a_server_that_is_slow_is_waited_for_no_longer_than_the_configuration_says(house, server):
    by_smtp(house, server.port, timeout_seconds=1)
    welcome(house, "alice")
    server.is_stuck = True
    assert deliver_mails(house.service) == 0
    (row,) = waiting_mails()
    assert "timed out" in row.error
    server.is_stuck = False
    assert later(house) == 1


def test_a_server_that_is_down_and_one_that_takes_no_sender_let_all_mails_wait(house, server):
    welcome(house, "alice")
    server.refuses_sender = "550 5.7.1 Not yours to send from"
    assert deliver_mails(house.service) == 0
    assert [row.error for row in waiting_mails()] == ["550 5.7.1 Not yours to send from"]
    by_smtp(house, 1)
    assert later(house) == 0
    assert "ConnectionRefusedError" in waiting_mails()[0].error
    assert ends(house) == []


def test_an_answer_that_is_lost_after_the_message_repeats_it_under_the_same_id(house, server):
    welcome(house, "alice")
    server.on_data = "drop"
    assert deliver_mails(house.service) == 0
    server.on_data = ""
    assert later(house) == 1
    first, second = (message["Message-ID"] for _sender, _to, message in server.received)
    assert first == second
    assert ends(house) == [("sent", ALICE, "")], "one mail for the log"


def test_who_dies_between_the_servers_answer_and_the_commit_repeats_that_one_mail_and_no_other(house, server):
    for login in ("alice", "bob"):
        welcome(house, login)
    parcels = waiting_mails()
    carrier = SmtpCarrier(smtp_server(house.service.config))
    with transaction() as session:  # as `send_batch` does, up to the answer
        (claimed,) = outbox.claim_due(session, "mail", house.clock.now(), carrier.at_once, carrier.lease)
    mail = MailParts("x", "x", "x")
    carrier.carry([Outgoing(claimed.id, ALICE, mail, f"<{claimed.id}@club.test>")])
    carrier.close()
    assert deliver_mails(house.service) == 1, "the other one; the first is still held"
    house.clock.move(SmtpCarrier.lease + DAY / 86400)
    assert deliver_mails(house.service) == 1
    ids = [message["Message-ID"] for _sender, _to, message in server.received]
    assert sorted(ids) == sorted([f"<{parcels[0].id}@club.test>"] * 2 + [f"<{parcels[1].id}@club.test>"])


@pytest.mark.parametrize("address", ["zoë@example.test", "a..b@example.test", ".x@example.test"])
def test_an_address_that_the_server_cannot_write_to_holds_up_no_other(house, server, address):
    a_free_order(house, house.user("alice", user_email=address))
    welcome(house, "bob")
    deliver_mails(house.service)
    later(house)
    assert BOB in {to for _sender, to, _message in server.received}


# --- TLS and signing in -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_connection_is_encrypted_and_signed_in_and_the_password_is_in_no_log(
    house, tmp_path, monkeypatch, caplog, security
):
    certificate = a_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secret = tmp_path / "smtp"
    secret.write_text(PASSWORD)
    caplog.set_level(logging.DEBUG)
    with mail_server(certificate, is_tls=security == "tls") as server:
        settings = {"host": "localhost", "security": security, "user": USER, "password_file": str(secret)}
        by_smtp(house, server.port, **settings)
        welcome(house, "alice")
        assert deliver_mails(house.service) == 1, waiting_mails()
        assert server.signed_in == [USER.encode()]
        secret.write_text("wrong password")
        welcome(house, "bob")
        assert deliver_mails(house.service) == 0
        assert "535" in waiting_mails()[0].error
    everything = caplog.text + repr(smtp_server(house.service.config)) + str(waiting_mails())
    assert PASSWORD not in everything
    assert "wrong password" not in everything


def test_a_certificate_that_nobody_knows_and_a_server_without_tls_get_no_password(house, tmp_path, server):
    monkey = {"host": "localhost", "user": USER}
    with mail_server(a_certificate(tmp_path)) as unknown:
        by_smtp(house, unknown.port, security="starttls", **monkey)
        welcome(house, "alice")
        assert deliver_mails(house.service) == 0
        assert "CERTIFICATE_VERIFY_FAILED" in waiting_mails()[0].error
        assert unknown.signed_in == []
    by_smtp(house, server.port, security="starttls", **monkey)
    assert later(house) == 0
    assert "STARTTLS" in waiting_mails()[0].error
    assert server.received == []
