"""What somebody says of himself in a form: phone, address, and the owner's own fields. Used by the checkout and the account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sidecar.catalog.rules import CustomField
from sidecar.catalog.store_fields import list_fields
from sidecar.db import reading
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.members.details import LONGEST_LINE, LONGEST_VALUE, check_value, tell_details
from sidecar.pages.forms.parts import custom_name
from sidecar.web.posted.messages import Submit, sentence

LINES = (
    "phone", "billing_address", "billing_zip_code", "billing_city", "billing_state", "billing_country",
)  # fmt: skip


@dataclass(frozen=True)
class Details:
    """`lines` by column of `gatepost_contacts`, `answers` by number of the owner's field; only what the form had. `errors`: a
    sentence by field."""

    lines: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[int, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


def read_details(submit: Submit) -> Details:
    """What was filled in, and what is wrong with it. Fields that there are not are not looked at."""
    sent, errors = submit.asked.fields, {}
    lines = {name: sent[name].strip() for name in LINES if name in sent}
    for name, line in lines.items():
        if len(line) > LONGEST_LINE:
            errors[name] = _("This is too long.")
    answers = {}
    for one in _own_fields() if any(name.startswith("custom_") for name in sent) else ():
        name = custom_name(one.id)
        if name not in sent:
            continue
        try:
            answers[one.id] = check_value(one, sent[name][: LONGEST_VALUE + 1])
        except Refused as error:
            errors[name] = sentence(str(error))
    return Details(lines, answers, errors)


def _own_fields() -> list[CustomField]:
    with reading() as reader:
        return list_fields(reader)


def keep_details(submit: Submit, user_id: int, details: Details) -> None:
    """Write them. The user must be a member by now."""
    if details.lines or details.answers:
        tell_details(user_id, details.lines, details.answers, now=submit.desk.now(), by=f"user:{user_id}")
