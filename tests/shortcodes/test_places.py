"""Where a value stands decides how it is written; where it cannot be made safe, nothing is, and the author learns why."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import pytest

import shortcodes
from shortcodes import places
from tests.shortcodes.builders import Member, a_view

NAME = "[MM_Member_Data name='firstName']"
HOSTILE = [
    "\"'><img src=x onerror=alert(1)><script>alert(1)</script>",
    "</title></textarea></style></script><svg onload=alert(1)>",
    "javascript:alert(1)",
    " \tJaVa\nScRiPt\x00:alert(1)//http://x",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "//evil.example/%0d%0a\\..\\",
    "x onmouseover=alert(1) y=",
    "'-alert(1)-'",
    "\\'+alert(1)//",
    "`${alert(1)}`",
    "*/alert(1)/*",
    "</ScRiPt ><script>alert(1)",
    "<!--<script>",
    "-->]]>?>",
    "\n\nalert(1)\r\u2028alert(1)\u2029",
    "&#39;&quot;&lt;&amp;amp;",
    "[MM_Member_Data name='email'][/MM_Member_Decision][gallery]",
    "https://www.youtube.com/watch?v=1",
    ":) 8O 9x9 -- ... (c) Wordpress 'quotes' \"double\"",
    "Zoë 😀 \u202e\x85\udcff\ufeff",
    "",
]
"""What a member may call himself."""


class Page(HTMLParser):
    """What a page consists of: its tags with their attributes, its text, and what is in scripts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, list[str]]] = []
        self.values: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, [name for name, _ in attrs]))
        self.values += [value or "" for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.tags.append(("!--", [data]))

    def handle_decl(self, decl: str) -> None:
        self.tags.append(("!", [decl]))

    def unknown_decl(self, data: str) -> None:
        self.tags.append(("![", [data]))


def rendered(text: str, value: str) -> str:
    return shortcodes.compile(text).render(a_view(Member(first_name=value))).text


def reasons(text: str) -> list[str]:
    return [diagnostic.message for diagnostic in shortcodes.compile(text).diagnostics]


def as_read(value: str) -> str:
    """What a browser shows of the value: no control characters, and U+FFFD for what is no character."""
    return re.sub("[\ud800-\udfff]", "\ufffd", re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", value))


TEXT_PLACES = [
    "<p>%s</p>",
    "%s",
    "<p>a < b %s</p>",
    "<p class='x' data-y=z>%s",
    "<br/>%s<hr />",
    "<!-- wp:paragraph -->%s<!-- /wp:paragraph -->",
    "<!DOCTYPE html>%s",
    "<textarea>%s</textarea>",
    "<title>%s</title>",
    "<style>p{}</style>%s",
    "<script>var a = '\\'<p title=\"';</script>%s",
    "<script><!-- <script> </script> '</p title=' --></script>%s",
    "<svg><title>x</title><style>p{}</style></svg>%s",
    "<svg><title>%s</title></svg>",
    "<![CDATA[ a > b ]]>%s",
    "<a href='x'y\"z>%s</a>",
    "<a b=c'd>%s</a>",
    "<noscript>%s</noscript>",
    "</>%s</ x>",
]
QUOTED_PLACES = [
    '<p title="%s">x</p>',
    "<p title='%s'>x</p>",
    "<input type=text value = '%s'>",
    '<p data-name="Hi %s!">x</p>',
    "<p title='<table>%s'>x</p>",
    '<p title = "a > %s">x</p>',
    "<p\ntitle\n=\n'%s'>x</p>",
    "<p title='<b>%s</b>'>x</p>",
    '<p class="a [MM_Member_Decision isMember=true]b[/MM_Member_Decision] %s">x</p>',
]
UNQUOTED_PLACES = [
    "<p title=%s>x</p>",
    "<p title=%s class=y>x</p>",
    "<p title=a%s>x</p>",
    "<p title= %s >x</p>",
]
URL_PLACES = [
    '<a href="%s">x</a>',
    "<a href='%s'>x</a>",
    "<a href=%s>x</a>",
    "<img src=' %s '>",
    "<b data-href='%s'>",
]
IN_URL_PLACES = [
    '<a href="/hi/%s">x</a>',
    '<a href="?name=%s&amp;x=1">x</a>',
    '<a href="https://x.example/#%s">x</a>',
    "<a href=/hi/%s>x</a>",
    "<a href='mailto:%s'>x</a>",
    "<form action='x%s'>",
]
SCRIPT_PLACES = [
    "<script>var a = '%s';</script>",
    '<script>var a = "%s";</script>',
    "<script>var a = `%s`;</script>",
    "<script>// don't\nvar a = '%s';</script>",
    "<script>/* \" */ var b = /['\"]/g, a = '\\'%s';</script>",
    "<script>var b = 4 / 2; var a = '%s' / 2;</script>",
    '<script type="application/json">{"a": "http://x/%s"}</script>',
    "<script><!--\nvar a = '%s';\n//--></script>",
    "<script>//<![CDATA[\nvar a = '%s';\n//]]></script>",
]
NO_PLACES = [
    ("<a onclick='f(\"%s\")'>x</a>", places.EVENT_HANDLER),
    ("<a onclick=%s>x</a>", places.EVENT_HANDLER),
    ("<a onclick='<b>%s'>x</a>", places.EVENT_HANDLER),
    ('<a class=x onclick = "a>b;%s">x</a>', places.EVENT_HANDLER),
    ("<a @click='%s'>x</a>", places.EVENT_HANDLER),
    ("<a :title='%s'>x</a>", places.EVENT_HANDLER),
    ("<a x-data='%s'>x</a>", places.EVENT_HANDLER),
    ('<a data-wp-context=\'{"a":"%s"}\'>x</a>', places.EVENT_HANDLER),
    ("<a style='color:%s'>x</a>", places.STYLE),
    ("<style>p{color:%s}</style>", places.STYLE),
    ("<iframe srcdoc='%s'>", places.EMBEDDED),
    ("<meta http-equiv=refresh content='0;url=%s'>", places.META),
    ("<iframe>%s</iframe>", places.RAW),
    ("<xmp>%s</xmp>", places.RAW),
    ("<p %s>x</p>", places.NAME),
    ("<p a%s='1'>x</p>", places.NAME),
    ("<%s>", places.NAME),
    ("</%s>", places.NAME),
    ("<p%s>", places.NAME),
    ("<title></%s></title>", places.NAME),
    ("<!%s>", places.NAME),
    ("<!DOCTYPE %s>", places.COMMENT),
    ("<?xml %s?>", places.COMMENT),
    ("<script>var a = %s;</script>", places.SCRIPT_CODE),
    ("<script>var a = ''; // %s</script>", places.SCRIPT_CODE),
    ("<script>var a = `${'%s'}`;</script>", places.SCRIPT_CODE),
    ("<script>var a = '</%s';</script>", places.SCRIPT_CODE),
    ("<a href='javascript:f(\"%s\")'>x</a>", places.UNSAFE_URL),
    ("<a href=' java&#115;cript&colon;f(\"%s\")'>x</a>", places.UNSAFE_URL),
    ("<a href='data:text/html,%s'>x</a>", places.UNSAFE_URL),
    ("<a href='[MM_Member_Data name=id]:%s'>x</a>", places.UNSAFE_URL),
    ("<a href='javascript&#5%s'>x</a>", places.ENTITY),
    ("<svg><a><animate to='%s'></svg>", places.UNSAFE_URL),
    ("<plaintext>%s", places.UNCLEAR),
    ("<![CDATA[ > <a href=']]>%s", places.UNCLEAR),
    ("<svg><style>p{} <b x='</style>%s</svg>", places.UNCLEAR),
    ("<math><script>a = '<b %s'</script></math>", places.UNCLEAR),
    ("<svg><textarea>%s", places.UNCLEAR),
    ("[MM_Member_Decision isMember='true']<script>[/MM_Member_Decision]%s", places.SCRIPT_CODE),
    ("<p title='[MM_Member_Decision isMember='true']'[/MM_Member_Decision]%s'>", places.NAME),
]
WRITTEN = TEXT_PLACES + QUOTED_PLACES + UNQUOTED_PLACES + URL_PLACES + IN_URL_PLACES + SCRIPT_PLACES


@pytest.mark.parametrize("place", [*WRITTEN, *(place for place, _ in NO_PLACES)])
@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_changes_what_the_page_is_made_of(place: str, value: str) -> None:
    page, plain = Page(rendered(place % NAME, value)), Page(rendered(place % NAME, "x"))
    empty = Page(rendered(place % NAME, ""))
    assert page.tags in (plain.tags, empty.tags)


@pytest.mark.parametrize("place", TEXT_PLACES)
@pytest.mark.parametrize("value", HOSTILE)
def test_text_reads_as_the_member_wrote_it(place: str, value: str) -> None:
    written = rendered(place % NAME, value)
    before, after = place.split("%s")
    assert html.unescape(written.removeprefix(before).removesuffix(after)) == as_read(value)


@pytest.mark.parametrize("place", QUOTED_PLACES + UNQUOTED_PLACES)
@pytest.mark.parametrize("value", HOSTILE)
def test_an_attribute_reads_as_the_member_wrote_it(place: str, value: str) -> None:
    wanted = as_read(value).replace(
        "\x85", " "
    )  # which no reference can name, and which may not stand unquoted
    assert any(wanted in read.replace("\x85", " ") for read in Page(rendered(place % NAME, value)).values)


@pytest.mark.parametrize("place", URL_PLACES + IN_URL_PLACES)
@pytest.mark.parametrize("value", HOSTILE)
def test_no_address_gets_a_scheme_that_runs(place: str, value: str) -> None:
    for address in Page(rendered(place % NAME, value)).values:
        bare = re.sub(r"[\x00-\x20]", "", address).lower()
        scheme = re.match(r"([^/?#:]*):", bare)
        assert scheme is None or scheme[1] in places.SAFE_SCHEMES


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("https://example.com/a?b=1&c=[2]#d", "https://example.com/a?b=1&c=%5B2%5D#d"),
        ("HTTP://example.com/é b", "HTTP://example.com/%C3%A9%20b".replace("%20", "")),
        ("mailto:a@b.c", "mailto:a@b.c"),
        ("tel:+15550100", "tel:+15550100"),
        ("/path/?a=%20", "/path/?a=%20"),
        ("?a:b", "?a:b"),
        ("a/b:c", "a/b:c"),
        ("name", "name"),
        ("java\tscript:x", ""),
        ("javascript&colon;x", "javascript&colon;x"),
        ("ftp://x/", ""),
        ("é:x", ""),
        ("1:x", ""),
        ("'\"<>()\\", "%27%22%3C%3E%28%29%5C"),
    ],
)
def test_a_whole_address_stays_one_if_its_scheme_is_safe(value: str, address: str) -> None:
    assert Page(rendered(f"<a href='{NAME}'>", value)).values == [address]
    assert Page(rendered(f"<a href={NAME}>", value)).values == [address]


