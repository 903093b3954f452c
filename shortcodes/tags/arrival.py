"""MM_Affiliate_Decision, MM_Affiliate_Data, MM_Custom_Decision and MM_Error_Message: by what the viewer's address said."""

from __future__ import annotations

from shortcodes.facts import Facts
from shortcodes.tags.tag import Attribute, Condition, Given, Tag, Value

_PLACES = {"affiliate": 0, "subaffiliate": 1}
"""In what `Facts.affiliate` answers."""
_DATA = _PLACES | {"affiliateid": 0, "subaffiliateid": 1}


def _affiliate_decides(given: Given) -> Condition:
    tests = [
        (place, given.equation(name, text, str, lambda is_from, wanted: is_from == wanted))
        for name, place in _PLACES.items()
        if (text := given.get(name)) is not None
    ]
    if not tests:
        given.report("The decision says nothing to decide by.")

    def holds(facts: Facts) -> bool:
        sent_by = facts.affiliate()
        return bool(tests) and all(test(sent_by[place]) for place, test in tests)

    return holds


def _affiliate_data(given: Given) -> Value:
    place: int | None = given.choice("name", _DATA)
    if place is None:
        return lambda _facts: ""
    return lambda facts: facts.affiliate()[place]


def _custom_decides(given: Given) -> Condition:
    wanted = {name: value for name, value in given.attributes.items() if isinstance(name, str)}
    if not wanted:
        given.report("The decision says nothing to decide by.")

    def holds(facts: Facts) -> bool:
        return bool(wanted) and all(facts.arrived_with(name) == value for name, value in wanted.items())

    return holds


AFFILIATE_DECISION = Tag(
    "MM_Affiliate_Decision",
    "Shows its content to whom an affiliate has sent: by `?affid=` and `?sid=` of an address that the viewer came by in the last"
    " 30 days. Visitors included.",
    (
        Attribute("affiliate", "an equation over affiliates"),
        Attribute("subaffiliate", "an equation over the affiliates' own marks"),
    ),
    decides=_affiliate_decides,
)
AFFILIATE_DATA = Tag(
    "MM_Affiliate_Data",
    "Prints who has sent the viewer here, visitors included.",
    (Attribute("name", "what to print", tuple(_PLACES)),),
    prints=_affiliate_data,
)
CUSTOM_DECISION = Tag(
    "MM_Custom_Decision",
    "Shows its content if the viewer came by an address with these parameters in the last 30 days: `source='letter'` for"
    " `?source=letter`. Visitors included.",
    (Attribute("…", "any parameter's name, and the value that it has to have, to the letter"),),
    decides=_custom_decides,
    takes_any=True,
)
ERROR_MESSAGE = Tag(
    "MM_Error_Message",
    "On the error page: why the viewer was led there, by `?code=` in its address, in a sentence.",
    (),
    prints=lambda _given: lambda facts: facts.error_message(),
)
