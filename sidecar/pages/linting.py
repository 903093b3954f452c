"""What is wrong in the texts of a site, with place and suggestion: for `gatepost lint` and for previews.

Texts come in batches and marks go out as they are found, so that a site of any size needs the memory of one batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

import shortcodes
from shortcodes import Diagnostic
from shortcodes.diagnostics import Problem, locate
from shortcodes.template import NOT_HIS_TO_SEE
from sidecar.access.rules import Post
from sidecar.catalog.store import list_products
from sidecar.catalog.store_fields import list_fields
from sidecar.i18n import N_, _
from sidecar.members.store_details import list_employees
from sidecar.pages.authors import may_see_others
from sidecar.pages.memory import Knowledge
from sidecar.wordpress.permalinks import get_permalink
from sidecar.wordpress.posts import Source, list_known_posts, list_sources, list_term_ids
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.widgets import list_widget_texts

BATCH = 200
_OPENS = N_("[MM_Access_Decision] makes the rest of this protected page public.")
_OPENS_NOT = N_(
    "[MM_Access_Decision] would make the rest of this protected page public, which access.decisions_open_pages forbids:"
    " it stays closed."
)
_NO_EMPLOYEE = N_("Nobody speaks for the site yet: gatepost employee add LOGIN --default.")
_NO_POST = N_("There is no post or page {id}.")
_TOO_LONG = N_("The text is too long to be rendered.")
_MISSING = {
    "level": N_("There is no level {id}. There are: {known}"),
    "bundle": N_("There is no bundle {id}. There are: {known}"),
    "product": N_("There is no product {id}. There are: {known}"),
    "field": N_("There is no custom field {id}. There are: {known}"),
    "employee": N_("There is no employee {id}. There are: {known}"),
}
_MOST_NAMED = 8


class Severity(StrEnum):
    """A problem: something does not do what its author wrote. A warning: it does, and he should know what that is."""

    PROBLEM = "problem"
    WARNING = "warning"


@dataclass(frozen=True)
class Text:
    """Something that an author wrote. `place`: `content` or `excerpt` of a post, or the widget."""

    source: str
    place: str
    post: Source | None = None


@dataclass(frozen=True)
class Mark:
    """What is wrong where. `code`: `tag` (a tag is written wrongly), `missing` (what it speaks of is not there), `opens` (it
    makes a page public), `author` (its author may not print this here)."""

    text: Text
    severity: Severity
    code: str
    found: Diagnostic

    @property
    def message(self) -> str:
        """In the language of the context."""
        return self.found.translated(_)


class Linter:
    """Looks at texts. What it must know of the site is read once."""

    def __init__(
        self, reader: Session, tables: Tables, knowledge: Knowledge, *, decisions_open_pages: bool
    ) -> None:
        self._reader, self._tables, self._knowledge = reader, tables, knowledge
        self._may_open = decisions_open_pages
        self._known: dict[str, dict[int, str]] = {
            "level": {one.id: one.name for one in knowledge.levels.values()},
            "bundle": {one.id: one.name for one in knowledge.bundles.values()},
            "product": {one.id: one.name for one in list_products(reader)},
            "field": {one.id: one.name for one in list_fields(reader)},
            "employee": {one.id: str(one.id) for one in list_employees(reader)},
        }
        self._has_default = any(one.is_default for one in list_employees(reader))
        self._trusted: dict[int, bool] = {}

    def site(self) -> Iterator[Mark]:
        """The marks of all texts: posts of every type by id, then widgets."""
        last = 0
        while batch := list_sources(self._reader, self._tables, "[mm_", after=last, limit=BATCH):
            yield from self.texts([text for post in batch for text in texts_of(post)])
            last = batch[-1].id
        widgets = list_widget_texts(self._reader, self._tables)
        yield from self.texts([Text(source, name) for name, source in widgets])

    def texts(self, texts: Iterable[Text]) -> Iterator[Mark]:
        """The marks of these, in their order; by line and column in each."""
        compiled = [(text, _compiled(text.source)) for text in texts]
        asked = {
            one.id
            for _text, template in compiled
            if template
            for one in template.mentions
            if one.kind == "post"
        }
        posts = list_known_posts(self._reader, self._tables, asked) if asked else set()
        for text, template in compiled:
            if template is None:
                yield Mark(text, Severity.PROBLEM, "tag", Diagnostic(1, 1, _TOO_LONG))
            else:
                yield from self._marks(text, template, posts)

    def _marks(self, text: Text, template: shortcodes.Template, posts: set[int]) -> Iterator[Mark]:
        marks = [Mark(text, Severity.PROBLEM, "tag", found) for found in template.diagnostics]
        for code, severity, problems in self._of_mentions(text, template, posts):
            marks += [Mark(text, severity, code, found) for found in locate(text.source, problems)]
        yield from sorted(marks, key=lambda mark: (mark.found.line, mark.found.column, mark.code))

    def _of_mentions(
        self, text: Text, template: shortcodes.Template, posts: set[int]
    ) -> Iterator[tuple[str, Severity, list[Problem]]]:
        mentions = template.mentions
        missing = [self._missing(one.offset, one.kind, one.id, posts) for one in mentions]
        yield "missing", Severity.PROBLEM, [problem for problem in missing if problem is not None]
        post = text.post
        if post is None:
            return
        opens = [one.offset for one in mentions if one.kind == "opens" and one.id in (0, post.id)]
        if opens and text.place == "content" and self._is_protected(post):
            sentence = _OPENS if self._may_open else _OPENS_NOT
            yield "opens", Severity.WARNING, [Problem(offset, sentence) for offset in opens]
        leaves = [one.offset for one in mentions if one.kind == "leaves"]
        if leaves and not self._trusts(post.author_id):
            yield "author", Severity.PROBLEM, [Problem(offset, NOT_HIS_TO_SEE) for offset in leaves]

    def _missing(self, offset: int, kind: str, number: int, posts: set[int]) -> Problem | None:
        if kind == "post":
            return None if number in posts else Problem(offset, _NO_POST, (("id", str(number)),))
        if kind == "employee" and number == 0:
            return None if self._has_default else Problem(offset, _NO_EMPLOYEE)
        if kind not in _MISSING or number in self._known[kind]:
            return None
        return Problem(offset, _MISSING[kind], (("id", str(number)), ("known", _named(self._known[kind]))))

    def _is_protected(self, post: Source) -> bool:
        site = self._knowledge.site
        url = get_permalink(self._reader, self._tables, site, post.id)
        path = "/" + url.removeprefix(site.home).lstrip("/").partition("?")[0]
        terms = list_term_ids(self._reader, self._tables, [post.id])[post.id]
        return bool(self._knowledge.book.deciding(Post(post.id, post.type, terms, path)))

    def _trusts(self, author_id: int) -> bool:
        if author_id not in self._trusted:
            self._trusted[author_id] = may_see_others(self._reader, self._tables, author_id)
        return self._trusted[author_id]


def texts_of(post: Source) -> list[Text]:
    """What its author wrote, as far as tags may stand in it."""
    parts = {"content": post.content, "excerpt": post.excerpt}
    return [Text(source, place, post) for place, source in parts.items() if "[mm_" in source.lower()]


def _compiled(source: str) -> shortcodes.Template | None:
    try:
        return shortcodes.compile(source)
    except shortcodes.TextTooLong:
        return None


def _named(known: Mapping[int, str]) -> str:
    """
    >>> _named({1: "Gold", 3: "3"})
    '1 (Gold), 3'
    """
    names = [
        str(number) if name == str(number) else f"{number} ({name})" for number, name in sorted(known.items())
    ]
    return ", ".join([*names[:_MOST_NAMED], "…"] if len(names) > _MOST_NAMED else names) or "–"
