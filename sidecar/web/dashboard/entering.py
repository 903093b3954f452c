"""Signing on and off."""

from __future__ import annotations

from flask import g, redirect, render_template, request
from werkzeug.wrappers import Response

from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.service import service
from sidecar.staff import signing_on
from sidecar.staff.rules import Right
from sidecar.web.dashboard.door import lasting, may_type, public, screen, set_cookie
from sidecar.web.dashboard.place import here, link


@public("/enter", "a one-time link is what lets in")
def enter() -> Response:
    """By the link that WordPress's admin menu hands out."""
    the_service = service()
    drawn = signing_on.enter(
        the_service.tables,
        request.args.get("token", "")[:100],
        lasting(),
        ip=here().ip,
        now=the_service.clock.now(),
    )
    return set_cookie(redirect(link("start"), 303), drawn)


@public("/sign-in", "who is not signed on must find the ways in")
def sign_in() -> str | Response:
    """The ways in."""
    if g.person is not None:
        return redirect(link("start"), 303)
    return render_template("dashboard/sign_in.html", problem="", may_type=may_type())


@public("/sign-in", "the password is what lets in; its tries are limited", methods=("POST",))
def sign_in_by_password() -> Response:
    """With the WordPress password, where the owner allows it."""
    if not may_type():
        raise Refused(_("Signing on with a password is switched off here."))
    the_service = service()
    drawn = signing_on.sign_in(
        the_service.tables, request.form.get("name", "")[:100], request.form.get("password", ""), lasting(),
        ip=here().ip, now=the_service.clock.now(),
    )  # fmt: skip
    return set_cookie(redirect(link("start"), 303), drawn)


@screen("/sign-out", Right.ENTER, methods=("POST",))
def sign_out() -> Response:
    """End this session."""
    signing_on.leave(g.drawn, ip=here().ip, now=service().clock.now())
    return set_cookie(redirect(link("sign_in"), 303), "")


_FIRST = ((Right.SEE_NUMBERS, "overview"), (Right.SEE_MEMBERS, "members"))


@screen("/", Right.ENTER)
def start() -> Response:
    """The first screen that the role may see."""
    return redirect(link(next(name for right, name in _FIRST if g.person.may(right))), 303)
