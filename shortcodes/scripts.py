"""Where in a script's strings a position is. Follows JavaScript closely enough to find its strings.

A mistake does no harm: what is written into a string is made of letters, digits and \\uXXXX, which in code can be no
call and no operator.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Script(NamedTuple):
    """`inside`: "" code, a quote, "/" a line comment, "*" a block comment, "$" past a template's `${` (we lose track).
    `shielded`: 1 after `<!--`, 2 after a further `<script`, where the next `</script>` does not end the element.
    """

    inside: str = ""
    shielded: int = 0

    @property
    def in_string(self) -> bool:
        return self.inside in _STRING_ENDS


CODE = Script()

_STRING_ENDS = {quote: re.compile(rf"(?>(?:[^\\{quote}\n]|\\.)*)({quote}|\n)", re.DOTALL) for quote in "\"'"}
_STRING_ENDS["`"] = re.compile(r"(?>(?:[^\\`$]|\\.|\$(?!\{))*)(`|\$\{)", re.DOTALL)
_ENDS = _STRING_ENDS | {
    "/": re.compile(r"[^\n\r\u2028\u2029]*+([\n\r\u2028\u2029])"),
    "*": re.compile(r"(?s:.)*?(\*/)"),
}
_CODE = re.compile(
    r"""(?>(?:
        [(,=:\[!&|?{};+*%~^\n] \s{0,99}+ / (?![/*]) (?>(?: [^\\/\[\n] | \\. | \[ (?>(?:[^\]\\\n]|\\.){0,99}) \] ){1,999}) /
      | [^"'`/<(,=:\[!&|?{};+*%~^\n-]++
      | [(,=:\[!&|?{};+*%~^\n]
      | /(?![/*])
      | <(?!!--)
      | -(?!->)
    )*) (//|/\*|["'`]|<!--|-->)""",
    re.VERBOSE,
)
"""Up to the next string or comment. A slash after an operator opens a regular expression (of bounded length, so that
time stays linear)."""
_SHIELDS = re.compile(r"<!--|-->|<(/?)script(?=[ \t\n\f\r/>])", re.IGNORECASE)


def find_end(text: str, start: int, end: int, script: Script) -> tuple[int, Script]:
    """Where the `</script` stands that ends the element, or `end`; and how shielded the text is by then."""
    shielded = script.shielded
    for found in _SHIELDS.finditer(text, start, end):
        sign = found[0]
        if sign == "<!--":
            shielded = shielded or 1
        elif sign == "-->":
            shielded = 0
        elif found[1]:
            if shielded < 2:
                return found.start(), script._replace(shielded=shielded)
            shielded = 1
        elif shielded:
            shielded = 2
    return end, script._replace(shielded=shielded)


def follow(text: str, start: int, end: int, script: Script) -> Script:
    """After `text[start:end]`, all of it the script's."""
    inside = script.inside
    while start < end and inside != "$":
        found = (_ENDS[inside] if inside else _CODE).match(text, start, end)
        if found is None:
            break
        start = found.end()
        inside = _after(found[1]) if not inside else "$" if found[1] == "${" else ""
    return script._replace(inside=inside)


def _after(sign: str) -> str:
    return {"//": "/", "<!--": "/", "-->": "/", "/*": "*"}.get(sign, sign)
