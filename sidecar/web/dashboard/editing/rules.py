"""The form of one rule, and finding what is to be protected."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from flask import g, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from sidecar.access.rules import Audience, Denied, Rule, RuleBook, RuleGrant, TargetKind, check_target
from sidecar.access.ruling import change_rules, protect, unprotect
from sidecar.access.store import find_rule, read_rule_book
from sidecar.catalog.rules import Grant
from sidecar.catalog.store import list_bundles, list_levels
from sidecar.db import reading
from sidecar.errors import NotFound, Refused
from sidecar.i18n import _
from sidecar.pages.notices import without_scripts
from sidecar.reports.store_members import list_titles
from sidecar.service import service
from sidecar.staff.rules import Right
from sidecar.web.dashboard.catalog import target_words
from sidecar.web.dashboard.door import frame, person, screen
from sidecar.web.dashboard.editing.crowds import effect_of, read_crowd
from sidecar.web.dashboard.editing.flow import EDITORS, Editor, Options
from sidecar.web.dashboard.editing.typed import Typed
from sidecar.web.dashboard.place import link
from sidecar.wordpress.posts import list_titled, list_types
from sidecar.wordpress.terms import list_named

LATEST_DAY = 36_500


@dataclass(frozen=True)
class Column:
    """A level or bundle, which may open something. `name`: of its field in a form."""

    grant: Grant
    grant_id: int
    title: str

    @property
    def name(self) -> str:
        """Such as `level:3`."""
        return f"{self.grant}:{self.grant_id}"


def columns() -> list[Column]:
    """All levels, then all bundles; read once for a request."""
    if "rule_columns" not in g:
        with reading() as reader:
            levels, bundles = list_levels(reader), list_bundles(reader)
        g.rule_columns = [
            *(Column(Grant.LEVEL, one.id, one.name) for one in levels),
            *(Column(Grant.BUNDLE, one.id, one.name) for one in bundles),
        ]
    found: list[Column] = g.rule_columns
    return found


def cells_of(rule: Rule) -> dict[str, str]:
    """Column → the day from which on it opens, as it is typed; a column that is not there is closed."""
    return {f"{one.grant}:{one.grant_id}": str(one.from_day) for one in rule.grants}


def read_cells(typed: Typed, before: Collection[RuleGrant], prefix: str = "") -> tuple[RuleGrant, ...]:
    """What the cells of one rule open; grants that stay keep their order, so that a form that nobody touched changes nothing."""
    found = []
    for column in columns():
        day = typed.number(f"{prefix}{column.name}")
        if day is not None and day > LATEST_DAY:
            typed.note(f"{prefix}{column.name}", _("A day is at most {most}.").format(most=LATEST_DAY))
        elif day is not None:
            found.append(RuleGrant(column.grant, column.grant_id, day))
    order = [(one.grant, one.grant_id) for one in before]
    return tuple(
        sorted(
            found,
            key=lambda one: (
                order.index((one.grant, one.grant_id)) if (one.grant, one.grant_id) in order else len(order)
            ),
        )
    )


def titles_of(reader: Session, rules: Collection[Rule]) -> dict[tuple[str, int], str]:
    """What WordPress calls the posts and terms that these rules protect."""
    posts, terms = (
        {int(one.target) for one in rules if one.target_kind is kind} for kind in (TargetKind.POST, TargetKind.TERM)
    )  # fmt: skip
    return list_titles(reader, service().tables, posts, terms)


class RuleEditor(Editor):
    """One rule with all that it knows; a new one is of what the address names (`on=post:12`)."""

    kind, subject, template, home = "rules", "rule", "dashboard/editing/rule.html", "rules"

    def heading(self, thing: Rule | None) -> str:
        shown = thing or _asked_for()
        with reading() as reader:
            return target_words(shown, titles_of(reader, [shown]))

    def labels(self) -> dict[str, str]:
        return {
            "audience": _("Who may see it"), **{column.name: column.title for column in columns()},
            "opens_on": _("Closed to all before this day"), "denied": _("Others get"),
            "excerpt_is_public": _("Others may read its beginning or excerpt"), "teaser": _("What others read in its place"),
        }  # fmt: skip

    def find(self, reader: Session, number: int) -> Rule:
        found = find_rule(reader, number)
        if found is None:
            raise NotFound(_("there is no rule {id}").format(id=number))
        return found

    def shown(self, thing: Rule | None) -> dict[str, str | list[str]]:
        if thing is None:
            return {"audience": "grants", "denied": "teaser", "excerpt_is_public": "1"}
        return {
            "audience": thing.audience, "denied": thing.denied, "teaser": thing.teaser, **cells_of(thing),
            "opens_on": str(thing.opens_on or ""), "excerpt_is_public": "1" if thing.excerpt_is_public else "",
        }  # fmt: skip

    def read(self, typed: Typed, stored: Rule | None) -> Rule:
        audience = typed.one_of("audience", Audience)
        grants = read_cells(typed, stored.grants if stored else ()) if audience is Audience.GRANTS else ()
        if audience is Audience.GRANTS and not grants:
            typed.note("audience", _("Give a day in one field at least: 0 opens it from the first day on."))
        return replace(
            stored or _asked_for(), audience=audience, grants=grants, opens_on=typed.day("opens_on"),
            denied=typed.one_of("denied", Denied), excerpt_is_public=typed.is_ticked("excerpt_is_public"),
            teaser=_teaser_of(typed, stored),
        )  # fmt: skip

    def options(self, reader: Session, thing: Rule | None) -> Options:  # noqa: ARG002
        days = [("", _("closed")), ("0", _("from the first day on"))]
        return {
            "audience": [
                ("grants", _("holders of levels and bundles, each from a day on")), ("members", _("every member")),
                ("everyone", _("everybody")),
            ],
            "denied": [("teaser", _("a teaser")), ("login", _("the login page")), ("error", _("the error page"))],
            "excerpt_is_public": [("1", _("yes"))],
            **{column.name: days for column in columns()},
        }  # fmt: skip

    def extras(self, reader: Session, thing: Rule | None) -> dict[str, Any]:
        found: dict[str, Any] = {"columns": columns()}
        if thing is None:
            return found
        before = read_rule_book(reader).of(thing.target_kind, thing.target)
        after = [one for one in before if one.id != thing.id]
        return {**found, "removal": _effect(reader, before, after)}

    def consequences(self, reader: Session, stored: Rule, wanted: Rule) -> list[str]:
        before = read_rule_book(reader).of(stored.target_kind, stored.target)
        return _effect(reader, before, [wanted if one.id == stored.id else one for one in before])

    def first_consequences(self, reader: Session, wanted: Rule) -> list[str]:
        before = read_rule_book(reader).of(wanted.target_kind, wanted.target)
        return _effect(reader, before, [*before, wanted])

    def make(self, wanted: Rule) -> int:
        return protect(wanted, now=frame().now, by=person().by)

    def change(self, wanted: Rule, seen: str) -> None:
        change_rules([wanted], seen={wanted.id: seen}, by=person().by, now=frame().now)


def _effect(reader: Session, before: Collection[Rule], after: Collection[Rule]) -> list[str]:
    now, zone = frame().now, frame().zone
    return effect_of(read_crowd(reader, [*before, *after], now, zone), before, after, now, zone)


def _teaser_of(typed: Typed, stored: Rule | None) -> str:
    """As it was typed; of whoever is no administrator, without what would act in a reader's browser."""
    teaser = typed.values.get("teaser", "").replace("\r\n", "\n")
    is_his = stored is None or teaser != stored.teaser
    return without_scripts(teaser) if is_his and not person().may(Right.OPERATE) else teaser


