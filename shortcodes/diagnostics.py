"""What the author should know: where, and what."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple

MAX_DIAGNOSTICS = 200
"""Of one text; nobody reads on."""


class Diagnostic(NamedTuple):
    """`line` and `column` (in characters) count from 1. `template` is the English msgid, `values` fill it."""

    line: int
    column: int
    template: str
    values: tuple[tuple[str, str], ...] = ()

    @property
    def message(self) -> str:
        return self.translated(str)

    def translated(self, gettext: Callable[[str], str]) -> str:
        return gettext(self.template).format_map(dict(self.values))


class Problem(NamedTuple):
    """A diagnostic whose place is still an offset in characters."""

    offset: int
    template: str
    values: tuple[tuple[str, str], ...] = ()


def locate(source: str, problems: list[Problem]) -> tuple[Diagnostic, ...]:
    """In the order of the text, each once."""
    if not problems:
        return ()
    lines = [0]
    while newline := source.find("\n", lines[-1]) + 1:
        lines.append(newline)
    kept = sorted(dict.fromkeys(problems))[:MAX_DIAGNOSTICS]
    return tuple(
        Diagnostic(line, offset - lines[line - 1] + 1, template, values)
        for offset, template, values in kept
        for line in (bisect_right(lines, offset),)
    )
