"""WordPress's rules one by one, for any registered names; test_like_wordpress.py asks WordPress itself."""

import pytest

from shortcodes import grammar
from shortcodes.attributes import Attributes


def shown(name: str, attributes: Attributes, content: str) -> str:
    """`t(key=value: content)`, the content rendered again."""
    given = ",".join(f"{key}={value}" for key, value in attributes.items())
    return f"{name}({given}:{grammar.run(content, ['t', 'u', 'a', 'a.b'], shown)})"


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("t", True),
        ("a.b", True),
        ('t"', True),
        ("é", True),
        ("*", True),
        ("", False),
        (" ", False),
        ("t u", False),
        ("t=", False),
        ("<t>", False),
        ("a/b", False),
        ("a&b", False),
        ("t]", False),
        ("t\x00", False),
        ("t\x20", False),
        ("t\x7f", True),
    ],
)
def test_a_name_is_refused_for_what_it_holds(name: str, accepted: bool) -> None:
    assert grammar.is_name(name) is accepted


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("no tag", "no tag"),
        ("[t]", "t(:)"),
        ("[t/]", "t(:)"),
        ("[t][/t]", "t(:)"),
        ("[t]x[/t]", "t(:x)"),
        ("[T]", "[T]"),
        ("[t-x]", "[t-x]"),
        ("[tt]", "[tt]"),
        ("[t x]", "t(0=x:)"),
        ("[t", "[t"),
        ("[/t]", "[/t]"),
        ("[t/]x[/t]", "t(:)x[/t]"),
        ("[t / ]x[/t]", "t(0=/:x)"),
        ("[t a=http://x/]", "t(a=http://x:)"),
        ('[t a="b]c"]', 't(0=a="b:)c"]'),
        ("[t]x[/t ]", "t(:)x[/t ]"),
        ("[[t]]", "[t]"),
        ("[[t]x[/t]]", "[t]x[/t]"),
        ("[[t]x[/t]", "[t(:x)"),
        ("[t]x[/t]]", "t(:x)]"),
        ("[[[t]]]", "[[t]]"),
        ("[[t]u]", "[t(:)u]"),
        ("[t][u]x[/t][/u]", "t(:u(:)x)[/u]"),
        ("[t][u]x[/u][/t]", "t(:u(:x))"),
        ("[t][t]x[/t][/t]", "t(:t(:)x)[/t]"),
        ("[u][t", "u(:)[t"),
        ('[t"x"]', '[t"x"]'),
        ('[t"x"][t]', "t(0=x:)t(:)"),
        ("[a.b]", "a.b(:)"),
        ("[a.b][a]", "a(0=.b:)a(:)"),
        ("<b>[t]</b>", "<b>t(:)</b>"),
        ("[t $1]\\1", "t(0=$1:)\\1"),
    ],
)
def test_matches_are_found_as_wordpress_finds_them(text: str, output: str) -> None:
    assert grammar.run(text, ["t", "u", "a", "a.b"], shown) == output


def test_only_names_that_stand_alone_somewhere_are_active_and_in_order_of_registration() -> None:
    assert grammar.active_names('[u"][t]', ["u", "a", "t"]) == ("t",)
    assert grammar.active_names("[t][u]", ["u", "t", "u"]) == ("u", "t")


def test_strip_takes_tags_with_their_content_and_unwraps_escaped_ones() -> None:
    assert grammar.strip("a[t]x[u]y[/u][/t]b[[t]]c[[u]d", ["t", "u"]) == "ab[t]c[d"


def test_all_tags_are_listed_nested_and_escaped_ones_too() -> None:
    assert grammar.list_tags("[t][u][/u][/t][[u]][v]", ["t", "u"]) == ["t", "u", "u"]


def test_has_tag_knows_registered_names_only() -> None:
    assert grammar.has_tag("[t][u][/t]", "u", ["t", "u"])
    assert not grammar.has_tag("[t][u][/t]", "u", ["t"])
