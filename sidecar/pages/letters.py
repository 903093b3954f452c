"""Tags in a mail: about its receiver and the order that it tells of. The same engine as on pages, without a page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

import shortcodes
from sidecar.access.rules import Viewer
from sidecar.billing.rules import Order
from sidecar.i18n import language_of, speaking
from sidecar.members.store import Member
from sidecar.pages.facts import PageFacts
from sidecar.pages.memory import Knowledge
from sidecar.pages.viewer_facts import LoadNames
from sidecar.wordpress.tables import Tables


class LetterRoom:
    """What texts of one mail are rendered with: its receiver `member`, his `order`, and what it tells of (`told`).

    Tags about pages, forms and arrivals print nothing. What is somebody else's order is told to nobody.
    """

    def __init__(
        self,
        reader: Session,
        tables: Tables,
        knowledge: Knowledge,
        member: Member | None,
        order: Order | None,
        names: LoadNames,
        now: datetime,
        locale: str = "",
        told: Mapping[str, str] | None = None,
    ) -> None:
        if order is not None and (member is None or order.member_id != member.id):
            order = None
        viewer = Viewer(member.entitlements if member else (), knowledge.kept_while_overdue)
        self._language = language_of(locale or knowledge.site.locale)
        self._facts = PageFacts(
            reader, tables, knowledge, member, viewer, now, locale, names, told_order=order, told=told
        )

    def render(self, text: str) -> shortcodes.Rendered:
        """HTML that the owner has written, with its tags replaced. Raises shortcodes.TextTooLong."""
        with speaking(self._language):
            return shortcodes.compile(text).render(self._facts)
