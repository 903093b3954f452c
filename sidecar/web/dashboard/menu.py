"""The menu, and the sentences that a screen says after an act."""

from __future__ import annotations

from dataclasses import dataclass

from sidecar.i18n import _
from sidecar.staff.rules import Person, Right


@dataclass(frozen=True)
class Item:
    """One entry. `is_here`: the screen that is shown belongs to it. `count`: what waits there, 0 for nothing to say."""

    endpoint: str
    label: str
    is_here: bool
    count: int = 0


def menu_of(person: Person, at: str) -> list[list[Item]]:
    """The groups of entries that this person may see. `at`: the endpoint that is shown."""
    groups: list[list[tuple[Right, str, str, tuple[str, ...]]]] = [
        [
            (Right.SEE_NUMBERS, "overview", _("Overview"), ()),
            (Right.SEE_MEMBERS, "members", _("Members"), ("member", "act_before", "order")),
            (Right.SEE_MEMBERS, "overdue", _("Overdue"), ()),
            (Right.SEE_MEMBERS, "declarations", _("Declarations"), ()),
            (Right.SEE_MEMBERS, "invoices", _("Invoices"), ()),
            (Right.SEE_LOG, "log", _("Log"), ()),
            (Right.MOVE_MONEY, "disputes", _("Disputes"), ("evidence",)),
        ],
        [
            (
                Right.SEE_CATALOG,
                "catalog",
                _("Products"),
                ("new_thing", "make_thing", "thing", "change_thing"),
            ),
            (Right.SEE_CATALOG, "rules", _("Rules"), ("find_content", "change_grid")),
            (
                Right.SEE_MEMBERS,
                "mails",
                _("E-mails"),
                ("mail_editor", "save_mail", "find_readers", "deliveries"),
            ),
        ],
        [
            (Right.OPERATE, "operation", _("Operation"), ("check_books", "webhooks", "jobs")),
            (
                Right.OPERATE,
                "settings",
                _("Settings"),
                ("core_page", "change_core_page", "edit_settings", "change_settings_here"),
            ),
            (Right.EMPLOY, "staff", _("Staff"), ()),
        ],
    ]
    found = [
        [
            Item(name, label, at == name or at in under)
            for right, name, label, under in group
            if person.may(right)
        ]
        for group in groups
    ]
    return [group for group in found if group]


def said(key: str) -> str:
    """What was done; '' for a key that is none: an address can make a page say nothing else."""
    return {
        "archived": _("Archived. What was sold before goes on."),
        "made": _("Made. The log says who did it."),
        "saved": _("Saved. The log says who did it."),
        "removed": _("The rule is gone. The log says who did it."),
        "rules_saved": _("Saved. The site follows within seconds; the log says who did it."),
        "unchanged": _("Nothing was changed."),
        "ran": _("The job has run."),
        "hastened": _("It is tried again within seconds."),
        "replayed": _("The webhook was processed."),
        "closed": _("The alarm is closed."),
        "done": _("Done. The log says who did it."),
        "dismissed": _("Shut out, and signed off everywhere."),
        "mail_saved": _("Saved. From now on it is sent so."),
        "mail_reset": _("The default is sent again. Your own words stay among the versions."),
        "mail_retried": _("It is sent with the next run, within a minute."),
        "address_unmarked": _("This address is written to again."),
        "employee_shown": _("Pages may show them to members from now on."),
        "employee_hidden": _("No page shows them to members any more."),
        "employed": _("They may come in from now on."),
    }.get(key, "")
