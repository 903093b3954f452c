"""WordPress's shortcode grammar, for any set of registered names.

    match      = [E1] "[" name attributes "]" [ content "[/" name "]" ] [E2]
               | [E1] "[" name attributes "/]" [E2]
    E1         = "["        E2 = "]"        both: escaped, nothing inside runs

`attributes` end at the first "]", whatever quotes surround it. The closer is the first `[/name]`, to the letter.
Time is linear in the text for a given set of names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from shortcodes.attributes import Attributes, parse_attributes

_CANDIDATE = re.compile(r"\[([^<>&/\[\]=\x00-\x20]++)")
_NOT_IN_NAMES = re.compile(r"[&/<>\[\]=\x00-\x20]")

Callback = Callable[[str, Attributes, str], str]
"""(name, attributes, content) → output"""


class Match(NamedTuple):
    """One shortcode in a text: `[start:end]` holds the whole match, E1 and E2 (`before`, `after`) included."""

    start: int
    end: int
    name: str
    attributes: str
    content: str
    before: str
    after: str

    @property
    def escaped(self) -> bool:
        return bool(self.before and self.after)


def is_name(name: str) -> bool:
    """Whether WordPress registers a shortcode under this name."""
    return name != "" and not _NOT_IN_NAMES.search(name)


def active_names(text: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names, in their order, that some `[` of the text is followed by, exactly."""
    candidates = set(_CANDIDATE.findall(text))
    return tuple(name for name in dict.fromkeys(names) if name in candidates)


def find_matches(text: str, names: Sequence[str]) -> Iterator[Match]:
    """Left to right, each after the end of the one before. `names` are the active ones, in order of registration."""
    if not names:
        return
    opener, last = _opener(tuple(names)), text.rfind("]")
    unclosed: set[str] = set()
    position = 0
    while found := opener.search(text, position, last + 1):
        match = _match(text, found, unclosed)
        position = match.end
        yield match


def _match(text: str, found: re.Match[str], unclosed: set[str]) -> Match:
    """The match whose opener is `found`. `unclosed` remembers the names without a closer in the rest of the text."""
    before, name, attributes = found.groups()
    end, content = found.end(), ""
    if attributes.endswith("/"):
        attributes = attributes[:-1]
    elif name not in unclosed:
        closer = f"[/{name}]"
        at = text.find(closer, end)
        if at < 0:
            unclosed.add(name)
        else:
            content, end = text[end:at], at + len(closer)
    after = "]" if text.startswith("]", end) else ""
    return Match(found.start(), end + len(after), name, attributes, content, before, after)


@lru_cache(maxsize=64)
def _opener(names: tuple[str, ...]) -> re.Pattern[str]:
    """The text up to its last "]" is searched, so that an opener is never one in vain."""
    alternatives = "|".join(map(re.escape, names))
    return re.compile(rf"\[(\[?)({alternatives})(?![A-Za-z0-9_-])([^\]]*+)\]")


def run(text: str, names: Sequence[str], callback: Callback) -> str:
    """What do_shortcode() makes of a text without HTML. Output is not read again; nesting is the callback's affair."""
    return _replace(
        text, names, lambda match: callback(match.name, parse_attributes(match.attributes), match.content)
    )


def strip(text: str, names: Sequence[str]) -> str:
    """Without the shortcodes and their content."""
    return _replace(text, names, lambda _match: "")


def _replace(text: str, names: Sequence[str], output: Callable[[Match], str]) -> str:
    parts, position = [], 0
    for match in find_matches(text, active_names(text, names)):
        parts.append(text[position : match.start])
        if match.escaped:
            parts.append(text[match.start + 1 : match.end - 1])
        else:
            parts += match.before, output(match), match.after
        position = match.end
    parts.append(text[position:])
    return "".join(parts)


def list_tags(text: str, names: Sequence[str]) -> list[str]:
    """The name of each match, followed by those in its content. All registered names count, escaped matches too.

    Nesting is no deeper than there are names: the content of a match holds no closer of its own name.
    """
    listed: list[str] = []
    waiting = [find_matches(text, names)]
    while waiting:
        match = next(waiting[-1], None)
        if match is None:
            waiting.pop()
        else:
            listed.append(match.name)
            waiting.append(find_matches(match.content, names))
    return listed


def has_tag(text: str, tag: str, names: Sequence[str]) -> bool:
    return tag in names and tag in list_tags(text, names)
