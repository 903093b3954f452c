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
from tests.shortcodes.generated import PIECES, own_texts, texts

COUNT = 6000

Question = tuple[list[str], str]
Answer = dict[str, Any]

NEGATIVE_KEY = re.compile(r"-[1-9][0-9]*\s*=")
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
