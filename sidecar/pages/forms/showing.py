"""Which form a page gets: what the viewer has, may buy and is called, read when a tag asks for it."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlencode, urlsplit

from sqlalchemy.orm import Session

from shortcodes.facts import FormFacts, FormKind
from sidecar.billing.account import Account, get_account
from sidecar.billing.declarations.rules import Kind
from sidecar.billing.invoicing.rules import Kind as PaperKind
from sidecar.billing.invoicing.rules import name_of
from sidecar.billing.invoicing.store import list_of_member
from sidecar.billing.ordering import quote
from sidecar.billing.policies import read_policies
from sidecar.billing.rules import PAYING, Order
from sidecar.billing.states import SubscriptionState
from sidecar.billing.store import list_orders_for
from sidecar.billing.switching import reckon_change, terms_after_change
from sidecar.catalog.rules import Grant, Product, ProductKind
from sidecar.catalog.store import find_product, list_products
from sidecar.catalog.store_fields import list_fields
from sidecar.config import Policies
from sidecar.errors import Misconfigured, Refused
from sidecar.i18n import _
from sidecar.members.rules import Entitlement, Status
from sidecar.members.store import Member
from sidecar.members.store_details import find_contact, list_values
from sidecar.pages.forms.account import (
    OF,
    WANT,
    Given,
    View,
    Wanted,
    account_view,
    cancel_view,
    holdings_view,
    said_in_words,
)
from sidecar.pages.forms.checkout import Checkout, Offer, Replacing, checkout_form, checkout_plan, refusal
from sidecar.pages.forms.declarations import declaration_form, not_offered
from sidecar.pages.forms.details import contact_fields, custom_fields
from sidecar.pages.forms.elements import NOTHING, Element, join, link, paragraph
from sidecar.pages.forms.frame import Frame
from sidecar.pages.forms.invoices import Listed, invoices_view
from sidecar.pages.forms.parts import FieldPlan, PartedForm, RefusedForm
from sidecar.pages.forms.profile import (
    AccountInParts,
    account_plan,
    answers_view,
    custom_plan,
    profile_view,
)
from sidecar.pages.forms.signing_in import forgot_plan, login_plan, reset_plan, signed_in_already
from sidecar.pages.forms.words import Words
from sidecar.pages.memory import Knowledge
from sidecar.pages.messages import Names
from sidecar.pages.shop_facts import first_giving_level, with_query
from sidecar.wordpress.posts import find_post
from sidecar.wordpress.tables import Tables

log = logging.getLogger(__name__)
SAID = "gatepost_said"
"""The parameter of a page's address that names what has just been done."""
_MOST_OF_REFERENCE = 100
_HAS_ACCOUNT = re.compile(r"\[MM_Form\s[^\]]*\bmyaccount\b", re.IGNORECASE)
_PAID_FOR = frozenset(PAYING) - {SubscriptionState.PENDING}
_CHANGED = frozenset({SubscriptionState.ACTIVE, SubscriptionState.PENDING_CANCEL})
"""From orders in these states somebody can change to another level."""
_GONE = frozenset({Status.CANCELED, Status.EXPIRED, Status.ERROR, Status.PENDING_ACTIVATION})


