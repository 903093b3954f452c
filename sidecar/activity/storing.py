"""Events from the spools into the table, in bulk: members are looked up, addresses shortened where they shall be."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from sidecar.activity.addresses import shortened
from sidecar.activity.rules import Event, EventType, months_between
from sidecar.activity.store import add_events
from sidecar.activity.store_seals import lock_chain
from sidecar.clock import real_now
from sidecar.db import session, use_case

log = logging.getLogger(__name__)
BATCH = 1000
_LATE_MONTHS = 12

MembersOf = Callable[[Session, set[int]], dict[int, int]]
"""Finds the members of WordPress users: user id -> member id. The room of members lies above this one."""
PayersOf = Callable[[Session, Collection[int]], set[int]]
"""Finds those of these members who have ever paid. The room of billing lies above this one."""
_OF_VISITS = {EventType.PAGE, EventType.LOGIN, EventType.AFFILIATE}


@dataclass(frozen=True)
class People:
    """How the log learns who somebody is. `payers_of`: None keeps everybody's address whole."""

    members_of: MembersOf
    payers_of: PayersOf | None = None


def store_events(events: Sequence[Event], people: People) -> list[Event]:
    """Insert events in batches, each a transaction; those that are there already stay. Gives those that the table refuses.

    What one of them makes the database refuse must not hold up the others for ever: its batch is halved until it is alone.
    """
    refused = []
    for start in range(0, len(events), BATCH):
        refused += _store_or_halve(events[start : start + BATCH], people)
    return refused


def _store_or_halve(batch: Sequence[Event], people: People) -> list[Event]:
    try:
        _store(batch, people)
    except (DataError, IntegrityError):
        if len(batch) == 1:
            log.exception("the log's table refuses the event %s", batch[0].id.hex())
            return list(batch)
        half = len(batch) // 2
        return _store_or_halve(batch[:half], people) + _store_or_halve(batch[half:], people)
    return []


@use_case
def _store(batch: Sequence[Event], people: People) -> None:
    if any(is_late(event.month, real_now()) for event in batch):
        lock_chain(session())
    add_events(session(), _with_addresses(session(), _with_members(session(), batch, people), people))


def is_late(month: int, now: datetime) -> bool:
    """Whether an event's month is so old that it may just be dropped: who writes into one waits for who drops.

    >>> is_late(202411, datetime(2026, 6, 15)), is_late(202506, datetime(2026, 6, 15)), is_late(0, datetime(2026, 6, 15))
    (True, False, True)
    """
    return months_between(month, now) > _LATE_MONTHS


def _with_members(session: Session, events: Sequence[Event], people: People) -> list[Event]:
    users = {event.user_id for event in events if event.member_id is None and event.user_id is not None}
    members = people.members_of(session, users) if users else {}
    return [
        replace(event, member_id=members.get(event.user_id))
        if event.member_id is None and event.user_id
        else event
        for event in events
    ]


def _with_addresses(session: Session, events: Sequence[Event], people: People) -> Sequence[Event]:
    """Who has never paid is known by his network only. What is stored stays as it is: from his first payment on a member's
    new events have the whole address, and the order that he made has it of its own."""
    if people.payers_of is None:
        return events
    members = {event.member_id for event in events if event.member_id is not None and event.ip}
    payers = people.payers_of(session, members) if members else set()
    return [
        replace(event, ip=shortened(event.ip))
        if event.type in _OF_VISITS and event.member_id not in payers
        else event
        for event in events
    ]
