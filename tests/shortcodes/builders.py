"""A page view for tests: a dataclass for each Protocol of shortcodes.facts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from shortcodes.facts import (
    AddressField,
    AddressKind,
    ContentFacts,
    EmployeeFacts,
    FieldWish,
    Money,
    OrderFacts,
    ProductFacts,
    Status,
)

NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True)
class Member:
    id: int = 7
    username: str = "alice"
    email: str = "alice@example.com"
    first_name: str = "Alice"
    last_name: str = "Martin"
    phone: str = "555 0100"
    level_id: int = 1
    level_name: str = "Gold"
    status: Status = "active"
    is_free: bool = False
    registered_at: datetime = datetime(2013, 10, 14, 16, 14, tzinfo=UTC)
    joined_on: date = date(2013, 10, 14)
    status_changed_at: datetime | None = None
    expires_at: datetime | None = None
    canceled_at: datetime | None = None
    days_as_member: int = 30
    bundles: dict[int, int] = field(default_factory=dict)
    """Active ones and the days with them."""
    past_bundles: dict[int, int] = field(default_factory=dict)
    custom_fields: dict[int, str] = field(default_factory=dict)
    addresses: dict[tuple[AddressKind, AddressField], str] = field(default_factory=dict)
    products: frozenset[int] = frozenset()

    def days_with_bundle(self, bundle_id: int, /) -> int | None:
        return (self.bundles | self.past_bundles).get(bundle_id)

    def has_bundle(self, bundle_id: int, /) -> bool:
        return bundle_id in self.bundles

    def custom_field(self, field_id: int, /) -> str | None:
        return self.custom_fields.get(field_id)

    def address(self, kind: AddressKind, field: AddressField, /) -> str:
        return self.addresses.get((kind, field), "")

    def purchased(self, product_id: int, /) -> bool:
        return product_id in self.products


@dataclass
class Form:
    """Prints which part was asked for, in braces."""

    kind: str
    refusal: str = ""
    sections: frozenset[str] = frozenset({"accountInfo"})

    def begin(self) -> str:
        return f"<form {self.kind}>"

    def field(self, wish: FieldWish, /) -> str:
        more = "".join(f" {name}={value}" for name, value in wish.attributes)
        return f"{{field {wish.name or wish.custom}{more}}}"

    def data(self, name: str, /) -> str:
        return f"<b>{name}</b>"

    def plain_data(self, name: str, /) -> str:
        return f"{name}<'\">"

    def message(self, kind: str, /) -> str:
        return f"{{message {kind}}}"

    def button(self, act: str, label: str, look: str, /) -> str:
        return f"{{button {act} {label} {look}}}"

    def act_url(self, act: str, /) -> str:
        return f"#gatepost-{act}"

    def has_section(self, kind: str, /) -> bool:
        return kind in self.sections

    def end(self) -> str:
        return "</form>"


@dataclass
class PageView:
    """`asked` counts which facts were loaded."""

    viewer: Member | None = None
    now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)
    zone: tzinfo = NEW_YORK
    language: str = "en"
    post_id: int | None = 10
    contents: dict[int, ContentFacts] = field(default_factory=dict)
    core_pages: dict[str, str] = field(default_factory=dict)
    products: dict[str, ProductFacts] = field(default_factory=dict)
    """By what asks for them; '' is the one in the address."""
    own_order: OrderFacts | None = None
    field_names: dict[int, str] = field(default_factory=dict)
    employees: dict[int | None, EmployeeFacts] = field(default_factory=dict)
    sent_by: tuple[str, str] = ("", "")
    parameters: dict[str, str] = field(default_factory=dict)
    error: str = ""
    told: dict[str, str] = field(default_factory=dict)
    author_is_trusted: bool = True
    form_is_refused: str = ""
    entered: Form | None = None
    asked: list[str] = field(default_factory=list)

    def member(self) -> Member | None:
        self.asked.append("member")
        return self.viewer

    def content(self, post_id: int, /) -> ContentFacts | None:
        self.asked.append(f"content {post_id}")
        return self.contents.get(post_id)

    def core_page_url(self, kind: str, /) -> str | None:
        self.asked.append(f"core page {kind}")
        return self.core_pages.get(kind)

    def form(self, kind: str, product: str, /) -> str:
        self.asked.append(f"form {kind} {product}".rstrip())
        return f'<form method="post" data-form="{kind}"><p>{product}</p></form>'

    def enter_form(self, kind: str, product: str, /) -> Form | None:
        self.asked.append(f"enter {kind} {product}".rstrip())
        if self.entered is not None:
            return None
        self.entered = Form(kind, self.form_is_refused)
        return self.entered

    def open_form(self) -> Form | None:
        return self.entered

    def leave_form(self) -> None:
        self.entered = None

    def member_url(self, act: str, value: str, /) -> str | None:
        self.asked.append(f"member url {act} {value}")
        return f"/account/?{act}={value}"

    def purchase_url(
        self, product: str | None, level_id: int | None, coupon: str, is_gift: bool, /
    ) -> str | None:
        self.asked.append("purchase url")
        return f"/checkout/?rid={product or ''}&level={level_id or ''}&coupon={coupon}&gift={is_gift:d}"

    def product(self, wanted: str, /) -> ProductFacts | None:
        self.asked.append(f"product {wanted}")
        return self.products.get(wanted)

    def order(self) -> OrderFacts | None:
        self.asked.append("order")
        return self.own_order if self.viewer else None

    def custom_field_name(self, field_id: int, /) -> str | None:
        self.asked.append(f"field {field_id}")
        return self.field_names.get(field_id)

    def employee(self, employee_id: int | None, /) -> EmployeeFacts | None:
        self.asked.append(f"employee {employee_id}")
        return self.employees.get(employee_id)

    def affiliate(self) -> tuple[str, str]:
        self.asked.append("affiliate")
        return self.sent_by

    def arrived_with(self, name: str, /) -> str | None:
        self.asked.append(f"parameter {name}")
        return self.parameters.get(name)

    def mail(self, name: str, /) -> str:
        self.asked.append(f"mail {name}")
        return self.told.get(name, "")

    def error_message(self) -> str:
        self.asked.append("error")
        return self.error

    def trusts_author(self) -> bool:
        self.asked.append("author")
        return self.author_is_trusted


def a_visitor(**facts: object) -> PageView:
    return PageView(None, **facts)  # type: ignore[arg-type]


def a_view(viewer: Member | None = None, **facts: object) -> PageView:
    """What Alice sees, or `viewer`."""
    return PageView(viewer or Member(), **facts)  # type: ignore[arg-type]


def a_content(
    title: str = "Lesson 1",
    url: str = "https://example.com/lesson-1/",
    access: str = "true",
    available_at: datetime | None = None,
) -> ContentFacts:
    return ContentFacts(title, url, access, available_at)  # type: ignore[arg-type]


def money(minor: int) -> Money:
    return Money(f"{minor / 100:.2f}", f"${minor / 100:.2f}")


def a_product(name: str = "Gold monthly", **changes: Any) -> ProductFacts:
    product = ProductFacts(
        3, name, "All lessons", "$19.00 a month", money(1900), True, 1, "month", is_listed=True
    )
    return replace(product, **changes)


def an_order(**changes: Any) -> OrderFacts:
    order = OrderFacts(
        number="1f0c7a52", product_id=3, product_name="Gold monthly", level_id=1, total=money(1520), subtotal=money(1900),
        discount=money(380), shipping=money(0), coupon_code="SPRING", gift_link="", ip="192.0.2.7", affiliate="anna",
        subaffiliate="letter-7", is_free=False, is_discounted=True,
    )  # fmt: skip
    return replace(order, **changes)
