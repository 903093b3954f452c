"""Who may use the dashboard, and as what; and whom pages may show to members."""

from __future__ import annotations

from typing import TypedDict

from flask import redirect, render_template, request
from werkzeug.wrappers import Response

from sidecar.db import reading
from sidecar.errors import NotFound, Refused
from sidecar.i18n import _
from sidecar.members.details import change_employee, hide_employee, show_employee
from sidecar.members.store_details import list_employees
from sidecar.service import service
from sidecar.staff.employing import dismiss, employ
from sidecar.staff.rules import RIGHTS, Right, Role
from sidecar.staff.store import list_staff
from sidecar.web.dashboard.door import person, screen
from sidecar.web.dashboard.place import link
from sidecar.wordpress.users import find_user, find_user_by_email, find_user_by_login


@screen("/staff", Right.EMPLOY)
def staff() -> str:
    """Who they are, and a form to employ somebody; the same for those whom `[MM_Employee_Data]` shows."""
    with reading() as reader:
        rows = list_staff(reader, service().tables)
        shown = [(one, find_user(reader, service().tables, one.user_id)) for one in list_employees(reader)]
    known = [(one, Role(one.role) if one.role in set(Role) else None) for one in rows]
    return render_template(
        "dashboard/staff.html",
        rows=known,
        roles=list(Role),
        rights=RIGHTS,
        all_rights=right_words(),
        shown=shown,
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
    role = request.form.get("role", "")
    if role not in set(Role):
        raise Refused(_("Choose one of the roles."))
    employ(service().tables, _named_user(), Role(role), by=person().by, now=service().clock.now())
    return redirect(link("staff", said="employed"), 303)


def _named_user() -> int:
    """The WordPress user whose login or address was typed."""
    name, tables = request.form.get("name", "").strip()[:100], service().tables
    with reading() as reader:
        user = find_user_by_login(reader, tables, name) or find_user_by_email(reader, tables, name)
    if user is None:
        raise NotFound(_("WordPress has no user {name}.").format(name=name))
    return user.id


@screen("/staff/<int:user_id>/dismiss", Right.EMPLOY, methods=("POST",))
def fire(user_id: int) -> Response:
    """End an employment."""
    dismiss(user_id, by=person().by, now=service().clock.now())
    return redirect(link("staff", said="dismissed"), 303)


# --- whom members see -------------------------------------------------------------------------------------------------


@screen("/staff/shown", Right.EMPLOY, methods=("POST",))
def show_to_members() -> Response:
    """Put a WordPress user on the list."""
    show_employee(_named_user(), **_card_of_request(), now=service().clock.now(), by=person().by)
    return redirect(link("staff", said="employee_shown"), 303)


@screen("/staff/shown/<int:user_id>", Right.EMPLOY, methods=("POST",))
def change_shown(user_id: int) -> Response:
    """Another phone, or: from now on this one speaks for the site."""
    change_employee(user_id, **_card_of_request(), now=service().clock.now(), by=person().by)
    return redirect(link("staff", said="saved"), 303)


@screen("/staff/shown/<int:user_id>/hide", Right.EMPLOY, methods=("POST",))
def hide_from_members(user_id: int) -> Response:
    """Take a user off the list."""
    hide_employee(user_id, now=service().clock.now(), by=person().by)
    return redirect(link("staff", said="employee_hidden"), 303)


def _card_of_request() -> _Card:
    return {"phone": request.form.get("phone", ""), "is_default": bool(request.form.get("is_default"))}


class _Card(TypedDict):
    phone: str
    is_default: bool
