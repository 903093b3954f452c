"""The staff: who may use the dashboard beside the site's administrators."""

from __future__ import annotations

import click

from sidecar.commands.finding import find_wordpress_user
from sidecar.commands.speaking import N_, Group, now, option, say, say_table, who, with_service
from sidecar.db import reading
from sidecar.i18n import _
from sidecar.service import Service
from sidecar.staff.employing import dismiss, employ
from sidecar.staff.rules import Role
from sidecar.staff.store import list_staff

_ROLES = click.Choice([str(role) for role in Role])


@click.group(cls=Group, help=N_("The staff: who may use the dashboard beside the site's administrators."))
def staff() -> None:
    pass


@staff.command("add", help=N_("Let a WordPress user into the dashboard, or give them another role."))
@click.argument("login")
@option("--role", type=_ROLES, required=True, help=N_("What they may do there; see docs/dashboard.md."))
@with_service
def add(service: Service, login: str, role: str) -> None:
    with reading() as reader:
        user = find_wordpress_user(reader, service.tables, login)
    employ(service.tables, user.id, Role(role), by=who(), now=now())
    say(_("{login} is now: {status}").format(login=user.login, status=role))


@staff.command("remove", help=N_("Shut somebody out of the dashboard, and end every session of theirs."))
@click.argument("login")
@with_service
def remove(service: Service, login: str) -> None:
    with reading() as reader:
        user = find_wordpress_user(reader, service.tables, login)
    dismiss(user.id, by=who(), now=now())
    say(_("{login} may no longer use the dashboard.").format(login=user.login))


@staff.command("list", help=N_("Print the staff."))
@with_service
def show_all(service: Service) -> None:
    with reading() as reader:
        rows = list_staff(reader, service.tables)
    say_table(
        (_("login"), _("role"), _("since"), _("by")),
        [(one.login or f"user:{one.user_id}", one.role, one.employed_at.date(), one.by) for one in rows],
    )
