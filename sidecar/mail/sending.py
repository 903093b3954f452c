"""Mails that are queued in the outbox, written and carried away, each with its event in the log.

A mail is sent once as far as that can be had. The parcel's id, which is made of the mail's cause, is its Message-ID, by which
mail servers know a repetition; the bridge does not send the same one again. By SMTP each mail is noted before the next is sent.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sidecar import outbox
from sidecar.activity.mail_copies import MailCopy, add_copies
from sidecar.activity.rules import Event, EventType, event_id
from sidecar.activity.store import add_events
from sidecar.billing.notices import raise_alarm
from sidecar.clock import Clock
from sidecar.db import reading, session, transaction, use_case
from sidecar.i18n import N_, _
from sidecar.mail.carrying import Carried, Carrier, Outgoing, Refusal
from sidecar.mail.facts import Mail
from sidecar.mail.gathering import Addressee, Gathering, Nobody
from sidecar.mail.testing import TEST, find_test
from sidecar.mail.writing import Broken, Writer
from sidecar.members.store_addresses import mark_address
from sidecar.outbox import Parcel
from sidecar.pages.memory import Memory
from sidecar.wordpress.tables import Tables

log = logging.getLogger(__name__)
MAIL = "mail"
GIVEN_UP_AFTER = timedelta(days=3)
"""A mail says what to do now; days later it would only confuse."""


@dataclass(frozen=True)
class PostOffice:
    """Where mails come from and how they leave. `host`: the site's name, on the right side of Message-IDs."""

    tables: Tables
    memory: Memory
    carrier: Carrier
    clock: Clock
    host: str


@dataclass(frozen=True)
class Batch:
    """What came of one. `goes_on`: there may be more to do now."""

    sent: int = 0
    goes_on: bool = False


@dataclass(frozen=True)
class Draft:
    """A parcel with its mail; or without one, and why: there is nobody to write to (`nobody`), or it failed (`fault`).

    `broken`: the owner's text that could not be used. `is_test`: an employee's mail to himself, of which the log says nothing.
    """

    parcel: Parcel
    addressee: Addressee = field(default_factory=Addressee)
    mail: Mail | None = None
    nobody: str = ""
    fault: str = ""
    broken: Broken | None = None

    @property
    def is_test(self) -> bool:
        """Whether it is no mail to a member."""
        return self.parcel.payload.get("kind") == TEST


def message_id(parcel_id: str, host: str) -> str:
    """The same for each try.

    >>> message_id("ab12", "club.test")
    '<ab12@club.test>'
    """
    return f"<{parcel_id}@{host}>"


def send_batch(office: PostOffice) -> Batch:
    """Write and send the oldest mails that are due. Needs no transaction, and must not be inside one: it leaves the machine.

    Dead before they leave: the parcels are free again after their lease. Dead after it: they are sent again under the same id.
    What cannot be sent waits, longer each time, and is given up `GIVEN_UP_AFTER` it was queued.
    """
    now = office.clock.now()
    with transaction() as claiming:
        parcels = outbox.claim_due(claiming, MAIL, now, office.carrier.at_once, office.carrier.lease)
    if not parcels:
        return Batch()
    drafts = _write(office, parcels, now)
    mails = [
        Outgoing(
            draft.parcel.id, draft.addressee.address, draft.mail, message_id(draft.parcel.id, office.host)
        )
        for draft in drafts
        if draft.mail and not _is_late(draft, now)
    ]
    carried = office.carrier.carry(mails) if mails else Carried()
    return Batch(_note(drafts, carried, office.clock.now()), not carried.is_away)


def _write(office: PostOffice, parcels: Sequence[Parcel], now: datetime) -> list[Draft]:
    with reading() as reader:
        gathering = Gathering(reader, office.tables)
        writer = Writer(reader, office.tables, office.memory, now)
        return [_draft(gathering, writer, parcel) for parcel in parcels]


def _draft(gathering: Gathering, writer: Writer, parcel: Parcel) -> Draft:
    """One mail that cannot be written does not hold up the others."""
    try:
        if parcel.payload.get("kind") == TEST:
            address, mail = find_test(gathering.reader, gathering.tables, parcel.payload)
            return Draft(
                parcel, Addressee(address), mail, nobody="" if address else N_("there is no such user")
            )
        found = gathering.gather(parcel.payload)
        if isinstance(found, Nobody):
            return Draft(parcel, found.addressee, nobody=found.reason)
        addressee, facts = found
        written = writer.write(parcel.payload, addressee, facts)
        return Draft(parcel, addressee, written.mail, broken=written.broken)
    except Exception as error:
        log.exception("the mail %s cannot be written", parcel.id)
        return Draft(parcel, fault=f"{type(error).__name__}: {error}")


