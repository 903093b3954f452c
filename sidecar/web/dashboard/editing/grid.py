"""The drip grid: content by level and bundle, in each cell the day from which on it is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flask import Response as AnyResponse
from flask import make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from sidecar.access.rules import Audience, Rule, RuleBook
from sidecar.access.ruling import RulesChangedMeanwhile, change_rules
from sidecar.access.store import read_rule_book
from sidecar.catalog.rules import Grant
from sidecar.catalog.versions import version_of
from sidecar.db import reading
from sidecar.i18n import _
from sidecar.staff.rules import Right
from sidecar.web.dashboard.catalog import audience_words, target_words
from sidecar.web.dashboard.door import frame, person, screen
from sidecar.web.dashboard.editing.crowds import effect_of, read_crowd
from sidecar.web.dashboard.editing.rules import Column, cells_of, columns, read_cells, titles_of
from sidecar.web.dashboard.editing.typed import Typed
from sidecar.web.dashboard.exporting import csv_piece
from sidecar.web.dashboard.place import link

MOST_ROWS, MOST_FIELDS = 40, 600
"""Of a page of the grid. PHP takes no more than 1,000 fields of a form, which may come through the site."""


@dataclass(frozen=True)
class Row:
    """One rule in the grid. `is_open_to`: whom it opens to where that is no matter of cells; '' where it is."""

    rule: Rule
    title: str
    version: str
    is_open_to: str


@screen("/rules", Right.SEE_CATALOG)
def rules() -> Response:
    """All rules, some on a page."""
    with reading() as reader:
        book = read_rule_book(reader)
        found = _rows(reader, book, request.args.get("q", ""))
    return _page(found, Typed.of(_shown(found)))


@screen("/rules", Right.CHANGE_CATALOG, methods=("POST",))
def change_grid() -> Response:
    """First what it opens and closes for how many, then, when it is sent from there, the change."""
    typed = Typed(request.form)
    with reading() as reader:
        book = read_rule_book(reader)
        found = _rows(reader, book, request.args.get("q", ""))
    if gone := _forget_gone(typed, book):
        return _page(found, typed, status=409, gone=gone)
    sent = [row for row in found if typed.text(f"seen-{row.rule.id}")]
    touched = [row for row in sent if not row.is_open_to and _is_touched(typed, row.rule.id)]
    wanted = [rule for row in touched if (rule := _read(typed, row)) != row.rule]
    step = typed.text("step")
    if typed.wrongs or step == "edit":
        return _page(found, typed)
    fresh = {row.rule.id for row in sent if typed.text(f"seen-{row.rule.id}") == row.version}
    if stale := {rule.id for rule in wanted} - fresh:
        return _changed_meanwhile(found, stale, typed)
    if not wanted:
        return redirect(link("rules", said="unchanged"), 303)
    return _save(found, wanted, typed) if step == "save" else _before_saving(book, found, wanted, typed)


@screen("/rules.csv", Right.SEE_CATALOG)
def rules_csv() -> AnyResponse:
    """The whole grid as a file: a line for each rule, a column for each level and bundle."""
    with reading() as reader:
        rows = _rows(reader, read_rule_book(reader), "")
    opens = [column.title for column in columns()]
    heads = ("id", "kind", "target", "title", "open to", *opens, "not before", "others get")
    lines = (
        (
            row.rule.id, row.rule.target_kind, row.rule.target, row.title, row.rule.audience,
            *(cells_of(row.rule).get(column.name, "") for column in columns()), row.rule.opens_on or "", row.rule.denied,
        )
        for row in rows
    )  # fmt: skip
    return csv_piece("rules", heads, lines, None, by=person().by)


def _rows(reader: Session, book: RuleBook, words: str) -> list[Row]:
    """All rules whose title holds the words, in the order in which they were made."""
    titles = titles_of(reader, book.rules)
    names = {(one.grant, one.grant_id): one.title for one in columns()}
    found = [
        Row(
            rule, target_words(rule, titles), version_of(rule),
            "" if rule.audience is Audience.GRANTS else audience_words(replace(rule, opens_on=None), names),
        )
        for rule in sorted(book.rules, key=lambda one: one.id)
    ]  # fmt: skip
    return [row for row in found if words.casefold() in row.title.casefold()]


def _shown(rows: Sequence[Row]) -> dict[str, str | list[str]]:
    shown: dict[str, str | list[str]] = {}
    for row in rows:
        shown[f"seen-{row.rule.id}"] = row.version
        shown[f"was-{row.rule.id}"] = _in_one_line(cells_of(row.rule))
        shown |= {f"{row.rule.id}-{name}": day for name, day in cells_of(row.rule).items()}
    return shown


def _in_one_line(cells: Mapping[str, str]) -> str:
    """The cells of a row that are not empty.

    >>> _in_one_line({"level:2": "7", "bundle:1": "", "level:1": "0"})
    'level:1=0 level:2=7'
    """
    return " ".join(sorted(f"{name}={day}" for name, day in cells.items() if day))


def _is_touched(typed: Typed, rule_id: int) -> bool:
    """Whether a row was filled in otherwise than it was shown. One that was not is left as it is, whoever has changed it since."""
    cells = {column.name: typed.text(f"{rule_id}-{column.name}") for column in columns()}
    return _in_one_line(cells) != typed.text(f"was-{rule_id}")


def _read(typed: Typed, row: Row) -> Rule:
    """The rule as it was typed; what is no matter of cells stays."""
    grants = read_cells(typed, row.rule.grants, f"{row.rule.id}-")
    if not grants:
        sentence = _("Nobody could see it any more. Open it for a level or bundle, or take the rule away.")
        typed.note(f"row-{row.rule.id}", sentence)
    return replace(row.rule, grants=grants)


def _forget_gone(typed: Typed, book: RuleBook) -> int:
    """Take rows out of a form that somebody else has taken away since; gives how many there were."""
    there = {f"seen-{rule.id}" for rule in book.rules}
    gone = [name for name in typed.values if name.startswith("seen-") and name not in there]
    typed.values = MultiDict(pair for pair in typed.values.items(multi=True) if pair[0] not in gone)
    return len(gone)


def _save(rows: Sequence[Row], wanted: Sequence[Rule], typed: Typed) -> Response:
    seen = {rule.id: typed.text(f"seen-{rule.id}") for rule in wanted}
    try:
        change_rules(wanted, seen=seen, by=person().by, now=frame().now)
    except RulesChangedMeanwhile as error:  # between our look and the verb's
        return _changed_meanwhile(rows, set(error.rule_ids), typed)
    return redirect(link("rules", said="rules_saved"), 303)


def _changed_meanwhile(rows: Sequence[Row], stale: set[int], typed: Typed) -> Response:
    """The grid as it was typed, and at each row that somebody else has changed what it says now; saved once more it counts."""
    names = {(one.grant, one.grant_id): one.title for one in columns()}
    typed.values = MultiDict(typed.values)
    for row in rows:
        if row.rule.id in stale:
            sentence = _("Somebody else has changed this row. Now: {now}. Saved once more, your text counts.")
            typed.note(f"row-{row.rule.id}", sentence.format(now=audience_words(row.rule, names)))
            typed.values[f"seen-{row.rule.id}"] = row.version
    return _page(rows, typed, status=409)


def _before_saving(book: RuleBook, rows: Sequence[Row], wanted: Sequence[Rule], typed: Typed) -> Response:
    now, zone, found = frame().now, frame().zone, {row.rule.id: row for row in rows}
    names = {(one.grant, one.grant_id): one.title for one in columns()}
    changed, lines = {rule.id: rule for rule in wanted}, []
    concerned = [one for rule in wanted for one in (rule, *book.of(rule.target_kind, rule.target))]
    with reading() as reader:
        crowd = read_crowd(reader, concerned, now, zone)
    for rule in wanted:
        before = book.of(rule.target_kind, rule.target)
        after = [changed.get(one.id, one) for one in before]
        said = audience_words(found[rule.id].rule, names), audience_words(rule, names)
        lines.append((found[rule.id].title, *said, effect_of(crowd, before, after, now, zone)))
    return make_response(render_template("dashboard/editing/grid_before.html", lines=lines, typed=typed))


def _page(rows: Sequence[Row], typed: Typed, *, status: int = 0, gone: int = 0) -> Response:
    """The rows of the form in `typed`, and no other: a row without its fields would look closed. Of all rows, the page that the
    address names."""
    start = max(0, request.args.get("from", 0, int) or 0)
    most = max(1, min(MOST_ROWS, MOST_FIELDS // (len(columns()) + 2)))
    some = [row for row in rows if typed.text(f"seen-{row.rule.id}")]
    shown = some[start : start + most]
    page = render_template(
        "dashboard/editing/grid.html", rows=shown, total=len(rows), typed=typed, columns=columns(), q=request.args.get("q", ""),
        older=start + most if start + most < len(some) else None, newer=max(0, start - most) if start else None,
        groups=_groups(columns()), gone=gone,
    )  # fmt: skip
    return make_response(page, status or (422 if typed.wrongs else 200))


def _groups(found: Sequence[Column]) -> list[tuple[str, int]]:
    """The heads above the columns: (levels, how many), (bundles, how many)."""
    counts = [(_("Levels"), Grant.LEVEL), (_("Bundles"), Grant.BUNDLE)]
    return [(title, sum(one.grant is grant for one in found)) for title, grant in counts]
