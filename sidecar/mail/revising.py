"""Changing what mails say: each change is a new version, one transaction, and an event that says who made it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shortcodes import Diagnostic
from sidecar.activity.rules import EventType
from sidecar.activity.store import add_event
from sidecar.db import is_duplicate, session, use_case
from sidecar.errors import NotFound, Refused
from sidecar.i18n import LANGUAGES, _
from sidecar.mail import store
from sidecar.mail.defaults import MailText
from sidecar.mail.letters import LETTERS_TO_MEMBERS
from sidecar.mail.own import faults_of
from sidecar.mail.store import Version
from sidecar.pages.linting import Linter, Text
from sidecar.pages.memory import Knowledge
from sidecar.wordpress.tables import Tables


@dataclass(frozen=True)
class Fault:
    """Why a text cannot be saved. `part`: `subject` or `body`."""

    part: str
    found: Diagnostic

    @property
    def sentence(self) -> str:
        """With its place, in the language of now."""
        part = _("Subject") if self.part == "subject" else _("Text")
        place = _("{part}, line {line}, column {column}: {message}")
        return place.format(
            part=part, line=self.found.line, column=self.found.column, message=self.found.translated(_)
        )


def check_text_of(kind: str, language: str) -> None:
    """Raises NotFound for what is no mail to members, or a language that we do not speak."""
    if kind not in LETTERS_TO_MEMBERS or language not in LANGUAGES:
        raise NotFound(_("There is no mail {kind} in {language}.").format(kind=kind, language=language))


def list_faults(reader: Session, tables: Tables, knowledge: Knowledge, text: MailText) -> list[Fault]:
    """What is written wrongly, and what of the site a tag speaks of that is not there."""
    subject, body = faults_of(text)
    faults = [*(Fault("subject", one) for one in subject), *(Fault("body", one) for one in body)]
    if faults:
        return faults
    linter = Linter(reader, tables, knowledge, decisions_open_pages=False)
    parts = [Text(text.subject, "subject"), Text(text.body, "body")]
    return [Fault(mark.text.place, mark.found) for mark in linter.texts(parts)]


@use_case
def save_text(
    tables: Tables,
    knowledge: Knowledge,
    kind: str,
    language: str,
    text: MailText,
    *,
    seen: int | None,
    by: str,
    now: datetime,
) -> int:
    """Put a text in force; gives its version. `seen`: the version that its writer has changed, 0 for the letter in code, None
    for whatever is in force.

    Raises Refused for a text with a fault, and when somebody else has changed it meanwhile.
    """
    check_text_of(kind, language)
    faults = list_faults(session(), tables, knowledge, text)
    if faults:
        raise Refused(faults[0].sentence)
    return _add(kind, language, text, seen, by, now)


@use_case
def reset_text(kind: str, language: str, *, by: str, now: datetime) -> int:
    """Go back to the letter in code; gives the version. The owner's own stay among the earlier ones."""
    check_text_of(kind, language)
    current = store.find_current(session(), kind, language)
    if current is None or current.text is None:
        raise Refused(_("This mail is the default already."))
    return _add(kind, language, None, current.number, by, now)


@use_case
def restore_text(
    tables: Tables, knowledge: Knowledge, kind: str, language: str, number: int, *, by: str, now: datetime
) -> int:
    """Put an earlier version in force again, as a new one; gives its number. Raises Refused where it has a fault by now."""
    check_text_of(kind, language)
    earlier = store.find_version(session(), kind, language, number)
    if earlier is None:
        raise NotFound(_("This mail has no version {number}.").format(number=number))
    if earlier.text is None:
        return reset_text(kind, language, by=by, now=now)
    return save_text(tables, knowledge, kind, language, earlier.text, seen=None, by=by, now=now)


def _add(kind: str, language: str, text: MailText | None, seen: int | None, by: str, now: datetime) -> int:
    current = store.find_current(session(), kind, language)
    number = current.number if current else 0
    if seen is not None and seen != number:
        raise _changed_meanwhile()
    try:
        store.add_version(session(), Version(kind, language, number + 1, text, by, now))
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        raise _changed_meanwhile() from error
    body = {"by": by, "version": number + 1, "default": text is None}
    add_event(session(), EventType.ACCESS, "mail_changed", now, subject=f"mail:{kind}:{language}", body=body)
    return number + 1


def _changed_meanwhile() -> Refused:
    return Refused(
        _("Somebody else has changed this mail meanwhile. Open it again; what you wrote is not saved.")
    )
