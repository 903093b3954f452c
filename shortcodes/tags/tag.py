"""What a SmartTag is, as data; and how its attributes are read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shortcodes.attributes import Attributes
from shortcodes.dates import DEFAULT_FORMATS, format_date
from shortcodes.equations import Malformed, Operand, parse_equation
from shortcodes.facts import ContentFacts, Facts, MemberFacts

Value = Callable[[Facts], str]
Condition = Callable[[Facts], bool]

_ID = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Attribute:
    """`name` as documented; `#` at its end stands for a number. `values`: the only ones, if there is such a list."""

    name: str
    summary: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tag:
    """Either `prints` or `decides` makes, from attributes, what is asked once per viewer."""

    name: str
    summary: str
    attributes: tuple[Attribute, ...]
    prints: Callable[[Given], Value] | None = None
    decides: Callable[[Given], Condition] | None = None


class Given:
    """The attributes of one tag in a text, and what is wrong with them."""

    def __init__(self, attributes: Attributes) -> None:
        self.attributes = attributes
        self.problems: list[tuple[str, tuple[tuple[str, str], ...]]] = []

    def report(self, template: str, **values: str) -> None:
        self.problems.append((template, tuple(values.items())))

    def get(self, name: str) -> str | None:
        """`name` in any case."""
        return self.attributes.get(name.lower())

    def choice(self, name: str, choices: dict[str, Operand]) -> Operand | None:
        """The one of `choices` (keys in lower case) that the attribute names; None, reported, if it names none."""
        text = self.get(name)
        if text is None:
            self.report("The attribute {name} is missing.", name=name)
            return None
        chosen = choices.get(text.strip().lower())
        if chosen is None:
            self.report("{name} cannot be “{value}”.", name=name, value=text)
        return chosen

    def id(self, name: str, text: str) -> int | None:
        if _ID.fullmatch(text.strip()):
            return int(text)
        self.report("{name} has to be a number, not “{value}”.", name=name, value=text)
        return None

    def equation(
        self,
        name: str,
        text: str,
        operand: Callable[[str], Operand],
        test: Callable[[MemberFacts, Operand], bool],
    ) -> Callable[[MemberFacts], bool]:
        """Holds if the equation does; a malformed one never does."""
        try:
            equation = parse_equation(text, operand)
        except Malformed as wrong:
            self.report(
                "{name}: the equation “{equation}” is malformed: " + wrong.sentence + ".",
                name=name,
                equation=text,
                part=wrong.part,
            )
            return lambda _member: False
        return lambda member: equation.holds(lambda asked: test(member, asked))

    def post_id(self) -> Callable[[Facts], int | None]:
        """The attribute `id`, or else the post that the text belongs to."""
        text = self.get("id")
        if text is None:
            return lambda facts: facts.post_id
        number = self.id("id", text)
        return lambda _facts: number

    def content(self) -> Callable[[Facts], ContentFacts | None]:
        """The post that the attribute `id` names, or this one."""
        find = self.post_id()

        def content(facts: Facts) -> ContentFacts | None:
            post_id = find(facts)
            return None if post_id is None else facts.content(post_id)

        return content

    def date_format(self) -> Callable[[Facts, datetime | None], str]:
        """Prints an instant as the attribute `dateFormat` says, in the site's time zone and language."""
        letters = self.get("dateFormat") or ""

        def printed(facts: Facts, moment: datetime | None) -> str:
            if moment is None:
                return ""
            language = facts.language
            return format_date(
                local(moment, facts),
                letters or DEFAULT_FORMATS.get(language, DEFAULT_FORMATS["en"]),
                language,
            )

        return printed


def local(moment: datetime, facts: Facts) -> datetime:
    """On the site's clock."""
    try:
        return moment.astimezone(facts.zone)
    except (OverflowError, ValueError):  # the first or last day that Python can name
        return moment


def number_operand(text: str) -> int:
    """An operand of an equation over ids."""
    if not _ID.fullmatch(text):
        raise Malformed("“{part}” is no number", text)
    return int(text)
