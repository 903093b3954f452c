"""Custom fields and what members say in them, phone and addresses, and the employees whom pages may show."""

from __future__ import annotations

import click

from sidecar.catalog.making import make_field
from sidecar.catalog.rules import FieldKind
from sidecar.catalog.store_fields import get_field, list_fields
from sidecar.commands.finding import find_wordpress_user
from sidecar.commands.speaking import (
    N_,
    Command,
    Group,
    named,
    now,
    option,
    say,
    say_table,
    who,
    with_service,
)
from sidecar.db import reading
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.members.details import answer_field, change_contact, hide_employee, show_employee
from sidecar.members.store import get_member
from sidecar.members.store_details import find_contact, list_employees, list_values
from sidecar.service import Service
from sidecar.wordpress.users import find_user


@click.group(cls=Group, help=N_("Custom fields: what members are asked beside their names."))
def field() -> None:
    pass


@field.command("add", help=N_("Make a custom field; tags name it by its id."))
@click.argument("name")
@option("--checkbox", is_flag=True, help=N_("It is a box to tick; else it is text."))
@with_service
def add_field(_service: Service, name: str, checkbox: bool) -> None:
    kind = FieldKind.CHECKBOX if checkbox else FieldKind.TEXT
    made = make_field(name, now=now(), kind=kind, by=who())
    say(_("Custom field {id} was made: {name}").format(id=made, name=name))


@field.command("list", help=N_("Print all custom fields."))
@with_service
def show_fields(_service: Service) -> None:
    kinds = {FieldKind.TEXT: _("text"), FieldKind.CHECKBOX: _("checkbox")}
    with reading() as reader:
        rows = [(one.id, one.name, kinds[one.kind]) for one in list_fields(reader)]
    say_table((_("id"), _("custom field"), ""), rows)


@field.command("set", help=N_("Write what a member says in a custom field. Of a box: yes or no."))
@click.argument("login")
@click.argument("name")
@click.argument("value")
@with_service
def set_field(service: Service, login: str, name: str, value: str) -> None:
    found = named(get_field, name)
    answer_field(_user_id(service, login), found.id, value, now=now(), by=who())
    say(_("{field} of {login} is kept.").format(field=found.name, login=login))


@click.command(
    "contact",
    cls=Command,
    help=N_("Change a member's phone and addresses, as LINE=TEXT; without any, print them."),
)
@click.argument("login")
@click.argument("lines", nargs=-1)
@with_service
def contact(service: Service, login: str, lines: tuple[str, ...]) -> None:
    user_id = _user_id(service, login)
    if lines:
        change_contact(user_id, dict(map(_line, lines)), now=now(), by=who())
    with reading() as reader:
        member = get_member(reader, user_id)
        known, values = find_contact(reader, member.id), list_values(reader, member.id)
        names = {one.id: one.name for one in list_fields(reader)}
    rows = [*known.items(), *((names[number], value) for number, value in values.items())]
    say_table((_("what"), ""), [(name, value) for name, value in rows if value])


def _line(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise Refused(_("{text} is not of the form LINE=TEXT").format(text=text))
    return name.strip(), value


@click.group(cls=Group, help=N_("Employees: WordPress users whom [MM_Employee_Data] shows to members."))
def employee() -> None:
    pass


@employee.command("add", help=N_("Put a WordPress user on the list."))
@click.argument("login")
@option("--phone", default="", help=N_("Where members may call."))
@option("--default", "is_default", is_flag=True, help=N_("Speaks for the site where a tag names nobody."))
@with_service
def add_employee(service: Service, login: str, phone: str, is_default: bool) -> None:
    made = show_employee(_user_id(service, login), phone=phone, is_default=is_default, now=now(), by=who())
    say(_("{login} is employee {id}.").format(login=login, id=made))


@employee.command("list", help=N_("Print the list."))
@with_service
def show_employees(service: Service) -> None:
    with reading() as reader:
        rows = [
            (one.id, user.login if user else "", one.phone, _("default") if one.is_default else "")
            for one in list_employees(reader)
            for user in (find_user(reader, service.tables, one.user_id),)
        ]
    say_table((_("id"), _("user"), _("phone"), ""), rows)


@employee.command("remove", help=N_("Take a WordPress user off the list."))
@click.argument("login")
@with_service
def remove_employee(service: Service, login: str) -> None:
    hide_employee(_user_id(service, login), now=now(), by=who())
    say(_("{login} is shown no longer.").format(login=login))


def _user_id(service: Service, login: str) -> int:
    with reading() as reader:
        return find_wordpress_user(reader, service.tables, login).id
