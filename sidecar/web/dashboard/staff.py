"""Employees: who may use the dashboard, and as what."""

from __future__ import annotations

from flask import redirect, render_template, request
from werkzeug.wrappers import Response

from sidecar.db import reading
from sidecar.errors import NotFound, Refused
from sidecar.i18n import _
from sidecar.service import service
from sidecar.staff.employing import dismiss, employ
from sidecar.staff.rules import RIGHTS, Right, Role
from sidecar.staff.store import list_staff
from sidecar.web.dashboard.door import person, screen
from sidecar.web.dashboard.place import link
from sidecar.wordpress.users import find_user_by_email, find_user_by_login


@screen("/staff", Right.EMPLOY)
def staff() -> str:
    """Who they are, and a form to employ somebody."""
    with reading() as reader:
        rows = list_staff(reader, service().tables)
    known = [(one, Role(one.role) if one.role in set(Role) else None) for one in rows]
    return render_template(
        "dashboard/staff.html", rows=known, roles=list(Role), rights=RIGHTS, all_rights=right_words()
    )


def right_words() -> list[tuple[Right, str]]:
    """What one may do, in words, in the order of the menu."""
    return [
        (Right.SEE_NUMBERS, _("See the overview")), (Right.SEE_MEMBERS, _("See members")),
        (Right.CHANGE_MEMBERS, _("Change memberships")), (Right.MOVE_MONEY, _("Charge and refund")),
        (Right.SEE_LOG, _("See the log")), (Right.SEE_CATALOG, _("See products and rules")),
        (Right.CHANGE_CATALOG, _("Change products and rules")), (Right.WRITE_MAILS, _("Write what mails say")),
        (Right.OPERATE, _("Webhooks, jobs, settings")),
        (Right.EMPLOY, _("Let people in")),
    ]  # fmt: skip


@screen("/staff", Right.EMPLOY, methods=("POST",))
def hire() -> Response:
    """Employ a WordPress user, or give an employee another role."""
    name, role = request.form.get("name", "").strip()[:100], request.form.get("role", "")
    if role not in set(Role):
        raise Refused(_("Choose one of the roles."))
    tables = service().tables
    with reading() as reader:
        user = find_user_by_login(reader, tables, name) or find_user_by_email(reader, tables, name)
    if user is None:
        raise NotFound(_("WordPress has no user {name}.").format(name=name))
    employ(tables, user.id, Role(role), by=person().by, now=service().clock.now())
    return redirect(link("staff", said="employed"), 303)


@screen("/staff/<int:user_id>/dismiss", Right.EMPLOY, methods=("POST",))
def fire(user_id: int) -> Response:
    """End an employment."""
    dismiss(user_id, by=person().by, now=service().clock.now())
    return redirect(link("staff", said="dismissed"), 303)
