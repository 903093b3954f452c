"""The form of the owner's settings: all of them in one, told what they mean before they are saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from sidecar.config import FEWEST_MONTHS, LOG_TYPES, OWNERS_KEYS
from sidecar.db import reading
from sidecar.i18n import _
from sidecar.service import service
from sidecar.settings import change_settings, find_wrongs, in_force, list_settings, values_of
from sidecar.staff.rules import Right
from sidecar.web.dashboard.door import frame, person, screen, words
from sidecar.web.dashboard.editing.flow import Editor, Options, answer_change, form_of
from sidecar.web.dashboard.editing.typed import Typed
from sidecar.web.dashboard.place import link


def setting_labels() -> dict[str, str]:
    """Every setting of the owner's, by its key in the file."""
    return {
        "billing.retry_days": _("A failed renewal is tried again after so many days"),
        "billing.keeps_access_overdue": _("Members keep access while a payment is overdue"),
        "billing.notice_days": _("Members are told so many days before of what comes"),
        "billing.members_may_pause": _("Members may pause by themselves"),
        "billing.refund_surplus": _("Money that nothing was owed for goes back by itself"),
        "policies.terms_url": _("Address of the terms"), "policies.refund_url": _("Address of the refund policy"),
        "policies.cancellation_url": _("Address of the cancellation policy"),
        **{
            f"log.keep_{kind}_months": _("Months that events of the type “{type}” are kept").format(type=words().event_type(kind))
            for kind in LOG_TYPES
        },
        "log.shorten_addresses": _("IP addresses of visitors are shortened"),
        "access.canceled_may_sign_in": _("Who canceled may still sign in"),
        "access.decisions_open_pages": _("Protected pages may hold decisions of their own"),
    }  # fmt: skip


def setting_groups() -> list[tuple[str, list[str]]]:
    """The same under headings."""
    titles = {
        "billing": _("Payments"),
        "policies": _("What buyers accept at the checkout"),
        "log": _("How long the log keeps what"),
        "access": _("Access"),
    }
    return [
        (title, [key for key in OWNERS_KEYS if key.startswith(f"{section}.")])
        for section, title in titles.items()
    ]


@dataclass(frozen=True)
class OwnersSettings:
    """What is in force under each of the owner's keys. There is one such thing, so it has no number."""

    values: Mapping[str, object]
    id: str = ""


class SettingsEditor(Editor):
    """The fields are called as the keys of the file."""

    kind, subject, template, home = "settings", "settings", "dashboard/editing/settings.html", "settings"

    def heading(self, thing: OwnersSettings | None) -> str:  # noqa: ARG002
        return _("Change settings")

    def labels(self) -> dict[str, str]:
        return setting_labels()

    def find(self, reader: Session, number: int) -> OwnersSettings:  # noqa: ARG002
        return OwnersSettings(values_of(in_force(service().from_file, list_settings(reader))))

    def shown(self, thing: OwnersSettings | None) -> dict[str, str | list[str]]:
        values = thing.values if thing else {}
        return {
            key: ("1" if value else "") if isinstance(value, bool) else str(value)
            for key, value in values.items()
        }

    def read(self, typed: Typed, stored: OwnersSettings | None) -> OwnersSettings:
        wanted = {key: _read(typed, key, value) for key, value in (stored.values if stored else {}).items()}
        typed.note_all(find_wrongs(service().from_file, wanted))
        return OwnersSettings(wanted)

    def options(self, reader: Session, thing: OwnersSettings | None) -> Options:  # noqa: ARG002
        values = thing.values if thing else {}
        return {
            key: [("1", _("yes")), ("", _("no"))] for key, value in values.items() if isinstance(value, bool)
        }

    def extras(self, reader: Session, thing: OwnersSettings | None) -> dict[str, Any]:  # noqa: ARG002
        return {"groups": setting_groups(), "values": thing.values if thing else {}, "fewest": FEWEST_MONTHS}

    def consequences(self, reader: Session, stored: OwnersSettings, wanted: OwnersSettings) -> list[str]:  # noqa: ARG002
        changed = [key for key in OWNERS_KEYS if stored.values[key] != wanted.values[key]]
        said = {
            "billing.retry_days": _(
                "Orders whose product has no days of its own follow it from their next failure on; a try that is planned already stays."
            ),
            "billing.keeps_access_overdue": _("It counts for payments that fail from now on."),
            "billing.refund_surplus": _("It counts for money that comes from now on."),
        }
        lines = [said[key] for key in changed if key in said]
        if any(key.startswith("policies.") for key in changed):
            lines.append(
                _("Buyers accept it from now on; what others accepted before stays with their orders.")
            )
        lines += [
            self._dropped(key, wanted.values[key]) for key in changed if self._is_shorter(key, stored, wanted)
        ]
        return [*lines, _("It counts within seconds, and goes before what the configuration file says.")]

    def _is_shorter(self, key: str, stored: OwnersSettings, wanted: OwnersSettings) -> bool:
        before, after = stored.values[key], wanted.values[key]
        is_months = key.endswith("_months") and isinstance(before, int) and isinstance(after, int)
        return is_months and bool(after) and (not before or int(str(after)) < int(str(before)))

    def _dropped(self, key: str, months: object) -> str:
        oldest = frame().now - timedelta(days=30.44 * int(str(months)))
        return _("Events of the type “{type}” from before about {date} are dropped within a day, for good.").format(
            type=words().event_type(key.removeprefix("log.keep_").removesuffix("_months")), date=words().day(oldest)
        )  # fmt: skip

    def change(self, wanted: OwnersSettings, seen: str) -> None:
        change_settings(service().from_file, wanted.values, seen=seen, by=person().by, now=frame().now)
        service().take_settings(at_once=True)

    def version(self, thing: OwnersSettings) -> str:
        return super().version(dict(thing.values))

    def target(self, thing: OwnersSettings | None) -> str:  # noqa: ARG002
        return link("change_settings_here")

    def place(self, number: int, said: str) -> str:  # noqa: ARG002
        return link("settings", said=said)


def _read(typed: Typed, key: str, now: object) -> object:
    """A value of the same type as the one that is in force."""
    if isinstance(now, bool):
        return typed.is_ticked(key)
    if isinstance(now, int):
        number = typed.number(key)
        if number is None:
            typed.note(key, _("Please give a whole number."))
        return now if number is None else number
    return typed.text(key).replace(" ", "") if key == "billing.retry_days" else typed.text(key)


_EDITOR = SettingsEditor()


def _stored() -> OwnersSettings:
    with reading() as reader:
        return _EDITOR.find(reader, 0)


@screen("/settings/edit", Right.OPERATE)
def edit_settings() -> Response:
    """All of them in a form."""
    return form_of(_EDITOR, _stored())


@screen("/settings/edit", Right.OPERATE, methods=("POST",))
def change_settings_here() -> Response:
    """First what it means, then the change."""
    return answer_change(_EDITOR, _stored(), Typed(request.form))
