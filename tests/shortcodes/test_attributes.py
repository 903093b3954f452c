import pytest

from shortcodes.attributes import Attributes, parse_attributes, unescape


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("", {}),
        (' a="b c" ', {"a": "b c"}),
        ("a='b \"c\"'", {"a": 'b "c"'}),
        ("a=b", {"a": "b"}),
        ("a \n=\t 'b'", {"a": "b"}),
        ("Name='X'", {"name": "X"}),
        ("a-b_c=1", {"a-b_c": "1"}),
        ("a.b=1", {0: "a.b=1"}),
        ("é=1", {0: "é=1"}),
        ("one 'two' \"three\"", {0: "one", 1: "two", 2: "three"}),
        ("'' \"\"", {}),
        ("a='' b=\"\"", {"a": "", "b": ""}),
        ("a=", {0: "a="}),
        ("a='x'b='y'", {0: "a='x'b='y'"}),
        ("a=x'y", {0: "a=x'y"}),
        ("a=“b c”", {"a": "“b", 0: "c”"}),
        ("a=b\u00a0\u200bc=d", {"a": "b", "c": "d"}),
        ("a=b\u3000c=d", {"a": "b\u3000c=d"}),
        ("a=1 b=2 A=3", {"a": "3", "b": "2"}),
        ("0=x '0'", {0: "0"}),
        ("7=x y", {7: "x", 8: "y"}),
        ("-5=x y", {-5: "x", 0: "y"}),
        ("01=x -0=y", {"01": "x", "-0": "y"}),
        ("y 9223372036854775807=x z", {0: "y", 9223372036854775807: "x"}),
        ("9223372036854775808=x", {"9223372036854775808": "x"}),
        ("a='1 < 2'", {"a": ""}),
        ("a='<b> < c'", {"a": ""}),
        ("a='<b> > c'", {"a": "<b> > c"}),
        ("a='\\x3cb'", {"a": ""}),
        ("a='\\n\\x41\\101\\q\\\\'", {"a": "\nAAq\\"}),
        ("a='\\xc3\\xa9'", {"a": "é"}),
        ("a=b \udcff", {}),
    ],
)
def test_attributes_are_read_like_wordpress_reads_them(text: str, attributes: Attributes) -> None:
    assert parse_attributes(text) == attributes
    assert list(parse_attributes(text)) == list(attributes)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("\\", "\\"),
        ("a\\", "a\\"),
        ("\\x", "x"),
        ("\\xg", "xg"),
        ("\\x4", "\x04"),
        ("\\x414", "A4"),
        ("\\8", "8"),
        ("\\0", "\0"),
        ("\\1011", "A1"),
        ("\\777", "\udcff"),
        ("\\t\\r\\a\\v\\b\\f", "\t\r\a\v\b\f"),
        ("\\\n", "\n"),
        ("\\é", "é"),
    ],
)
def test_values_are_unescaped_like_in_c(raw: str, value: str) -> None:
    assert unescape(raw) == value
