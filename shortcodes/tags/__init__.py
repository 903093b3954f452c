"""The registry: every SmartTag, as data; and the making of what a tag does out of the attributes it was given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from shortcodes.attributes import parse_attributes
from shortcodes.facts import Facts
from shortcodes.tags.access import ACCESS_DECISION
from shortcodes.tags.arrival import AFFILIATE_DATA, AFFILIATE_DECISION, CUSTOM_DECISION, ERROR_MESSAGE
from shortcodes.tags.content import CONTENT_DATA, CONTENT_LINK
from shortcodes.tags.core_pages import CORE_PAGE_LINK, CORE_PAGES
from shortcodes.tags.form import FORM
from shortcodes.tags.form_parts import BUTTON, DATA, FIELD, MESSAGE, SECTION, SUBSECTION
from shortcodes.tags.links import MEMBER_LINK, PURCHASE_LINK
from shortcodes.tags.mail import MAIL_DATA, MAIL_DECISION, MAIL_DETAILS
from shortcodes.tags.member_data import MEMBER_DATA
from shortcodes.tags.member_decision import MEMBER_DECISION
from shortcodes.tags.order import ORDER_DATA, ORDER_DECISION, ORDER_SUBDECISION
from shortcodes.tags.people import CUSTOM_FIELD_DATA, EMPLOYEE_DATA
from shortcodes.tags.product import PRODUCT_DATA
from shortcodes.tags.tag import Attribute, Condition, Entrance, Given, Mention, Tag, Value, nearest

ELSE = "MM_Else"
"""Divides the content of a decision: what follows is shown when it does not hold."""

REGISTRY = {
    tag.name: tag
    for tag in (
        MEMBER_DATA,
        MEMBER_DECISION,
        ACCESS_DECISION,
        CONTENT_DATA,
        CONTENT_LINK,
        CORE_PAGE_LINK,
        MEMBER_LINK,
        PURCHASE_LINK,
        ORDER_DATA,
        ORDER_DECISION,
        ORDER_SUBDECISION,
        PRODUCT_DATA,
        CUSTOM_FIELD_DATA,
        EMPLOYEE_DATA,
        AFFILIATE_DECISION,
        AFFILIATE_DATA,
        CUSTOM_DECISION,
        ERROR_MESSAGE,
        MAIL_DATA,
        MAIL_DECISION,
        MAIL_DETAILS,
        FORM,
        SECTION,
        SUBSECTION,
        FIELD,
        DATA,
        MESSAGE,
        BUTTON,
    )
}
NAMES = (*REGISTRY, ELSE)
"""In order of registration."""

_MOST_SUGGESTIONS = 5
"""For one tag: looking for them takes time."""
_LAST_NUMBER = re.compile(r"[0-9]{1,9}\Z")


class Prepared(NamedTuple):
    """What one tag does: it has a value or a condition. `problems`: templates and values of diagnostics. `mentions`: what it
    speaks of. `plain`: the value where no element may stand; `entrance`: begins a form round its content."""

    value: Value | None
    condition: Condition | None
    problems: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    mentions: tuple[Mention, ...] = ()
    is_markup: bool = False
    is_personal: bool = False
    plain: Value | None = None
    entrance: Entrance | None = None


@lru_cache(maxsize=4096)
def prepare(name: str, attributes: str) -> Prepared:
    """`attributes` as they stand in the text. A tag of a site stands in many of its texts, hence the cache."""
    return _prepared(REGISTRY[name], Given(parse_attributes(attributes), REGISTRY[name].attributes))


def ask(name: str, attributes: Mapping[str, str], facts: Facts) -> str | bool | None:
    """What one tag says outside of any text, such as to a theme's code: a plain text or whether it holds; None for no tag.

    The text is nothing that could be printed as it is: whoever asks writes it for its place.
    """
    tag = REGISTRY.get(name)
    if tag is None or tag.is_markup or tag.is_part:
        return None
    given = Given({key.lower(): value for key, value in attributes.items()}, tag.attributes)
    prepared = _prepared(tag, given)
    if prepared.value is not None:
        return prepared.value(facts)
    return prepared.condition is not None and prepared.condition(facts)


def _prepared(tag: Tag, given: Given) -> Prepared:
    """A decision with an attribute that we do not know never holds: what the author meant to hide stays hidden."""
    unknown = _unknown_attributes(tag, given)
    if tag.prints:
        value = tag.prints(given)
        quiet = Given(given.attributes, tag.attributes)  # what is wrong has been said
        plain = tag.prints_plainly(quiet) if tag.prints_plainly else None
        entrance = tag.encloses(quiet) if tag.encloses else None
        problems, mentions = tuple(given.problems), tuple(given.mentions)
        return Prepared(value, None, problems, mentions, tag.is_markup, tag.is_personal, plain, entrance)
    assert tag.decides  # noqa: S101  # a tag has one of the two
    condition = tag.decides(given)
    if unknown:
        return Prepared(None, _never, tuple(given.problems))
    return Prepared(None, condition, tuple(given.problems), tuple(given.mentions))


def _unknown_attributes(tag: Tag, given: Given) -> list[str]:
    known = {attribute.name.lower() for attribute in tag.attributes}
    unknown = []
    for key, value in given.attributes.items():
        if isinstance(key, int):
            if value != "/":  # `[tag / ]`, a slash that closes nothing
                unknown.append(value)
        elif not tag.takes_any and key not in known and _LAST_NUMBER.sub("#", key) not in known:
            unknown.append(key)
    for place, name in enumerate(unknown):
        meant = nearest(name, [one.name for one in tag.attributes]) if place < _MOST_SUGGESTIONS else None
        if meant is None:
            given.report("{tag} has no attribute “{name}”.", tag=tag.name, name=name)
        else:
            sentence = "{tag} has no attribute “{name}”. Did you mean “{meant}”?"
            given.report(sentence, tag=tag.name, name=name, meant=meant)
    return unknown


def _never(_facts: Facts) -> bool:
    return False


__all__ = [
    "CORE_PAGES",
    "ELSE",
    "NAMES",
    "REGISTRY",
    "Attribute",
    "Mention",
    "Prepared",
    "Tag",
    "ask",
    "prepare",
]
