"""Where somebody lands who has just signed in. Pure."""

from __future__ import annotations

from datetime import datetime

from sidecar.members.rules import Status
from sidecar.members.store import Member
from sidecar.pages.memory import Knowledge


def landing_of(member: Member | None, knowledge: Knowledge, now: datetime) -> tuple[str, bool]:
    """An address, '' for none, and whether he lands there wherever he wanted to go: who has to pay does, on My Account.

    Anybody else lands on the page that the owner has chosen for his level, or for all, if he did not say where to go.
    """
    if member is None or member.level is None:
        return "", False
    level_id = member.level.grant_id
    is_overdue = any(one.status_at(now) is Status.OVERDUE for one in member.entitlements)
    kind = "myaccount" if is_overdue else "homepage"
    own = knowledge.level_page_urls.get((level_id, kind)) or knowledge.core_page_urls_by_name.get(kind)
    return own or "", is_overdue and own is not None
