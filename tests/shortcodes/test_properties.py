"""Never raises, never leaks, never loops: over texts nobody would write."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import shortcodes
from shortcodes import grammar
from shortcodes.attributes import parse_attributes
from shortcodes.facts import EmployeeFacts
from tests.shortcodes.builders import Member, PageView, a_content, a_product, a_view, a_visitor, an_order
from tests.shortcodes.generated import PIECES
from tests.shortcodes.test_places import NO_PLACES, WRITTEN, Page

MEMBERS = "[MM_Member_Decision isMember='true']"
VISITORS = "[MM_Member_Decision isMember='false']"
END = "[/MM_Member_Decision]"
HTML = [
    *[
        "<p>",
        "</p>",
        "<a href=",
        "<a href='",
        '<a title="',
        "<b class=x ",
        "<",
        ">",
        "'",
        '"',
        "=",
        "/",
        " ",
        "\n",
        "é",
    ],
    *[
        "<script>",
        "</script>",
        "var a = '",
        "`",
        "//",
        "/*",
        "*/",
        "<style>",
        "</style>",
        "<title>",
        "</title>",
    ],
    *[
        "<svg>",
        "</svg>",
        "<textarea>",
        "</",
        "<!",
        "onclick='",
        "&",
        "&#",
        "javascript:",
        "https://",
        "?",
        "x",
        "\udc80",
    ],
]
COMMENTS = ["<!--", "-->", "<![CDATA[", "]]>"]
TAGS = [
    *[MEMBERS, VISITORS, END, "[MM_Else]", "[", "]", "[MM_Member_Decision status='active|(!paused&"],
    *[
        "[MM_Member_Data name='firstName']",
        "[MM_Member_Data name=email/]",
        "[/MM_Member_Data]",
        "[MM_Member_Data",
    ],
    *[
        "[MM_Content_Data name='title']",
        "[MM_Content_Link]",
        "[MM_CorePage_Link type='login']",
        "[/MM_CorePage_Link]",
    ],
    *[
        "[MM_Access_Decision access='true']",
        "[/MM_Access_Decision]",
        "[MM_Content_Data name=dateAvailable dateFormat='",
    ],
    *["[MM_Form type='checkout']", "[MM_Form type=login]", "[/MM_Form]", "[MM_Form_Field name='email']"],
    *[
        "[MM_Form_Section type='accountInfo']",
        "[/MM_Form_Section]",
        "[MM_Form_Data name=email]",
        "[MM_Form_Button]",
    ],
]
SOUP = st.lists(st.sampled_from(HTML + COMMENTS + TAGS + PIECES), max_size=40).map("".join)
NAMES = st.text(max_size=20)


def alice(name: str) -> PageView:
    return a_view(Member(first_name=name), contents={10: a_content(name, name)}, core_pages={"login": name})


def spliced(source: str, splices: list[tuple[int, int, str]]) -> str:
    """The source with its pieces replaced, in bytes as the bridge does it."""
    left = source.encode(errors="surrogateescape")
    position, parts = 0, []
    for start, end, replacement in splices:
        assert position <= start <= end <= len(left)
        parts += left[position:start], replacement.encode(errors="surrogateescape")
        position = end
    return b"".join([*parts, left[position:]]).decode(errors="surrogateescape")


@settings(deadline=None)
@given(SOUP, NAMES)
def test_no_text_raises_and_splices_make_what_rendering_makes(text: str, name: str) -> None:
    template = shortcodes.compile(text)
    for facts in (alice(name), a_visitor()):
        rendered = template.render(facts)
        assert spliced(text, template.splices(facts)) == rendered.text
        assert all(diagnostic.message for diagnostic in rendered.diagnostics)
    assert shortcodes.strip(text) == template.stripped()


@settings(deadline=None)
@given(st.text(), st.lists(st.text(max_size=3), max_size=5))
def test_the_grammar_alone_never_raises(text: str, names: list[str]) -> None:
    registered = [name for name in names if grammar.is_name(name)]
    grammar.run(text, registered, lambda name, attributes, content: content)
    grammar.list_tags(text, registered)
    grammar.strip(text, registered)
    parse_attributes(text)


@settings(deadline=None)
@given(st.lists(st.sampled_from(HTML), max_size=30).map("".join))
def test_what_is_not_ours_stays_byte_for_byte(text: str) -> None:
    assert shortcodes.compile(text).render(a_visitor()).text == text
    wrapped = f"{VISITORS}{text}{END}"
    assert shortcodes.compile(wrapped).render(a_visitor()).text == text


def _decisions(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Well-formed decisions around `inner`; what a visitor must not see is marked SECRET."""
    secret = st.sampled_from(
        ["SECRET", "<b>SECRET</b>", "SECRET[MM_Member_Data name='firstName']", " title='SECRET' "]
    )
    return st.one_of(
        st.tuples(inner, secret, inner).map(lambda parts: f"{MEMBERS}{parts[0]}{parts[1]}{parts[2]}{END}"),
        st.tuples(inner, secret).map(lambda parts: f"{VISITORS}{parts[0]}[MM_Else]{parts[1]}{END}"),
        st.tuples(secret, inner).map(lambda parts: f"{MEMBERS}{parts[0]}[MM_Else]{parts[1]}{END}"),
        st.tuples(inner, inner).map("".join),
    )