def test_within_an_address_a_value_is_percent_encoded() -> None:
    assert (
        rendered(f"<a href='/x/{NAME}?y'>", "a/b?c=d&e@f:é")
        == "<a href='/x/a%2Fb%3Fc%3Dd%26e&#064;f%3A%C3%A9?y'>"
    )


def test_a_link_may_go_on_after_a_value() -> None:
    text = f"<a href=\"[MM_CorePage_Link type='checkout']?name={NAME}\">"
    facts = a_view(Member(first_name="A&B"), core_pages={"checkout": "https://example.com/checkout/"})
    assert (
        shortcodes.compile(text).render(facts).text == '<a href="https://example.com/checkout/?name=A%26B">'
    )


def test_a_decision_inside_an_address_leaves_its_place_clear() -> None:
    text = "<a href='[MM_Member_Decision isFree=true]/free/[MM_Else]/paid/[/MM_Member_Decision]"
    text += f"{NAME}'>"
    assert rendered(text, "a/b") == "<a href='/paid/a%2Fb'>"
    assert reasons(text) == []


@pytest.mark.parametrize("place", SCRIPT_PLACES)
@pytest.mark.parametrize("value", HOSTILE)
def test_in_a_script_s_string_a_value_is_letters_digits_and_escapes(place: str, value: str) -> None:
    before, after = place.split("%s")
    written = rendered(place % NAME, value).removeprefix(before).removesuffix(after)
    assert re.fullmatch(r"(?:[A-Za-z0-9]|\\u[0-9a-f]{4})*", written)
    assert written.encode().decode("unicode_escape").encode("utf-16", "surrogatepass").decode(
        "utf-16"
    ) == re.sub("[\ud800-\udfff]", "\ufffd", value)


