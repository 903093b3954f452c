"""The grammar against WordPress's own shortcodes.php: the same names and texts, the same answers."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest

import shortcodes
from shortcodes import grammar
from shortcodes.attributes import Attributes, parse_attributes
from tests.shortcodes.asking_php import ask_php
from tests.shortcodes.builders import PageView
from tests.shortcodes.generated import PIECES, attribute_texts, own_texts, texts

COUNT = 6000

Question = tuple[list[str], str]
Answer = dict[str, Any]

NEGATIVE_KEY = re.compile(r"-[1-9][0-9]*\s*=")
PAIR = re.compile(r"([is])([A-Za-z0-9+/]*={0,2})=([A-Za-z0-9+/]*={0,2})")
COUNTS_ON_FROM_NEGATIVE_KEYS = 80300
"""From this version of PHP on the key after -5 is -4; before it, and with us, 0."""


def encoded(text: str) -> str:
    return b64encode(text.encode(errors="surrogateescape")).decode()


def decoded(text: str) -> str:
    return b64decode(text).decode(errors="surrogateescape")


class WordPress:
    def __init__(self, tree: Path) -> None:
        self.tree = tree

    def answers(self, questions: list[Question]) -> tuple[int, list[Answer]]:
        """PHP's version, and an answer to each question."""
        asked = [
            {"names": [encoded(name) for name in names], "text": encoded(text)} for names, text in questions
        ]
        version, *answers = ask_php("wordpress.php", asked, str(self.tree))
        return version["php"], answers


@pytest.fixture(scope="module")
def wordpress(wordpress_tree: Path) -> WordPress:
    return WordPress(wordpress_tree)


def pairs(attributes: Attributes) -> str:
    return ",".join(
        f"{'i' if isinstance(key, int) else 's'}{encoded(str(key))}={encoded(value)}"
        for key, value in attributes.items()
    )


def our_answer(names: list[str], text: str) -> Answer:
    registered = list(dict.fromkeys(filter(grammar.is_name, names)))

    def record(name: str, attributes: Attributes, content: str) -> str:
        return "{$1" + f"{name}|{pairs(attributes)}|{grammar.run(content, registered, record)}" + "}"

    return {
        "names": [encoded(name) for name in registered],
        "run": encoded(grammar.run(text, registered, record)),
        "attributes": pairs(parse_attributes(text)),
        "strip": encoded(grammar.strip(text, registered)),
        "has": [encoded(name) for name in registered if grammar.has_tag(text, name, registered)],
    }


def readable(answer: Answer) -> Answer:
    return answer | {"run": decoded(answer["run"]), "strip": decoded(answer["strip"])}


def assert_alike(wordpress: WordPress, questions: list[Question]) -> None:
    php, answers = wordpress.answers(questions)
    for (names, text), theirs in zip(questions, answers, strict=True):
        if php >= COUNTS_ON_FROM_NEGATIVE_KEYS and NEGATIVE_KEY.search(text):
            continue
        assert readable(our_answer(names, text)) == readable(theirs), (names, text)


def test_the_grammar_is_wordpress_s_on_thousands_of_generated_texts(wordpress: WordPress) -> None:
    assert_alike(wordpress, texts(COUNT, seed=20131014))


def test_every_pair_of_pieces_inside_and_outside_a_tag_is_read_like_wordpress_does(
    wordpress: WordPress,
) -> None:
    assert_alike(
        wordpress,
        [
            (["t", "u", "a"], frame % (one + other))
            for one in PIECES
            for other in PIECES
            for frame in ("%s", "[t %s]x[/t]")
        ],
    )


def test_our_own_tags_are_found_where_wordpress_finds_them(wordpress: WordPress) -> None:
    questions = [
        (list(shortcodes.REGISTRY), text) for text in own_texts(2000, tuple(shortcodes.REGISTRY), seed=7)
    ]
    _, answers = wordpress.answers(questions)
    for (_, text), theirs in zip(questions, answers, strict=True):
        assert shortcodes.strip(text) == decoded(theirs["strip"]), text


class Asked(str):
    """Is equal to whatever it is compared with, and notes it."""

    __hash__ = str.__hash__

    def __new__(cls, name: str, said: list[tuple[str, str]]) -> Asked:
        asked = super().__new__(cls, name)
        asked.name, asked.said = name, said
        return asked

    name: str
    said: list[tuple[str, str]]

    def __eq__(self, other: object) -> bool:
        self.said.append((self.name, str(other)))
        return True


class Listener(PageView):
    """Hears which attributes a decision was given."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[str, str]] = []

    def arrived_with(self, name: str, /) -> str | None:
        return Asked(name, self.said)


def test_the_engine_gives_a_decision_the_attributes_that_wordpress_would(wordpress: WordPress) -> None:
    name = "MM_Custom_Decision"
    made = [
        f"a[{name} {attributes.replace('[', '').replace(']', '')}]b[/{name}]c"
        for attributes in attribute_texts(3000, seed=53)
    ]
    php, answers = wordpress.answers([([name], text) for text in made])
    compared = 0
    for text, theirs in zip(made, answers, strict=True):
        if php >= COUNTS_ON_FROM_NEGATIVE_KEYS and NEGATIVE_KEY.search(text):
            continue
        listener = Listener()
        rendered = shortcodes.compile(text).render(listener).text
        call = re.fullmatch(
            r"(.*?)\{\$1MM_Custom_Decision\|(.*)\|(.*?)\}(.*)", decoded(theirs["run"]), re.DOTALL
        )
        assert call, text
        pairs_of = [PAIR.fullmatch(pair) for pair in call[2].split(",") if pair]
        keys = [(pair[1], decoded(pair[2]), decoded(pair[3])) for pair in pairs_of if pair]
        assert len(keys) == len(pairs_of)
        theirs_said = [(key, value) for kind, key, value in keys if kind == "s"]
        has_positional = any(kind == "i" and value != "/" for kind, _, value in keys)
        shown = bool(theirs_said) and not has_positional
        assert sorted(listener.said) == (sorted(theirs_said) if shown else []), text
        assert rendered == f"{call[1]}{call[3] if shown else ''}{call[4]}", text
        compared += shown
    assert compared > 300
