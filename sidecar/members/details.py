"""Use cases on what members say of themselves, and on the list of employees."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from sidecar.activity.rules import EventType
from sidecar.activity.store import add_event
from sidecar.catalog.rules import TICKED, CustomField, FieldKind
from sidecar.catalog.store_fields import get_field
from sidecar.db import is_duplicate, session, use_case
from sidecar.errors import NotFound, Refused
from sidecar.i18n import _
from sidecar.members import store_details
from sidecar.members.store import Member, get_member

LONGEST_LINE = 200
LONGEST_VALUE = 10_000


@use_case
def answer_field(user_id: int, field_id: int, value: str, *, now: datetime, by: str) -> None:
    """What a member says in a custom field, in place of what was there. The log says which field, not what."""
    member, field = get_member(session(), user_id), get_field(session(), field_id)
    store_details.set_value(session(), member.id, field.id, check_value(field, value))
    _note(member, [f"customField_{field.id}"], now, by)


@use_case
def change_contact(user_id: int, lines: Mapping[str, str], *, now: datetime, by: str) -> None:
    """Some of a member's phone and address lines, by column of `gatepost_contacts`."""
    unknown = sorted(set(lines) - set(store_details.CONTACT_LINES))
    if unknown:
        known = ", ".join(store_details.CONTACT_LINES)
        raise Refused(_("there is no line {name}; there are {known}").format(name=unknown[0], known=known))
    checked = {name: _check_line(value) for name, value in lines.items()}
    if not checked:
        return
    member = get_member(session(), user_id)
    store_details.set_contact(session(), member.id, checked)
    _note(member, sorted(checked), now, by)


@use_case
def tell_details(
    user_id: int, lines: Mapping[str, str], answers: Mapping[int, str], *, now: datetime, by: str
) -> None:
    """What a member says of himself in a form, all of it or nothing: lines of `gatepost_contacts`, and answers by field. What is
    as it was is not written, and the log says nothing of it."""
    member = get_member(session(), user_id)
    before, said = (
        store_details.find_contact(session(), member.id),
        store_details.list_values(session(), member.id),
    )
    new_lines = {
        name: line for name, text in lines.items() if (line := _check_line(text)) != before.get(name, "")
    }
    new_answers = {
        number: value
        for number, text in answers.items()
        if (value := check_value(get_field(session(), number), text)) != said.get(number, "")
    }
    if new_lines:
        store_details.set_contact(session(), member.id, new_lines)
    for number, value in new_answers.items():
        store_details.set_value(session(), member.id, number, value)
    names = [*sorted(new_lines), *(f"customField_{number}" for number in sorted(new_answers))]
    if names:
        _note(member, names, now, by)


def check_value(field: CustomField, value: str) -> str:
    """The value as it is kept; refuses one that is too long, and for a box what is neither yes nor no."""
    value = value.strip()
    if len(value) > LONGEST_VALUE:
        raise Refused(_("this text is too long"))
    if field.kind is FieldKind.TEXT:
        return value
    ticks = {TICKED: TICKED, "yes": TICKED, "1": TICKED, "": "", "no": "", "0": ""}
    if value.lower() not in ticks:
        raise Refused(_("a checkbox is yes or no"))
    return ticks[value.lower()]


def _check_line(value: str) -> str:
    value = " ".join(value.split())
    if len(value) > LONGEST_LINE:
        raise Refused(_("this text is too long"))
    return value


def _note(member: Member, names: list[str], now: datetime, by: str) -> None:
    body = {"fields": names, "by": by}
    add_event(
        session(), EventType.ACCESS, "details", now, member_id=member.id, user_id=member.user_id, body=body
    )


# --- employees ----------------------------------------------------------------------------------------------------


@use_case
def show_employee(user_id: int, *, phone: str = "", is_default: bool = False, now: datetime, by: str) -> int:
    """Put a WordPress user on the list of those whom pages may show to members; gives the number. The first one speaks for
    the site until another does."""
    is_first = not store_details.list_employees(session())
    try:
        employee_id = store_details.add_employee(session(), user_id, _check_line(phone))
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        raise Refused(_("this user is on the list already")) from error
    if is_default or is_first:
        store_details.set_default_employee(session(), employee_id)
    _note_employee(user_id, "employee_shown", now, by)
    return employee_id


@use_case
def change_employee(user_id: int, *, phone: str, is_default: bool, now: datetime, by: str) -> None:
    """Another phone; and whether this one speaks for the site: somebody does always, so it ends when another begins to.
    The number stays, by which tags name whom they show. Raises NotFound."""
    known = next((one for one in store_details.list_employees(session()) if one.user_id == user_id), None)
    if known is None:
        raise NotFound(_("this user is not on the list"))
    store_details.set_phone(session(), user_id, _check_line(phone))
    if is_default:
        store_details.set_default_employee(session(), known.id)
    _note_employee(user_id, "employee_changed", now, by)


@use_case
def hide_employee(user_id: int, *, now: datetime, by: str) -> None:
    """Take a user off the list; raises NotFound."""
    if not store_details.remove_employee(session(), user_id):
        raise NotFound(_("this user is not on the list"))
    _note_employee(user_id, "employee_hidden", now, by)


def _note_employee(user_id: int, name: str, now: datetime, by: str) -> None:
    add_event(
        session(), EventType.ACCESS, name, now, user_id=user_id, subject=f"user:{user_id}", body={"by": by}
    )
