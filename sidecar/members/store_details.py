"""The SQL of what members say of themselves, and of employees. None of these commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.db import count_changed, insert_once, insert_row
from sidecar.members.models import contacts, custom_values, employees

# --- custom fields ------------------------------------------------------------------------------------------------


def list_values(session: Session, member_id: int) -> dict[int, str]:
    """A member's answers: field id -> value."""
    mine = sa.select(custom_values.c.field_id, custom_values.c.value)
    rows = session.execute(
        mine.where(custom_values.c.member_id == member_id).order_by(custom_values.c.field_id)
    )
    return {row[0]: row[1] for row in rows}


def set_value(session: Session, member_id: int, field_id: int, value: str) -> None:
    """Write one answer in place of what was there."""
    mine = (custom_values.c.member_id == member_id, custom_values.c.field_id == field_id)
    insert_once(session, custom_values, [{"member_id": member_id, "field_id": field_id, "value": ""}])
    session.execute(sa.update(custom_values).where(*mine).values(value=value))


# --- phone and addresses ------------------------------------------------------------------------------------------


def find_contact(session: Session, member_id: int) -> Mapping[str, str]:
    """A member's phone and address lines by column; empty where nothing is known."""
    row = session.execute(sa.select(contacts).where(contacts.c.member_id == member_id)).mappings().first()
    return {} if row is None else {name: row[name] for name in CONTACT_LINES}


def set_contact(session: Session, member_id: int, lines: Mapping[str, str]) -> None:
    """Change some lines; the others stay."""
    insert_once(session, contacts, [{"member_id": member_id, **dict.fromkeys(CONTACT_LINES, "")}])
    session.execute(sa.update(contacts).where(contacts.c.member_id == member_id).values(**lines))


CONTACT_LINES = tuple(column.name for column in contacts.columns if column.name != "member_id")


def erase_details(session: Session, member_id: int) -> int:
    """Forget what a member has said of himself; gives how many rows are gone."""
    values = sa.delete(custom_values).where(custom_values.c.member_id == member_id)
    return count_changed(session, values) + count_changed(
        session, sa.delete(contacts).where(contacts.c.member_id == member_id)
    )


# --- employees ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Employee:
    """A WordPress user whom pages may show to members. `is_default`: who speaks for the site."""

    id: int
    user_id: int
    phone: str
    is_default: bool


_EMPLOYEE = (employees.c.id, employees.c.user_id, employees.c.phone, employees.c.is_default)


def list_employees(session: Session) -> list[Employee]:
    """All by id; an owner has a handful."""
    return [Employee(*row) for row in session.execute(sa.select(*_EMPLOYEE).order_by(employees.c.id))]


def add_employee(session: Session, user_id: int, phone: str) -> int:
    """Insert one; gives the id. The unique key of the user refuses a second one."""
    return insert_row(session, employees, {"user_id": user_id, "phone": phone, "is_default": False})


def set_phone(session: Session, user_id: int, phone: str) -> None:
    """Where members may call this employee."""
    session.execute(sa.update(employees).where(employees.c.user_id == user_id).values(phone=phone))


def set_default_employee(session: Session, employee_id: int) -> None:
    """This one speaks for the site, and no other."""
    session.execute(sa.update(employees).values(is_default=employees.c.id == employee_id))


def remove_employee(session: Session, user_id: int) -> bool:
    """False when the user is not on the list."""
    return bool(count_changed(session, sa.delete(employees).where(employees.c.user_id == user_id)))
