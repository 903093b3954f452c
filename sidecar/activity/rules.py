"""An event as a value: its identity, its canonical text and its digest. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

SUBJECT_LENGTH = 190
IP_LENGTH = 45
BODY_LENGTH = 60_000
UNPLACED = 0
"""The month of an event whose time is no month that could be: a clock that stood in 1970, or jumped beyond all of this."""
_YEARS = range(2000, 2100)


class EventType(StrEnum):
    """The six types of the log."""

    ACCESS = "access"
    AFFILIATE = "affiliate"
    BILLING = "billing"
    EMAIL = "email"
    LOGIN = "login"
    PAGE = "page"


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    `id`: 16 bytes that begin with the time (see `event_id`). `name`: what happened, such as `level_changed`. `subject`: what
    it happened to, such as `post:12`. `body`: a small JSON object. `member_id`, `user_id`: None where unknown.
    """

    id: bytes
    type: EventType
    name: str
    at: datetime
    member_id: int | None = None
    user_id: int | None = None
    subject: str = ""
    ip: str = ""
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def month(self) -> int:
        """As `month_of` its id has it, so that a repetition always meets the first one.

        >>> Event(event_id("x", datetime(2026, 11, 30, tzinfo=UTC)), EventType.PAGE, "viewed", datetime.now(UTC)).month
        202611
        """
        return month_of(self.id)


def event_id(seed: str, at: datetime) -> bytes:
    """Sixteen bytes: milliseconds of `at`, then a digest of `seed` and `at`. The same seed and time give the same id.

    Ids that begin with the time are inserted at the end of the table, not all over it.
    """
    milliseconds = max(0, int(at.timestamp() * 1000)) & 0xFFFF_FFFF_FFFF
    start = milliseconds.to_bytes(6, "big")
    return start + hashlib.sha256(start + seed.encode("utf-8", "surrogatepass")).digest()[:10]


def month_of(event_id: bytes) -> int:
    """The partition of an event, as 202611; `UNPLACED` where the time in its id is far from any that we live in.

    So the clocks of this world can make 1,200 months at most, and not one for each that they jump to.

    >>> month_of(event_id("x", datetime(1970, 1, 1, tzinfo=UTC))), month_of(b"\\xff" * 16)
    (0, 0)
    """
    try:
        moment = datetime.fromtimestamp(int.from_bytes(event_id[:6], "big") / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return UNPLACED
    return moment.year * 100 + moment.month if moment.year in _YEARS else UNPLACED


def canonical_body(body: dict[str, Any]) -> str:
    """The body as the text that is stored and digested: sorted keys, no spaces, ASCII."""
    return json.dumps(body, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def digest(event: Event, body_text: str, salt: bytes) -> bytes:
    """SHA-256 over the salt and the canonical text of the event.

    The salt keeps an erased event's digest from confirming a guess of what was erased.
    """
    text = _canonical_text(
        event.id, str(event.type), event.name, event.at, event.member_id, event.user_id, event.subject, event.ip, body_text
    )  # fmt: skip
    return hashlib.sha256(salt + text).digest()


def facts_of(body_text: str) -> dict[str, Any]:
    """The body of an event as a value; nothing where somebody has written into the database what is no JSON object."""
    try:
        found = json.loads(body_text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def months_between(month: int, now: datetime) -> int:
    """How many months before that of `now` a partition's month lies; UNPLACED is older than any.

    >>> months_between(202511, datetime(2026, 1, 31)), months_between(202601, datetime(2026, 1, 1))
    (2, 0)
    """
    return now.year * 12 + now.month - (month // 100 * 12 + month % 100)


def digest_of_row(row: Any) -> bytes:
    """The digest that a row of the table should have; it has its salt still."""
    text = _canonical_text(
        bytes(row.id), row.type, row.name, row.at, row.member_id, row.user_id, row.subject, row.ip, row.body
    )
    return hashlib.sha256(bytes(row.salt) + text).digest()


def _canonical_text(
    event_id: bytes, kind: str, name: str, at: datetime, member_id: int | None, user_id: int | None, subject: str, ip: str,
    body: str,
) -> bytes:  # fmt: skip
    moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    fields = [event_id.hex(), kind, name, moment, member_id, user_id, subject, ip, body]
    return json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def to_line(event: Event) -> bytes:
    """One line of the spool: canonical JSON and a newline."""
    fields = {
        "id": event.id.hex(), "type": str(event.type), "name": event.name, "at": event.at.timestamp(),
        "member": event.member_id, "user": event.user_id, "subject": event.subject, "ip": event.ip, "body": event.body,
    }  # fmt: skip
    return json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


def from_line(line: bytes) -> Event:
    """The event of a spool's line; raises ValueError, KeyError, TypeError or OverflowError when it is none (torn by a power
    cut), or none that a database would take."""
    fields = json.loads(line)
    if not isinstance(fields, dict) or not isinstance(fields["body"], dict):
        raise ValueError("not an event")  # noqa: TRY004  the caller catches what a torn line can raise
    event = Event(
        id=bytes.fromhex(fields["id"]),
        type=EventType(fields["type"]),
        name=fields["name"],
        at=datetime.fromtimestamp(fields["at"], UTC),
        member_id=fields["member"],
        user_id=fields["user"],
        subject=fields["subject"],
        ip=fields["ip"],
        body=fields["body"],
    )
    if not is_storable(event):
        raise ValueError("no table takes this event")
    return event


def is_storable(event: Event) -> bool:
    """Whether the table takes it."""
    texts = ((event.name, 40, True), (event.subject, SUBJECT_LENGTH, False), (event.ip, IP_LENGTH, True))
    return (
        len(event.id) == 16
        and all(isinstance(text, str) and len(text) <= most for text, most, _ascii in texts)
        and all(text.isascii() for text, _most, must_be in texts if must_be)
        and all(
            number is None or (type(number) is int and 0 < number < 2**63)
            for number in (event.member_id, event.user_id)
        )
        and event.at.year >= 1000
        and len(canonical_body(event.body)) <= BODY_LENGTH
    )
