"""The text of mails that were sent: beside the log, since they are large, kept as long as their events.

The event holds the SHA-256 of the copy, and its own digest covers that: a copy that was changed is found.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.activity.models import mail_copies
from sidecar.activity.rules import month_of
from sidecar.db import insert_once


@dataclass(frozen=True)
class MailCopy:
    """Both parts of one mail, as they were handed to the site."""

    text: str
    html: str

    @property
    def canonical(self) -> bytes:
        """What is digested: canonical JSON, as the bodies of events."""
        parts = {"html": self.html, "text": self.text}
        return json.dumps(parts, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode("ascii")

    @property
    def sha256(self) -> str:
        """What the event says of it.

        >>> MailCopy("Hello", "<p>Hello</p>").sha256[:16]
        '54a94ce323526a48'
        """
        return hashlib.sha256(self.canonical).hexdigest()


def add_copies(session: Session, copies: Mapping[bytes, MailCopy]) -> None:
    """Keep copies, by their events' ids; one that is there stays as it is."""
    rows = [
        {"id": event_id, "month": month_of(event_id), "content": zlib.compress(copy.canonical)}
        for event_id, copy in copies.items()
    ]
    insert_once(session, mail_copies, rows)


def find_copies(session: Session, event_ids: Collection[bytes]) -> dict[bytes, MailCopy | None]:
    """Copies by their events' ids; None for one that cannot be read any more."""
    if not event_ids:
        return {}
    rows = session.execute(
        sa.select(mail_copies.c.id, mail_copies.c.content).where(mail_copies.c.id.in_(list(event_ids)))
    )
    return {bytes(row.id): _read(row.content) for row in rows}


def find_copy(session: Session, event_id: bytes) -> MailCopy | None:
    """The copy of one mail; None where there is none, or none that can be read."""
    return find_copies(session, [event_id]).get(event_id)


def _read(content: bytes) -> MailCopy | None:
    try:
        parts = json.loads(zlib.decompress(content))
        return MailCopy(parts["text"], parts["html"])
    except (zlib.error, ValueError, KeyError, TypeError):
        return None
