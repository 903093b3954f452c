"""The facts that tags may ask for, loaded when a tag asks and once a page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import cached_property

from sqlalchemy.orm import Session

from shortcodes.facts import ContentFacts, MemberFacts, Status
from sidecar.access.rules import Decision, Post, Viewer, decide
from sidecar.i18n import language_of
from sidecar.members.rules import Entitlement
from sidecar.members.store import Member
from sidecar.pages.memory import Knowledge
from sidecar.pages.messages import Names
from sidecar.wordpress.permalinks import get_permalink
from sidecar.wordpress.posts import find_post, list_term_ids
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import find_user_with_profile

LoadNames = Callable[[], Names]

_WORDPRESS_PAGES = {
    "login": "/wp-login.php",
    "logout": "/wp-login.php?action=logout",
    "forgotPassword": "/wp-login.php?action=lostpassword",
    "homepage": "/",
}


class ViewerOfPage:
    """The member who looks, as tags see him. Columns of our tables are at hand; WordPress's are read when asked for."""

    def __init__(
        self, member: Member, level: Entitlement, knowledge: Knowledge, now: datetime, load: LoadNames
    ) -> None:
        self._level = level
        self._bundles = {held.grant_id: held for held in member.bundles}
        self._levels = knowledge.levels
        self._now, self._zone = now, knowledge.site.zone
        self._load = load
        self.id = member.user_id
        self.level_id = level.grant_id
        self.status: Status = level.status_at(now).value
        self.registered_at = member.joined_at
        self.status_changed_at = level.status_changed_at
        self.expires_at = level.expires_at
        self.canceled_at = level.canceled_at
        self.phone = ""

    @cached_property
    def _names(self) -> Names:
        return self._load()

    @property
    def username(self) -> str:
        return self._names.login

    @property
    def email(self) -> str:
        return self._names.email

    @property
    def first_name(self) -> str:
        return self._names.first_name

    @property
    def last_name(self) -> str:
        return self._names.last_name

    @property
    def level_name(self) -> str:
        level = self._levels.get(self.level_id)
        return level.name if level else ""

    @property
    def is_free(self) -> bool:
        level = self._levels.get(self.level_id)
        return level is not None and level.is_free

    @property
    def days_as_member(self) -> int:
        return self._level.days_at(self._now, self._zone)

    def days_with_bundle(self, bundle_id: int, /) -> int | None:
        """Days since a bundle that is held began; None without it."""
        held = self._bundles.get(bundle_id)
        return None if held is None else held.days_at(self._now, self._zone)

    def has_bundle(self, bundle_id: int, /) -> bool:
        """Whether the bundle is active on the account."""
        held = self._bundles.get(bundle_id)
        return held is not None and held.status_at(self._now) in {"active", "pending_cancel"}

    def custom_field(self, field_id: int, /) -> str | None:  # noqa: ARG002  no custom fields are kept yet
        return None

    def address(self, kind: str, field: str, /) -> str:  # noqa: ARG002  no addresses are kept yet
        return ""

    def purchased(self, product_id: int, /) -> bool:  # noqa: ARG002  no orders are kept yet
        return False


class PageFacts:
    """One viewer's facts for one page. `post_id` changes from text to text (see `standing_in`)."""

    def __init__(
        self,
        reader: Session,
        tables: Tables,
        knowledge: Knowledge,
        member: Member | None,
        viewer: Viewer,
        now: datetime,
        locale: str,
        names: Names | None,
    ) -> None:
        self._reader = reader
        self._tables = tables
        self._knowledge = knowledge
        self._viewer = viewer
        self._member = (
            ViewerOfPage(
                member, member.level, knowledge, now, lambda: names or self._read_names(member.user_id)
            )
            if member is not None and member.level is not None
            else None
        )
        self._contents: dict[int, ContentFacts | None] = {}
        self.changes_at: list[datetime] = []
        self.now = now
        self.zone: tzinfo = knowledge.site.zone
        self.language = language_of(locale or knowledge.site.locale)
        self.post_id: int | None = None

    def standing_in(self, post_id: int | None) -> PageFacts:
        """The same facts for a text that stands in `post_id`."""
        self.post_id = post_id
        return self

    def member(self) -> MemberFacts | None:
        """The viewer, when a member."""
        return self._member

    def content(self, post_id: int, /) -> ContentFacts | None:
        """Title, address and access of a post; None if there is none that the public knows of."""
        if post_id not in self._contents:
            self._contents[post_id] = self._read_content(post_id)
        return self._contents[post_id]

    def core_page_url(self, kind: str, /) -> str | None:
        """The page that plays this part: the owner's choice, else WordPress's own."""
        urls = {name.lower(): url for name, url in self._knowledge.core_page_urls.items()}
        own = {name.lower(): path for name, path in _WORDPRESS_PAGES.items()}
        found = urls.get(kind.lower())
        if found is not None or kind.lower() not in own:
            return found
        base = self._knowledge.site.home if kind.lower() == "homepage" else self._knowledge.site.site_url
        return base + own[kind.lower()]

    def decide(self, post: Post, request_path: str, *, editor: bool = False) -> Decision:
        """The decision on one post for this viewer, remembered for the page's `until`."""
        viewer = Viewer(sees_all=True) if editor else self._viewer
        decision = decide(viewer, self._knowledge.book.deciding(post, request_path), self.now, self.zone)
        if decision.changes_at is not None:
            self.changes_at.append(decision.changes_at)
        return decision

    def _read_names(self, user_id: int) -> Names:
        found = find_user_with_profile(self._reader, self._tables, user_id)
        if found is None:
            return Names()
        user, profile = found
        return Names(user.login, user.email, profile.first_name, profile.last_name)

    def _read_content(self, post_id: int) -> ContentFacts | None:
        post = find_post(self._reader, self._tables, post_id)
        if post is None or post.status not in {"publish", "private", "future"}:
            return None
        url = get_permalink(self._reader, self._tables, self._knowledge.site, post_id)
        path = "/" + url.removeprefix(self._knowledge.site.home).lstrip("/").partition("?")[0]
        terms = list_term_ids(self._reader, self._tables, [post_id])[post_id]
        decision = self.decide(Post(post_id, post.type, terms, path), "")
        title = post.title if post.status == "publish" else ""
        return ContentFacts(
            title=title, url=url, access=decision.outcome.value, available_at=decision.opens_at
        )
