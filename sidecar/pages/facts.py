"""The facts that tags may ask for, loaded when a tag asks and once a page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import cached_property

from sqlalchemy.orm import Session

from shortcodes.facts import ContentFacts, MemberFacts
from sidecar.access.rules import Decision, Post, Viewer, decide
from sidecar.i18n import language_of
from sidecar.members.rules import Entitlement
from sidecar.members.store import Member
from sidecar.pages.memory import Knowledge
from sidecar.wordpress.permalinks import get_permalink
from sidecar.wordpress.posts import find_post, list_term_ids
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import Profile, User, find_user_with_profile

_WORDPRESS_PAGES = {
    "login": "/wp-login.php",
    "logout": "/wp-login.php?action=logout",
    "forgotPassword": "/wp-login.php?action=lostpassword",
    "homepage": "/",
}


class ViewerOfPage:
    """The member who looks, as tags see him. Columns of our tables are at hand; WordPress's are read when asked for."""

    def __init__(self, member: Member, knowledge: Knowledge, now: datetime, load: Callable[[], tuple[User, Profile] | None]):
        self._member = member
        self._knowledge = knowledge
        self._now = now
        self._load = load

    @cached_property
    def _user(self) -> tuple[User, Profile] | None:
        return self._load()

    @property
    def _level(self) -> Entitlement | None:
        return self._member.level

    @property
    def id(self) -> int:
        """The WordPress user's id, which is what MemberMouse prints too."""
        return self._member.user_id

    @property
    def username(self) -> str:
        return self._user[0].login if self._user else ""

    @property
    def email(self) -> str:
        return self._user[0].email if self._user else ""

    @property
    def first_name(self) -> str:
        return self._user[1].first_name if self._user else ""

    @property
    def last_name(self) -> str:
        return self._user[1].last_name if self._user else ""

    @property
    def phone(self) -> str:
        return ""

    @property
    def level_id(self) -> int | None:
        return self._level.level_id if self._level else None

    @property
    def level_name(self) -> str:
        level = self._knowledge.levels.get(self.level_id or 0)
        return level.name if level else ""

    @property
    def status(self) -> str:
        return str(self._level.status_at(self._now)) if self._level else ""

    @property
    def is_free(self) -> bool:
        level = self._knowledge.levels.get(self.level_id or 0)
        return level is not None and level.is_free

    @property
    def registered_at(self) -> datetime | None:
        return self._member.joined_at

    @property
    def status_changed_at(self) -> datetime | None:
        return self._level.status_changed_at if self._level else None

    @property
    def expires_at(self) -> datetime | None:
        return self._level.expires_at if self._level else None

    @property
    def canceled_at(self) -> datetime | None:
        return self._level.canceled_at if self._level else None

    @property
    def days_as_member(self) -> int:
        return self._level.days_at(self._now, self._knowledge.site.zone) if self._level else 0

    def days_with_bundle(self, bundle_id: int) -> int | None:
        """Days since a bundle that is still held began; None without it."""
        held = self._bundle(bundle_id)
        return None if held is None else held.days_at(self._now, self._knowledge.site.zone)

    def has_bundle(self, bundle_id: int) -> bool:
        """Whether the bundle is active on the account."""
        held = self._bundle(bundle_id)
        return held is not None and held.status_at(self._now) in {"active", "pending_cancel"}

    def custom_field(self, field_id: str) -> str | None:  # noqa: ARG002
        """No custom fields are kept yet."""
        return None

    def address(self, kind: str, field: str) -> str:  # noqa: ARG002
        """No addresses are kept yet."""
        return ""

    def purchased(self, product_id: int) -> bool:  # noqa: ARG002
        """No orders are kept yet."""
        return False

    def _bundle(self, bundle_id: int) -> Entitlement | None:
        return next((held for held in self._member.bundles if held.bundle_id == bundle_id), None)


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
    ) -> None:
        self._reader = reader
        self._tables = tables
        self._knowledge = knowledge
        self._viewer = viewer
        self._member = (
            None
            if member is None
            else ViewerOfPage(member, knowledge, now, lambda: find_user_with_profile(reader, tables, member.user_id))
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

    def content(self, post_id: int) -> ContentFacts | None:
        """Title, address and access of a post; None if there is none that the public knows of."""
        if post_id not in self._contents:
            self._contents[post_id] = self._read_content(post_id)
        return self._contents[post_id]

    def core_page_url(self, kind: str) -> str | None:
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

    def _read_content(self, post_id: int) -> ContentFacts | None:
        post = find_post(self._reader, self._tables, post_id)
        if post is None or post.status not in {"publish", "private", "future"}:
            return None
        url = get_permalink(self._reader, self._tables, self._knowledge.site, post_id)
        path = "/" + url.removeprefix(self._knowledge.site.home).lstrip("/").partition("?")[0]
        terms = list_term_ids(self._reader, self._tables, [post_id])[post_id]
        decision = self.decide(Post(post_id, post.type, terms, path), "")
        title = post.title if post.status == "publish" else ""
        return ContentFacts(title=title, url=url, access=decision.outcome.value, available_at=decision.opens_at)
