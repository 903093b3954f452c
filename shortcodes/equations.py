"""Equations of decisions: `1|2`, `!3`, `(1|2)&!4`. `!` binds tightest, then `&`, then `|`.

    equation = operand | "!" equation | equation "&" equation | equation "|" equation | "(" equation ")"
    operand  = anything else, less the spaces around it

Read once into postfix order (no recursion, one pass); editors write `&` as `&amp;`, so entities are decoded first.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

Operand = TypeVar("Operand")

MAX_LENGTH = 4000
"""Characters of an equation; more is malformed. A megabyte of `!` would hold up a page."""

MAX_NESTING = 100
"""Parentheses within parentheses; more is malformed."""

_PART = re.compile(r"[|&!()]|[^|&!()]++")
_BINDING = {"|": 1, "&": 2, "!": 3}


class Malformed(Exception):
    """What is wrong, for the author: an English sentence, and the part of the equation that fills its `{part}`."""

    def __init__(self, sentence: str, part: str = "") -> None:
        super().__init__(sentence, part)
        self.sentence = sentence
        self.part = part


class _Operator(NamedTuple):
    sign: str


class Equation(Generic[Operand]):
    """Postfix: operands and operators. `holds(test)` asks `test` about each operand."""

    __slots__ = ("_postfix",)

    def __init__(self, postfix: tuple[Operand | _Operator, ...]) -> None:
        self._postfix = postfix

    def holds(self, test: Callable[[Operand], bool]) -> bool:
        values: list[bool] = []
        for item in self._postfix:
            if not isinstance(item, _Operator):
                values.append(test(item))
            elif item.sign == "!":
                values[-1] = not values[-1]
            else:
                right = values.pop()
                values[-1] = (values[-1] or right) if item.sign == "|" else (values[-1] and right)
        return values[0]


def parse_equation(text: str, operand: Callable[[str], Operand]) -> Equation[Operand]:
    """`operand` reads one operand and raises Malformed for what it does not know.

    >>> parse_equation("1|2&!3", int).holds({2}.__contains__)
    True
    """
    if len(text) > MAX_LENGTH:
        raise Malformed("it is too long")
    postfix: list[Operand | _Operator] = []
    waiting: list[str] = []
    nesting = 0
    wants_operand = True
    for part in _parts(text):
        if wants_operand != (part in "!(" or part not in "|&)"):
            raise Malformed("“{part}” is not expected here", part)
        if part in "!(":
            waiting.append(part)
            nesting += part == "("
            if nesting > MAX_NESTING:
                raise Malformed("too many parentheses within parentheses")
        elif part == ")":
            _reduce(waiting, postfix, 0)
            if not waiting:
                raise Malformed("a parenthesis is closed that was never opened")
            waiting.pop()
            nesting -= 1
        elif part in "|&":
            _reduce(waiting, postfix, _BINDING[part])
            waiting.append(part)
            wants_operand = True
        else:
            postfix.append(operand(part))
            wants_operand = False
    if wants_operand:
        raise Malformed("something is missing at the end")
    _reduce(waiting, postfix, 0)
    if waiting:
        raise Malformed("a parenthesis is never closed")
    return Equation(tuple(postfix))


def _parts(text: str) -> list[str]:
    decoded = html.unescape(text) if "&" in text else text
    return [part for found in _PART.findall(decoded) if (part := found.strip())]


def _reduce(waiting: list[str], postfix: list[Operand | _Operator], binding: int) -> None:
    """Move what binds at least as tightly as `binding` out of `waiting`, up to the nearest parenthesis."""
    while waiting and waiting[-1] != "(" and _BINDING[waiting[-1]] >= binding:
        postfix.append(_Operator(waiting.pop()))
