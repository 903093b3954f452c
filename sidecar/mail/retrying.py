"""Trying a mail again now, and writing again to an address that had bounced: acts of the staff, each one transaction."""

from __future__ import annotations

from datetime import datetime

from sidecar import outbox
from sidecar.activity.rules import EventType
from sidecar.activity.store import add_event
from sidecar.db import session, use_case
from sidecar.errors import NotFound, Refused
from sidecar.i18n import _
from sidecar.mail.sending import GIVEN_UP_AFTER, MAIL
from sidecar.members.store_addresses import unmark_address


@use_case
def retry_mail(parcel_id: str, *, by: str, now: datetime) -> None:
    """Have a mail that waits sent with the next run.

    Raises Refused for one that is being sent, was sent, or is too old to be true.
    """
    parcel = outbox.find(session(), MAIL, parcel_id)
    if parcel is None:
        raise NotFound(_("There is no such mail any more."))
    if now - parcel.written_at >= GIVEN_UP_AFTER:
        raise Refused(_("This mail is too old: what it says may be no longer so."))
    if not outbox.hasten(session(), now, parcel_id):
        raise Refused(_("This mail is being sent at this moment, or was sent."))
    _record("mail_retried", f"mail:{parcel_id}", by, now)


@use_case
def write_again(address: str, *, by: str, now: datetime) -> None:
    """Take the mark off an address. Raises NotFound where there is none."""
    if not unmark_address(session(), address):
        raise NotFound(_("Mails to {address} have not bounced.").format(address=address))
    _record("address_unmarked", "", by, now)


def _record(name: str, subject: str, by: str, now: datetime) -> None:
    add_event(session(), EventType.ACCESS, name, now, subject=subject, body={"by": by})
