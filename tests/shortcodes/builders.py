"""A page view for tests: a dataclass for each Protocol of shortcodes.facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from shortcodes.facts import AddressField, AddressKind, ContentFacts, Status

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
class PageView:
    """`asked` counts which facts were loaded."""

    viewer: Member | None = None
    now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)
    zone: tzinfo = NEW_YORK
    language: str = "en"
    post_id: int | None = 10
    contents: dict[int, ContentFacts] = field(default_factory=dict)
    core_pages: dict[str, str] = field(default_factory=dict)
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
