"""The forms by which somebody cancels a contract, or withdraws from it, without signing in. Pure: values in, elements out.

Labels, and what may be asked, are the law's (see sidecar/billing/declarations/rules.py): the button says what it does and nothing
else; one reason, one date and the contract's name may be given, and nothing beyond name and address must be.
"""

from __future__ import annotations

from sidecar.billing.declarations.rules import Kind
from sidecar.i18n import _
from sidecar.pages.forms.elements import NOTHING, Element, button, field, hidden, join, paragraph
from sidecar.pages.forms.frame import Frame, without_script


def declaration_form(kind: Kind, frame: Frame, *, token: str, name: str = "", email: str = "") -> Element:
    """`token`: names what is declared, so that what is sent twice is one. `name`, `email`: of who is signed in."""
    is_cancel = kind is Kind.CANCEL
    fields = join(
        field("name", _("First and last name"), autocomplete="name", value=name),
        field(
            "email",
            _("E-mail address with which you are known here"),
            kind="email",
            autocomplete="email",
            value=email,
        ),
        _optional("contract", _("Which contract: its product or order number (needed if you have several)")),
        join(_when(), _reason()) if is_cancel else NOTHING,
    )
    words = _("Cancel now") if is_cancel else _("Confirm withdrawal")
    return join(
        paragraph(_intro(is_cancel=is_cancel)),
        frame.form(
            str(kind),
            Element("<fieldset data-gatepost-details>{}</fieldset>").format(fields),
            paragraph("", hidden("declaration", token), button("declare", words, is_main=True)),
            without_script(),
            pay=words,
            save=words,
        ),
    )


def not_offered() -> str:
    """What is said where the owner has named no page of his for it."""
    return _("This cannot be declared here. Please write to us.")


def _intro(*, is_cancel: bool) -> str:
    confirmed = _("You need not sign in. We confirm by e-mail at once what has arrived here, and when.")
    if is_cancel:
        return _("Here you cancel a contract with us.") + f" {confirmed}"
    return _("Here you withdraw from a contract that you have made with us.") + f" {confirmed}"


def _when() -> Element:
    return _optional("wanted", _("When it is to end (leave it empty for as soon as possible)"), kind="date")


def _reason() -> Element:
    """Folded away: whoever just cancels needs no reason."""
    return Element(
        "<details><summary>{}</summary><p><label>{}<br />"
        '<textarea name="reason" rows="4" maxlength="2000"></textarea></label></p></details>'
    ).format(_("Cancel for an important reason (extraordinary cancellation)"), _("The reason"))


def _optional(name: str, label: str, *, kind: str = "text") -> Element:
    return Element('<p><label>{}<br /><input type="{}" name="{}" maxlength="200"></label></p>').format(
        label, kind, name
    )
