"""What an author writes and a viewer gets: branches, nesting, escapes, comments, mistakes."""

from __future__ import annotations

import pytest

import shortcodes
from shortcodes import MAX_BYTES, MAX_DEPTH, TextTooLong
from tests.shortcodes.builders import Member, PageView, a_view, a_visitor

NAME = "[MM_Member_Data name='firstName']"
MEMBERS = "[MM_Member_Decision isMember='true']"
VISITORS = "[MM_Member_Decision isMember='false']"
GOLD = "[MM_Member_Decision membershipId='1']"
SILVER = "[MM_Member_Decision membershipId='2']"
END = "[/MM_Member_Decision]"
ELSE = "[MM_Else]"


def rendered(text: str, facts: PageView | None = None) -> str:
    return shortcodes.compile(text).render(facts or a_view()).text


def messages(text: str, facts: PageView | None = None) -> list[str]:
    return [
        diagnostic.message for diagnostic in shortcodes.compile(text).render(facts or a_view()).diagnostics
    ]


def shown(tag: str) -> str:
    """How an escaped tag is left: WordPress, which runs shortcodes later, finds none."""
    return "&#091;" + tag[1:]


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("", ""),
        ("[gallery]", "[gallery]"),
        (f"Hi {NAME}!", "Hi Alice!"),
        ("[mm_member_data name='firstName']", "[mm_member_data name='firstName']"),
        ("[MM_Member_Data NAME=firstname]", "Alice"),
        ("[MM_Member_Data name='firstName'/]x[/MM_Member_Data]", "Alicex[/MM_Member_Data]"),
        ("[MM_Member_Data name='firstName']x[/MM_Member_Data]y", "Alicey"),
        ("[MM_Member_Data", "[MM_Member_Data"),
        ("[MM_Member_Data2 name='firstName']", "[MM_Member_Data2 name='firstName']"),
        ('[MM_Member_Data"x"]', '[MM_Member_Data"x"]'),
        (f"{GOLD}yes{END}", "yes"),
        (f"{SILVER}yes{END}no", "no"),
        (f"{GOLD}yes{ELSE}no{END}.", "yes."),
        (f"{SILVER}yes{ELSE}no{END}.", "no."),
        (f"{GOLD}{SILVER}silver{ELSE}gold{END}!{ELSE}none{END}", "gold!"),
        (f"{GOLD}a{SILVER}b{END}c{END}d", "acd"),
        (f"{SILVER}a{GOLD}b{END}c{END}d", "d"),
        (f"{SILVER}a{GOLD}b{ELSE}c{END}d{ELSE}e{END}", "e"),
        (f"{GOLD}{GOLD}{NAME}{END}{END}", "Alice"),
        ("[MM_Member_Decision membershipId='1' /]x", "x"),
        (f"[{NAME}]", shown(NAME)),
        (f"[[{NAME}]]", f"[{shown(NAME)}]"),
        (f"[{NAME}", "[Alice"),
        (f"{NAME}]", "Alice]"),
        (f"[{SILVER}x{END}]", f"{shown(SILVER)}x{shown(END)}"),
        (f"[{SILVER}{NAME}{END}] {SILVER}x{END}", f"{shown(SILVER)}{shown(NAME)}{shown(END)} "),
        (f"[{GOLD}] is how {GOLD}it{END} begins", f"{shown(GOLD)} is how it begins"),
        (f"<!-- {NAME} -->{NAME}", f"<!-- {NAME} -->Alice"),
        (f"<!-- wp:group {SILVER} --><p>x</p><!-- /wp:group {END} -->", None),
        (f"<![CDATA[ {NAME} > {NAME} ]]>{NAME}", f"<![CDATA[ {NAME} > {NAME} ]]>Alice"),
        (f"<!-- {NAME}", None),
        (f"<!-->{NAME}<!--->{NAME}<!-- --!>{NAME}", "<!-->Alice<!--->Alice<!-- --!>Alice"),
        (f'<a title="<!--">{NAME}</a>', '<a title="<!--">Alice</a>'),
        (f"{SILVER}<!--{END}{NAME}-->", f"<!--{END}{NAME}-->"),
        ("[other a=1 < b=2]&#91; &\r\n\t\x00", None),
    ],
)
def test_a_text_renders_for_alice_of_the_gold_level(text: str, output: str | None) -> None:
    """None: byte for byte as it was written."""
    assert rendered(text) == (text if output is None else output)


def test_an_escaped_tag_in_a_script_loses_its_brackets_and_nothing_else() -> None:
    assert rendered(f'<script>a = "[{NAME}]"</script>') == f'<script>a = "{NAME}"</script>'
    assert rendered(f'<a title="[{NAME}]">') == f'<a title="{shown(NAME)}">'


def test_crossed_tags_close_with_the_outer_one() -> None:
    text = f"{GOLD}a[MM_Access_Decision access='true']b{END}c[/MM_Access_Decision]d"
    assert rendered(text) == "abc[/MM_Access_Decision]d"


def test_a_hidden_branch_is_never_evaluated_wherever_it_stands() -> None:
    facts = a_visitor()
    asks = "[MM_Content_Data id='5' name='title'][MM_CorePage_Link type='login']"
    text = f'{MEMBERS}{asks}{END}<a href="{MEMBERS}{asks}{END}" {MEMBERS}{asks}{END}>'
    assert rendered(text, facts) == '<a href="" >'
    assert set(facts.asked) == {"member"}


