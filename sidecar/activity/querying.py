"""What is looked for in the log, and a place in it, as values. Pure.

Events are ordered by (`at`, `id`). A place is between two events, so that events that arrive meanwhile move nothing.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from ipaddress import ip_address

from sidecar.activity.rules import SUBJECT_LENGTH, EventType
from sidecar.errors import Refused
from sidecar.i18n import _

MOST_NAMES = 10
MOST_DAYS_OF_TEXT = 31
TEXT_LENGTH = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?))?")
_CURSOR = re.compile(r"[A-Za-z0-9_-]{35}")
_YEARS = range(1971, 2200)


@dataclass(frozen=True)
class EventQuery:
    """Which events: all that fulfil everything that is said here; what is empty or None says nothing.

    `types`, `names`: any of them. `subject`: the whole of it, such as `post:12`. `ip`: in its canonical form. `from_at` is
    included, `until_at` is not. `text`: somewhere in subject or body, as it is written there; capitals do not matter.
    Raises Refused for a text that is looked for neither in one member's events nor in one month: that would read the whole log.
    """

    types: tuple[EventType, ...] = ()
    names: tuple[str, ...] = ()
    member_id: int | None = None
    user_id: int | None = None
    subject: str = ""
    ip: str = ""
    from_at: datetime | None = None
    until_at: datetime | None = None
    text: str = ""

    def __post_init__(self) -> None:
        if self.from_at and self.until_at and self.from_at >= self.until_at:
            raise Refused(_("The range ends before it begins."))
        if self.text and not self.is_of_one_person and not self._is_within_a_month:
            raise Refused(
                _(
                    "A text is looked for in the events of one member, or of {days} days at most: name a member, or both ends of a range."
                ).format(days=MOST_DAYS_OF_TEXT)
            )

    @property
    def is_of_one_person(self) -> bool:
        """Whether all events are one member's or user's."""
        return self.member_id is not None or self.user_id is not None

    @property
    def _is_within_a_month(self) -> bool:
        if self.from_at is None or self.until_at is None:
            return False
        # A month that winter time begins in is an hour longer.
        return self.until_at - self.from_at <= timedelta(days=MOST_DAYS_OF_TEXT, hours=1)


class Way(StrEnum):
    """From a place on: back to older events, or to newer ones."""

    OLDER = "o"
    NEWER = "n"


@dataclass(frozen=True)
class Cursor:
    """A place in the log and a way to go from it: the events beyond (`at`, `id`), which is not among them."""

    way: Way
    at: datetime
    id: bytes

    def __str__(self) -> str:
        """Opaque, for URLs and command lines: letters, digits, `-` and `_`.

        >>> place = Cursor(Way.OLDER, datetime(2026, 11, 30, 12, tzinfo=UTC), bytes(range(16)))
        >>> str(place), parse_cursor(str(place)) == place
        ('AW8ABmF9JjPQAAABAgMEBQYHCAkKCwwNDg8', True)
        """
        moment = (self.at - _EPOCH) // _MICROSECOND
        packed = b"\x01" + self.way.encode("ascii") + moment.to_bytes(8, "big") + self.id
        return base64.urlsafe_b64encode(packed).decode("ascii").rstrip("=")


def parse_cursor(text: str) -> Cursor:
    """The cursor that was written so; raises Refused for anything else, whoever made it up."""
    try:
        return _unpacked(text)
    except (ValueError, OverflowError, binascii.Error) as error:
        raise Refused(_("This is no place in the log; begin again without it.")) from error


def _unpacked(text: str) -> Cursor:
    if not _CURSOR.fullmatch(text):
        raise ValueError
    packed = base64.urlsafe_b64decode(text + "=")
    if packed[0] != 1:
        raise ValueError
    moment = _EPOCH + int.from_bytes(packed[2:10], "big") * _MICROSECOND
    found = Cursor(Way(chr(packed[1])), moment, packed[10:])
    if moment.year not in _YEARS or str(found) != text:
        raise ValueError
    return found


def stretches(
    query: EventQuery, way: Way, place: Cursor | None
) -> Iterator[tuple[datetime | None, datetime | None]]:
    """The ranges of time (from, until) to read one after the other.

    One, as an index leads to what is found; only a text within a month is read day by day, so that no statement is long.
    """
    begin, end = query.from_at, query.until_at
    if not query.text or query.is_of_one_person or begin is None or end is None:
        yield begin, end
        return
    if place is not None and way is Way.OLDER:
        end = min(end, place.at + _MICROSECOND)
    elif place is not None:
        begin = max(begin, place.at)
    while begin < end:
        if way is Way.OLDER:
            yield (first := max(begin, end - timedelta(days=1))), end
            end = first
        else:
            yield begin, (last := min(end, begin + timedelta(days=1)))
            begin = last


# --- what people write ------------------------------------------------------------------------------------------------


def read_query(
    zone: tzinfo,
    *,
    types: Sequence[str] = (),
    names: Sequence[str] = (),
    member_id: int | None = None,
    user_id: int | None = None,
    subject: str = "",
    ip: str = "",
    since: str = "",
    until: str = "",
    text: str = "",
) -> EventQuery:
    """The query that somebody wrote on a command line or in a form; raises Refused with a sentence.

    `since`, `until`: as `read_moment` has it. `subject`: a number is a post's. What is '' says nothing.
    """
    return EventQuery(
        types=tuple(dict.fromkeys(read_type(one) for one in types)),
        names=_read_names(names),
        member_id=member_id,
        user_id=user_id,
        subject=_read_subject(subject.strip()),
        ip=read_ip(ip.strip()) if ip.strip() else "",
        from_at=read_moment(since, zone) if since.strip() else None,
        until_at=read_moment(until, zone) if until.strip() else None,
        text=_read_text(text.strip()),
    )


def read_type(text: str) -> EventType:
    """One of the six; raises Refused."""
    try:
        return EventType(text.strip().lower())
    except ValueError as error:
        sentence = _("There is no type {type}. The types are {types}.")
        raise Refused(sentence.format(type=text, types=", ".join(EventType))) from error


def _read_names(texts: Sequence[str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(text.strip() for text in texts if text.strip()))
    wrong = next((name for name in names if not _NAME.fullmatch(name)), None)
    if wrong is not None:
        sentence = _("{name} is no event's name: they are words such as viewed or signed_in.")
        raise Refused(sentence.format(name=wrong))
    if len(names) > MOST_NAMES:
        raise Refused(_("{count} names at most.").format(count=MOST_NAMES))
    return names


def _read_subject(text: str) -> str:
    subject = f"post:{text}" if text.isascii() and text.isdigit() else text
    if len(subject) > SUBJECT_LENGTH or not is_storable(subject):
        raise Refused(_("No event can have such a subject."))
    return subject


def _read_text(text: str) -> str:
    if not is_storable(text):
        raise Refused(_("No event can hold such a text."))
    if len(text) > TEXT_LENGTH:
        raise Refused(_("No text longer than {length} characters.").format(length=TEXT_LENGTH))
    return text


def is_storable(text: str) -> bool:
    """Whether a database can hold it: no half of a surrogate pair, no NUL."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def read_ip(text: str) -> str:
    """An address as the log writes it; raises Refused.

    >>> read_ip("2001:DB8:0:0::5"), read_ip("::ffff:192.0.2.7")
    ('2001:db8::5', '192.0.2.7')
    """
    try:
        address = ip_address(text)
    except ValueError as error:
        raise Refused(_("{text} is no IP address.").format(text=text)) from error
    return str(getattr(address, "ipv4_mapped", None) or address)


