"""A page as somebody else sees it: an administrator looks as a visitor, as a member with any level, bundles, status and day, or
as one member. Nothing is recorded, nobody is signed out, no form acts, no cache keeps it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from shortcodes.facts import FormFacts
from shortcodes.tags.statuses import STATUSES, status_name
from sidecar.access.rules import local_midnight
from sidecar.i18n import _
from sidecar.members.rules import DaysMethod, Entitlement, Status
from sidecar.members.store import Member, find_member
from sidecar.pages.linting import Linter, texts_of
from sidecar.pages.memory import Knowledge
from sidecar.pages.messages import Preview, ViewerClaim
from sidecar.wordpress.posts import Source, find_post
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import find_user

LONGEST_DAYS = 36_500


def wanted_preview(viewer: ViewerClaim | None) -> Preview | None:
    """What an administrator wants to look as; None for everybody else, whatever they say."""
    return viewer.preview if viewer is not None and viewer.administrator else None


def viewer_of(
    reader: Session, preview: Preview, viewer: ViewerClaim, knowledge: Knowledge, now: datetime
) -> tuple[ViewerClaim | None, Member | None]:
    """Who is looked as: the claim that a bridge would make of him (None: a visitor), and the member."""
    if preview.kind == "user":
        return ViewerClaim(user=preview.user), find_member(reader, preview.user)
    if preview.kind == "member" and preview.level in knowledge.levels:
        claim = ViewerClaim(
            user=viewer.user, login=viewer.login, email=viewer.email, first_name=viewer.first_name,
            last_name=viewer.last_name,
        )  # fmt: skip
        return claim, _made_up(preview, viewer.user, knowledge, now)
    return None, None


def _made_up(preview: Preview, user_id: int, knowledge: Knowledge, now: datetime) -> Member:
    """A member who is in no table. His number is 0, so no order, field or address is his."""
    zone = knowledge.site.zone
    days = min(preview.days, LONGEST_DAYS)
    began = now if not days else local_midnight(now.astimezone(zone).date() - timedelta(days=days), zone)
    status = _STATUSES[preview.status]
    bundles = [bundle for bundle in dict.fromkeys(preview.bundles) if bundle in knowledge.bundles]
    held = [
        _hold(preview.level, None, status, began),
        *(_hold(None, each, Status.ACTIVE, began) for each in bundles),
    ]
    return Member(0, user_id, began, tuple(held))


def _hold(level_id: int | None, bundle_id: int | None, status: Status, began: datetime) -> Entitlement:
    return Entitlement(
        id=0, member_id=0, level_id=level_id, bundle_id=bundle_id, status=status,
        status_under_lock=Status.ACTIVE if status is Status.LOCKED else None, status_changed_at=began,
        is_complimentary=False, started_at=began, expires_at=None, canceled_at=began if status is Status.CANCELED else None,
        days_method=DaysMethod.JOINED, days_from_at=None, days_fixed=None, paused_days=0, paused_at=None, error=None,
    )  # fmt: skip


_STATUSES = {names.word: Status(status) for status, names in STATUSES.items()}


def without_act(form: str) -> str:
    """A form that is looked at: nothing in it can be used, and the script of forms does not know it.

    >>> without_act('<form method="post" data-gatepost-form="checkout"><input></form>')
    '<div inert><form method="post" data-gatepost-shown="checkout"><input></form></div>'
    """
    if not form:
        return ""
    return f"<div inert>{_unmarked(form)}</div>"


def _unmarked(form: str) -> str:
    return form.replace("data-gatepost-form", "data-gatepost-shown")


class FormToLookAt:
    """The same for a form in parts."""

    def __init__(self, form: FormFacts) -> None:
        self._form = form

    def __getattr__(self, name: str) -> Any:
        """Its parts are those of the form itself."""
        return getattr(self._form, name)

    def begin(self) -> str:
        """Nothing in it can be used."""
        return f"<div inert>{_unmarked(self._form.begin())}"

    def data(self, name: str, /) -> str:
        """There may be forms in it."""
        return _unmarked(self._form.data(name))

    def end(self) -> str:
        """The element that holds all of it is over, too."""
        return f"{_unmarked(self._form.end())}</div>"


# --- the bar ----------------------------------------------------------------------------------------------------------


def choices_of(knowledge: Knowledge, language: str) -> dict[str, Any]:
    """What there is to choose from."""
    return {
        "levels": [[one.id, one.name] for one in knowledge.levels.values()],
        "bundles": [[one.id, one.name] for one in knowledge.bundles.values()],
        "statuses": [[names.word, status_name(status, language)] for status, names in STATUSES.items()],
    }


def in_words(
    reader: Session, tables: Tables, preview: Preview | None, knowledge: Knowledge, language: str
) -> str:
    """As whom one looks."""
    if preview is None:
        return ""
    if preview.kind == "user":
        found = find_user(reader, tables, preview.user)
        return found.login if found else _("a visitor")
    level = knowledge.levels.get(preview.level)
    if preview.kind == "visitor" or level is None:
        return _("a visitor")
    bundles = [knowledge.bundles[each].name for each in preview.bundles if each in knowledge.bundles]
    status = status_name(_STATUSES[preview.status].value, language)
    day = _("day {day}").format(day=preview.days)
    return ", ".join((level.name, *bundles, status, day))


def marks_of(
    reader: Session, tables: Tables, knowledge: Knowledge, post_id: int, *, decisions_open_pages: bool
) -> list[dict[str, Any]]:
    """What is wrong in one post, as its author has saved it, in the language of the context."""
    post = find_post(reader, tables, post_id)
    if post is None:
        return []
    source = Source(post.id, post.type, post.status, post.title, post.author_id, post.content, post.excerpt)
    linter = Linter(reader, tables, knowledge, decisions_open_pages=decisions_open_pages)
    return [
        _told(mark.text.place, mark.found.line, mark.found.column, mark.message)
        for mark in linter.texts(texts_of(source))
    ]


def _told(place: str, line: int, column: int, message: str) -> dict[str, Any]:
    return {"place": place, "line": line, "column": column, "message": message}
