"""The facts that tags may ask for, loaded when a tag asks and once a page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Protocol

from sqlalchemy.orm import Session

from shortcodes.facts import (
    ContentFacts,
    EmployeeFacts,
    FormFacts,
    FormKind,
    MemberAct,
    MemberFacts,
    OrderFacts,
    ProductFacts,
)
from sidecar.access.rules import Decision, Post, Rule, Viewer, decide
from sidecar.billing.rules import Order
from sidecar.catalog.rules import Product
from sidecar.catalog.store import list_products
from sidecar.catalog.store_fields import list_fields
from sidecar.i18n import language_of
from sidecar.members.rules import Status
from sidecar.members.store import Member
from sidecar.members.store_details import list_employees
from sidecar.pages.authors import may_see_others
from sidecar.pages.forms.account import OF, WANT, WANTED
from sidecar.pages.forms.words import Words
from sidecar.pages.landing import Landing, error_sentence
from sidecar.pages.memory import Knowledge
from sidecar.pages.messages import Names
from sidecar.pages.shop_facts import (
    find_by_name,
    first_giving_level,
    is_listed,
    just_bought,
    order_facts,
    product_facts,
    with_query,
)
from sidecar.pages.viewer_facts import LoadNames, ViewerOfPage
from sidecar.wordpress.permalinks import get_permalink
from sidecar.wordpress.posts import find_post, list_term_ids
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import find_user_with_profile


class Forms(Protocol):
    """Makes forms for one page."""

    def show(self, kind: FormKind, product: str) -> str:
        """The whole form."""
        ...

    def enter(self, kind: FormKind, product: str) -> FormFacts | None:
        """The form round what its author has written."""
        ...


_WORDPRESS_PAGES = {
    "login": "/wp-login.php",
    "logout": "/wp-login.php?action=logout",
    "forgotPassword": "/wp-login.php?action=lostpassword",
    "homepage": "/",
}
_ENDED = frozenset({Status.CANCELED, Status.EXPIRED, Status.ERROR, Status.PENDING_ACTIVATION})


class NoForms:
    """Where no form can be filled in."""

    def show(self, _kind: FormKind, _product: str) -> str:
        """Nothing."""
        return ""

    def enter(self, _kind: FormKind, _product: str) -> FormFacts | None:
        """None."""
        return None


class PageFacts:
    """One viewer's facts for one page or mail. `post_id` changes from text to text (see `standing_in`).

    `told_order`: the order that a mail is about; `told`: what it tells of, by the names of `shortcodes.tags.mail`. `uses_request`: whether something was asked that another request by the same
    viewer could answer differently.
    """

    def __init__(
        self,
        reader: Session,
        tables: Tables,
        knowledge: Knowledge,
        member: Member | None,
        viewer: Viewer,
        now: datetime,
        locale: str,
        names: LoadNames,
        forms: Forms | None = None,
        landing: Landing | None = None,
        members_may_pause: bool = False,
        told_order: Order | None = None,
        told: Mapping[str, str] | None = None,
    ) -> None:
        self._reader = reader
        self._tables = tables
        self._knowledge = knowledge
        self._viewer = viewer
        self.now = now
        self.zone: tzinfo = knowledge.site.zone
        self.language = language_of(locale or knowledge.site.locale)
        self._held = member
        self._member = (
            ViewerOfPage(reader, member, member.level, knowledge, now, self.language, names)
            if member is not None and member.level is not None
            else None
        )
        self._forms, self._landing = forms or NoForms(), landing or Landing()
        self._open_form: FormFacts | None = None
        self._members_may_pause, self._told_order = members_may_pause, told_order
        self._told = told or {}
        self._contents: dict[int, ContentFacts | None] = {}
        self._decided: dict[int, Decision] = {}
        self._trusted: dict[tuple[int | None, int | None], bool] = {}
        self.changes_at: list[datetime] = []
        self.uses_request = False
        self.post_id: int | None = None
        self._author_id: int | None = None
        self._is_owners = False

    def standing_in(
        self, post_id: int | None, author_id: int | None = None, *, is_owners: bool = False
    ) -> PageFacts:
        """The same facts for a text that stands in `post_id`, or that is a post of its own by `author_id`; `is_owners`: nobody
        else can have written it."""
        self.post_id, self._author_id, self._is_owners = post_id, author_id, is_owners
        return self

    def member(self) -> MemberFacts | None:
        """The viewer, when a member."""
        return self._member

    # --- posts and core pages --------------------------------------------------------------------------------------

    def content(self, post_id: int, /) -> ContentFacts | None:
        """Title, address and access of a post; None if there is none that the public knows of."""
        if post_id not in self._contents:
            self._contents[post_id] = self._read_content(post_id)
        return self._contents[post_id]

    def core_page_url(self, kind: str, /) -> str | None:
        """The page that plays this part: the level's own, else the owner's choice, else WordPress's own."""
        wanted = kind.lower()
        level_id = self._member.level_id if self._member is not None else 0
        found = self._knowledge.level_page_urls.get(
            (level_id, wanted)
        ) or self._knowledge.core_page_urls_by_name.get(wanted)
        own = {name.lower(): path for name, path in _WORDPRESS_PAGES.items()}
        if found is not None or wanted not in own:
            return found
        base = self._knowledge.site.home if wanted == "homepage" else self._knowledge.site.site_url
        return base + own[wanted]

    def form(self, kind: FormKind, product: str, /) -> str:
        """The form as this viewer gets it; none within another."""
        return "" if self._open_form is not None else self._forms.show(kind, product)

    def enter_form(self, kind: FormKind, product: str, /) -> FormFacts | None:
        """The form round what its author has written."""
        if self._open_form is not None:
            return None
        self._open_form = self._forms.enter(kind, product)
        return self._open_form

    def open_form(self) -> FormFacts | None:
        """The one that is being printed."""
        return self._open_form

    def leave_form(self) -> None:
        """It is printed."""
        self._open_form = None

    def decide(self, post: Post, request_path: str, *, editor: bool = False) -> Decision:
        """The decision on one post for this viewer, remembered for the page's `until`. The address that was asked for can only
        close what the post's own rules open."""
        viewer, book = Viewer(sees_all=True) if editor else self._viewer, self._knowledge.book
        decision = self._decide(viewer, book.deciding(post))
        return self._decide(viewer, book.closing(post, request_path)) if decision.is_open else decision

    def _decide(self, viewer: Viewer, rules: tuple[Rule, ...]) -> Decision:
        decision = decide(viewer, rules, self.now, self.zone)
        if decision.changes_at is not None:
            self.changes_at.append(decision.changes_at)
        return decision

    def note_decision(self, post_id: int, decision: Decision) -> None:
        """What was decided on a post of this page counts for tags that ask about it."""
        self._decided[post_id] = decision

    def _read_content(self, post_id: int) -> ContentFacts | None:
        post = find_post(self._reader, self._tables, post_id)
        if post is None or post.status not in {"publish", "private", "future"}:
            return None
        url = get_permalink(self._reader, self._tables, self._knowledge.site, post_id)
        path = "/" + url.removeprefix(self._knowledge.site.home).lstrip("/").partition("?")[0]
        decision = self._decided.get(post_id)
        if decision is None:
            terms = list_term_ids(self._reader, self._tables, [post_id])[post_id]
            decision = self.decide(Post(post_id, post.type, terms, path), "")
        title = post.title if post.status == "publish" else ""
        return ContentFacts(
            title=title, url=url, access=decision.outcome.value, available_at=decision.opens_at
        )

    # --- what is for sale, and what was bought ----------------------------------------------------------------------

    @cached_property
    def _products(self) -> list[Product]:
        return list_products(self._reader)

    @property
    def _words(self) -> Words:
        return Words(self.language, self.zone)

    def product(self, wanted: str, /) -> ProductFacts | None:
        """By number, name or reference. '': what was bought, else the reference in the page's address (no other name)."""
        if wanted:
            found = find_by_name(self._products, wanted)
            return None if found is None else product_facts(found, self._words, is_listed=is_listed(found))
        bought = self._order
        if bought is not None:
            found = find_by_name(self._products, str(bought.product_id))
        else:
            self.uses_request = True
            asked = self._landing.of_page("rid")
            found = next(
                (one for one in self._products if one.reference == asked and not one.is_archived), None
            )
        return None if found is None else product_facts(found, self._words, is_listed=True)

    def order(self) -> OrderFacts | None:
        """The viewer's newest order on the confirmation page, or the one that a mail is about."""
        order = self._order
        if order is None:
            return None
        return order_facts(order, find_by_name(self._products, str(order.product_id)), self._words)

    @property
    def _order(self) -> Order | None:
        if self._told_order is not None:
            return self._told_order
        if self._member is None or not self._is_confirmation:
            return None
        return just_bought(self._member.orders, self.now)

    @property
    def _is_confirmation(self) -> bool:
        knowledge, level_id = self._knowledge, 0 if self._member is None else self._member.level_id
        pages = {
            knowledge.book.core_pages.get("confirmation"),
            knowledge.level_pages.get((level_id, "confirmation")),
        }
        return self.post_id is not None and self.post_id in pages

    def purchase_url(
        self, product: str | None, level_id: int | None, coupon: str, is_gift: bool, /
    ) -> str | None:
        """The checkout page for a product that is for sale."""
        url = self.core_page_url("checkout")
        found = (
            find_by_name(self._products, product)
            if product
            else first_giving_level(self._products, level_id or 0)
        )
        if (
            url is None
            or found is None
            or found.is_archived
            or not (is_listed(found) or self.trusts_author())
        ):
            return None
        return with_query(url, rid=found.reference, coupon=coupon, gift="1" if is_gift else "")

    def member_url(self, act: MemberAct, value: str, /) -> str | None:
        """My Account, with what the member wants to do there in its address; nothing is done by going there."""
        url, held = self.core_page_url("myaccount"), self._held
        if url is None or held is None or (act.startswith("pause") and not self._members_may_pause):
            return None
        if act == "changeMembership":
            known = int(value) in self._knowledge.levels
            return _wanting(url, "change", f"level-{int(value)}") if known else None
        wanted = None if act.endswith("Membership") else int(value)
        living = [one for one in held.entitlements if one.status_at(self.now) not in _ENDED]
        if not any(
            (one.bundle_id == wanted) if wanted is not None else one.level_id is not None for one in living
        ):
            return None
        of = "level" if wanted is None else f"bundle-{wanted}"
        return _wanting(url, act.removesuffix("Membership").removesuffix("Bundle"), of)

    # --- people and arrival ------------------------------------------------------------------------------------------

    @cached_property
    def _field_names(self) -> dict[int, str]:
        return {field.id: field.name for field in list_fields(self._reader)}

    def custom_field_name(self, field_id: int, /) -> str | None:
        """What a custom field is called."""
        return self._field_names.get(field_id)

    @cached_property
    def _employees(self) -> dict[int | None, EmployeeFacts]:
        shown: dict[int | None, EmployeeFacts] = {}
        for one in list_employees(self._reader):
            found = find_user_with_profile(self._reader, self._tables, one.user_id)
            if found is not None:
                user, profile = found
                shown[one.id] = EmployeeFacts(
                    user.display_name, user.email, profile.first_name, profile.last_name, one.phone
                )
                if one.is_default:
                    shown[None] = shown[one.id]
        return shown

    def employee(self, employee_id: int | None, /) -> EmployeeFacts | None:
        """One of the owner's list; None: who speaks for the site."""
        return self._employees.get(employee_id)

    def affiliate(self) -> tuple[str, str]:
        """Who has sent the viewer here."""
        self.uses_request = True
        return self._landing.sent_by

    def arrived_with(self, name: str, /) -> str | None:
        """A parameter of an address that the viewer came by."""
        self.uses_request = True
        return self._landing.parameter(name)

    def mail(self, name: str, /) -> str:
        """What a mail tells of; nothing on a page."""
        return self._told.get(name, "")

    def error_message(self) -> str:
        """By the `code` in the page's address."""
        self.uses_request = True
        return error_sentence(self._landing.of_page("code"))

    def trusts_author(self) -> bool:
        """Whether the author of the present text may see what the site knows of others. What is no post's is the owner's."""
        whose = (self.post_id, self._author_id)
        if self._is_owners or whose == (None, None):
            return True
        if whose not in self._trusted:
            self._trusted[whose] = may_see_others(self._reader, self._tables, self._find_author())
        return self._trusted[whose]

    def _find_author(self) -> int:
        if self._author_id is not None:
            return self._author_id
        post = find_post(self._reader, self._tables, self.post_id or 0)
        return 0 if post is None else post.author_id


def _wanting(url: str, act: str, of: str) -> str:
    """The address of My Account at what somebody wants to do there."""
    return f"{with_query(url, **{WANT: act, OF: of})}#{WANTED}"


def read_names(reader: Session, tables: Tables, user_id: int) -> Names:
    """What WordPress's tables call a user; all empty for nobody."""
    found = find_user_with_profile(reader, tables, user_id)
    if found is None:
        return Names()
    user, profile = found
    return Names(user.login, user.email, profile.first_name, profile.last_name)