def _is_late(draft: Draft, now: datetime) -> bool:
    return now - draft.parcel.written_at >= GIVEN_UP_AFTER


# --- what came of it ------------------------------------------------------------------------------------------------


@use_case
def _note(drafts: Sequence[Draft], carried: Carried, now: datetime) -> int:
    """Parcels, events, copies and marks in one transaction; gives how many mails were sent."""
    ends = {draft.parcel.id: end for draft in drafts if (end := _end_of(draft, carried, now)) is not None}
    _record([draft for draft in drafts if not draft.is_test], ends, now)
    for draft in drafts:
        refusal = _refusal_of(draft, carried)
        if refusal is not None and refusal.is_bad_address:
            mark_address(session(), draft.addressee.address, refusal.reason, now)
        if draft.broken is not None:
            _tell_owner(draft.broken, now)
    outbox.set_done(session(), list(ends), now)
    for draft in drafts:
        if draft.parcel.id not in ends:
            outbox.set_failed(session(), draft.parcel, _why(draft, carried), now)
    return sum(name == "sent" for name, _reason in ends.values())


def _record(drafts: Sequence[Draft], ends: Mapping[str, tuple[str, str]], now: datetime) -> None:
    ended = [
        (draft, _event(draft, *ends[draft.parcel.id], now)) for draft in drafts if draft.parcel.id in ends
    ]
    queued = [
        (draft, _event(draft, "queued", "", draft.parcel.written_at, copied=draft.parcel.id not in ends))
        for draft in drafts
        if draft.mail
    ]
    add_events(session(), [event for _draft, event in (*queued, *ended)])
    copies = {
        event.id: copy
        for draft, event in (*queued, *ended)
        if "copy" in event.body and (copy := _copy_of(draft)) is not None
    }
    add_copies(session(), copies)


def _tell_owner(broken: Broken, now: datetime) -> None:
    """Once for each version of a text."""
    version = broken.version
    sentence = _(
        "Your text of the mail {kind} ({language}) cannot be used: {reason}. The default is sent in its place."
    ).format(kind=version.kind, language=version.language, reason=broken.reason[:300])
    subject = f"{version.kind}:{version.language}:{version.number}"
    raise_alarm(session(), "mail_text", subject, sentence, now)


def _copy_of(draft: Draft) -> MailCopy | None:
    return None if draft.mail is None else MailCopy(draft.mail.text, draft.mail.html)


def _refusal_of(draft: Draft, carried: Carried) -> Refusal | None:
    """A bounce. What the owner himself cannot be told is tried again: an alarm must not be lost by a slip of his server."""
    return carried.refused.get(draft.parcel.id) if draft.addressee.member_id is not None else None


def _end_of(draft: Draft, carried: Carried, now: datetime) -> tuple[str, str] | None:
    """(the event's name, why) when nothing more is to be done for this mail; None: it is tried again."""
    if draft.parcel.id in carried.done:
        return "sent", ""
    if draft.nobody:
        return "dropped", draft.nobody
    refusal = _refusal_of(draft, carried)
    if refusal is not None:
        return "bounced", refusal.reason
    if _is_late(draft, now):
        return "failed", draft.fault or draft.parcel.error or N_("it was never tried")
    return None


def _why(draft: Draft, carried: Carried) -> str:
    """Why a mail that goes on waiting was not sent now."""
    refusal = carried.refused.get(draft.parcel.id)
    if draft.fault or refusal is None:
        return draft.fault or carried.failed.get(draft.parcel.id, N_("the site did not say"))
    return refusal.reason


def _event(draft: Draft, name: str, reason: str, now: datetime, *, copied: bool = True) -> Event:
    """Its id is made of the parcel's: noted twice, it is one event. That a mail was queued is noted when it is first written,
    since only then anybody knows its subject. `copied`: a copy is kept, and its digest is here: of what has ended, and of the
    first try where that was not the end, since it may have been delivered although nobody said so."""
    parcel, addressee, copy = draft.parcel, draft.addressee, _copy_of(draft)
    body: dict[str, Any] = {
        "mail": parcel.id,
        "kind": parcel.payload.get("kind", ""),
        "to": addressee.address,
    }
    if draft.mail is not None:
        body["subject"] = draft.mail.subject
    if copy is not None and copied:
        body["copy"] = copy.sha256
    if reason:
        body["reason"] = reason
    return Event(
        id=end_id(parcel, name),
        type=EventType.EMAIL,
        name=name,
        at=now,
        member_id=addressee.member_id,
        user_id=addressee.user_id,
        subject=f"order:{addressee.order_uuid}" if addressee.order_uuid else "",
        body=body,
    )


def end_id(parcel: Parcel, name: str) -> bytes:
    """The id of the event `name` of a mail."""
    return event_id(f"{parcel.id}:{name}", parcel.written_at)
