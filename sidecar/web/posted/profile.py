"""The steps by which a member says who he is, and takes his data along. Names and e-mail address are WordPress's: the bridge
changes them on the answer, and asks for the password before it changes the address."""

from __future__ import annotations

import json
from typing import Any

from sidecar.db import reading
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.pages.facts import read_names
from sidecar.privacy.exporting import export_person
from sidecar.web.posted.account import done, user_of
from sidecar.web.posted.addresses import is_email
from sidecar.web.posted.details import keep_details, read_details
from sidecar.web.posted.messages import FormAnswer, Submit, an_error

NAMES: tuple[str, ...] = ("first_name", "last_name")
LONGEST_NAME = 100
MOST_PAGES = 20
"""Of the export in one file: ten thousand events of the log."""


def change_profile(submit: Submit) -> FormAnswer:
    """Names, phone, address and answers."""
    user_id = _member_of(submit)
    details = read_details(submit)
    sent = submit.asked.fields
    names: dict[str, str] = {name: sent[name].strip() for name in NAMES if name in sent}
    errors = {name: _("This is too long.") for name, text in names.items() if len(text) > LONGEST_NAME}
    if errors or details.errors:
        return an_error("", {**errors, **details.errors})
    keep_details(submit, user_id, details)
    answer = done(submit, "profile")
    answer.profile = names
    return answer


def change_email(submit: Submit) -> FormAnswer:
    """Another e-mail address, if the bridge finds the password right."""
    user_of(submit)
    email = submit.field("email", 100)
    if not is_email(email):
        return an_error("", {"email": _("Please enter a valid e-mail address.")})
    answer = done(submit, "email")
    answer.profile = {"email": email}
    return answer


def save_answers(submit: Submit) -> FormAnswer:
    """An author's own form."""
    user_id, details = _member_of(submit), read_details(submit)
    if details.errors:
        return an_error("", dict(details.errors))
    keep_details(submit, user_id, details)
    return FormAnswer(message=_("Your answers are saved."))


def download(submit: Submit) -> FormAnswer:
    """Everything that is kept about the sender, as JSON."""
    user_id, desk = user_of(submit), submit.desk
    with reading() as reader:
        email = read_names(reader, desk.tables, user_id).email
    items: list[Any] = []
    page, is_whole = 0, False
    while page < MOST_PAGES and not is_whole:
        page += 1
        found = export_person(desk.tables, email, page, now=desk.now(), language=submit.language)
        items, is_whole = [*items, *found["items"]], found["done"]
    content = {"made_at": desk.now().isoformat(timespec="seconds"), "is_whole": is_whole, "items": items}
    text = json.dumps(content, ensure_ascii=False, indent=1)
    file = {"name": "my-data.json", "type": "application/json", "text": text}
    words = (
        _("Your data is in the file {name}.")
        if is_whole
        else _("The file {name} has the first part of your data; ask us for the rest.")
    )
    return FormAnswer(message=words.format(name=file["name"]), data={"file": file})


def _member_of(submit: Submit) -> int:
    """The signed-in sender, who is a member."""
    user_id = user_of(submit)
    if submit.member is None:
        raise Refused(_("You have no membership yet."))
    return user_id


PROFILE_STEPS = {"profile": change_profile, "email": change_email, "download": download}
CUSTOM_STEPS = {"save": save_answers}
