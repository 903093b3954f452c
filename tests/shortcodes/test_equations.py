from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortcodes.equations import MAX_LENGTH, MAX_NESTING, Malformed, parse_equation


def holds(equation: str, *true: int) -> bool:
    return parse_equation(equation, int).holds(set(true).__contains__)


@pytest.mark.parametrize(
    ("equation", "true", "outcome"),
    [
        ("1", [1], True),
        (" 1 ", [2], False),
        ("!1", [1], False),
        ("!!1", [1], True),
        ("1|2", [2], True),
        ("1&2", [2], False),
        ("1&2", [1, 2], True),
        ("1|2&3", [1], True),
        ("(1|2)&3", [1], False),
        ("(1|2)&3", [2, 3], True),
        ("!1&2", [2], True),
        ("!(1&2)", [1], True),
        ("!1|1", [1], True),
        ("1&amp;2", [1, 2], True),
        ("1 &#038; 2", [1], False),
        ("((1))", [1], True),
    ],
)
def test_not_binds_tightest_then_and_then_or(equation: str, true: list[int], outcome: bool) -> None:
    assert holds(equation, *true) is outcome


@pytest.mark.parametrize(
    "equation",
    ["", " ", "|", "1|", "&1", "1 | | 2", "!", "1!", "1!2", "()", "(1", "1)", ")(", "1(2)", "(1)(2)", "1&&2"],
)
def test_what_is_no_equation_is_malformed(equation: str) -> None:
    with pytest.raises(Malformed):
        parse_equation(equation, int)


def test_parentheses_and_length_have_a_limit() -> None:
    assert holds("(" * MAX_NESTING + "1" + ")" * MAX_NESTING, 1)
    with pytest.raises(Malformed):
        holds("(" * (MAX_NESTING + 1) + "1" + ")" * (MAX_NESTING + 1), 1)
    assert holds("!" * (MAX_LENGTH - 2) + "1", 1)
    assert holds("|".join(["1"] * (MAX_LENGTH // 2)), 1)
    with pytest.raises(Malformed):
        holds("!" * MAX_LENGTH + "1", 1)


@settings(deadline=None)
@given(
    st.recursive(
        st.sampled_from("123"),
        lambda inner: st.one_of(
            inner.map(lambda one: f"!({one})"),
            st.tuples(inner, st.sampled_from("&|"), inner).map(lambda three: f"({''.join(three)})"),
        ),
    )
)
def test_an_equation_means_what_python_says_of_it(equation: str) -> None:
    python = equation.replace("!", " not ").replace("&", " and ").replace("|", " or ")
    for true in ({1}, {2, 3}, set[int]()):
        told = eval(python.translate({ord(digit): str(int(digit) in true) for digit in "123"}))
        assert holds(equation, *true) is told


@settings(deadline=None)
@given(st.text("123|&!() é", max_size=40))
def test_any_text_is_either_malformed_or_has_an_outcome(text: str) -> None:
    try:
        outcome: object = parse_equation(text, str).holds(lambda operand: operand == "1")
    except Malformed as wrong:
        outcome = wrong.sentence.format(part=wrong.part)
    assert outcome in (True, False) or outcome
