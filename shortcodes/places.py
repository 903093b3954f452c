"""Where a value may stand in HTML, and how it is written there.

Whatever is written in a place can neither end it nor be read as anything but text; and later WordPress filters
(shortcodes, oEmbed, smilies, texturize, paragraphs, links out of addresses) find nothing in it to act upon, because every
ASCII character but letters, digits, space and comma is a numeric entity.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

Writer = Callable[[str], "str | None"]
"""The value as it is written, or None if it cannot be made safe."""


class Place(NamedTuple):
    """`rank` orders the places by strictness: what a stricter place writes is safe in all that come before it.
    Without a writer nothing is written, and `reason` tells the author why.
    """

    rank: int
    write: Writer | None
    reason: str = ""


def strictest(places: list[Place]) -> Place:
    return max(places, key=lambda place: place.rank)


def _entities(kept: str) -> dict[int, str | None]:
    """A table for str.translate: ASCII as numeric entities but for letters, digits and `kept`; no control characters.

    Brackets have three digits: WordPress turns `&#91;` back into a bracket.
    """
    table: dict[int, str | None] = dict.fromkeys(range(32)) | {127: None}
    table |= {ord(space): f"&#{ord(space)};" for space in "\t\n\r"}
    table |= {
        code: f"&#{code:03d};" for code in range(32, 127) if not chr(code).isalnum() and chr(code) not in kept
    }
    return table


_TEXT = _entities(" ,")
_UNQUOTED = _entities("") | {code: f"&#{code};" for code in range(0x80, 0x3001) if chr(code).isspace()}
_UNQUOTED[0x85] = "&#32;"  # a reference to this line end means an ellipsis
_URL = _entities("/:.-_~%?=+,")
_TOUCHED = re.compile(r"(?<=[Ww]ord)press|(?<=\d)x(?=\d)|(?<=8)O|(?<=\d)&#058;(?=\d)")
_SURROGATES = re.compile("[\ud800-\udfff]")


def write_text(value: str) -> str | None:
    """For text and quoted attributes."""
    if value.isascii() and value.isalpha() and "press" not in value:
        return value
    return _finished(_well_formed(value).translate(_TEXT))


def write_markup(value: str) -> str | None:
    """Elements that whoever made them has already written for their place: they stay as they are."""
    return value


def write_unquoted(value: str) -> str | None:
    """For an attribute's value without quotes: no space survives either."""
    return _finished(_well_formed(value).translate(_UNQUOTED))


def _finished(text: str) -> str:
    """WordPress corrects "Wordpress", prints 9x9 with a multiplication sign and has a smiley 8O. Times stay readable."""
    return _TOUCHED.sub(lambda found: _TOUCHES.get(found[0], found[0]), text)


_TOUCHES = {"press": "&#112;ress", "x": "&#120;", "O": "&#79;", "&#058;": ":"}


def _well_formed(value: str) -> str:
    return value if value.isascii() else _SURROGATES.sub("\ufffd", value)


# URLs

SAFE_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_IGNORED_IN_URLS = re.compile(r"[\x00-\x20\x7f-\x9f]")
_URL_CHARACTERS = "/:?#@!$&*+,;=%~"
_REACHES_PATH = re.compile(r"[:/?#\\]")


def whole_url(value: str) -> str | None:
    """`value` as a URL of legal characters; None unless it is relative or has one of the safe schemes."""
    url = _IGNORED_IN_URLS.sub("", _well_formed(value))
    scheme = _SCHEME.match(url)
    if scheme:
        if scheme[0][:-1].lower() not in SAFE_SCHEMES:
            return None
    elif (first := _REACHES_PATH.search(url)) and first[0] == ":":
        return None
    return quote(url, safe=_URL_CHARACTERS)


def write_url(value: str) -> str | None:
    url = whole_url(value)
    return None if url is None else url.translate(_URL)


def write_unquoted_url(value: str) -> str | None:
    url = whole_url(value)
    return None if url is None else url.translate(_UNQUOTED)


def write_in_url(value: str) -> str | None:
    """In the middle of a URL: percent-encoded (an `@` too is legal there, and mailto: needs it)."""
    return quote(_well_formed(value), safe="@").translate(_URL)