def test_facts_are_asked_only_when_a_tag_needs_them() -> None:
    facts = a_view()
    assert rendered("no tags", facts) == "no tags"
    assert rendered(f"[{NAME}]", facts) == shown(NAME)
    assert facts.asked == []
    rendered(NAME, facts)
    assert facts.asked == ["member"]


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        (f"é\n {GOLD}x", 2, 2, "[MM_Member_Decision] is never closed: everybody sees what follows it."),
        (f"\n{END}", 2, 1, "[/MM_Member_Decision] closes nothing."),
        (ELSE, 1, 1, "[MM_Else] stands in no decision."),
        (f"{GOLD}{ELSE}{ELSE}{END}", 1, 47, "The decision has a second [MM_Else]."),
        ("a [MM_Member_Data name='pass']", 1, 3, "name cannot be “pass”."),
        ("[MM_Member_Data]", 1, 1, "The attribute name is missing."),
        ("[MM_CorePage_Link type='x']", 1, 1, "type cannot be “x”."),
        ("[MM_Content_Link id='x']", 1, 1, "id has to be a number, not “x”."),
        ("[MM_Content_Link post='1']", 1, 1, "MM_Content_Link has no attribute “post”."),
        ("[MM_Content_Link 5]", 1, 1, "MM_Content_Link has no attribute “5”."),
        (f"[MM_Member_Decision]{END}", 1, 1, "The decision says nothing to decide by."),
        (
            f"[MM_Member_Decision hasBundle='1|']{END}",
            1,
            1,
            "hasBundle: the equation “1|” is malformed: something is missing at the end.",
        ),
        (
            f"[MM_Member_Decision status='lost']{END}",
            1,
            1,
            "status: the equation “lost” is malformed: “lost” is no status.",
        ),
        (
            f"[MM_Member_Decision daysAsMember='a week']{END}",
            1,
            1,
            "daysAsMember has to be a number of days such as 7 or -7, not “a week”.",
        ),
        (f"<p {NAME}>", 1, 4, "A value cannot be a tag or attribute name, or part of one."),
    ],
)
def test_the_author_is_told_where_and_what(text: str, line: int, column: int, message: str) -> None:
    diagnostic, *others = shortcodes.compile(text).diagnostics
    assert (diagnostic.line, diagnostic.column, diagnostic.message) == (line, column, message)
    assert others == []


def test_a_message_can_be_translated_before_its_values_are_filled_in() -> None:
    (diagnostic,) = shortcodes.compile(END).diagnostics
    assert diagnostic.translated({"[/{tag}] closes nothing.": "[/{tag}] ne ferme rien."}.__getitem__) == (
        "[/MM_Member_Decision] ne ferme rien."
    )


def test_rendering_says_what_compiling_said_and_what_it_found_itself() -> None:
    text = f"<a href='[MM_Member_Data name=lastName]'>{END}"
    assert messages(text, a_view(Member(last_name="javascript:alert(1)"))) == [
        "The value is no address with http, https, mailto or tel, nor a relative one; it was left out.",
        "[/MM_Member_Decision] closes nothing.",
    ]
    assert len(messages(text)) == 1


def test_decisions_nest_to_a_limit_and_what_is_deeper_is_hidden_with_a_word_to_the_author() -> None:
    assert rendered(GOLD * MAX_DEPTH + "x" + END * MAX_DEPTH) == "x"
    deeper = MAX_DEPTH + 1
    assert rendered("a" + GOLD * deeper + "x" + END * deeper + "b") == "ab"
    assert messages(GOLD * deeper + END * deeper) == [
        "More than 100 decisions stand within each other; this one is hidden."
    ]


def test_a_text_over_the_limit_is_refused_and_one_at_the_limit_is_not() -> None:
    assert shortcodes.compile("x" * MAX_BYTES).nodes == ()
    for text in ("x" * (MAX_BYTES + 1), "é" * (MAX_BYTES // 2 + 1)):
        with pytest.raises(TextTooLong):
            shortcodes.compile(text)


def test_a_template_tells_which_tags_stand_in_it() -> None:
    template = shortcodes.compile(f"{GOLD}{NAME}{ELSE}{END}[{NAME}]<!--[MM_Content_Link]-->")
    assert template.tags == {"MM_Member_Decision", "MM_Member_Data", "MM_Else"}


@pytest.mark.parametrize(
    ("text", "has", "stripped"),
    [
        ("a [MM_x] [b]", False, "a [MM_x] [b]"),
        (f"a {NAME} b", True, "a  b"),
        (f"{MEMBERS}a{MEMBERS}b{END}c{END}d", True, "d"),
        (f"{MEMBERS}a", True, "a"),
        (f"[{NAME}]", True, NAME),
        (f"<a href='{NAME}'>", True, "<a href=''>"),
    ],
)
def test_stripping_leaves_neither_a_tag_nor_what_stands_in_it(text: str, has: bool, stripped: str) -> None:
    assert shortcodes.has_tags(text) is has
    assert shortcodes.strip(text) == stripped


def test_splices_are_in_bytes_of_the_source() -> None:
    template = shortcodes.compile(f"é😀\udcff{NAME}ü{GOLD}x{END}")
    assert template.splices(a_view()) == [(7, 40, "Alice"), (42, 79, ""), (80, 101, "")]


def test_a_compiled_text_cannot_be_changed() -> None:
    template = shortcodes.compile(NAME)
    with pytest.raises(AttributeError):
        template.source = ""  # type: ignore[misc]
