"""The member who looks, as tags see him: our tables' columns are at hand, everything else is read when a tag asks, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property

from babel import Locale
from sqlalchemy.orm import Session

from shortcodes.facts import Status
from sidecar.billing.rules import Order
from sidecar.billing.store import list_orders
from sidecar.members.rules import Entitlement
from sidecar.members.store import Member
from sidecar.members.store_details import find_contact, list_values
from sidecar.pages.memory import Knowledge
from sidecar.pages.messages import Names

LoadNames = Callable[[], Names]
_COLUMNS = {
    "address": "address", "address2": "address2", "city": "city", "state": "state", "zipCode": "zip_code",
    "country": "country",
}  # fmt: skip


class ViewerOfPage:
    """One member on one page. What he says of himself is text of his own making."""

    def __init__(
        self,
        reader: Session,
        member: Member,
        level: Entitlement,
        knowledge: Knowledge,
        now: datetime,
        language: str,
        load_names: LoadNames,
    ) -> None:
        self._reader, self._member_id = reader, member.id
        self._level = level
        self._bundles = {held.grant_id: held for held in member.bundles}
        self._levels = knowledge.levels
        self._now, self._zone, self._language = now, knowledge.site.zone, language
        self._load_names = load_names
        self.id = member.user_id
        self.level_id = level.grant_id
        self.status: Status = level.status_at(now).value
        self.registered_at = member.joined_at
        self.joined_on = member.joined_at.astimezone(self._zone).date()
        self.status_changed_at = level.status_changed_at
        self.expires_at = level.expires_at
        self.canceled_at = level.canceled_at

    @cached_property
    def _names(self) -> Names:
        return self._load_names()

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

    @cached_property
    def _values(self) -> dict[int, str]:
        return list_values(self._reader, self._member_id)

    def custom_field(self, field_id: int, /) -> str | None:
        """The answer in a custom field; None when never answered."""
        return self._values.get(field_id)

    @cached_property
    def _contact(self) -> Mapping[str, str]:
        return find_contact(self._reader, self._member_id)

    @property
    def phone(self) -> str:
        return self._contact.get("phone", "")

    def address(self, kind: str, field: str, /) -> str:
        """One line of the billing or shipping address."""
        if field == "countryName":
            return country_name(self.address(kind, "country"), self._language)
        return self._contact.get(f"{kind}_{_COLUMNS[field]}", "")

    @cached_property
    def orders(self) -> list[Order]:
        return list_orders(self._reader, self._member_id)

    def purchased(self, product_id: int, /) -> bool:
        """Whether an order for the product ever gave access."""
        return any(order.product_id == product_id and order.activated_at is not None for order in self.orders)


def country_name(country: str, language: str) -> str:
    """A two-letter code in words; what is none stays as it is.

    >>> country_name("fr", "en"), country_name("Ruritania", "en")
    ('France', 'Ruritania')
    """
    return str(Locale(language).territories.get(country.upper(), country)) if len(country) == 2 else country
