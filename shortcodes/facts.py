"""What tags may ask. Whoever renders hands in an object with these members; everything is asked only when a tag
needs it, so an implementation may load late (and should load once).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Literal, Protocol

Access = Literal["true", "false", "future"]
FormKind = Literal[
    "checkout", "myaccount", "login", "forgotPassword", "resetPassword", "custom", "cancel", "withdraw",
]  # fmt: skip
AddressKind = Literal["billing", "shipping"]
AddressField = Literal["address", "address2", "city", "state", "zipCode", "country", "countryName"]
MemberAct = Literal["cancelMembership", "cancelBundle", "pauseMembership", "pauseBundle", "changeMembership"]
Status = Literal[
    "active",
    "pending_activation",
    "pending_cancel",
    "overdue",
    "paused",
    "locked",
    "canceled",
    "expired",
    "error",
]


@dataclass(frozen=True, slots=True)
class ContentFacts:
    """One post as this viewer stands to it. `available_at`: when it opens (aware), None when no date opens it."""

    title: str
    url: str
    access: Access
    available_at: datetime | None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount as a number such as `19.00`, and as people write it."""

    plain: str
    formatted: str


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """What is for sale. `is_listed`: everybody may know of it. `rebill_duration`, `rebill_frequency`: 3 and `months`."""

    id: int
    name: str
    description: str
    billing_description: str
    price: Money
    is_subscription: bool
    rebill_duration: int | None
    rebill_frequency: str
    is_listed: bool = True


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """The viewer's own order that the page or mail is about: its first payment."""

    number: str
    product_id: int
    product_name: str
    level_id: int | None
    total: Money
    subtotal: Money
    discount: Money
    shipping: Money
    coupon_code: str
    gift_link: str
    ip: str
    affiliate: str
    subaffiliate: str
    is_free: bool
    is_discounted: bool
    is_shippable: bool = False
    is_gift: bool = False


@dataclass(frozen=True, slots=True)
class FieldWish:
    """A field of a form as its author wants it: `name` says what is filled in, or `custom` which of the owner's own fields.

    `look`: classes. `attributes`: more of its element, by names that do no harm. `is_required`: None as is usual.
    """

    name: str = ""
    custom: int | None = None
    is_hidden: bool = False
    is_required: bool | None = None
    label: str = ""
    look: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


class FormFacts(Protocol):
    """A form round what its author has written, while it is printed: first `begin`, the parts in their order, then `end`.

    All but `plain_data` and `act_url` are elements that no later filter finds anything in to act upon.
    """

    @property
    def refusal(self) -> str:
        """What stands for the whole of it where this viewer cannot use it; '' where he can."""
        ...

    def begin(self) -> str: ...
    def field(self, wish: FieldWish, /) -> str: ...
    def data(self, name: str, /) -> str: ...
    def plain_data(self, name: str, /) -> str:
        """The same as a text, for an attribute."""
        ...

    def message(self, kind: str, /) -> str: ...
    def button(self, act: str, label: str, look: str, /) -> str: ...
    def act_url(self, act: str, /) -> str:
        """The address of a link that does what a button does."""
        ...

    def has_section(self, kind: str, /) -> bool:
        """Whether this viewer has something to fill in there."""
        ...

    def end(self) -> str:
        """With everything that the form cannot do without and its author has left out."""
        ...


@dataclass(frozen=True, slots=True)
class EmployeeFacts:
    """Somebody who works for the site, as far as its owner shows him."""

    display_name: str
    email: str
    first_name: str
    last_name: str
    phone: str


