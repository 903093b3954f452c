"""Mails that came back after a server had taken them: booked at the mail that they name."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sidecar import outbox
from sidecar.activity.rules import Event, EventType, facts_of
from sidecar.activity.store import add_events
from sidecar.db import session, use_case
from sidecar.mail.reports import Report
from sidecar.mail.sending import MAIL, end_id
from sidecar.mail.store import find_event
from sidecar.members.store_addresses import mark_address


class Booked(StrEnum):
    """What came of a report: it is `booked`; the mail is only `late`, or has arrived; the mail is `unknown`."""

    BOOKED = "booked"
    LATE = "late"
    UNKNOWN = "unknown"


@use_case
def book_report(report: Report, now: datetime) -> Booked:
    """Note that a mail came back; a second report on it changes nothing.

    The address is marked only where the report is about the very address that we wrote to, and its server says that there is no
    such mailbox. What was forwarded and came back from elsewhere says nothing of it.
    """
    parcel = outbox.find(session(), MAIL, report.parcel_id)
    sent = None if parcel is None else find_event(session(), end_id(parcel, "sent"))
    facts = facts_of(sent.body) if sent is not None else {}
    if parcel is None or sent is None or not facts.get("to"):
        return Booked.UNKNOWN
    if not report.failures:
        return Booked.LATE
    failure = next((one for one in report.failures if facts["to"].lower() in one.addresses), None)
    reason = (failure or report.failures[0]).reason
    body: dict[str, Any] = {name: facts[name] for name in ("mail", "kind", "to", "subject") if name in facts}
    body["reason"] = reason
    event = Event(
        id=end_id(parcel, "bounced"), type=EventType.EMAIL, name="bounced", at=now, member_id=sent.member_id,
        user_id=sent.user_id, subject=sent.subject, body=body,
    )  # fmt: skip
    add_events(session(), [event])
    if failure is not None and failure.is_bad_address and sent.member_id is not None:
        mark_address(session(), facts["to"], reason, now)
    return Booked.BOOKED
