"""What a SmartTag is, as data; and how its attributes are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import NamedTuple, TypeVar

from shortcodes.attributes import Attributes
from shortcodes.dates import DEFAULT_FORMATS, format_date
from shortcodes.equations import Malformed, Operand, parse_equation
from shortcodes.facts import ContentFacts, Facts, FormFacts

Value = Callable[[Facts], str]
Subject = TypeVar("Subject")
Condition = Callable[[Facts], bool]
Entrance = Callable[[Facts], "FormFacts | None"]
"""Begins a form for one viewer."""

_ID = re.compile(r"[0-9]{1,18}")
_LONGEST_TYPING_ERROR = 40
BOOLEANS = {"true": 1, "false": 0}


@dataclass(frozen=True, slots=True)
class Attribute:
    """`name` as documented; `#` at its end stands for a number. `values`: the only ones, if there is such a list."""

    name: str
    summary: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tag:
    """Either `prints` or `decides` makes, from attributes, what is asked once per viewer.

    `is_markup`: what it prints is whole elements, written for their place by whoever renders; `prints_plainly` is the same
    where no element may stand, but a text or an address. `encloses`: with a closer, it is a form round what stands between.
    `is_part`: it stands in such a form alone. `is_personal`: it prints what only the viewer is to know. `takes_any`: attributes
    of any name.
    """

    name: str
    summary: str
    attributes: tuple[Attribute, ...]
    prints: Callable[[Given], Value] | None = None
    decides: Callable[[Given], Condition] | None = None
    prints_plainly: Callable[[Given], Value] | None = None
    encloses: Callable[[Given], Entrance | None] | None = None
    is_markup: bool = False
    is_part: bool = False
    is_personal: bool = False
    takes_any: bool = False


class Mention(NamedTuple):
    """That a tag speaks of a thing of the site by its number: a `level`, `bundle`, `product`, `post`, `field` or `employee`
    (0: the default); that it `opens` a post for everybody; that it `leaves` the text itself with what only the viewer is to
    know. Post 0 is the one that the text belongs to."""

    kind: str
    id: int


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of `known` that somebody may have meant who wrote `word`; None when none is near.

    >>> nearest("firstnme", ["lastName", "firstName"])
    'firstName'
    """
    if len(word) > _LONGEST_TYPING_ERROR:
        return None
    by_small = {each.lower(): each for each in known}
    found = get_close_matches(word.strip().lower(), by_small, n=1, cutoff=0.7)
    return by_small[found[0]] if found else None


class Given:
    """The attributes of one tag in a text, and what is wrong with them. `known`: those that the tag has."""

    def __init__(self, attributes: Attributes, known: tuple[Attribute, ...] = ()) -> None:
        self.attributes = attributes
        self.documented = {attribute.name.lower(): attribute.values for attribute in known}
        self.problems: list[tuple[str, tuple[tuple[str, str], ...]]] = []
        self.mentions: list[Mention] = []

    def mention(self, kind: str, number: int) -> None:
        """For whoever checks a text: that this has to exist."""
        self.mentions.append(Mention(kind, number))

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
            meant = nearest(text, self.documented.get(name.lower(), ()))
            if meant is None:
                self.report("{name} cannot be “{value}”.", name=name, value=text)
            else:
                sentence = "{name} cannot be “{value}”. Did you mean “{meant}”?"
                self.report(sentence, name=name, value=text, meant=meant)
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
        test: Callable[[Subject, Operand], bool],
    ) -> Callable[[Subject], bool]:
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
            return lambda _subject: False
        return lambda subject: equation.holds(lambda asked: test(subject, asked))

    def numbers_of(self, kind: str) -> Callable[[str], int]:
        """Operands of an equation over the numbers of levels, bundles or products."""

        def operand(text: str) -> int:
            number = number_operand(text)
            self.mention(kind, number)
            return number

        return operand

    def is_true(self, name: str, default: bool) -> bool | None:
        """The attribute as `true` or `false`; None, reported, if it is neither."""
        if self.get(name) is None:
            return default
        found = self.choice(name, BOOLEANS)
        return None if found is None else bool(found)

    def product(self, name: str) -> str:
        """The number, name or reference of a product; '' when left out."""
        text = (self.get(name) or "").strip()
        if _ID.fullmatch(text):
            self.mention("product", int(text))
        return text

    def own_id(self) -> int | None:
        """The attribute `id`: the number of a post. 0 when left out, for the text's own; None, reported, for no number."""
        text = self.get("id")
        number = 0 if text is None else self.id("id", text)
        if number:
            self.mention("post", number)
        return number

    def post_id(self) -> Callable[[Facts], int | None]:
        """The attribute `id`, or else the post that the text belongs to."""
        number = self.own_id()
        if number == 0:
            return lambda facts: facts.post_id
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
