"""A compiled text: what stands where, ready to be rendered for one viewer after the other.

The tree holds only what is not literal text. Rendering walks it and collects *edits* of the source, so what a hidden
branch holds is never looked at, and splices and rendered text are the same thing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from shortcodes.diagnostics import Diagnostic, Problem, locate
from shortcodes.facts import Facts, FormFacts
from shortcodes.places import Writer

Edit = tuple[int, int, str]
"""`source[start:end]` becomes the text."""
Span = tuple[int, int]


class Cut(NamedTuple):
    """Goes away: the brackets of an escaped tag, an opener without a closer, what is nested too deep. `left` stays for it."""

    span: Span
    left: str = ""

    def edit(self, _facts: Facts, edits: list[Edit], _problems: list[Problem]) -> None:
        edits.append((*self.span, self.left))


class Print(NamedTuple):
    """A value. `empty` stands for nothing where nothing would change how the HTML around it reads. `may_leave`: it is the
    viewer's, and stands where it could be sent away."""

    start: int
    end: int
    value: Callable[[Facts], str]
    write: Writer
    empty: str
    may_leave: bool = False

    def edit(self, facts: Facts, edits: list[Edit], problems: list[Problem]) -> None:
        if self.may_leave and not facts.trusts_author():
            problems.append(Problem(self.start, NOT_HIS_TO_SEE))
            edits.append((self.start, self.end, self.empty))
            return
        value = self.value(facts)
        written = self.write(value) if value else ""
        if written is None:
            problems.append(Problem(self.start, UNSAFE_VALUE))
        edits.append((self.start, self.end, written or self.empty))

    @property
    def span(self) -> Span:
        return self.start, self.end


UNSAFE_VALUE = "The value is no address with http, https, mailto or tel, nor a relative one; it was left out."


NOT_HIS_TO_SEE = "The author of this text may not see what the site knows of others; outside of the text itself the value is left out."


class Branch(NamedTuple):
    """One way through a decision: `before` goes, `nodes` are rendered, `after` goes."""

    before: Span
    nodes: tuple[Node, ...] = ()
    after: Span | None = None


class Decide(NamedTuple):
    span: Span
    holds: Callable[[Facts], bool]
    shown: Branch
    otherwise: Branch
    height: int
    """Decisions within decisions, this one included."""

    def edit(self, facts: Facts, edits: list[Edit], problems: list[Problem]) -> None:
        before, nodes, after = self.shown if self.holds(facts) else self.otherwise
        edits.append((*before, ""))
        for node in nodes:
            node.edit(facts, edits, problems)
        if after is not None:
            edits.append((*after, ""))


class Enclose(NamedTuple):
    """A form round what its author has written."""

    opener: Span
    closer: Span
    enter: Callable[[Facts], FormFacts | None]
    nodes: tuple[Node, ...]
    height: int
    """Decisions and forms within each other, this one included."""

    def edit(self, facts: Facts, edits: list[Edit], problems: list[Problem]) -> None:
        form = self.enter(facts)
        if form is None:
            edits.append((*self.span, ""))
            return
        if form.refusal:
            edits.append((*self.span, form.refusal))
        else:
            edits.append((*self.opener, form.begin()))
            for node in self.nodes:
                node.edit(facts, edits, problems)
            edits.append((*self.closer, form.end()))
        facts.leave_form()

    @property
    def span(self) -> Span:
        return self.opener[0], self.closer[1]


Node = Cut | Print | Decide | Enclose


class Mentioned(NamedTuple):
    """Where in the text a tag speaks of a thing of the site; see `tags.Mention`. `offset` in characters."""

    offset: int
    kind: str
    id: int


class Rendered(NamedTuple):
    text: str
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """Made by `compile`. `tags`: names of the tags that stand in it; `diagnostics`: what the author should know; `mentions`:
    what its tags speak of."""

    source: str
    nodes: tuple[Node, ...]
    tags: frozenset[str]
    problems: tuple[Problem, ...]
    mentions: tuple[Mentioned, ...]
    _bytes: dict[int, int] | None = field(repr=False, compare=False)
    """Offset in characters → offset in UTF-8 bytes, for every place an edit may begin or end; None: they are equal."""

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return locate(self.source, list(self.problems))

    def opens(self, post_id: int) -> bool:
        """Whether it shows something to those who may not read the post that it is the text of: then it guards itself."""
        return any(one.kind == "opens" and one.id in (0, post_id) for one in self.mentions)

    def render(self, facts: Facts) -> Rendered:
        problems: list[Problem] = []
        text = "".join(self._parts(self._edits(facts, problems)))
        if not problems and not self.problems:
            return Rendered(text, ())
        return Rendered(text, locate(self.source, [*self.problems, *problems]))

    def splices(self, facts: Facts) -> list[tuple[int, int, str]]:
        """(start, end, replacement), sorted, without overlap; offsets in bytes of the UTF-8 source.

        Encode replacements and decode the source with `surrogateescape`.
        """
        edits = self._edits(facts, [])
        offsets = self._bytes
        return (
            edits if offsets is None else [(offsets[start], offsets[end], text) for start, end, text in edits]
        )

    def stripped(self) -> str:
        """The source without tags and without what stands in them."""
        gone = [node for node in self.nodes if not (isinstance(node, Cut) and node.left)]
        return "".join(self._parts([(*node.span, "") for node in gone]))

    def _edits(self, facts: Facts, problems: list[Problem]) -> list[Edit]:
        edits: list[Edit] = []
        for node in self.nodes:
            node.edit(facts, edits, problems)
        return edits

    def _parts(self, edits: list[Edit]) -> Iterator[str]:
        position = 0
        for start, end, text in edits:
            yield self.source[position:start]
            yield text
            position = end
        yield self.source[position:]
