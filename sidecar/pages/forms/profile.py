"""What a member says of himself, in My Account and in an author's own form; and his data to take along. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sidecar.i18n import _
from sidecar.pages.forms.elements import NOTHING, Element, button, join, paragraph
from sidecar.pages.forms.frame import Frame
from sidecar.pages.forms.parts import FieldPlan, PartedForm, Plan
from sidecar.pages.messages import Names

PLACE = "gatepost-details"
"""The id of the details on the page."""


def custom_plan(frame: Frame, fields: Mapping[str, FieldPlan]) -> Plan:
    """A form for some of the fields, as its author wants them; alone, for all of the owner's own."""
    offered = {name: replace(plan, is_offered=name.startswith("custom_")) for name, plan in fields.items()}
    return Plan(
        begin=frame.begin("custom"), step="save", main=_("Save"), fields=offered, acts={"submit": "save"}
    )


def profile_view(names: Names, fields: Mapping[str, FieldPlan], frame: Frame) -> Element:
    """Three forms: who he is, his e-mail address, his data. Folded, as they are seldom wanted."""
    who = {
        "firstName": FieldPlan(
            "first_name", _("First name"), "text", names.first_name, "given-name", is_required=False
        ),
        "lastName": FieldPlan(
            "last_name", _("Last name"), "text", names.last_name, "family-name", is_required=False
        ),
        **fields,
    }
    profile = Plan(
        begin=frame.begin("myaccount"),
        step="profile",
        main=_("Save"),
        fields={name: replace(plan, is_offered=True) for name, plan in who.items()},
        acts={"submit": "profile"},
    )
    return join(
        _folded(_("Your details"), Element(PartedForm(profile).whole()), place=PLACE),
        _folded(
            _("Your e-mail address: {email}").format(email=names.email),
            Element(PartedForm(_email(names, frame)).whole()),
        ),
        _folded(_("Your data"), _download(frame)),
    )


def _email(names: Names, frame: Frame) -> Plan:
    """Whoever sits down before a signed-in browser does not take the account over by it."""
    return Plan(
        begin=frame.begin("myaccount"),
        step="email",
        main=_("Change the address"),
        fields={
            "email": FieldPlan(
                "email", _("New e-mail address"), "email", names.email, "email", is_offered=True
            ),
            "password": FieldPlan(
                "password", _("Your password"), "password", "", "current-password", is_offered=True
            ),
        },
        acts={"submit": "email"},
    )


def _download(frame: Frame) -> Element:
    words = _(
        "Everything that is kept here about you, as a file: memberships, orders, payments, cards, mails and the log."
    )
    return frame.form(
        "myaccount",
        paragraph(words),
        paragraph("", button("download", _("Download my data"))),
        pay="",
        save="",
    )


class AccountInParts(PartedForm):
    """My Account between an author's own words: no form itself, as each thing that can be done in it is one."""

    def message(self, _kind: str, /) -> str:
        """Each form has its own places for sentences."""
        return ""

    def end(self) -> str:
        """What its author has not put anywhere."""
        missing = [place for name, place in self.plan.needs.items() if name not in self._printed]
        return str(join(*missing, Element("</div>")))


def account_plan(
    said: Element, holdings: Element, invoices: Element, profile: Element, data: Mapping[str, str | Element]
) -> Plan:
    """My Account in parts. `data`: what is known of the member."""
    place = Element('<span id="gatepost-subscriptions"></span>')
    subscriptions = join(place, holdings)
    details = f"#{PLACE}"
    return Plan(
        begin=join(Element('<div class="gatepost-account">'), said),
        step="",
        main="",
        fields={},
        data={**data, "subscriptions": subscriptions, "orderHistory": invoices},
        needs={"subscriptions": subscriptions, "orderHistory": invoices, "profile": profile},
        acts={
            "updateAccountDetails": details, "updateBillingInfo": details, "cancelMembership": "#gatepost-subscriptions",
        },
    )  # fmt: skip


def answers_view(fields: Mapping[str, FieldPlan]) -> Element:
    """The owner's own fields and what the member has answered, a line each."""
    lines = [
        Element("<strong>{}</strong> {}").format(
            plan.label, _("Yes") if plan.kind == "checkbox" else plan.value
        )
        for name, plan in fields.items()
        if name.startswith("custom_") and plan.value
    ]
    return Element("<br />").join(lines)


def _folded(words: str, content: Element, *, place: str = "") -> Element:
    mark = Element(' id="{}"').format(Element(place)) if place else NOTHING
    return Element('<details class="gatepost-more"{}><summary>{}</summary>{}</details>').format(
        mark, words, content
    )
