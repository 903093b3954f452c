"""MM_Member_Data: what is printed of the member who looks. Only the fields listed here can be."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from shortcodes.facts import AddressField, AddressKind, Facts, MemberFacts
from shortcodes.tags.statuses import STATUSES, status_name
from shortcodes.tags.tag import Attribute, Given, Tag, Value


class Field(NamedTuple):
    """One of three: a text, an instant, or a text that needs more than the member."""

    name: str
    summary: str
    text: Callable[[MemberFacts], str] | None = None
    instant: Callable[[MemberFacts], datetime | None] | None = None
    told: Callable[[MemberFacts, Facts], str] | None = None


ADDRESS_FIELDS: dict[str, tuple[AddressField, str]] = {
    "Address": ("address", "street"),
    "Address2": ("address2", "second line"),
    "City": ("city", "city"),
    "State": ("state", "state or province"),
    "ZipCode": ("zipCode", "postal code"),
    "Country": ("country", "country"),
}
"""By the end of the name that prints it."""


def _address(kind: AddressKind, field: AddressField) -> Callable[[MemberFacts], str]:
    return lambda member: member.address(kind, field)


ADDRESS_KINDS: tuple[AddressKind, ...] = ("billing", "shipping")
FIELDS = (
    Field("id", "the member's number", lambda member: str(member.id)),
    Field("username", "user name", lambda member: member.username),
    Field("email", "e-mail address", lambda member: member.email),
    Field("firstName", "first name", lambda member: member.first_name),
    Field("lastName", "last name", lambda member: member.last_name),
    Field("phone", "phone number", lambda member: member.phone),
    Field("membershipId", "the level's number", lambda member: str(member.level_id)),
    Field("membershipName", "the level's name", lambda member: member.level_name),
    Field("statusId", "the status's number", lambda member: str(STATUSES[member.status].number)),
    Field("statusName", "the status", told=lambda member, facts: status_name(member.status, facts.language)),
    Field("registrationDate", "when the member joined", instant=lambda member: member.registered_at),
    Field(
        "statusChangedDate", "when the status last changed", instant=lambda member: member.status_changed_at
    ),
    Field(
        "expirationDate",
        "when the membership ends, if a date is set",
        instant=lambda member: member.expires_at,
    ),
    Field("cancellationDate", "when it was canceled, if it was", instant=lambda member: member.canceled_at),
    Field("daysAsMember", "whole days since the member joined", lambda member: str(member.days_as_member)),
    *(
        Field(f"{kind}{suffix}", f"{kind} address: {summary}", _address(kind, field))
        for kind in ADDRESS_KINDS
        for suffix, (field, summary) in ADDRESS_FIELDS.items()
    ),
)
_FIELDS = {field.name.lower(): field for field in FIELDS}
_NUMBERED = re.compile(r"(dayswithbundle|customfield)_([0-9]{1,9})")


def _value(given: Given) -> Value:
    name = (given.get("name") or "").strip().lower()
    numbered = _NUMBERED.fullmatch(name)
    if numbered:
        number, is_field = int(numbered[2]), numbered[1] == "customfield"
        given.mention("field" if is_field else "bundle", number)
        return _of_member((_custom if is_field else _days_with)(number))
    field: Field | None = given.choice("name", _FIELDS)
    if field is None:
        return lambda _facts: ""
    if field.text:
        return _of_member(field.text)
    return _told(field.told or _dated(given, field.instant))


def _days_with(bundle_id: int) -> Callable[[MemberFacts], str]:
    def read(member: MemberFacts) -> str:
        days = member.days_with_bundle(bundle_id)
        return "" if days is None else str(days)

    return read


def _custom(field_id: int) -> Callable[[MemberFacts], str]:
    return lambda member: member.custom_field(field_id) or ""


def _dated(given: Given, instant: Any) -> Callable[[MemberFacts, Facts], str]:
    printed = given.date_format()
    return lambda member, facts: printed(facts, instant(member))


def _of_member(read: Callable[[MemberFacts], str]) -> Value:
    def value(facts: Facts) -> str:
        member = facts.member()
        return "" if member is None else read(member)

    return value


def _told(read: Callable[[MemberFacts, Facts], str]) -> Value:
    def value(facts: Facts) -> str:
        member = facts.member()
        return "" if member is None else read(member, facts)

    return value


MEMBER_DATA = Tag(
    "MM_Member_Data",
    "Prints something about the member who looks at the page; nothing for a visitor.",
    (
        Attribute(
            "name",
            "what to print",
            (*(field.name for field in FIELDS), "daysWithBundle_#", "customField_#"),
        ),
        Attribute(
            "dateFormat", "how to print a date, in the letters of PHP's date(); default `M j, Y g:i a`"
        ),
    ),
    prints=_value,
    is_personal=True,
)