class MemberFacts(Protocol):
    """The viewer, who is a member. Instants are aware; texts are plain, never HTML."""

    @property
    def id(self) -> int: ...
    @property
    def username(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def first_name(self) -> str: ...
    @property
    def last_name(self) -> str: ...
    @property
    def phone(self) -> str: ...
    @property
    def level_id(self) -> int: ...
    @property
    def level_name(self) -> str: ...
    @property
    def status(self) -> Status: ...
    @property
    def is_free(self) -> bool: ...
    @property
    def registered_at(self) -> datetime: ...
    @property
    def joined_on(self) -> date:
        """The day of `registered_at` on the site's clock."""
        ...

    @property
    def status_changed_at(self) -> datetime | None: ...
    @property
    def expires_at(self) -> datetime | None: ...
    @property
    def canceled_at(self) -> datetime | None: ...
    @property
    def days_as_member(self) -> int: ...

    def days_with_bundle(self, bundle_id: int, /) -> int | None:
        """Whole days with that bundle; None without it."""
        ...

    def has_bundle(self, bundle_id: int, /) -> bool:
        """Whether that bundle is active on the account."""
        ...

    def custom_field(self, field_id: int, /) -> str | None:
        """The member's own answer; a ticked box is `mm_cb_on`; None when never answered or no such field."""
        ...

    def address(self, kind: AddressKind, field: AddressField, /) -> str:
        """One line of an address; '' when unknown. `countryName` is the country in the site's language."""
        ...

    def purchased(self, product_id: int, /) -> bool: ...


class Facts(Protocol):
    """One page view (or one e-mail): when, where, who."""

    @property
    def now(self) -> datetime:
        """Aware, UTC."""
        ...

    @property
    def zone(self) -> tzinfo:
        """The site's time zone."""
        ...

    @property
    def language(self) -> str:
        """The site's language, `en` or `fr`."""
        ...

    @property
    def post_id(self) -> int | None:
        """The post that the text belongs to; None in a widget or an e-mail."""
        ...

    def member(self) -> MemberFacts | None:
        """The viewer; None is a visitor."""
        ...

    def content(self, post_id: int, /) -> ContentFacts | None:
        """Any post of the site, as this viewer stands to it; None when there is none."""
        ...

    def core_page_url(self, kind: str, /) -> str | None:
        """The address of a core page (one of `tags.CORE_PAGES`) for this viewer; None when the site has none."""
        ...

    def form(self, kind: FormKind, product: str, /) -> str:
        """A form for this viewer, as elements in one line that no later filter finds anything in to act upon; '' where no
        form can be filled in, as in an e-mail. `product`: its number, name or reference; '' as the page's address says.
        """
        ...

    def enter_form(self, kind: FormKind, product: str, /) -> FormFacts | None:
        """The same form round what its author has written; its parts ask `open_form` until `leave_form`. None where no form
        can be filled in, and within another one."""
        ...

    def open_form(self) -> FormFacts | None:
        """The form that is being printed."""
        ...

    def leave_form(self) -> None: ...

    def member_url(self, act: MemberAct, value: str, /) -> str | None:
        """Where the viewer, a member, can do this with what he holds; None where he cannot. Nothing is done by going there.

        `value`: a bundle's number, or the number of the level that he wants.
        """
        ...

    def purchase_url(
        self, product: str | None, level_id: int | None, coupon: str, is_gift: bool, /
    ) -> str | None:
        """Where a product (its number, name or reference), or the one that gives a level, is bought; None where it is not."""
        ...

    def product(self, wanted: str, /) -> ProductFacts | None:
        """By number, name or reference; '' as the page's address says."""
        ...

    def order(self) -> OrderFacts | None:
        """The order that a confirmation page or a mail is about; None everywhere else, and for everybody but its buyer."""
        ...

    def custom_field_name(self, field_id: int, /) -> str | None:
        """What a custom field is called; None if there is none."""
        ...

    def employee(self, employee_id: int | None, /) -> EmployeeFacts | None:
        """By number; None: the one who speaks for the site."""
        ...

    def affiliate(self) -> tuple[str, str]:
        """(affiliate, subaffiliate) who has sent the viewer here; '' where nobody did."""
        ...

    def arrived_with(self, name: str, /) -> str | None:
        """The value of a parameter (its name in lower case) of an address that the viewer came by, now or before."""
        ...

    def mail(self, name: str, /) -> str:
        """What a mail tells of, by a name of `tags.mail`; '' where it does not, and on every page."""
        ...

    def error_message(self) -> str:
        """Why the viewer was led to the error page, in a sentence; '' when he was not."""
        ...

    def trusts_author(self) -> bool:
        """Whether whoever wrote the text may see what the site knows of others. Else nothing of the viewer is printed
        where it could leave the page."""
        ...