@pytest.mark.parametrize(("place", "nowhere"), NO_PLACES)
def test_where_a_value_cannot_be_made_safe_nothing_is_written_and_the_author_learns_why(
    place: str, nowhere: places.Place
) -> None:
    shown = shortcodes.compile(place % "[MM_Member_Data name='email']").render(a_view(Member(id=5))).text
    assert "example" not in shown
    assert reasons(place % NAME) == [nowhere.reason]


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("<a title=%s>", '<a title="">'),
        ("<a title=%s class=x>", '<a title="" class=x>'),
        ("<a title=x%s class=x>", "<a title=x class=x>"),
        ("<a title='%s'>", "<a title=''>"),
    ],
)
def test_an_empty_value_without_quotes_does_not_swallow_the_next_attribute(text: str, output: str) -> None:
    assert rendered(text % NAME, "") == output


@pytest.mark.parametrize("value", HOSTILE)
def test_printed_text_holds_nothing_that_wordpress_s_later_filters_act_upon(value: str) -> None:
    written = rendered(NAME, value)
    assert re.fullmatch(r"(?:[A-Za-z0-9 ,:\x80-\U0010ffff]|&#\d{1,3};)*", written)
    assert not re.search(r"ordpress|\dx\d|8O|(?<!\d):|:(?!\d)|&#9[13];", written)


@pytest.mark.parametrize("quote", ["'", '"'])
def test_the_same_quotes_may_stand_inside_and_outside(quote: str) -> None:
    text = f"<a href={quote}[MM_CorePage_Link type={quote}login{quote}]{quote}>x</a>"
    facts = a_view(core_pages={"login": "https://example.com/"})
    assert shortcodes.compile(text).render(facts).text == f"<a href={quote}https://example.com/{quote}>x</a>"


def test_decisions_may_stand_wherever_the_author_likes() -> None:
    decision = "[MM_Member_Decision isMember='true']%s[/MM_Member_Decision]"
    text = f"<div {decision % 'hidden'} onclick='{decision % 'f()'}' style='{decision % 'color:red'}'><{decision % 'b'}>"
    assert rendered(text, "") == "<div hidden onclick='f()' style='color:red'><b>"
    assert reasons(text) == []