def read_moment(text: str, zone: tzinfo) -> datetime:
    """The instant that begins a day or is a time in `zone`, as UTC; raises Refused.

    >>> from zoneinfo import ZoneInfo
    >>> read_moment("2026-07-01", ZoneInfo("Europe/Paris")).isoformat()
    '2026-06-30T22:00:00+00:00'
    >>> read_moment("2026-07-01 09:30", ZoneInfo("Europe/Paris")).isoformat()
    '2026-07-01T07:30:00+00:00'
    """
    try:
        local = _local(text.strip())
    except ValueError as error:
        sentence = _("{text} is no date. Write 2026-11-30, or 2026-11-30 14:05.")
        raise Refused(sentence.format(text=text.strip())) from error
    return local.replace(tzinfo=zone).astimezone(UTC)


def _local(text: str) -> datetime:
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError
    local = datetime.fromisoformat(f"{found[1]}T{found[2] or '00:00'}")
    if local.year not in _YEARS:
        raise ValueError
    return local


def spellings(text: str) -> tuple[str, ...]:
    """How `text` may stand in a body, which is JSON in ASCII: letters outside it differ in capitals.

    >>> spellings("été"), spellings("say"), spellings('"a"')
    (('\\\\u00e9t\\\\u00e9', '\\\\u00c9T\\\\u00c9', '\\\\u00c9t\\\\u00e9'), ('say',), ('\\\\"a\\\\"',))
    """
    shapes = [text] if text.isascii() else [text, text.lower(), text.upper(), text.capitalize()]
    return tuple(dict.fromkeys(json.dumps(shape)[1:-1] for shape in shapes))