@dataclass(frozen=True)
class FormPage:
    """The page that a form stands in. `user_id`: None for a visitor; `here`: its whole address, `post_id`: its post, None
    outside of any; `script_url`: the gateway's script, '' where nothing is paid by card; `trusts_author`: as in `Facts`."""

    reader: Session
    tables: Tables
    knowledge: Knowledge
    member: Member | None
    user_id: int | None
    names: Callable[[], Names]
    core_url: Callable[[str], str | None]
    here: str
    post_id: int | None
    script_url: str
    may_pause: bool
    policies: Policies
    now: datetime
    language: str
    trusts_author: Callable[[], bool]

    def show(self, kind: FormKind, product: str) -> str:
        """The form, or the sentence that stands for it. `product`: as its tag names it, '' as the address does."""
        if kind == "checkout":
            checkout = self._checkout(product)
            return str(checkout_form(checkout, self._frame) if isinstance(checkout, Checkout) else checkout)
        return str(self._account()) if kind == "myaccount" else self._parted(kind, product).whole()

    def enter(self, kind: FormKind, product: str) -> FormFacts:
        """The same for an author's own words to stand in."""
        return self._parted(kind, product)

    def _parted(self, kind: FormKind, product: str) -> PartedForm:
        if kind == "checkout":
            checkout = self._checkout(product)
            if isinstance(checkout, Element):
                return RefusedForm(checkout)
            return PartedForm(checkout_plan(checkout, self._frame, self._detail_fields(by_address=True)))
        if kind == "myaccount":
            return self._account_in_parts()
        if kind in {"cancel", "withdraw"}:
            return RefusedForm(self._declaration(Kind(kind)))
        return self._custom() if kind == "custom" else self._signing_in(kind)

    def _custom(self) -> PartedForm:
        if self.user_id is None:
            return RefusedForm(self._please_sign_in())
        if self.member is None:
            return RefusedForm(paragraph(_("You have no membership yet."), kind="notice"))
        return PartedForm(custom_plan(self._frame, self._detail_fields(by_address=True)))

    def _signing_in(self, kind: FormKind) -> PartedForm:
        if self.user_id is not None:
            return RefusedForm(signed_in_already(self.names().login, self.core_url("logout") or ""))
        if kind == "login":
            go_to = self._asked("redirect_to", longest=2000)
            return PartedForm(
                login_plan(self._frame, go_to=go_to, forgot_url=self.core_url("forgotPassword") or "")
            )
        if kind == "forgotPassword":
            return PartedForm(forgot_plan(self._frame))
        return PartedForm(reset_plan(self._frame, self.core_url("login") or ""))

    def _detail_fields(self, *, by_address: bool = False) -> dict[str, FieldPlan]:
        """What the viewer may say of himself, beside his name. `by_address`: a field of the owner's takes `?cf_#=`."""
        member_id = 0 if self.member is None else self.member.id
        own = list_fields(self.reader)
        asked = {one.id: text for one in own if by_address and (text := self._asked(f"cf_{one.id}"))}
        answers = list_values(self.reader, member_id) | asked
        return contact_fields(find_contact(self.reader, member_id), self.language) | custom_fields(
            own, answers
        )

    @property
    def _frame(self) -> Frame:
        site = self.knowledge.site
        return Frame(
            Words(self.language, site.zone), self.script_url, api_of(site.home, site.permalink_structure)
        )

    def _asked(self, name: str, longest: int = _MOST_OF_REFERENCE) -> str:
        """A parameter of the page's own address."""
        return parse_qs(urlsplit(self.here).query).get(name, [""])[0][:longest]

    def _login_url(self) -> str:
        url = self.core_url("login") or ""
        return f"{url}{'&' if '?' in url else '?'}{urlencode({'redirect_to': self.here})}" if url else ""

    # --- checkout ----------------------------------------------------------------------------------------------

    def _checkout(self, wanted: str) -> Checkout | Element:
        """What can be bought, or the sentence that stands for it."""
        product = self._find_product(wanted)
        if product is None:
            return refusal(_("There is nothing for sale under this address."), None, "")
        held, old = ("", None) if self.member is None else _held(self.reader, self.member, product, self.now)
        if held:
            return refusal(held, self.core_url("myaccount"), _("My account"))
        if not self.script_url and product.terms.kind is not ProductKind.FREE:
            return refusal(_("Nothing can be bought here at the moment. Please come back later."), None, "")
        try:
            price = quote(product.name, "", self.user_id, self.now)
            shown = read_policies(self.policies)
        except Refused as error:
            return refusal(str(error), None, "")
        except Misconfigured:
            log.exception("no checkout")
            return refusal(_("Nothing can be bought here at the moment. Please come back later."), None, "")
        found, terms, first_minor = price.product, price.terms, price.first_minor
        replacing = None
        if old is not None:
            change = reckon_change(self.reader, old, product, self.now)
            found, terms, first_minor = product, terms_after_change(product), change.net_due_minor
            before = find_product(self.reader, old.product_id)
            replacing = Replacing(
                old.uuid, before.name if before else "", change.credit_minor, change.leftover_credit_minor
            )
        gives = self._gives(found.grant, found.grant_id)
        return Checkout(
            Offer(found.name, found.description, product.reference, terms, first_minor, gives),
            token=secrets.token_hex(32),
            buyer=None if self.user_id is None else self.names(),
            login_url=self._login_url(),
            policies=shown,
            coupon=self._asked("coupon"),
            is_gift=self._asked("gift") == "1",
            replacing=replacing,
        )

    def _find_product(self, wanted: str) -> Product | None:
        """As the author wrote it: by number, name or reference; a visitor's address can name a reference alone.

        What is hidden an author who may not know of it does not find: the form carries the reference by which it is sold.
        """
        if not wanted:
            return find_product_for_sale(self.reader, self._asked("rid"))
        found = find_product(self.reader, int(wanted) if _is_number(wanted) else wanted)
        return found if found is not None and (not found.is_hidden or self.trusts_author()) else None

    # --- what is declared without signing in ----------------------------------------------------------------------

    def _declaration(self, kind: Kind) -> Element:
        if kind not in self.knowledge.core_page_urls:
            return refusal(not_offered(), None, "")
        names = self.names() if self.user_id is not None else Names()
        return declaration_form(
            kind,
            self._frame,
            token=secrets.token_hex(32),
            name=f"{names.first_name} {names.last_name}".strip(),
            email=names.email,
        )

    # --- My Account --------------------------------------------------------------------------------------------

    def _account(self) -> Element:
        if self.user_id is None:
            return self._please_sign_in()
        view = self._view(self.user_id)
        return self._cancel(view) or account_view(view, self._invoices(), self._profile())

    def _cancel(self, view: View) -> Element:
        """On the page by which the owner wants to change somebody's mind: what he came for, and nothing else."""
        is_sale = self.post_id is not None and self.post_id == self._sale_page
        return cancel_view(view) if is_sale else NOTHING

    def _account_in_parts(self) -> PartedForm:
        if self.user_id is None:
            return RefusedForm(self._please_sign_in())
        view, names, member = self._view(self.user_id), self.names(), self.member
        fields = self._detail_fields()
        data: dict[str, str | Element] = {
            "firstName": names.first_name, "lastName": names.last_name, "email": names.email, "username": names.login,
            "registrationDate": view.frame.words.day(member.joined_at) if member is not None else "",
            "membershipLevelName": self._name_of(member.level) if member is not None and member.level is not None else "",
            "customFields": answers_view(fields),
            **{name: plan.value for name, plan in fields.items()},
        }  # fmt: skip
        said = paragraph(said_in_words().get(view.said, ""), kind="done")
        cancel = self._cancel(view)
        profile = NOTHING if cancel else self._profile()
        invoices = NOTHING if cancel else self._invoices()
        return AccountInParts(account_plan(said, cancel or holdings_view(view), invoices, profile, data))

    def _please_sign_in(self) -> Element:
        more = join(Element(" "), link(self._login_url(), _("Log in")))
        return paragraph(_("Please sign in to see your account."), more, kind="notice")

    def _view(self, user_id: int) -> View:
        account = get_account(self.reader, user_id, may_pause=self.may_pause)
        return View(
            account, self._given(account), self._frame, self._asked(SAID), self._wanted, self.core_url("checkout"),
            self._sale_url(account), self._change(),
        )  # fmt: skip

    def _change(self) -> Element:
        """Where another level is bought in the place of this one, if the address says that somebody wants to."""
        wanted, level = self._wanted, self.knowledge.levels.get(self._wanted.grant_id)
        if wanted.act != "change" or level is None:
            return NOTHING
        product, url = first_giving_level(list_products(self.reader), level.id), self.core_url("checkout")
        if product is None or not url:
            return paragraph(_("{level} is not for sale here.").format(level=level.name), kind="notice")
        more = link(with_query(url, rid=product.reference), _("See what it costs"))
        return paragraph(
            _("You want to change to {level}.").format(level=level.name), Element(" "), more, kind="notice"
        )

    def _invoices(self) -> Element:
        """Of the viewer, whether he has anything now or not."""
        found = [] if self.member is None else list_of_member(self.reader, self.member.id)
        listed = [
            Listed(
                name_of(row.kind, row.prefix, row.series, row.number), row.kind == PaperKind.CREDIT_NOTE, row.issued_on,
                row.description, row.gross_minor, row.currency,
            )
            for row in found
        ]  # fmt: skip
        return invoices_view(listed, self._frame.words, self.knowledge.site.home)

    def _profile(self) -> Element:
        """Of who is no member there is nothing to say here."""
        if self.member is None:
            return NOTHING
        return profile_view(self.names(), self._detail_fields(), self._frame)

    @property
    def _wanted(self) -> Wanted:
        kind, _dash, number = self._asked(OF).partition("-")
        if kind == "bundle" and _is_number(number):
            return Wanted(self._asked(WANT), Grant.BUNDLE, int(number))
        level_id = int(number) if _is_number(number) else 0
        return Wanted(self._asked(WANT), Grant.LEVEL, level_id) if kind == "level" else Wanted()

    @property
    def _sale_page(self) -> int | None:
        """The page by which the owner wants to change the mind of who cancels: the level's own, or that of all."""
        level = self.member.level if self.member is not None else None
        own = self.knowledge.level_pages.get((level.grant_id, "savethesale")) if level is not None else None
        return own or self.knowledge.book.core_pages.get("savethesale")

    def _sale_url(self, account: Account) -> str:
        """Its address where there is something to cancel; '' where the page has no form by which that can be done."""
        page = self._sale_page
        if page is None or page == self.post_id or not any(one.can_cancel for one in account.holdings):
            return ""
        post = find_post(self.reader, self.tables, page)
        has_form = post is not None and post.status == "publish" and _HAS_ACCOUNT.search(post.content)
        return (self.core_url("savethesale") or "") if has_form else ""

    def _given(self, account: Account) -> tuple[Given, ...]:
        """What no order in the account stands for."""
        paid = {(one.grant, one.gives) for one in account.holdings}
        has_level = any(one.grant is Grant.LEVEL for one in account.holdings)
        held = [] if self.member is None else self.member.entitlements
        rest = [one for one in held if not (one.grant is Grant.LEVEL and has_level)]
        return tuple(
            Given(self._name_of(one), one.status_at(self.now).value, one.expires_at)
            for one in rest
            if (one.grant, self._name_of(one)) not in paid
        )

    def _name_of(self, held: Entitlement) -> str:
        return self._gives(held.grant, held.grant_id)

    def _gives(self, grant: Grant, number: int) -> str:
        """The name of a level or bundle."""
        known = self.knowledge.levels if grant is Grant.LEVEL else self.knowledge.bundles
        found = known.get(number)
        return found.name if found else ""