PUBLIC = st.lists(st.sampled_from(HTML), max_size=6).map("".join)


@settings(deadline=None)
@given(st.recursive(PUBLIC, _decisions, max_leaves=25))
def test_a_visitor_never_sees_what_is_for_members(text: str) -> None:
    assert "SECRET" not in shortcodes.compile(text).render(a_visitor()).text
    assert all("SECRET" not in piece for *_, piece in shortcodes.compile(text).splices(a_visitor()))


@settings(deadline=None)
@given(st.text(max_size=60), st.sampled_from(["", "<p>", "<a href='", "<a title=x", "<script>'", "<style>"]))
def test_no_attribute_reaches_a_fact_that_is_not_listed(attributes: str, before: str) -> None:
    class Closed(Member):
        """Has nothing but a secret."""

        def __getattribute__(self, name: str) -> Any:
            if name in _OPEN:
                return super().__getattribute__(name)
            raise AssertionError(f"{name} was asked for")

    text = f"{before}[MM_Member_Data {attributes.replace(']', '')}]"
    assert (
        "s3cret"
        not in shortcodes.compile(text).render(PageView(Closed(username="s3cret", email="s3cret"))).text
    )


_OPEN = {"id", "first_name", "__class__"}


@settings(deadline=None)
@given(st.lists(st.sampled_from(["(", ")", "1", "|", "&", "!", "2", " "]), max_size=30).map("".join))
def test_a_decision_of_any_equation_is_shown_or_hidden(equation: str) -> None:
    text = f"[MM_Member_Decision hasBundle='{equation}']yes[MM_Else]no[/MM_Member_Decision]"
    assert shortcodes.compile(text).render(a_view()).text in ("yes", "no")
    assert shortcodes.compile(text).render(a_visitor()).text == "no"


HOSTILE = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="<>\"'`&;=/\\()[]{}$ \n:javscript", max_size=40),
    st.sampled_from(
        ["</script>", "</title>", "-->", "]]>", "javascript:x", "<!--", "&#39;", "onload=", "${x}"]
    ),
)
PRINTED = [
    "[MM_Member_Data name='firstName']",
    "[MM_Member_Data name='billingCity']",
    "[MM_Member_Data name='customField_5']",
    "[MM_Content_Data name='title']",
    "[MM_Content_Link]",
    "[MM_CorePage_Link type='login']",
    "[MM_Order_Data name='productName']",
    "[MM_Order_Data name='couponCode']",
    "[MM_Product_Data id='3' name='description']",
    "[MM_CustomField_Data id='5' name='displayName']",
    "[MM_Employee_Data name='displayName']",
    "[MM_Affiliate_Data name='affiliate']",
    "[MM_Error_Message]",
    "[MM_Mail_Data name='product']",
]


def told(value: str) -> PageView:
    """Whoever looks, whatever he asks: this is what he is told."""
    viewer = Member(first_name=value, addresses={("billing", "city"): value}, custom_fields={5: value})
    return a_view(
        viewer,
        contents={10: a_content(value, value)},
        core_pages={"login": value},
        own_order=an_order(product_name=value, coupon_code=value),
        products={"3": a_product(description=value)},
        field_names={5: value},
        employees={None: EmployeeFacts(value, value, value, value, value)},
        sent_by=(value, value),
        error=value,
        told={"product": value},
    )


@settings(deadline=None, max_examples=300)
@given(st.sampled_from([*WRITTEN, *(place for place, _ in NO_PLACES)]), st.sampled_from(PRINTED), HOSTILE)
def test_whatever_a_tag_prints_wherever_it_stands_the_page_is_made_of_the_same_elements(
    place: str, tag: str, value: str
) -> None:
    text = place % tag
    shown = Page(shortcodes.compile(text).render(told(value)).text)
    plain, empty = (Page(shortcodes.compile(text).render(told(other)).text) for other in ("x", ""))
    assert shown.tags in (plain.tags, empty.tags)
