"""MM_Form: printed as elements where elements may stand, and nowhere else."""

from __future__ import annotations

import pytest

import shortcodes
from tests.shortcodes.builders import a_visitor

CHECKOUT = "[MM_Form type='checkout' productId='7']"


def printed(text: str) -> str:
    return shortcodes.compile(text).render(a_visitor()).text


def test_a_form_is_printed_as_elements_and_not_as_text() -> None:
    assert printed(f"<p>Join</p>{CHECKOUT}") == (
        '<p>Join</p><form method="post" data-form="checkout"><p>7</p></form>'
    )


def test_without_a_product_the_pages_address_says_which() -> None:
    facts = a_visitor()
    shortcodes.compile("[MM_Form type='checkout'][MM_Form type='myAccount']").render(facts)
    assert facts.asked == ["form checkout", "form myaccount"]


def test_what_an_author_put_into_a_form_stays_with_ours_round_it() -> None:
    text = f"a {CHECKOUT}<p>My <b>own</b> words</p>[MM_Form_Field name='email'][/MM_Form] b"
    assert printed(text) == "a <form checkout><p>My <b>own</b> words</p>{field email}</form> b"


@pytest.mark.parametrize("kind", ["redeemgift", ""])
def test_a_form_that_there_is_not_prints_nothing_and_the_author_is_told(kind: str) -> None:
    rendered = shortcodes.compile(f"a[MM_Form type='{kind}']b").render(a_visitor())
    assert rendered.text == "ab"
    assert [one.message for one in rendered.diagnostics] == [f"type cannot be “{kind}”."]


@pytest.mark.parametrize("kind", ["login", "forgotPassword", "RESETPASSWORD", "custom"])
def test_every_form_that_there_is_is_asked_for(kind: str) -> None:
    facts = a_visitor()
    assert shortcodes.compile(f"[MM_Form type='{kind}']").render(facts).diagnostics == ()
    assert [asked.lower() for asked in facts.asked] == [f"form {kind.lower()}"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<a title="', '">x</a>'),
        ("<a href='", "'>x</a>"),
        ("<a href=", ">x</a>"),
        ("<script>var a = '", "'</script>"),
        ("<title>", "</title>"),
        ("<textarea>", "</textarea>"),
        ("<svg><text>", "</text></svg>"),
        ("<p onclick='", "'>x</p>"),
        ("<style>", "</style>"),
        ("<", ">"),
    ],
)
def test_where_no_element_may_stand_there_is_no_form_and_nobody_is_asked(before: str, after: str) -> None:
    facts = a_visitor()
    rendered = shortcodes.compile(before + CHECKOUT + after).render(facts)
    assert "<form" not in rendered.text
    assert facts.asked == []
    assert "A form can only stand in the text itself" in rendered.diagnostics[0].message


def test_a_form_in_a_hidden_branch_is_never_asked_for() -> None:
    facts = a_visitor()
    text = f"[MM_Member_Decision isMember='true']{CHECKOUT}[/MM_Member_Decision]"
    assert shortcodes.compile(text).render(facts).text == ""
    assert facts.asked == ["member"]
