"""Text → Template, in one pass from left to right.

Tags are found before the HTML around them is read; an opener pairs with its balanced closer. The HTML between them is
followed branch by branch (`markup`), so that each value knows its place, and comments and CDATA stay as they are.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property

from shortcodes.diagnostics import MAX_DIAGNOSTICS, Problem
from shortcodes.facts import Facts
from shortcodes.grammar import active_names
from shortcodes.markup import (
    IN_TEXT,
    States,
    after_value,
    decodes_entities,
    find_place,
    find_place_of_elements,
    in_comment,
    join,
    read,
    unquoted_start,
)
from shortcodes.places import ELEMENTS, TEXT
from shortcodes.tags import ELSE, NAMES, REGISTRY, Prepared, prepare
from shortcodes.tags.tag import Entrance, nearest
from shortcodes.template import Branch, Cut, Decide, Enclose, Mentioned, Node, Print, Span, Template

MAX_BYTES = 5_000_000
"""Of a text, in UTF-8."""
MAX_DEPTH = 100
"""Decisions and forms within each other. One that holds more is hidden with all its content, whatever it says."""

_DECISIONS = frozenset(tag.name for tag in REGISTRY.values() if tag.decides)
_NAMES = "|".join(sorted(NAMES, key=len, reverse=True))
_TOKEN = re.compile(rf"\[(?:/({_NAMES})\]|({_NAMES})(?![A-Za-z0-9_-])([^\]]*+)\])")
_MOST_SUGGESTIONS = 20
_LIKE_A_TAG = re.compile(r"(?<!\[)\[/?(MM_[A-Za-z0-9_]{1,60})", re.IGNORECASE)
_ENDS_CANDIDATE = re.compile(r"[<>&/\[\]=\x00-\x20]")


_QUOTE = re.compile("&(apos|quot|#0?39|#0?34);")
_QUOTES = {"apos": "'", "#39": "'", "#039": "'", "quot": '"', "#34": '"', "#034": '"'}
"""So WordPress keeps the quotes of a tag in an attribute, on behalf of an author who may not write unfiltered HTML."""


class TextTooLong(ValueError):
    """The text has more than MAX_BYTES."""


def compile(text: str) -> Template:
    """Never raises for what stands in the text; TextTooLong if there is too much of it. Time is linear in it.

    Bytes that are no UTF-8 may stand in it as surrogates (`errors="surrogateescape"`).
    """
    if len(text) > MAX_BYTES or (len(text) * 4 > MAX_BYTES and len(_encoded(text)) > MAX_BYTES):
        raise TextTooLong(f"a text of more than {MAX_BYTES:,} bytes")
    return _Compiler(text).compile()


def has_tags(text: str) -> bool:
    """Whether rendering may change the text: a quick look."""
    return "[MM_" in text and _TOKEN.search(text, 0, text.rfind("]") + 1) is not None


def strip(text: str) -> str:
    """The text without our tags and without what stands in them; escaped ones lose their outer brackets."""
    return compile(text).stripped() if has_tags(text) else text


def _encoded(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


class _Open:
    """An opener that waits for its closer. Its own node stands at `nodes[index]`, those of its content after it."""

    __slots__ = ("divider", "end", "index", "name", "prepared", "start", "states")

    def __init__(self, name: str, prepared: Prepared, span: Span, states: States, index: int) -> None:
        self.name = name
        self.prepared = prepared
        self.start, self.end = span
        self.states = states
        """Where its content begins."""
        self.index = index
        self.divider: tuple[Span, int, States] | None = None
        """Of `[MM_Else]`: where it is, its place in `nodes`, and the states at the end of the first part."""


class _Compiler:
    def __init__(self, text: str) -> None:
        self.text = text
        self.nodes: list[Node] = []
        self.open: list[_Open] = []
        self.open_by_name = dict.fromkeys(NAMES, 0)
        self.problems: list[Problem] = []
        self.used: set[str] = set()
        self.mentions: list[Mentioned] = []
        self.forms: list[Span] = []
        """From opener to closer; an opener that is never closed alone."""
        self.parts: list[tuple[int, str]] = []
        self.states: States = IN_TEXT
        self.position = 0
        """The HTML has been read up to here."""

    def compile(self) -> Template:
        text = self.text
        if "MM_" in text:
            self.closable = {name for name in REGISTRY if f"[/{name}]" in text}
            for token in _TOKEN.finditer(text, 0, text.rfind("]") + 1):
                self.token(token)
            self.forget_open(0)
            self.report_misplaced()
        if _LIKE_A_TAG.search(text):
            self.report_unknown()
        offsets = None if text.isascii() or not self.nodes else self.byte_offsets()
        return Template(
            text, tuple(self.nodes), frozenset(self.used), tuple(self.problems), tuple(self.mentions), offsets
        )

    def token(self, token: re.Match[str]) -> None:
        start, end = token.span()
        if start < self.position:  # within an escaped tag
            return
        self.states = read(self.states, self.text, self.position, start)
        self.position = start
        if self.states is not IN_TEXT and in_comment(self.states):
            return
        closed, name, attributes = token.groups()
        if closed:
            self.closer(closed, (start, end))
        elif self.is_active(name, token.end(2)):
            if start and self.text[start - 1] == "[" and self.escaped((start, end), attributes):
                return
            self.opener(name, (start, end), attributes)

    def is_active(self, name: str, after: int) -> bool:
        """Whether the name stands somewhere in the text with nothing attached to it."""
        return _ENDS_CANDIDATE.match(self.text, after) is not None or name in self.active

    @cached_property
    def active(self) -> tuple[str, ...]:
        return active_names(self.text, NAMES)

    # Openers

    def opener(self, name: str, span: Span, attributes: str) -> None:
        self.used.add(name)
        if name == ELSE:
            return self.divider(span)
        if self.states is not IN_TEXT and "&" in attributes:
            attributes = _QUOTE.sub(lambda found: _QUOTES[found[1]], attributes)
        self_closing = attributes.endswith("/")
        prepared = prepare(name, attributes[:-1] if self_closing else attributes)
        for template, values in prepared.problems:
            self.report(span[0], template, values)
        self.mention(prepared, span[0], "opens", otherwise=True)
        self.position = span[1]
        if REGISTRY[name].encloses:
            self.forms.append(span)
        elif REGISTRY[name].is_part:
            self.parts.append((span[0], name))
        if prepared.value:
            before = self.states
            self.nodes.append(self.printed(prepared, span))
            self.states = after_value(before)
        else:
            self.nodes.append(Cut(span))
        if not self_closing:
            if name in self.closable:
                self.open.append(_Open(name, prepared, span, self.states, len(self.nodes) - 1))
                self.open_by_name[name] += 1
            elif prepared.condition:
                self.report_unclosed(name, span[0])
        return None

    def printed(self, prepared: Prepared, span: Span) -> Node:
        assert prepared.value  # noqa: S101
        place = (find_place_of_elements if prepared.is_markup else find_place)(self.states)
        value = prepared.value
        if place.write is None and prepared.plain:
            place, value = find_place(self.states), prepared.plain
        if place.write is None:
            self.report(span[0], place.reason)
        empty = (
            '""' if unquoted_start(self.states) and self.text[span[1] : span[1] + 1] in " \t\n\f\r>" else ""
        )
        if place.write is None:
            return Print(*span, _nothing, str, empty)
        may_leave = prepared.is_personal and place is not TEXT and place is not ELEMENTS
        if may_leave:
            self.mentions.append(Mentioned(span[0], "leaves", 0))
        return Print(*span, value, place.write, empty, may_leave)

    def divider(self, span: Span) -> None:
        """`[MM_Else]` belongs to the innermost open decision; what was opened inside that is over."""
        self.position = span[1]
        self.nodes.append(Cut(span))
        if not any(self.open_by_name[name] for name in _DECISIONS):
            self.report(span[0], "[{tag}] stands in no decision.", (("tag", ELSE),))
            return
        self.forget_open(1 + self.innermost(_DECISIONS))
        decision = self.open[-1]
        if decision.divider:
            self.report(span[0], "The decision has a second [{tag}].", (("tag", ELSE),))
            return
        decision.divider = span, len(self.nodes) - 1, self.states
        self.states = join(decision.states, self.states)

    def innermost(self, names: frozenset[str]) -> int:
        """There is one; what lies above it is about to go, so looking for it costs no more than opening that did."""
        at = len(self.open) - 1
        while self.open[at].name not in names:
            at -= 1
        return at

    def forget_open(self, first: int) -> None:
        """Those from `first` on will never be closed."""
        for opened in self.open[first:]:
            self.open_by_name[opened.name] -= 1
            if opened.prepared.condition:
                self.report_unclosed(opened.name, opened.start)
        del self.open[first:]

    # Escaped

    def escaped(self, span: Span, attributes: str) -> bool:
        """Whether a second bracket closes the tag too; then it is shown, less its outer brackets."""
        start, end = span
        if not attributes.endswith("/"):
            end = self.pairs.get(start, end)
        if not self.text.startswith("]", end):
            return False
        self.nodes.append(Cut((start - 1, start)))
        if decodes_entities(self.states):
            # WordPress runs shortcodes after us: what is left of the tag must be no shortcode to it, however often it looks.
            openers = (token.start() for token in _TOKEN.finditer(self.text, start, end))
            self.nodes += [Cut((at, at + 1), "&#091;") for at in openers]
        self.nodes.append(Cut((end, end + 1)))
        self.states = read(self.states, self.text, start, end + 1)
        self.position = end + 1
        return True

    @cached_property
    def pairs(self) -> dict[int, int]:
        """Where an opener starts → where its balanced closer ends, each name for itself."""
        pairs: dict[int, int] = {}
        waiting: dict[str, list[int]] = {name: [] for name in NAMES}
        for token in _TOKEN.finditer(self.text, 0, self.text.rfind("]") + 1):
            closed, name, attributes = token.groups()
            if name and not attributes.endswith("/"):
                waiting[name].append(token.start())
            elif closed and waiting[closed]:
                pairs[waiting[closed].pop()] = token.end()
        return pairs

    # Closers

    def closer(self, name: str, span: Span) -> None:
        if name == ELSE:
            self.nodes.append(Cut(span))
        elif not self.open_by_name[name]:
            self.report(span[0], "[/{tag}] closes nothing.", (("tag", name),))
            return
        else:
            self.forget_open(1 + self.innermost(frozenset({name})))
            self.close(self.open.pop(), span)
            self.open_by_name[name] -= 1
        self.position = span[1]

    def close(self, opened: _Open, closer: Span) -> None:
        if REGISTRY[opened.name].encloses:
            self.forms.append((opened.start, closer[1]))
        if opened.prepared.condition:
            node: Node = self.decision(opened, closer)
            first_part = opened.divider[2] if opened.divider else opened.states
            self.states = join(first_part, self.states)
        elif opened.prepared.entrance and opened.states is IN_TEXT:
            node = self.form(opened, opened.prepared.entrance, closer)
        else:
            printed = self.nodes[opened.index]
            assert isinstance(printed, Print)  # noqa: S101
            node = printed._replace(end=closer[1])
            self.states = opened.states
        del self.nodes[opened.index :]
        self.nodes.append(node)

    def form(self, opened: _Open, enter: Entrance, closer: Span) -> Node:
        """Its end is elements, as its beginning is: what the author has begun between them has to be over."""
        if self.states is not IN_TEXT:
            self.report(closer[0], find_place_of_elements(self.states).reason)
            self.states = opened.states
            return Cut((opened.start, closer[1]))
        content = tuple(self.nodes[opened.index + 1 :])
        height = self.height(opened.start, content)
        if height is None:
            return Cut((opened.start, closer[1]))
        return Enclose((opened.start, opened.end), closer, enter, content, height)

    def height(self, start: int, content: Iterable[Node]) -> int | None:
        """Of what holds this content; None, reported, where it is too high."""
        height = 1 + max((node.height for node in content if isinstance(node, Decide | Enclose)), default=0)
        if height <= MAX_DEPTH:
            return height
        sentence = "More than {limit} decisions stand within each other; this one is hidden."
        self.report(start, sentence, (("limit", str(MAX_DEPTH)),))
        return None

    def decision(self, opened: _Open, closer: Span) -> Node:
        content = self.nodes[opened.index + 1 :]
        whole = opened.start, closer[1]
        height = self.height(opened.start, content)
        if height is None:
            return Cut(whole)
        if opened.divider:
            (start, end), index, _ = opened.divider
            at = index - opened.index - 1
            shown = Branch((opened.start, opened.end), tuple(content[:at]), (start, closer[1]))
            otherwise = Branch((opened.start, end), tuple(content[at + 1 :]), closer)
        else:
            shown = Branch((opened.start, opened.end), tuple(content), closer)
            otherwise = Branch(whole)
        assert opened.prepared.condition  # noqa: S101
        self.mention(opened.prepared, opened.start, "opens")
        return Decide(whole, opened.prepared.condition, shown, otherwise, height)

    # What is found out on the way

    def report(self, offset: int, template: str, values: tuple[tuple[str, str], ...] = ()) -> None:
        if len(self.problems) < MAX_DIAGNOSTICS:
            self.problems.append(Problem(offset, template, values))

    def mention(self, prepared: Prepared, offset: int, kind: str, *, otherwise: bool = False) -> None:
        """Note what a tag speaks of: of this kind, or `otherwise` of all others."""
        self.mentions += [
            Mentioned(offset, *each) for each in prepared.mentions if (each.kind == kind) is not otherwise
        ]

    def report_misplaced(self) -> None:
        """Forms within forms, and parts of forms that stand in none."""
        outer: list[Span] = []
        for start, end in sorted(self.forms, key=lambda span: (span[0], -span[1])):
            if not outer or start >= outer[-1][1]:
                outer.append((start, end))
            elif start != outer[-1][0]:
                self.report(start, "A form cannot stand within a form.")
        starts = [start for start, _end in outer]
        for offset, name in self.parts:
            at = bisect_right(starts, offset) - 1
            if at < 0 or offset >= outer[at][1]:
                self.report(offset, "[{tag}] stands in no form.", (("tag", name),))

    def report_unknown(self) -> None:
        """What looks like one of our tags and is none stays as it is typed."""
        comments = list(_comments(self.text))
        starts = [start for start, _end in comments]
        suggestions: dict[str, str | None] = {}
        for found in _LIKE_A_TAG.finditer(self.text):
            if len(self.problems) >= MAX_DIAGNOSTICS:
                return
            name, at = found[1], bisect_right(starts, found.start()) - 1
            if name in NAMES or (at >= 0 and found.start() < comments[at][1]):
                continue
            if name not in suggestions and len(suggestions) < _MOST_SUGGESTIONS:
                suggestions[name] = nearest(name, NAMES)
            if meant := suggestions.get(name):
                sentence = "There is no tag [{tag}]. Did you mean [{meant}]?"
                self.report(found.start(), sentence, (("tag", name), ("meant", meant)))
            else:
                self.report(found.start(), "There is no tag [{tag}].", (("tag", name),))

    def report_unclosed(self, name: str, offset: int) -> None:
        self.report(offset, "[{tag}] is never closed: everybody sees what follows it.", (("tag", name),))

    def byte_offsets(self) -> dict[int, int]:
        offsets: dict[int, int] = {}
        position = count = 0
        for boundary in sorted(set(_boundaries(self.nodes))):
            count += len(_encoded(self.text[position:boundary]))
            offsets[boundary] = count
            position = boundary
        return offsets


def _boundaries(nodes: Iterable[Node]) -> Iterator[int]:
    """Wherever an edit may begin or end."""
    for node in nodes:
        yield from node.span
        if isinstance(node, Decide):
            for branch in (node.shown, node.otherwise):
                yield from branch.before
                yield from branch.after or ()
                yield from _boundaries(branch.nodes)
        elif isinstance(node, Enclose):
            yield from (node.opener[1], node.closer[0])
            yield from _boundaries(node.nodes)


def _comments(text: str) -> Iterator[Span]:
    end = 0
    while (start := text.find("<!--", end)) >= 0 and (end := text.find("-->", start)) >= 0:
        yield start, end


def _nothing(_facts: Facts) -> str:
    return ""
