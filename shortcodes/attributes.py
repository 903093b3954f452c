"""Attributes of a shortcode, as WordPress reads them.

From left to right, each followed by a space or the end, the first of these that fits:

    name = "value"  |  name = 'value'  |  name = value  |  "value"  |  'value'  |  value

Keys are those of a PHP array: a decimal name is an integer, values without a name are numbered after the highest.
"""

from __future__ import annotations

import re

Attributes = dict[str | int, str]

_SPACE = r"[ \t\n\v\f\r]"
_NAME = rf"([A-Za-z0-9_-]+){_SPACE}*+={_SPACE}*+"
_ATTRIBUTE = re.compile(
    rf"""
    (?: {_NAME} (?: "([^"]*+)" | '([^']*+)' | ([^ \t\n\v\f\r'"]++) ) | "([^"]*+)" | '([^']*+)' )
    (?: {_SPACE} | \Z )
    | ([^ \t\n\v\f\r]++)
    """,
    re.VERBOSE,
)
_ODD_SPACES = re.compile("[\u00a0\u200b]+")
_INTEGER = re.compile(r"-?[1-9][0-9]{0,18}")
_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|(.))", re.DOTALL)
_CONTROLS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"v": b"\v", b"b": b"\b", b"f": b"\f"}
_LARGEST = 2**63 - 1


def parse_attributes(text: str) -> Attributes:
    """`text` is what stands between the name and the bracket. Bytes that are no UTF-8 (surrogates) make it empty.

    >>> parse_attributes(''' name="a b" Flag 7='x' last ''')
    {'name': 'a b', 0: 'Flag', 7: 'x', 8: 'last'}
    """
    if not text.isascii():
        if not _is_utf8(text):
            return {}
        text = _ODD_SPACES.sub(" ", text)
    attributes: Attributes = {}
    position = 0
    for found in _ATTRIBUTE.finditer(text):
        name = found[1]
        value = found[found.lastindex or 0]
        if name is not None:
            if name != "0":
                key = _key(name)
                attributes[key] = _value(value)
                if isinstance(key, int):
                    position = max(position, key + 1)
        elif value and position <= _LARGEST:
            attributes[position] = _value(value)
            position += 1
    return attributes


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _key(name: str) -> str | int:
    """Like the key of a PHP array; `name` is ASCII."""
    if _INTEGER.fullmatch(name) and -_LARGEST - 1 <= int(name) <= _LARGEST:
        return int(name)
    return name.lower()


def _value(raw: str) -> str:
    value = unescape(raw) if "\\" in raw else raw
    if "<" in value and value.rfind("<") > value.rfind(">"):
        return ""
    return value


def unescape(raw: str) -> str:
    """C-style, on bytes: `\\n`, `\\x41`, `\\101`; a backslash before anything else vanishes, a final one stays."""
    return _ESCAPE.sub(_unescaped, raw.encode(errors="surrogateescape")).decode(errors="surrogateescape")


def _unescaped(found: re.Match[bytes]) -> bytes:
    hexadecimal, octal, other = found.groups()
    if hexadecimal:
        return bytes([int(hexadecimal, 16)])
    if octal:
        return bytes([int(octal, 8) & 0xFF])
    return _CONTROLS.get(other, other)
