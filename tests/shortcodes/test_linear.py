"""Twice the text, twice the steps. Steps are lines of Python run, which no busy machine can change; what happens inside
one regular expression is not seen by that, so each text is also read at a size where quadratic time would not end.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

import shortcodes
from shortcodes import grammar
from shortcodes.attributes import parse_attributes
from shortcodes.equations import parse_equation
from shortcodes.tags import prepare
from tests.shortcodes.builders import a_view

OPEN = "[MM_Member_Decision isMember='true']"
CLOSE = "[/MM_Member_Decision]"
ACCESS = "[MM_Access_Decision access='true']"
CLOSE_ACCESS = "[/MM_Access_Decision]"
VALUE = "[MM_Member_Data name='id']"
CLOSE_VALUE = "[/MM_Member_Data]"

TEXTS: dict[str, Callable[[int], str]] = {
    "openers that are never closed": lambda n: OPEN * n,
    "openers, one of them closed": lambda n: OPEN * n + CLOSE,
    "openers without a bracket": lambda n: "[MM_Member_Data " * n,
    "nested decisions": lambda n: OPEN * n + CLOSE * n,
    "two kinds of nested decisions": lambda n: (OPEN + ACCESS) * n + (CLOSE_ACCESS + CLOSE) * n,
    "crossed decisions": lambda n: (OPEN + ACCESS) * n + (CLOSE + CLOSE_ACCESS) * n,
    "stray closers": lambda n: CLOSE * n,
    "values with closers": lambda n: VALUE * n + CLOSE_VALUE * n,
    "else without end": lambda n: (VALUE + "[MM_Else]") * n + CLOSE_VALUE,
    "else without end in a decision": lambda n: OPEN + (VALUE + "[MM_Else]") * n + CLOSE + CLOSE_VALUE,
    "escaped openers": lambda n: ("[" + OPEN) * n + CLOSE + "]",
    "escaped tags": lambda n: ("[" + OPEN + "]") * n,
    "slashes in one tag": lambda n: "[MM_Member_Data " + "/" * n + "]",
    "quotes in one tag": lambda n: "[MM_Member_Data " + "a='" * n + "]",
    "spaces in one tag": lambda n: "[MM_Member_Data a" + " " * n + "]",
    "one long name": lambda n: "[MM_Member_Data " + "a" * n + "=]",
    "equals signs": lambda n: "[MM_Member_Data " + "a  = " * n + "]",
    "one long number": lambda n: "[MM_Member_Data " + "9" * n + "=1]",
    "names with something attached": lambda n: '[MM_Member_Data"]' * n,
    "lesser signs": lambda n: "<" * n + VALUE,
    "unfinished elements": lambda n: "<a " * n + VALUE,
    "unfinished attributes": lambda n: '<a x="' * n + VALUE,
    "attributes full of values": lambda n: "<a " + f'x="{VALUE}" ' * n,
    "attributes without quotes": lambda n: "<a " + f"x={VALUE} " * n,
    "a name full of values": lambda n: "<a" + (VALUE + "x") * n,
    "an address full of values": lambda n: "<a href='" + (VALUE + "x") * n,
    "an address full of entities": lambda n: "<a href='" + "&" * n + VALUE,
    "tags in one comment": lambda n: "<!--" + VALUE * n,
    "comments": lambda n: f"<!--{VALUE}-->" * n + VALUE,
    "unfinished comments": lambda n: "<!-- " * n + VALUE,
    "unfinished CDATA": lambda n: "<![CDATA[" * n + VALUE,
    "a script full of strings": lambda n: "<script>" + f"'{VALUE}';" * n,
    "regular expressions without end": lambda n: "<script>" + "=/[" * n + VALUE,
    "scripts in scripts": lambda n: "<script>" + "<!--<script" * n + VALUE,
    "templates": lambda n: "<script>" + "`${" * n + VALUE,
    "unfinished end tags": lambda n: "<title>" + "</titl" * n + VALUE,
    "foreign elements": lambda n: "<svg>" * n + VALUE,
    "branches of unlike HTML": lambda n: (OPEN + '<a href="' + CLOSE + "<b " + VALUE) * n,
    "lines": lambda n: "\n" * n + OPEN * n,
    "not ASCII": lambda n: ("é" + VALUE) * n,
}


def everything(text: str) -> None:
    template = shortcodes.compile(text)
    facts = a_view()
    template.render(facts)
    template.splices(facts)
    template.stripped()
    grammar.strip(text, shortcodes.NAMES)
    grammar.list_tags(text, shortcodes.NAMES)
    parse_attributes(text)


def steps(work: Callable[[], object]) -> int:
    """Lines of Python that `work` runs, with nothing prepared beforehand."""
    prepare.cache_clear()
    count = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("make", TEXTS.values(), ids=TEXTS.keys())
def test_twice_the_text_takes_twice_the_steps(make: Callable[[int], str]) -> None:
    everything(make(10))  # patterns are compiled once
    assert steps(lambda: everything(make(300))) <= 2.2 * steps(lambda: everything(make(150)))


@pytest.mark.parametrize("make", TEXTS.values(), ids=TEXTS.keys())
def test_sixteen_thousand_of_anything_are_read(make: Callable[[int], str]) -> None:
    text = make(16_000)
    template = shortcodes.compile(text)
    assert template.source == text
    assert isinstance(template.render(a_view()).text, str)
    assert len(template.diagnostics) <= 200


def test_equations_are_read_in_steps_that_grow_with_them() -> None:
    def read(count: int) -> int:
        return steps(lambda: parse_equation("!(1|2)&" * count + "1", int))

    assert read(400) <= 2.2 * read(200)
