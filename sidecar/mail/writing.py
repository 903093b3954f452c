"""A mail as it is sent: in the owner's words where he has written some, else as the letter in code says it.

No notice is lost through a text: one that fails when it is to be sent gives way to the letter in code, and the owner is told.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from shortcodes import Diagnostic
from sidecar.billing.store import find_order
from sidecar.catalog.store import get_generation
from sidecar.mail.defaults import MailText
from sidecar.mail.facts import Facts, Mail
from sidecar.mail.gathering import Addressee
from sidecar.mail.own import SaysNothing, render_own
from sidecar.mail.rendering import render
from sidecar.mail.store import Version, list_current
from sidecar.mail.telling import told_by
from sidecar.mail.words import greeted_name
from sidecar.members.store import find_member_by_id
from sidecar.pages.facts import read_names
from sidecar.pages.letters import LetterRoom
from sidecar.pages.memory import Memory
from sidecar.pages.messages import Names
from sidecar.wordpress.tables import Tables

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Broken:
    """The text that could not be used, and why."""

    version: Version
    reason: str


@dataclass(frozen=True)
class Written:
    """A mail, and what was wrong with the owner's text where the letter in code stands in for it."""

    mail: Mail
    broken: Broken | None = None


class Writer:
    """Writes the mails of one batch; the owner's texts are read once."""

    def __init__(self, reader: Session, tables: Tables, memory: Memory, now: datetime) -> None:
        self._reader, self._tables, self._now = reader, tables, now
        self._memory = memory
        self._own = list_current(reader)

    def write(self, payload: dict[str, Any], addressee: Addressee, facts: Facts) -> Written:
        """`payload`: the parcel's. Raises as `rendering.render` does."""
        kind, language = payload["kind"], addressee.language
        own = self._own.get((kind, language))
        if own is None or own.text is None:
            return Written(render(kind, facts, language))
        try:
            return Written(self.in_words(own.text, payload, addressee, facts)[0])
        except SaysNothing:
            broken = Broken(own, "nothing is left of it for this reader")
        except Exception as error:
            log.exception("the text of the mail %s in %s cannot be used", kind, language)
            broken = Broken(own, f"{type(error).__name__}: {error}")
        return Written(render(kind, facts, language), broken)

    def in_words(
        self, text: MailText, payload: dict[str, Any], addressee: Addressee, facts: Facts
    ) -> tuple[Mail, list[Diagnostic]]:
        """The mail in an owner's words, and what of them could not be written for its place. Raises as `own.render_own`."""
        kind, language = payload["kind"], addressee.language
        member = find_member_by_id(self._reader, addressee.member_id or 0)
        order = find_order(self._reader, payload.get("order") or 0)
        knowledge = self._memory.knowledge(self._reader, get_generation(self._reader))
        room = LetterRoom(
            self._reader, self._tables, knowledge, member, order, lambda: self._names(addressee.user_id or 0), self._now,
            language, told_by(kind, facts, language),
        )  # fmt: skip
        return render_own(text, room, facts.site_name, language)

    def _names(self, user_id: int) -> Names:
        """As a mail may say them: who signs up with a stranger's address writes him nothing through his own name."""
        names = read_names(self._reader, self._tables, user_id)
        return names._replace(
            first_name=greeted_name(names.first_name), last_name=greeted_name(names.last_name)
        )
