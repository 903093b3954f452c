"""The one step of the forms that cancel and withdraw: what was filled in is declared, and said back with day and time.

The answer is the same for whoever is a member here and whoever is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from babel.dates import format_datetime

from sidecar.billing.declarations.declaring import declare, said_in
from sidecar.billing.declarations.rules import Kind, Said
from sidecar.billing.declarations.saying import rows_of
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.mail.gathering import is_address
from sidecar.pages.forms.declarations import not_offered
from sidecar.web.posted.messages import FormAnswer, Submit, an_error
from sidecar.web.posted.tries import count_try

_TOKEN = re.compile(r"[0-9a-f]{64}")
MOST_OF_AN_ADDRESS = 5
"""So many receipts an hour go to one address: nobody is to fill another's box with them."""


def declare_step(submit: Submit) -> FormAnswer:
    """Take a declaration, where the owner offers a page for it; nobody has to have come by that page."""
    if not submit.core_url(submit.asked.form):
        raise Refused(not_offered())
    errors = _find_errors(submit)
    token = submit.field("declaration")
    if errors or not _TOKEN.fullmatch(token):
        return an_error("" if errors else _("This form is too old. Please open the page again."), errors)
    said = _said(submit)
    count_try("declare", f"address:{said.email.casefold()}", MOST_OF_AN_ADDRESS)
    row = declare(submit.desk, said, token=token, ip=submit.ip, language=submit.language)
    return FormAnswer(message=_received(submit, row), data={"is_over": True})


def _find_errors(submit: Submit) -> dict[str, str]:
    found = {}
    if not submit.field("name"):
        found["name"] = _("Please give your name.")
    if not is_address(submit.field("email")):
        found["email"] = _("Please give an e-mail address.")
    if submit.asked.fields.get("wanted", "").strip() and _wanted(submit) is None:
        found["wanted"] = _("Please give a day, or leave this empty.")
    if len(submit.asked.fields.get("reason", "")) > 2000:
        found["reason"] = _("Please say it in fewer words.")
    return found


def _said(submit: Submit) -> Said:
    kind = Kind(submit.asked.form)
    is_cancel = kind is Kind.CANCEL
    return Said(
        kind,
        name=submit.field("name"),
        email=submit.field("email"),
        contract=submit.field("contract"),
        reason=submit.field("reason", 2000) if is_cancel else "",
        wanted_on=_wanted(submit) if is_cancel else None,
    )


def _wanted(submit: Submit) -> date | None:
    try:
        return date.fromisoformat(submit.field("wanted"))
    except ValueError:
        return None


def _received(submit: Submit, row: Any) -> str:
    """Line by line what has arrived, so that it can be kept as it stands."""
    zone = submit.knowledge.site.zone
    at = format_datetime(row.received_at.astimezone(zone), "long", tzinfo=zone, locale=submit.language)
    head = (
        _("Your cancellation arrived on {at}.")
        if row.kind == Kind.CANCEL
        else _("Your withdrawal arrived on {at}.")
    )
    lines = [
        _("{label}: {value}").format(label=label, value=value)
        for label, value in rows_of(said_in(row), submit.language)
    ]
    tail = _("A confirmation is on its way to {email}.").format(email=row.email)
    return "\n".join([head.format(at=at), *lines, tail])


DECLARATION_STEPS: dict[str, Callable[[Submit], FormAnswer]] = {"declare": declare_step}
