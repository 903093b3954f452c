"""MM_Member_Decision: shows its content to some members only. All its attributes have to hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date

from shortcodes.facts import Facts, MemberFacts
from shortcodes.tags.statuses import WORDS, status_operand
from shortcodes.tags.tag import BOOLEANS, Attribute, Condition, Given, Tag

MemberTest = Callable[[MemberFacts], bool]

_DAYS = re.compile(r"(-?)([0-9]{1,9})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBERED = re.compile(r"(dayswithbundle|customfield)_([0-9]{1,9})")


def _decides(given: Given) -> Condition:
    """A visitor passes `isMember='false'` alone."""
    names = [name for name in given.attributes if isinstance(name, str)]
    wants_member = given.choice("isMember", BOOLEANS) if "ismember" in names else None
    tests = [
        test for name in names if name != "ismember" if (test := _test(given, name, given.attributes[name]))
    ]
    if not names:
        given.report("The decision says nothing to decide by.")
        return lambda _facts: False
    if "ismember" in names and not wants_member:
        return _is_visitor if wants_member == 0 and len(names) == 1 else lambda _facts: False

    def holds(facts: Facts) -> bool:
        member = facts.member()
        return member is not None and all(test(member) for test in tests)

    return holds


def _is_visitor(facts: Facts) -> bool:
    return facts.member() is None


def _test(given: Given, name: str, text: str) -> MemberTest | None:
    """None: no attribute of ours, which others report."""
    if make := _TESTS.get(name):
        return make(given, text)
    if numbered := _NUMBERED.fullmatch(name):
        number, is_field = int(numbered[2]), numbered[1] == "customfield"
        given.mention("field" if is_field else "bundle", number)
        if is_field:
            return lambda member: (member.custom_field(number) or "") == text
        return _days(given, name, text, lambda member: member.days_with_bundle(number))
    return None


def _is_free(given: Given, _text: str) -> MemberTest:
    wanted = given.choice("isFree", BOOLEANS)
    return lambda member: wanted is not None and member.is_free == bool(wanted)


def _status(given: Given, text: str) -> MemberTest:
    return given.equation("status", text, status_operand, lambda member, status: member.status == status)


def _level(given: Given, text: str) -> MemberTest:
    return given.equation(
        "membershipId", text, given.numbers_of("level"), lambda member, level: member.level_id == level
    )


def _bundle(given: Given, text: str) -> MemberTest:
    return given.equation(
        "hasBundle", text, given.numbers_of("bundle"), lambda member, bundle: member.has_bundle(bundle)
    )


def _product(given: Given, text: str) -> MemberTest:
    return given.equation(
        "purchasedProduct",
        text,
        given.numbers_of("product"),
        lambda member, product: member.purchased(product),
    )


def _days_as_member(given: Given, text: str) -> MemberTest:
    return _days(given, "daysAsMember", text, lambda member: member.days_as_member)


def _days(given: Given, name: str, text: str, count: Callable[[MemberFacts], int | None]) -> MemberTest:
    """`7`: at least seven days. `-7`: fewer than seven."""
    found = _DAYS.fullmatch(text.strip())
    if found is None:
        given.report(
            "{name} has to be a number of days such as 7 or -7, not “{value}”.", name=name, value=text
        )
        return lambda _member: False
    fewer, limit = found[1] == "-", int(found[2])

    def holds(member: MemberFacts) -> bool:
        days = count(member)
        return days is not None and (days < limit if fewer else days >= limit)

    return holds


def _joined_before(given: Given, text: str) -> MemberTest:
    day = _date(given, "joinedBefore", text)
    return lambda member: day is not None and member.joined_on < day


def _joined_after(given: Given, text: str) -> MemberTest:
    day = _date(given, "joinedAfter", text)
    return lambda member: day is not None and member.joined_on > day


def _date(given: Given, name: str, text: str) -> date | None:
    if _DATE.fullmatch(text.strip()):
        with suppress(ValueError):
            return date.fromisoformat(text.strip())
    given.report("{name} has to be a day such as 2026-03-31, not “{value}”.", name=name, value=text)
    return None


_TESTS: dict[str, Callable[[Given, str], MemberTest]] = {
    "isfree": _is_free,
    "status": _status,
    "membershipid": _level,
    "hasbundle": _bundle,
    "daysasmember": _days_as_member,
    "purchasedproduct": _product,
    "joinedbefore": _joined_before,
    "joinedafter": _joined_after,
}

MEMBER_DECISION = Tag(
    "MM_Member_Decision",
    "Shows its content if everything its attributes say of the member is true. A visitor sees what is inside"
    " `isMember='false'` and nothing else.",
    (
        Attribute("isMember", "signed in as a member", ("true", "false")),
        Attribute("isFree", "on a free level", ("true", "false")),
        Attribute("status", "an equation over " + ", ".join(f"`{word}`" for word in WORDS)),
        Attribute("membershipId", "an equation over the numbers of levels"),
        Attribute("hasBundle", "an equation over the numbers of bundles that are active on the account"),
        Attribute("daysAsMember", "`N`: at least N days a member; `-N`: fewer than N"),
        Attribute("daysWithBundle_#", "the same for the days with that bundle"),
        Attribute("customField_#", "the value of that custom field; a ticked box is `mm_cb_on`"),
        Attribute("purchasedProduct", "an equation over the numbers of products that were bought"),
        Attribute("joinedBefore", "joined before that day, such as `2026-03-31`, on the site's clock"),
        Attribute("joinedAfter", "joined after that day"),
    ),
    decides=_decides,
)
