"""MM_Content_Data and MM_Content_Link: about a post of the site, as it stands to the viewer."""

from __future__ import annotations

from collections.abc import Callable

from shortcodes.facts import ContentFacts, Facts
from shortcodes.tags.tag import Attribute, Given, Tag, Value, local

Told = Callable[[ContentFacts, Facts], str]

_ID = Attribute("id", "the number of the post; default: the post that the tag stands in")


def _title(_given: Given) -> Told:
    return lambda content, _facts: content.title


def _date_available(given: Given) -> Told:
    printed = given.date_format()
    return lambda content, facts: printed(facts, content.available_at)


def _days_until_available(_given: Given) -> Told:
    """Midnights on the site's clock until the day it opens; 0 when that has come."""

    def days(content: ContentFacts, facts: Facts) -> str:
        if content.available_at is None:
            return ""
        opens_on, today = local(content.available_at, facts).date(), local(facts.now, facts).date()
        return str(max((opens_on - today).days, 0))

    return days


_FIELDS = {"title": _title, "dateAvailable": _date_available, "daysUntilAvailable": _days_until_available}
_BY_NAME = {name.lower(): make for name, make in _FIELDS.items()}


def _data(given: Given) -> Value:
    make: Callable[[Given], Told] | None = given.choice("name", _BY_NAME)
    find = given.content()
    if make is None:
        return lambda _facts: ""
    told = make(given)

    def value(facts: Facts) -> str:
        content = None if facts.member() is None else find(facts)
        return "" if content is None else told(content, facts)

    return value


def _link(given: Given) -> Value:
    find = given.content()

    def value(facts: Facts) -> str:
        content = find(facts)
        return "" if content is None else content.url

    return value


CONTENT_DATA = Tag(
    "MM_Content_Data",
    "Prints something about a post; nothing for a visitor.",
    (
        Attribute("name", "what to print", tuple(_FIELDS)),
        _ID,
        Attribute(
            "dateFormat", "how to print a date, in the letters of PHP's date(); default `M j, Y g:i a`"
        ),
    ),
    prints=_data,
)
CONTENT_LINK = Tag("MM_Content_Link", "The address of a post.", (_ID,), prints=_link)
