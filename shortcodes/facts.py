"""What tags may ask. Whoever renders hands in an object with these members; everything is asked only when a tag
needs it, so an implementation may load late (and should load once).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal, Protocol

Access = Literal["true", "false", "future"]
AddressKind = Literal["billing", "shipping"]
AddressField = Literal["address", "address2", "city", "state", "zipCode", "country"]
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
        """One line of an address; '' when unknown."""
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
