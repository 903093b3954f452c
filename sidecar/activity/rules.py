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
        """The partition, as 202611; taken from the id, so that a repetition always meets the first one.

        >>> Event(event_id("x", datetime(2026, 11, 30, tzinfo=UTC)), EventType.PAGE, "viewed", datetime.now(UTC)).month
        202611
        """
        moment = datetime.fromtimestamp(int.from_bytes(self.id[:6], "big") / 1000, UTC)
        return moment.year * 100 + moment.month


def event_id(seed: str, at: datetime) -> bytes:
    """Sixteen bytes: milliseconds of `at`, then a digest of `seed` and `at`. The same seed and time give the same id.

    Ids that begin with the time are inserted at the end of the table, not all over it.
    """
    milliseconds = max(0, int(at.timestamp() * 1000)) & 0xFFFF_FFFF_FFFF
    start = milliseconds.to_bytes(6, "big")
    return start + hashlib.sha256(start + seed.encode("utf-8", "surrogatepass")).digest()[:10]


def canonical_body(body: dict[str, Any]) -> str:
    """The body as the text that is stored and digested: sorted keys, no spaces, ASCII."""
    return json.dumps(body, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def digest(event: Event, body_text: str, salt: bytes) -> bytes:
    """SHA-256 over the salt and the canonical text of the event.

    The salt keeps an erased event's digest from confirming a guess of what was erased.
    """
    moment = event.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    fields = [
        event.id.hex(), str(event.type), event.name, moment, event.member_id, event.user_id, event.subject, event.ip, body_text,
    ]  # fmt: skip
    text = json.dumps(fields, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(salt + text.encode("ascii")).digest()


def to_line(event: Event) -> bytes:
    """One line of the spool: canonical JSON and a newline."""
    fields = {
        "id": event.id.hex(), "type": str(event.type), "name": event.name, "at": event.at.timestamp(),
        "member": event.member_id, "user": event.user_id, "subject": event.subject, "ip": event.ip, "body": event.body,
    }  # fmt: skip
    return json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


def from_line(line: bytes) -> Event:
    """The event of a spool's line; raises ValueError or KeyError when it is none (a line torn by a power cut)."""
    fields = json.loads(line)
    if not isinstance(fields, dict) or not isinstance(fields["body"], dict):
        raise ValueError("not an event")  # noqa: TRY004  the caller catches what a torn line can raise
    return Event(
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
