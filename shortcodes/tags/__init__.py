"""The registry: every SmartTag, as data; and the making of what a tag does out of the attributes it was given."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from shortcodes.attributes import parse_attributes
from shortcodes.facts import Facts
from shortcodes.tags.access import ACCESS_DECISION
from shortcodes.tags.content import CONTENT_DATA, CONTENT_LINK
from shortcodes.tags.core_pages import CORE_PAGE_LINK, CORE_PAGES
from shortcodes.tags.member_data import MEMBER_DATA
from shortcodes.tags.member_decision import MEMBER_DECISION
from shortcodes.tags.tag import Attribute, Condition, Given, Tag, Value

ELSE = "MM_Else"
"""Divides the content of a decision: what follows is shown when it does not hold."""

REGISTRY = {
    tag.name: tag
    for tag in (MEMBER_DATA, MEMBER_DECISION, ACCESS_DECISION, CONTENT_DATA, CONTENT_LINK, CORE_PAGE_LINK)
}
NAMES = (*REGISTRY, ELSE)
"""In order of registration."""

_LAST_NUMBER = re.compile(r"[0-9]{1,9}\Z")


class Prepared(NamedTuple):
    """What one tag does: it has a value or a condition. `problems`: templates and values of diagnostics."""

    value: Value | None
    condition: Condition | None
    problems: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


@lru_cache(maxsize=4096)
def prepare(name: str, attributes: str) -> Prepared:
    """`attributes` as they stand in the text. A tag of a site stands in many of its texts, hence the cache.

    A decision with an attribute that we do not know never holds: what the author meant to hide stays hidden.
    """
    tag = REGISTRY[name]
    given = Given(parse_attributes(attributes))
    unknown = _unknown_attributes(tag, given)
    if tag.prints:
        return Prepared(tag.prints(given), None, tuple(given.problems))
    assert tag.decides  # noqa: S101  # a tag has one of the two
    condition = tag.decides(given)
    return Prepared(None, _never if unknown else condition, tuple(given.problems))


def _unknown_attributes(tag: Tag, given: Given) -> list[str]:
    known = {attribute.name.lower() for attribute in tag.attributes}
    unknown = []
    for key, value in given.attributes.items():
        if isinstance(key, int):
            if value != "/":  # `[tag / ]`, a slash that closes nothing
                unknown.append(value)
        elif key not in known and _LAST_NUMBER.sub("#", key) not in known:
            unknown.append(key)
    for name in unknown:
        given.report("{tag} has no attribute “{name}”.", tag=tag.name, name=name)
    return unknown


def _never(_facts: Facts) -> bool:
    return False


__all__ = ["CORE_PAGES", "ELSE", "NAMES", "REGISTRY", "Attribute", "Prepared", "Tag", "prepare"]
