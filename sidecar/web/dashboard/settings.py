"""What the owner has set: core pages, and what goes before the configuration file. What only the file says is shown with its key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from shortcodes import CORE_PAGES
from sidecar.access.ruling import choose_core_pages, core_pages_of
from sidecar.access.store import list_core_pages, list_level_pages
from sidecar.catalog.rules import Level
from sidecar.catalog.store import find_default_level, list_levels
from sidecar.catalog.versions import ChangedMeanwhile, version_of
from sidecar.config import Config, value_of
from sidecar.db import reading
from sidecar.errors import NotFound
from sidecar.i18n import _, ngettext
from sidecar.reports.store_members import list_titles
from sidecar.service import service
from sidecar.settings import Setting, list_settings
from sidecar.staff.rules import Right
from sidecar.web.dashboard.door import frame, person, screen
from sidecar.web.dashboard.editing.owners import setting_groups, setting_labels
from sidecar.web.dashboard.editing.typed import Typed
from sidecar.web.dashboard.place import link
from sidecar.wordpress.posts import list_pages


@dataclass(frozen=True)
class Line:
    """A setting in words. `own`: who has set it here, None where the file's value counts; `written`: what the file says."""

    key: str
    label: str
    value: str
    own: Setting | None
    written: str


@screen("/settings", Right.OPERATE)
def settings() -> str:
    """All of it on one page."""
    with reading() as reader:
        levels = {one.id: one.name for one in list_levels(reader)}
        common, own = dict(list_core_pages(reader)), list_level_pages(reader)
        titles = list_titles(reader, service().tables, {*common.values(), *own.values()}, ())
        default = find_default_level(reader)
    pages = [
        (
            kind, core_page_words()[kind], _title(titles, common.get(kind)),
            [(levels.get(level, str(level)), _title(titles, page)) for (level, part), page in own.items() if part == kind],
        )
        for kind in CORE_PAGES
    ]  # fmt: skip
    return render_template(
        "dashboard/settings.html",
        pages=pages,
        default=default,
        sections=_sections(),
        roles=service().config.access.assignable_roles,
    )


def _title(titles: dict[tuple[str, int], str], page: int | None) -> str:
    return "" if page is None else titles.get(("post", page)) or f"#{page}"


def core_page_words() -> dict[str, str]:
    """The parts that pages play."""
    return {
        "login": _("Login page"), "logout": _("Page after signing out"), "homepage": _("Members’ home page"),
        "myaccount": _("My Account"), "forgotPassword": _("Forgotten password"), "resetpassword": _("New password"),
        "savethesale": _("Offer before canceling"), "checkout": _("Checkout"), "confirmation": _("Thanks for the order"),
        "error": _("Error page"), "redeemgift": _("Redeeming a gift"),
        "cancel": _("Canceling without a sign-in"), "withdraw": _("Withdrawing without a sign-in"),
    }  # fmt: skip


# --- core pages -------------------------------------------------------------------------------------------------------


@screen("/settings/pages/<kind>", Right.OPERATE)
def core_page(kind: str) -> Response:
    """Which page plays one part, for everybody and for each level."""
    with reading() as reader:
        stored = _stored(reader, kind)
    shown = {_name(level): str(page) for level, page in stored.items()}
    return _core_page_form(kind, stored, Typed.of({**shown, "seen": _version(stored)}))


@screen("/settings/pages/<kind>", Right.OPERATE, methods=("POST",))
def change_core_page(kind: str) -> Response:
    """Choose them; pages and levels must be there."""
    typed = Typed(request.form)
    with reading() as reader:
        stored = _stored(reader, kind)
        pages = {one.id for one in list_pages(reader, service().tables)} | set(stored.values())
        levels = list_levels(reader)
    wanted = {level: typed.among(_name(level), pages) for level in (None, *(one.id for one in levels))}
    if typed.wrongs:
        return _core_page_form(kind, stored, typed)
    try:
        choose_core_pages(kind, wanted, seen=typed.text("seen"), by=person().by, now=frame().now)
    except ChangedMeanwhile as error:
        typed.note(_name(None), str(error))
        typed.values = MultiDict(typed.values)
        typed.values["seen"] = _version(stored)
        return _core_page_form(kind, stored, typed)
    return redirect(link("settings", said="saved"), 303)


def _stored(reader: Session, kind: str) -> dict[int | None, int]:
    if kind not in CORE_PAGES:
        raise NotFound(_("There is no such page."))
    return core_pages_of(reader, kind)


def _version(stored: dict[int | None, int]) -> str:
    return version_of({str(level): page for level, page in stored.items()})


def _name(level: int | None) -> str:
    return "all" if level is None else f"level-{level}"


def _core_page_form(kind: str, stored: dict[int | None, int], typed: Typed) -> Response:
    with reading() as reader:
        levels, pages = list_levels(reader), list_pages(reader, service().tables)
        titles = list_titles(reader, service().tables, set(stored.values()), ())
    known = {one.id: one.title or f"#{one.id}" for one in pages}
    offered = {**{page: _title(titles, page) for page in stored.values()}, **known}
    options = sorted(offered.items(), key=lambda one: one[1].casefold())
    page = render_template(
        "dashboard/editing/core_page.html", title=core_page_words()[kind], typed=typed, labels=_labels(levels),
        options={name: [("", _("none")), *options] for name in _labels(levels)}, kind=kind,
    )  # fmt: skip
    return make_response(page, 422 if typed.wrongs else 200)


def _labels(levels: Sequence[Level]) -> dict[str, str]:
    return {
        _name(None): _("For everybody"),
        **{_name(one.id): _("For the level {name} instead").format(name=one.name) for one in levels},
    }


# --- what is set here or in the file ----------------------------------------------------------------------------------


def _sections() -> list[tuple[str, list[Line]]]:
    """The owner's settings as they are in force, each with the file's value where another was set here, and by whom."""
    config, written = service().config, service().from_file
    with reading() as reader:
        own = list_settings(reader)
    labels = setting_labels()
    return [
        (
            title,
            [Line(key, labels[key], shown(config, key), own.get(key), shown(written, key)) for key in keys],
        )
        for title, keys in setting_groups()
    ]


def shown(config: Config, key: str) -> str:
    """A value in words."""
    value = value_of(config, key)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if key == "billing.notice_days":
        return ngettext("{count} day before", "{count} days before", int(str(value))).format(count=value)
    if isinstance(value, int):
        return (
            ngettext("{count} month", "{count} months", value).format(count=value) if value else _("for ever")
        )
    return str(value) or "–"
