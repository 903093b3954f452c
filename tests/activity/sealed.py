"""A log with three seals, and ways to look at it and to tamper with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from sidecar.activity.mail_copies import MailCopy, add_copies
from sidecar.activity.models import events
from sidecar.activity.outside import keep, list_keepsakes
from sidecar.activity.rules import Event, EventType, event_id
from sidecar.activity.sealing import seal_rows
from sidecar.activity.store import add_events
from sidecar.activity.verifying import Flaw, Summary, Verification
from sidecar.db import reading, session, transaction, use_case
from tests.house import NOW, House

COPY = MailCopy("Welcome", "<p>Welcome</p>")


def an_event(number: int, kind: EventType = EventType.PAGE, name: str = "viewed", **fields: Any) -> Event:
    at = fields.pop("at", NOW + timedelta(seconds=number))
    values = {"member_id": 1, "user_id": 2, "ip": "192.0.2.7", "body": {"url": f"/{number}"}, **fields}
    return Event(event_id(f"{kind}{number}", at), kind, name, at, **values)


@use_case
def record(*batch: Event) -> None:
    add_events(session(), batch)


@use_case
def record_mail(number: int, **fields: Any) -> Event:
    event = an_event(
        number, EventType.EMAIL, "sent", body={"subject": "Welcome", "copy": COPY.sha256}, **fields
    )
    add_events(session(), [event])
    add_copies(session(), {event.id: COPY})
    return event


def seal(house: House, minutes: float = 0) -> None:
    sealed = seal_rows(NOW + timedelta(minutes=minutes))
    if sealed.newest is not None:
        keep(folder(house), sealed.newest, None)


def folder(house: House) -> Any:
    return house.service.config.state_dir / "seals"


def a_sealed_log(house: House) -> None:
    """Three seals: pages of two months, sign-ins, mails; one more page waits for its seal."""
    record(*(an_event(number) for number in range(10)))
    seal(house, 1)
    record(*(an_event(number, at=NOW + timedelta(days=20, seconds=number)) for number in range(10, 15)))
    record(an_event(20, EventType.LOGIN, "signed_in"), record_mail(21))
    seal(house, 2)
    record(an_event(11, at=NOW - timedelta(seconds=5)))  # a spool that was drained late
    seal(house, 3)
    record(an_event(30))


def verify(house: House, outside: Any = None) -> tuple[list[Flaw], Summary]:
    kept = list(list_keepsakes(folder(house))) if outside is None else outside
    with reading() as reader:
        run = Verification(reader, kept)
        return list(run.run()), run.summary


def faults(house: House, outside: Any = None) -> list[str]:
    return sorted(str(flaw.fault) for flaw in verify(house, outside)[0])


def run_sql(statement: Any) -> None:
    with transaction() as writing:
        writing.execute(statement)


def rows(**wanted: Any) -> list[Any]:
    """Events, by equal columns, in order of their ids."""
    with reading() as reader:
        where = [events.c[name] == value for name, value in wanted.items()]
        return list(reader.execute(sa.select(events).where(*where).order_by(events.c.id)))


def change(row: Any, **values: Any) -> None:
    run_sql(sa.update(events).where(events.c.id == row.id, events.c.type == row.type).values(**values))