def find_product_for_sale(reader: Session, reference: str) -> Product | None:
    """The product with this reference, which purchase links and forms name; never by its name or number."""
    product = find_product(reader, reference) if reference.isascii() else None
    return product if product is not None and product.reference == reference else None


def api_of(home: str, permalink_structure: str) -> str:
    """The base of the bridge's routes, as WordPress's `rest_url()` has it.

    >>> api_of("https://club.test", "/%postname%/"), api_of("https://club.test/en", "")
    ('https://club.test/wp-json/gatepost/v1/', 'https://club.test/en/index.php?rest_route=/gatepost/v1/')
    """
    if permalink_structure.startswith("/index.php"):
        return f"{home}/index.php/wp-json/gatepost/v1/"
    return (
        f"{home}/wp-json/gatepost/v1/"
        if permalink_structure
        else f"{home}/index.php?rest_route=/gatepost/v1/"
    )


def _held(reader: Session, member: Member, product: Product, now: datetime) -> tuple[str, Order | None]:
    """That the member has what the product gives, paid or given, in words; or the order for another level that he would change
    from. ('', None): he can simply buy it."""
    wanted = (product.grant, product.grant_id)
    held = {(one.grant, one.grant_id) for one in member.entitlements if one.status_at(now) not in _GONE}
    orders = list_orders_for(reader, member.id, product.grant, product.grant_id)
    paid = [one for one in orders if one.status in _PAID_FOR]
    if wanted in held | {(one.grant, one.grant_id) for one in paid}:
        return _("You have {product} already.").format(product=product.name), None
    changed = [one for one in paid if one.status in _CHANGED and one.currency == product.terms.currency]
    if paid and (not changed or product.terms.kind is ProductKind.FREE):
        return _("You have a membership already. What can be done with it stands in your account."), None
    return "", changed[0] if changed else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18
