"""Signing in, a forgotten password, and its new one. WordPress does the work, in the bridge; what is typed never comes here. Pure."""

from __future__ import annotations

from sidecar.i18n import _
from sidecar.pages.forms.elements import Element, hidden, join, link, paragraph
from sidecar.pages.forms.frame import Frame
from sidecar.pages.forms.parts import FieldPlan, Plan

_SUBMIT = {"submit": "send"}


def login_plan(frame: Frame, *, go_to: str, forgot_url: str) -> Plan:
    """`go_to`: where the address of the page says that he wanted to go; the bridge goes nowhere but on this site."""
    return Plan(
        begin=frame.begin("login"),
        step="send",
        main=_("Log in"),
        fields={
            "username": FieldPlan(
                "login", _("User name or e-mail address"), "text", "", "username", is_needed=True
            ),
            "password": FieldPlan(
                "password", _("Password"), "password", "", "current-password", is_needed=True
            ),
            "rememberMe": FieldPlan(
                "remember", _("Stay signed in"), "checkbox", is_required=False, is_offered=True
            ),
        },
        acts=_SUBMIT,
        hidden=hidden("redirect_to", go_to),
        more=paragraph("", link(forgot_url, _("Forgot your password?"))) if forgot_url else Element(""),
    )


def forgot_plan(frame: Frame) -> Plan:
    """Asks for the mail by which a password is chosen anew."""
    field = FieldPlan("login", _("E-mail address or user name"), "text", "", "username", is_needed=True)
    return Plan(
        begin=frame.begin("forgotPassword"),
        step="send",
        main=_("Send me a link"),
        fields={"email": field},
        acts=_SUBMIT,
    )


def reset_plan(frame: Frame, login_url: str) -> Plan:
    """The script fills in who he is and the mail's key, which stand behind the `#` of the address, where no log sees them."""
    return Plan(
        begin=frame.begin("resetPassword"),
        step="send",
        main=_("Save the new password"),
        fields={
            "password": FieldPlan(
                "password", _("New password"), "password", "", "new-password", is_needed=True
            ),
            "password-confirm": FieldPlan(
                "password_again", _("The same again"), "password", "", "new-password", is_needed=True
            ),
        },
        acts=_SUBMIT,
        hidden=join(hidden("login", ""), hidden("password_key", "")),
        more=paragraph("", link(login_url, _("Log in"))) if login_url else Element(""),
    )


def signed_in_already(name: str, logout_url: str) -> Element:
    """What stands for these forms before somebody who is signed in."""
    more = join(Element(" "), link(logout_url, _("Log out"))) if logout_url else Element("")
    return paragraph(_("You are signed in as {name}.").format(name=name), more, kind="notice")
