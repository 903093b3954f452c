"""Reading the log: a page of it, all of it, and what comes in. The order is (`at`, `id`); a page costs one look into an index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from sidecar.activity.querying import Cursor, EventQuery, Way, parse_cursor, stretches
from sidecar.activity.store_search import LoggedEvent, list_matching

MOST = 1000
CHUNK = 2000
_BEFORE_ALL, _BEHIND_ALL = b"\0" * 16, b"\xff" * 16


@dataclass(frozen=True)
class EventPage:
    """Events, newest first; `older`, `newer`: cursors of the pages beside it, None where the log ends.

    The first page, asked for without a cursor, has no `newer`: what comes in is found by asking for it again.
    """

    events: tuple[LoggedEvent, ...]
    older: str | None
    newer: str | None


def search(reader: Session, query: EventQuery, *, cursor: str = "", limit: int = 50) -> EventPage:
    """The newest events that match, or those beyond `cursor`. `limit`: 1 to 1000.

    Raises Refused for a cursor that is none. Events that arrive between two pages are not repeated, and hide none that
    was there.
    """
    limit = max(1, min(limit, MOST))
    if not cursor:
        found = list_beyond(reader, query, Way.OLDER, None, limit + 1)
        return EventPage(tuple(found[:limit]), _beside(Way.OLDER, found[limit - 1 :]), None)
    place = parse_cursor(cursor)
    found = list_beyond(reader, query, place.way, place, limit + 1)
    ahead = _beside(place.way, found[limit - 1 :])
    if place.way is Way.OLDER:
        back = _beside(Way.NEWER, found[:1], 1) or str(Cursor(Way.NEWER, place.at, _BEFORE_ALL))
        return EventPage(tuple(found[:limit]), ahead, back)
    back = _beside(Way.OLDER, found[:1], 1) or str(Cursor(Way.OLDER, place.at, _BEHIND_ALL))
    return EventPage(tuple(reversed(found[:limit])), back, ahead)


def _beside(way: Way, events: list[LoggedEvent], at_least: int = 2) -> str | None:
    """The cursor behind the first of `events`, if there are that many: one beyond it shows that the page has a neighbour."""
    return str(Cursor(way, events[0].at, events[0].id)) if len(events) >= at_least else None


def walk(reader: Session, query: EventQuery) -> Iterator[list[LoggedEvent]]:
    """All events that match, oldest first, in chunks: memory does not grow with their number.

    What arrives ahead of the place that was reached comes too, unless `until_at` says where to stop.
    """
    place = None
    while chunk := list_beyond(reader, query, Way.NEWER, place, CHUNK):
        yield chunk
        if len(chunk) < CHUNK:
            return
        place = Cursor(Way.NEWER, chunk[-1].at, chunk[-1].id)


def list_beyond(
    reader: Session, query: EventQuery, way: Way, place: Cursor | None, limit: int
) -> list[LoggedEvent]:
    """Up to `limit` matching events beyond a place (None: from that end of the log which the way begins at), in its order."""
    found: list[LoggedEvent] = []
    for begin, end in stretches(query, way, place):
        found += list_matching(reader, query, way, place, limit - len(found), begin, end)
        if len(found) >= limit:
            break
    return found


# --- what comes in ----------------------------------------------------------------------------------------------------

_LATE = timedelta(minutes=5)


@dataclass
class Follower:
    """Watches the log: each look gives what has come since the look before.

    An event may arrive after younger ones, as spools are stored one by one: what is up to five minutes late is found. One
    look gives the 1000 newest at most; `has_skipped` says that there were more.
    """

    query: EventQuery
    has_skipped: bool = False
    _seen: set[bytes] = field(default_factory=set)

    def look(self, reader: Session, now: datetime) -> list[LoggedEvent]:
        """Oldest first. The first look gives what the last five minutes brought."""
        lately = replace(self.query, from_at=now - _LATE)
        found = list_beyond(reader, lately, Way.OLDER, None, MOST)
        new = [event for event in reversed(found) if event.id not in self._seen]
        self.has_skipped = bool(self._seen) and len(new) == MOST
        self._seen = {event.id for event in found}
        return new