class Url(NamedTuple):
    """How far an attribute's URL has come. `unsettled`: as written so far, when the scheme is still open."""

    unsettled: str = ""
    settled: str = ""  # "", or "value": a value stands where the scheme would be, or "safe", or "unsafe"

    def after_literal(self, literal: str) -> Url:
        if self.settled in ("safe", "unsafe"):
            return self
        written = (self.unsettled + literal)[:_LONGEST_SCHEME]
        bare = _IGNORED_IN_URLS.sub("", html.unescape(written)).lower()
        reached = _REACHES_PATH.search(bare)
        if reached is None:
            return Url(written, self.settled) if len(written) < _LONGEST_SCHEME else Url(settled="unsafe")
        if reached[0] != ":":
            return Url(settled="safe")
        safe = not self.settled and bare[: reached.start()] in SAFE_SCHEMES
        return Url(settled="safe" if safe else "unsafe")

    def after_value(self) -> Url:
        return self if self.settled else Url(settled="value")

    @property
    def at_start(self) -> bool:
        return not self.settled and not self.unsettled.strip()

    @property
    def unfinished_entity(self) -> bool:
        return "&" in self.unsettled and _UNFINISHED_ENTITY.search(self.unsettled) is not None


_LONGEST_SCHEME = 256
"""In characters, entities and ignored spaces included; a scheme that is not over by then is not trusted."""
_UNFINISHED_ENTITY = re.compile(r"&#?\w*\Z")

# Scripts


def write_in_script(value: str) -> str | None:
    """Inside a string of a script: letters and digits, all else as \\uXXXX (UTF-16)."""
    if value.isascii() and value.isalnum():
        return value
    return "".join(
        character if character.isascii() and character.isalnum() else _unicode_escapes(character)
        for character in _well_formed(value)
    )


def _unicode_escapes(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


TEXT = Place(0, write_text)
ELEMENTS = Place(0, write_markup)
ATTRIBUTE = Place(1, write_text)
UNQUOTED = Place(2, write_unquoted)
URL = Place(3, write_url)
UNQUOTED_URL = Place(4, write_unquoted_url)
IN_URL = Place(5, write_in_url)
SCRIPT = Place(6, write_in_script)


def nowhere(reason: str) -> Place:
    return Place(9, None, reason)


EVENT_HANDLER = nowhere(
    "A value inside an event handler or another attribute that runs as code cannot be made safe."
)
STYLE = nowhere("A value inside CSS cannot be made safe.")
EMBEDDED = nowhere("A value inside an embedded document (srcdoc) cannot be made safe.")
NAME = nowhere("A value cannot be a tag or attribute name, or part of one.")
SCRIPT_CODE = nowhere("In a script a value may only stand inside a string.")
UNSAFE_URL = nowhere("A value cannot stand in an address of this kind, such as javascript:.")
ENTITY = nowhere("A value cannot stand inside a character reference.")
RAW = nowhere("A value cannot be made safe inside this element.")
COMMENT = nowhere("A value cannot stand inside a comment or declaration.")
META = nowhere("A value inside a meta element cannot be made safe.")
NO_ELEMENTS = nowhere("A form can only stand in the text itself, not in an attribute, a title or a script.")
UNCLEAR = nowhere("It is not clear where in the HTML this value stands. Put whole elements inside decisions.")

_URL_NAME = re.compile(
    "action|archive|background|cite|classid|codebase|data|dynsrc|formaction|href|icon|imagesrcset|longdesc|lowsrc"
    "|manifest|ping|poster|profile|src|srcset|usemap|xlink:href|xml:base|data-.*(?:href|src|url)"
)
_ANIMATED = frozenset({"to", "from", "by", "values"})
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_.-]*|xlink:[a-z]+|xml:[a-z]+")
_CODE_NAME = re.compile(r"on|v-|x-|ng-|hx-on|data-(?:on|ng-|wp-|bind)")
_ANIMATIONS = frozenset({"animate", "set", "animatetransform", "animatemotion"})
_NEVER_WRITTEN = {"style": STYLE, "srcdoc": EMBEDDED}


@lru_cache(maxsize=1024)
def attribute_kind(element: str, attribute: str) -> Place:
    """ATTRIBUTE, URL, or the place without a writer. Both names in lower case.

    Attributes that page scripts run as code (Vue, Alpine, Angular, the Interactivity API) count as event handlers.
    """
    if attribute in _NEVER_WRITTEN:
        return _NEVER_WRITTEN[attribute]
    if _CODE_NAME.match(attribute) or not _PLAIN_NAME.fullmatch(attribute):
        return EVENT_HANDLER
    if element in _ANIMATIONS and attribute in _ANIMATED:
        return UNSAFE_URL
    if element == "meta" and attribute == "content":
        return META
    return URL if _URL_NAME.fullmatch(attribute) else ATTRIBUTE