def _asked_for() -> Rule:
    """A rule of what the address names; it protects nothing yet."""
    kind, _colon, target = request.args.get("on", "").partition(":")
    if kind not in set(TargetKind):
        raise Refused(_("Choose first what is to be protected."))
    return Rule(0, TargetKind(kind), check_target(TargetKind(kind), target))


@screen("/rules/<int:rule_id>/remove", Right.CHANGE_CATALOG, methods=("POST",))
def remove_rule(rule_id: int) -> Response:
    """Take one away; the page has said what opens."""
    unprotect(rule_id, now=frame().now, by=person().by, seen=request.form.get("seen", ""))
    return redirect(link("rules", said="removed"), 303)


@dataclass(frozen=True)
class Hit:
    """Something that can be protected. `rule_id`: of the rule that does so already."""

    on: str
    title: str
    note: str
    rule_id: int | None = None
    is_core: bool = False


@screen("/rules/find", Right.CHANGE_CATALOG)
def find_content() -> str:
    """What is to be protected: posts by title, categories, tags and other terms by name, types, an address."""
    words = request.args.get("q", "").strip()[:100]
    with reading() as reader:
        book = read_rule_book(reader)
        hits = _hits(reader, book, words)
    part = "_list" if request.headers.get("HX-Target") == "found" else ""
    return render_template(f"dashboard/editing/find{part}.html", hits=hits, q=words)


def _hits(reader: Session, book: RuleBook, words: str) -> list[Hit]:
    def hit(kind: TargetKind, target: str, title: str, note: str) -> Hit:
        own = book.of(kind, target)
        is_core = kind is TargetKind.POST and int(target) in book.core_pages.values()
        return Hit(f"{kind}:{target}", title, note, own[0].id if own else None, is_core)

    tables, found = service().tables, list[Hit]()
    if words.startswith("/"):
        path = check_target(TargetKind.URL, words)
        found.append(hit(TargetKind.URL, path, path, _("an address")))
    if words:
        found += [
            hit(TargetKind.POST, str(one.id), one.title or f"#{one.id}", one.kind)
            for one in list_titled(reader, tables, words)
        ]
        found += [
            hit(TargetKind.TERM, str(one.id), one.title, one.kind)
            for one in list_named(reader, tables, words)
        ]
    types = [one for one in list_types(reader, tables) if words.lower() in one]
    everything = _("everything of type “{type}”")
    return found + [hit(TargetKind.TYPE, one, everything.format(type=one), _("a type")) for one in types]


EDITORS[RuleEditor.kind] = RuleEditor()
