import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.wordpress.errors import Unreadable
from sidecar.wordpress.serialization import dumps, loads, loads_for_rewrite

CAPABILITIES = 'a:1:{s:13:"administrator";b:1;}'
WHOLE_NUMBERS = st.integers(-(2**63), 2**63 - 1)
KEYS = WHOLE_NUMBERS | st.text()
VALUES = st.recursive(
    st.none() | st.booleans() | WHOLE_NUMBERS | st.text(),
    lambda inner: st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
FRAGMENTS = st.sampled_from(
    [
        "a:1:{",
        "}",
        's:1:"',
        '"',
        ";",
        "i:0;",
        "b:1;",
        "N;",
        "d:INF;",
        'O:1:"A":0:{}',
        "R:1;",
        "r:1;",
        "é",
        "\0",
    ]
)


@given(VALUES)
def test_what_is_written_reads_back_the_same(value):
    assert loads(dumps(value)) == value
    assert loads_for_rewrite(dumps(value)) == value


@given(st.lists(FRAGMENTS).map("".join) | st.text() | st.builds("".join, st.lists(FRAGMENTS | st.text())))
def test_any_text_is_read_or_refused_and_nothing_else_happens(text):
    try:
        value = loads(text)
    except Unreadable:
        return
    assert isinstance(value, bool | int | float | str | dict | None)


@given(st.sampled_from([CAPABILITIES, 'a:2:{i:0;s:2:"é";i:1;a:0:{}}']), st.data())
def test_a_truncated_value_is_unreadable(text, data):
    with pytest.raises(Unreadable):
        loads(text[: data.draw(st.integers(0, len(text) - 1))])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (CAPABILITIES, {"administrator": True}),
        ('a:2:{i:0;s:1:"a";i:1;s:1:"b";}', {0: "a", 1: "b"}),
        ('s:3:"€";', "€"),
        ('s:5:"a";b:";', 'a";b:'),
        ("d:0.5;", 0.5),
        ("d:1;", 1.0),
        ("d:-INF;", -math.inf),
        ("N;", None),
    ],
)
def test_what_php_writes_is_read(text, value):
    assert loads(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        ";",
        "admin",
        'O:8:"stdClass":0:{}',
        'a:1:{i:0;O:8:"stdClass":0:{}}',
        'C:11:"ArrayObject":0:{}',
        'E:7:"Suit:Up";',
        "a:2:{i:0;a:0:{}i:1;R:2;}",
        "a:2:{i:0;a:0:{}i:1;r:2;}",
        's:1:"é";',
        's:99999999999999999999:"a";',
        's:-1:"a";',
        "a:99999999999999999999:{i:0;i:0;}",
        "a:2:{i:0;i:1;}",
        "a:1:{a:0:{}i:1;}",
        "a:1:{N;i:1;}",
        "a:1:{b:1;i:1;}",
        "a:1:{d:1.5;i:1;}",
        f"i:{'9' * 5000};",
        f"{CAPABILITIES}i:1;",
        f"{CAPABILITIES} ",
        "\ud800",
        "a:1:{i:0;" * 50_000,
        "a:1:{i:0;" * 50_000 + "N;" + "}" * 50_000,
        f's:{5 * 1024 * 1024}:"{"x" * 5 * 1024 * 1024}";',
    ],
    ids=lambda text: ascii(text[:24]),
)
def test_broken_and_hostile_values_are_unreadable(text):
    with pytest.raises(Unreadable):
        loads(text)


@pytest.mark.parametrize(
    "text", ["d:1;", "b:2;", "a:-1:{}", "i:+5;", "i: 5;", 'S:1:"a";', "a:2:{i:1;i:1;i:1;i:2;}"]
)
def test_what_would_not_be_repeated_byte_for_byte_is_not_for_rewriting(text):
    loads(text)
    with pytest.raises(Unreadable):
        loads_for_rewrite(text)


def test_a_value_that_php_has_not_is_refused():
    with pytest.raises(Unreadable):
        dumps({"when": object()})
