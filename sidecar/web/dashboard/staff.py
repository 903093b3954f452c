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
from sidecar.web.dashboard.door import person, screen, words
from sidecar.web.dashboard.place import link
from sidecar.wordpress.users import User, find_user, find_user_by_email, find_user_by_login


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
def check_hire() -> str:
    """Whom the typed name means, before they are let in."""
    user, role = _named_user(), _role_of_request()
    sentence = _("{login} may use the dashboard as {role} from now on:")
    can = [label for right, label in right_words() if right in RIGHTS[role]]
    lines = [sentence.format(login=user.login, role=words().role(role)), *can]
    target = link("hire", user_id=user.id)
    return _check(user, _("Let somebody in"), lines, target, _("Let them in"), {"role": role})


@screen("/staff/<int:user_id>", Right.EMPLOY, methods=("POST",))
def hire(user_id: int) -> Response:
    """Employ a WordPress user, or give an employee another role."""
    employ(service().tables, user_id, _role_of_request(), by=person().by, now=service().clock.now())
    return redirect(link("staff", said="employed"), 303)


def _role_of_request() -> Role:
    role = request.form.get("role", "")
    if role not in set(Role):
        raise Refused(_("Choose one of the roles."))
    return Role(role)


def _named_user() -> User:
    """The WordPress user whose login or address was typed; nobody where it is the login of one and the address of another,
    as whoever registers on a site may choose either."""
    name, tables = request.form.get("name", "").strip()[:100], service().tables
    with reading() as reader:
        called, reached = find_user_by_login(reader, tables, name), find_user_by_email(reader, tables, name)
    user = called or reached
    if user is None:
        raise NotFound(_("WordPress has no user {name}.").format(name=name))
    if reached is not None and reached.id != user.id:
        sentence = _(
            "{name} is the login of one user and the e-mail address of another. Give the login of whom you mean."
        )
        raise Refused(sentence.format(name=name))
    return user


def _check(
    user: User, title: str, consequences: list[str], target: str, act: str, carried: dict[str, str]
) -> str:
    """Who it is and what will happen. `carried`: what was typed, for the form that does it."""
    return render_template(
        "dashboard/staff_check.html",
        user=user,
        title=title,
        consequences=consequences,
        target=target,
        act=act,
        carried=carried,
    )


@screen("/staff/<int:user_id>/dismiss", Right.EMPLOY, methods=("POST",))
def fire(user_id: int) -> Response:
    """End an employment."""
    dismiss(user_id, by=person().by, now=service().clock.now())
    return redirect(link("staff", said="dismissed"), 303)


# --- whom members see -------------------------------------------------------------------------------------------------


@screen("/staff/shown", Right.EMPLOY, methods=("POST",))
def check_shown() -> str:
    """Whom the typed name means, before members see them."""
    user, card = _named_user(), _card_of_request()
    lines = [_("Pages and mails may show their name and e-mail address to everybody.")]
    lines += [_("Phone: {phone}").format(phone=card["phone"])] if card["phone"] else []
    lines += [_("They speak for the site from now on.")] if card["is_default"] else []
    carried = {"phone": card["phone"], "is_default": "1" if card["is_default"] else ""}
    target = link("show_to_members", user_id=user.id)
    return _check(user, _("Show somebody to members"), lines, target, _("Show to members"), carried)


@screen("/staff/shown/<int:user_id>/show", Right.EMPLOY, methods=("POST",))
def show_to_members(user_id: int) -> Response:
    """Put a WordPress user on the list."""
    show_employee(user_id, **_card_of_request(), now=service().clock.now(), by=person().by)
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
