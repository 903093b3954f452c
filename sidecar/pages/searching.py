"""What of governed content a viewer's search may match. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sidecar.access.rules import Rule, TargetKind, Viewer, decide
from sidecar.members.store import Member
from sidecar.pages.memory import Knowledge


def search_rights(
    knowledge: Knowledge, member: Member | None, now: datetime, *, administrator: bool
) -> dict[str, Any]:
    """The answer of `/bridge/v1/search` (docs/protocol.md)."""
    viewer = Viewer(
        member.entitlements if member else (), knowledge.kept_while_overdue, sees_all=administrator
    )

    def rights(kind: TargetKind) -> dict[str, str]:
        book = knowledge.book
        return {
            target: _right(viewer, book.of(kind, target), now, knowledge) for target in book.targets(kind)
        }

    # A core page is never closed, whatever stands about it in the rules.
    posts = rights(TargetKind.POST) | {str(post): "open" for post in knowledge.book.core_pages.values()}
    return {
        "content": all(right == "open" for right in rights(TargetKind.URL).values()),
        "types": rights(TargetKind.TYPE),
        "terms": rights(TargetKind.TERM),
        "posts": posts,
    }


def _right(viewer: Viewer, rules: tuple[Rule, ...], now: datetime, knowledge: Knowledge) -> str:
    decision = decide(viewer, rules, now, knowledge.site.zone)
    if decision.is_open:
        return "open"
    return "excerpt" if decision.rule is not None and decision.rule.excerpt_is_public else "closed"
