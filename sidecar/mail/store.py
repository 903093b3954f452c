"""The SQL of mails in the owner's words. None of these commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.activity.models import events
from sidecar.activity.rules import EventType, month_of
from sidecar.db import insert_row
from sidecar.mail.defaults import MailText
from sidecar.mail.models import mail_texts


@dataclass(frozen=True)
class Version:
    """One version of a text. `text` None: the letter in code."""

    kind: str
    language: str
    number: int
    text: MailText | None
    by: str
    written_at: datetime


def list_current(session: Session) -> dict[tuple[str, str], Version]:
    """The newest version of each text that was ever changed, by kind and language."""
    newest = sa.select(
        mail_texts.c.kind, mail_texts.c.language, sa.func.max(mail_texts.c.version).label("version")
    )
    grouped = newest.group_by(mail_texts.c.kind, mail_texts.c.language).subquery()
    same = sa.and_(
        mail_texts.c.kind == grouped.c.kind,
        mail_texts.c.language == grouped.c.language,
        mail_texts.c.version == grouped.c.version,
    )
    rows = session.execute(sa.select(mail_texts).join(grouped, same))
    return {(row.kind, row.language): _version(row) for row in rows}


def list_versions(session: Session, kind: str, language: str, limit: int = 50) -> Sequence[Version]:
    """The newest first."""
    rows = session.execute(_of(kind, language).order_by(mail_texts.c.version.desc()).limit(limit))
    return [_version(row) for row in rows]


def find_version(session: Session, kind: str, language: str, number: int) -> Version | None:
    """One of them."""
    row = session.execute(_of(kind, language).where(mail_texts.c.version == number)).first()
    return None if row is None else _version(row)


def find_current(session: Session, kind: str, language: str) -> Version | None:
    """What is in force; None where nobody has changed anything yet."""
    found = list_versions(session, kind, language, 1)
    return found[0] if found else None


def add_version(session: Session, version: Version) -> None:
    """Put a version in force. Raises IntegrityError when somebody else has written this number meanwhile."""
    text = version.text or MailText("", "")
    values = {
        "kind": version.kind, "language": version.language, "version": version.number, "is_default": version.text is None,
        "subject": text.subject, "body": text.body, "by": version.by[:100], "written_at": version.written_at,
    }  # fmt: skip
    insert_row(session, mail_texts, values)


def find_event(session: Session, event_id: bytes) -> Any:
    """An event of a mail (member_id, user_id, subject, body), by its id, which also says in which part of the log it lies;
    None where there is none."""
    mine = sa.and_(
        events.c.id == event_id, events.c.type == EventType.EMAIL, events.c.month == month_of(event_id)
    )
    columns = (events.c.member_id, events.c.user_id, events.c.subject, events.c.body)
    return session.execute(sa.select(*columns).where(mine)).first()


def _of(kind: str, language: str) -> sa.Select[Any]:
    return sa.select(mail_texts).where(mail_texts.c.kind == kind, mail_texts.c.language == language)


def _version(row: sa.Row[Any]) -> Version:
    text = None if row.is_default else MailText(row.subject, row.body)
    return Version(row.kind, row.language, row.version, text, row.by, row.written_at)
