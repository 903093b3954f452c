"""Reports of mail servers on mails that they had taken: read, believed as far as they can be, and booked once."""

import json

import pytest

from jobs.mail import deliver_mails
from sidecar.activity.rules import EventType
from sidecar.db import reading
from sidecar.mail.bouncing import Booked, book_report
from sidecar.mail.carrying import host_of
from sidecar.mail.reports import read_report
from sidecar.members.store_addresses import find_bad_address
from tests.house import HOME, NOW
from tests.jobs.conftest import site
from tests.mail.orders import a_free_order, waiting_mails

assert site
HOST = host_of(HOME)
ID = "ab" * 16

REPORT = """\
From: MAILER-DAEMON@mx.example.test
To: bounces@club.test
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain

I am sorry.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.test

Original-Recipient: rfc822;{address}
Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.test
Diagnostic-Code: smtp; 550 {status} No such
    user here

--b1
Content-Type: {part}

Message-ID: <{mail}@{host}>
Subject: Welcome

--b1--
"""


def a_report(
    mail=ID,
    host=HOST,
    address="alice@example.test",
    action="failed",
    status="5.1.1",
    part="text/rfc822-headers",
):
    text = REPORT.format(mail=mail, host=host, address=address, action=action, status=status, part=part)
    return text.replace("\n", "\r\n").encode()


@pytest.mark.parametrize("part", ["text/rfc822-headers", "message/rfc822"])
def test_a_report_names_the_mail_the_recipient_and_the_reason(part):
    report = read_report(a_report(part=part), HOST)
    assert report.parcel_id == ID
    (failure,) = report.failures
    assert failure.addresses == ("alice@example.test",) * 2
    assert failure.reason == "550 5.1.1 No such user here"
    assert failure.is_bad_address


def test_a_report_that_brings_nothing_back_is_known_by_what_it_answers_to():
    raw = a_report(host="other.test").replace(
        b"To: bounces", b"In-Reply-To: <" + ID.encode() + b"@club.test>\r\nTo: bounces"
    )
    assert read_report(raw, HOST).parcel_id == ID


@pytest.mark.parametrize(
    ("status", "is_bad"),
    [("5.1.1", True), ("5.2.1", True), ("5.2.2", False), ("5.7.1", False), ("4.4.7", False), ("", False)],
)
def test_only_a_missing_mailbox_speaks_against_the_address(status, is_bad):
    (failure,) = read_report(a_report(status=status), HOST).failures
    assert failure.is_bad_address is is_bad


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", ""])
def test_what_is_only_late_or_has_arrived_is_no_failure(action):
    assert read_report(a_report(action=action), HOST).failures == ()


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\xff\xfe\0", b"Subject: hello\r\n\r\nI am on holiday.", a_report(host="other.test"), a_report(mail="zz"),
        a_report().replace(b"message/delivery-status", b"text/plain"), a_report()[:400],
        b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(3000)),
        b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n",
    ],
)  # fmt: skip
def test_anything_else_is_no_report(raw):
    assert read_report(raw, HOST) is None


# --- booking ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def sent(house, site):
    """Alice's welcome was sent, and its id."""
    a_free_order(house, house.user("alice"))
    (parcel,) = waiting_mails()
    assert deliver_mails(house.service) == 1
    return parcel.id


def mail_events(house):
    return [event for event in house.events() if event.type == EventType.EMAIL and event.name != "queued"]


def is_marked(address="alice@example.test"):
    with reading() as reader:
        return find_bad_address(reader, address) is not None


def book(raw):
    return book_report(read_report(raw, HOST), NOW)


def test_a_bounce_is_an_event_of_the_mail_and_marks_the_address_and_twice_is_once(house, sent):
    assert [book(a_report(sent)) for _report in range(2)] == [Booked.BOOKED] * 2
    bounced, delivered = sorted(mail_events(house), key=lambda event: event.name)
    assert (bounced.name, bounced.member_id, bounced.subject) == (
        "bounced",
        delivered.member_id,
        delivered.subject,
    )
    body = json.loads(bounced.body)
    assert (body["mail"], body["to"], body["reason"]) == (
        sent,
        "alice@example.test",
        "550 5.1.1 No such user here",
    )
    assert is_marked()


def test_a_report_about_somebody_else_marks_neither_him_nor_her(house, sent):
    assert book(a_report(sent, address="charlie@example.test")) is Booked.BOOKED
    assert not is_marked()
    assert not is_marked("charlie@example.test")


def test_a_full_mailbox_marks_nothing_and_a_late_mail_is_no_event(house, sent):
    assert book(a_report(sent, action="delayed")) is Booked.LATE
    assert [event.name for event in mail_events(house)] == ["sent"]
    assert book(a_report(sent, status="5.2.2")) is Booked.BOOKED
    assert not is_marked()


def test_a_mail_that_was_never_sent_cannot_come_back(house, site):
    a_free_order(house, house.user("alice"))
    (parcel,) = waiting_mails()
    assert book(a_report(parcel.id)) is Booked.UNKNOWN
    assert book(a_report()) is Booked.UNKNOWN
    assert not is_marked()
