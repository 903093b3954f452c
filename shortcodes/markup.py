"""Which place of an HTML text a position is in. Reads a text piece by piece, as a browser's tokenizer would.

Between two pieces stands a shortcode, whose output is not known yet; after a decision the text may go on in one of
several states, so a reader is moved through a *set* of states (`read`), and a value's place is the strictest of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

from shortcodes import places
from shortcodes.places import Place, Url
from shortcodes.scripts import CODE, Script, find_end, follow

MAX_STATES = 8
"""More at once, and we have lost track."""

Kind = Literal[
    "text",
    "open",  # after "<", "</" or an unfinished "<!..."
    "tag name",
    "tag",  # where an attribute may begin
    "attribute name",
    "after attribute name",
    "before value",
    "value",
    "character data",  # in an element whose content is text: title, textarea
    "raw",  # in an element whose content is not even that: style, iframe, ...
    "script",
    "comment",
    "declaration",
    "cdata",
    "lost",
]


class State(NamedTuple):
    kind: Kind
    element: str = ""
    """The tag being read ("/a" for an end tag), or the element whose content this is."""
    attribute: str = ""
    quote: str = ""
    url: Url = Url()
    script: Script = CODE
    foreign: int = 0
    """How many svg or math elements this stands in: their titles hold markup."""
    pending: str = ""
    """Of kind `open`: what has been read since the `<`. Elsewhere "<": an end tag may have begun."""


States = frozenset[State]

TEXT = State("text")
LOST = State("lost")
IN_TEXT: States = frozenset({TEXT})

_SPACE = r"[ \t\n\f\r]"
_ATTRIBUTE_NAME = r"(?:[^ \t\n\f\r/>=]++|=)[^ \t\n\f\r/>=]*+"
_VALUE = r"""(?:"[^"]*+"|'[^']*+'|(?=>)|[^ \t\n\f\r>"'][^ \t\n\f\r>]*+)"""
_ATTRIBUTES = rf"(?>(?:[ \t\n\f\r/]++|{_ATTRIBUTE_NAME}(?:{_SPACE}*+={_SPACE}*+{_VALUE}|(?!{_SPACE}*+=)))*)"
_SPECIAL = "iframe|math|noembed|noframes|plaintext|script|style|svg|textarea|title|xmp"
_PLAIN = re.compile(
    rf"""[^<]*+
    (?>(?:
      (?: <(?=[^A-Za-z/!?])
        | </?+(?!(?:{_SPECIAL})[ \t\n\f\r/>])[A-Za-z][^ \t\n\f\r/>]*+
          (?: > | (?=[ \t\n\f\r/]) {_ATTRIBUTES} > )
      ) [^<]*+
    )*)""",
    re.IGNORECASE | re.VERBOSE,
)
"""Text and complete tags of elements without a rule of their own."""

_TAG_NAME = re.compile(r"[^ \t\n\f\r/>]*+")
_WHOLE_ATTRIBUTES = re.compile(
    rf"(?>(?:[ \t\n\f\r/]++|{_ATTRIBUTE_NAME}{_SPACE}*+={_SPACE}*+(?:\"[^\"]*+\"|'[^']*+'))*)"
)
_NAME = re.compile(rf"{_ATTRIBUTE_NAME}")
_REST_OF_NAME = re.compile(r"[^ \t\n\f\r/>=]*+")
_SPACES = re.compile(rf"{_SPACE}*+")
_COMMENT_END = re.compile(r"--!?>")
_UNQUOTED_END = re.compile(r"[ \t\n\f\r>]")
_TAG_OPENED = re.compile(r"</?[A-Za-z]")
_PARTIAL_END_TAG = re.compile(r"<(?:/[A-Za-z]*)?\Z")
_END_TAGS = {name: re.compile(rf"</{name}(?=[ \t\n\f\r/>])", re.IGNORECASE) for name in _SPECIAL.split("|")}
_BREAKS_OUT = re.compile(
    "b|big|blockquote|body|br|center|code|dd|div|dl|dt|em|embed|h[1-6]|head|hr|i|img|li|listing|menu|meta|nobr|ol|p"
    "|pre|ruby|s|small|span|strong|strike|sub|sup|table|tt|u|ul|var"
)


def read(states: States, text: str, start: int, end: int) -> States:
    """The states after `text[start:end]`."""
    if states is IN_TEXT:
        start = _PLAIN.match(text, start, end).end()  # type: ignore[union-attr]  # it matches the empty text
        if start == end:
            return IN_TEXT
    return _states(_read(state, text, start, end) for state in states)


def join(*many: States) -> States:
    """After a decision: what may be, whichever way it went."""
    return _states(state for states in many for state in states)


def _states(states: Iterable[State]) -> States:
    """Text alone is always the same object, so that the usual case is quick to tell."""
    several = frozenset(states)
    if several == IN_TEXT:
        return IN_TEXT
    return several if len(several) <= MAX_STATES else frozenset({LOST})


def in_comment(states: States) -> bool:
    """Surely in a comment or CDATA, where tags are no tags."""
    return all(state.kind in ("comment", "cdata") for state in states)


def decodes_entities(states: States) -> bool:
    """Whether `&#091;` is read as a bracket here: in text and in attributes, not in scripts."""
    return all(state.kind in ("text", "value") for state in states)


def find_place(states: States) -> Place:
    if states is IN_TEXT:
        return places.TEXT
    return places.strictest([_place(state) for state in states])


def find_place_of_elements(states: States) -> Place:
    """For whole elements, such as a form: only the text itself has room for them."""
    return places.ELEMENTS if states is IN_TEXT else places.NO_ELEMENTS


def after_value(states: States) -> States:
    """A value has been printed, or nothing."""
    if states is IN_TEXT:
        return states
    after: set[State] = set()
    for state in states:
        if state.kind == "before value":
            after |= {state, state._replace(kind="value", url=Url().after_value())}
        elif state.kind == "value":
            after.add(state._replace(url=state.url.after_value()))
        else:
            after.add(state)
    return _states(after)


def unquoted_start(states: States) -> bool:
    """Whether the value may be the first of an attribute without quotes, where nothing at all would not do."""
    return any(state.kind == "before value" for state in states)


@lru_cache(maxsize=1024)
def _place(state: State) -> Place:
    if state.kind in ("value", "before value"):
        return _place_in_value(state)
    if state.kind == "script":
        return places.SCRIPT if state.script.in_string and not state.pending else places.SCRIPT_CODE
    if state.kind == "raw" and state.element == "style":
        return places.STYLE
    if state.kind == "character data" and state.pending:
        return places.NAME
    return _PLACES.get(state.kind, places.NAME)


_PLACES: dict[Kind, Place] = {
    "text": places.TEXT,
    "character data": places.TEXT,
    "raw": places.RAW,
    "comment": places.COMMENT,
    "declaration": places.COMMENT,
    "cdata": places.COMMENT,
    "lost": places.UNCLEAR,
}


def _place_in_value(state: State) -> Place:
    in_end_tag = state.element.startswith("/")
    kind = places.ATTRIBUTE if in_end_tag else places.attribute_kind(state.element, state.attribute)
    if kind is places.ATTRIBUTE:
        return places.ATTRIBUTE if state.quote else places.UNQUOTED
    return _place_in_url(state.url, state.quote) if kind is places.URL else kind


def _place_in_url(url: Url, quote: str) -> Place:
    if url.settled == "unsafe":
        return places.UNSAFE_URL
    if url.unfinished_entity:
        return places.ENTITY
    if not url.at_start:
        return places.IN_URL
    return places.URL if quote else places.UNQUOTED_URL


def _read(state: State, text: str, start: int, end: int) -> State:
    while start < end:
        state, start = _READERS[state.kind](state, text, start, end)
    return state


# One reader for each kind: (state, text, start, end), start < end → the next state and where it begins.


def _read_text(state: State, text: str, start: int, end: int) -> tuple[State, int]:
    at = _PLAIN.match(text, start, end).end() if not state.foreign else text.find("<", start, end)  # type: ignore[union-attr]
    if at < 0 or at == end:
        return state, end
    return _read_open(state._replace(kind="open", pending="<"), text, at + 1, end)


def _read_open(state: State, text: str, start: int, end: int) -> tuple[State, int]:
    """`pending` is "<", "</", or the beginning of "<!--" or "<![CDATA["."""
    if start == end:
        return state, end
    pending = state.pending + text[start]
    if _TAG_OPENED.fullmatch(pending):
        return State("tag name", "/" if pending[1] == "/" else "", foreign=state.foreign), start
    if pending == "<!--":
        return _comment_opened(state, text, start + 1, end)
    if pending.upper() == "<![CDATA[":
        return State("cdata", foreign=state.foreign), start + 1
    if pending == "</" or any(opener.startswith(pending.upper()) for opener in ("<!--", "<![CDATA[")):
        return state._replace(pending=pending), start + 1
    return State("declaration" if pending[:2] in ("</", "<!", "<?") else "text", foreign=state.foreign), start


def _comment_opened(state: State, text: str, start: int, end: int) -> tuple[State, int]:
    """`<!-->` and `<!--->` are whole comments."""
    for whole in (">", "->"):
        if text.startswith(whole, start, end):
            return State("text", foreign=state.foreign), start + len(whole)
    return State("comment", foreign=state.foreign), start


def _read_comment(state: State, text: str, start: int, end: int) -> tuple[State, int]:
    found = _COMMENT_END.search(text, start, end)
    return (State("text", foreign=state.foreign), found.end()) if found else (state, end)


def _read_cdata(state: State, text: str, start: int, end: int) -> tuple[State, int]:
    """Outside svg and math a browser takes CDATA for a declaration that the first ">" ends: if an element may begin
    after that, we have lost track. `pending` is what has been seen of the two.
    """
    at = text.find("]]>", start, end)
    stop = end if at < 0 else at
    seen, begin = state.pending, start
    if not seen and (begin := text.find(">", start, stop)) >= 0:
        seen = ">"
    if seen == ">" and text.find("<", begin, stop) >= 0:
        seen = "<"
    if at < 0:
        return state._replace(pending=seen), end
    return LOST if seen == "<" and not state.foreign else State("text", foreign=state.foreign), at + 3


def _read_declaration(state: State, text: str, start: int, end: int) -> tuple[State, int]:
    at = text.find(">", start, end)
    return (state, end) if at < 0 else (State("text", foreign=state.foreign), at + 1)


def _read_tag_name(state: State, text: str, start: int, end: int) -> tuple[State, int]:
    stop = _TAG_NAME.match(text, start, end).end()  # type: ignore[union-attr]
    element = (state.element + text[start:stop].lower())[:40]
    return state._replace(kind="tag name" if stop == end else "tag", element=element), stop


def _read_tag(state: State, text: str, start: int, end: int) -> tuple[State, int]:
    stop = _WHOLE_ATTRIBUTES.match(text, start, end).end()  # type: ignore[union-attr]
    if stop == end:
        return state, end
    if text[stop] == ">":
        return _tag_closed(state, text[stop - 1] == "/" and stop > start), stop + 1
    found = _NAME.match(text, stop, end)
    stop = found.end() if found else stop + 1
    name = found[0].lower()[:80] if found else ""
    return state._replace(
        kind="attribute name" if stop == end else "after attribute name", attribute=name
    ), stop


def _read_attribute_name(state: State, text: str, start: int, end: int) -> tuple[State, int]:
    stop = _REST_OF_NAME.match(text, start, end).end()  # type: ignore[union-attr]
    name = (state.attribute + text[start:stop].lower())[:80]
    return state._replace(
        kind="attribute name" if stop == end else "after attribute name", attribute=name
    ), stop


def _read_after_attribute_name(state: State, text: str, start: int, end: int) -> tuple[State, int]:
    stop = _SPACES.match(text, start, end).end()  # type: ignore[union-attr]
    if stop == end:
        return state, end
    if text[stop] == "=":
        return state._replace(kind="before value"), stop + 1
    return state._replace(kind="tag", attribute=""), stop


def _read_before_value(state: State, text: str, start: int, end: int) -> tuple[State, int]:
    stop = _SPACES.match(text, start, end).end()  # type: ignore[union-attr]
    if stop == end:
        return state, end
    if text[stop] in "\"'":
        return state._replace(kind="value", quote=text[stop]), stop + 1
    if text[stop] == ">":
        return state._replace(kind="tag", attribute=""), stop
    return state._replace(kind="value", quote=""), stop


def _read_value(state: State, text: str, start: int, end: int) -> tuple[State, int]:
    if state.quote:
        stop = text.find(state.quote, start, end)
        after = stop + 1
    else:
        found = _UNQUOTED_END.search(text, start, end)
        stop = after = found.start() if found else -1
    if stop < 0:
        return _value_goes_on(state, text[start:end]), end
    return state._replace(kind="tag", attribute="", quote="", url=Url()), after


def _value_goes_on(state: State, literal: str) -> State:
    if places.attribute_kind(state.element, state.attribute) is not places.URL:
        return state
    return state._replace(url=state.url.after_literal(literal))


def _read_character_data(state: State, text: str, start: int, end: int) -> tuple[State, int]:
    found = _END_TAGS[state.element].search(text, start, end)
    stop = found.start() if found else end
    if _is_markup(state, text, start, stop):
        return LOST, end
    if found:
        return State("tag name", "/", foreign=state.foreign), stop + 2
    return state._replace(pending=_partial_end_tag(text, start, end)), end


def _read_script(state: State, text: str, start: int, end: int) -> tuple[State, int]:
    stop, script = find_end(text, start, end, state.script)
    if _is_markup(state, text, start, stop):
        return LOST, end
    if stop < end:
        return State("tag name", "/", foreign=state.foreign), stop + 2
    script = follow(text, start, end, script)
    return state._replace(script=script, pending=_partial_end_tag(text, start, end)), end


def _is_markup(state: State, text: str, start: int, end: int) -> bool:
    """In svg and math, the content of style and script is markup like any other."""
    return state.foreign > 0 and text.find("<", start, end) >= 0


def _partial_end_tag(text: str, start: int, end: int) -> str:
    at = text.rfind("<", start, end)
    return "<" if at >= 0 and _PARTIAL_END_TAG.match(text, at, end) else ""


def _read_lost(state: State, _text: str, _start: int, end: int) -> tuple[State, int]:
    return state, end


def _tag_closed(state: State, self_closing: bool) -> State:
    element, foreign = state.element, state.foreign
    if element in ("/svg", "/math"):
        return State("text", foreign=max(foreign - 1, 0))
    if element in ("svg", "math"):
        return State("text", foreign=foreign + (not self_closing))
    if foreign and _BREAKS_OUT.fullmatch(element):
        return TEXT
    if element in _CONTENTS and not (foreign and (self_closing or element == "title")):
        return (
            LOST
            if foreign and element not in ("script", "style")
            else _CONTENTS[element]._replace(foreign=foreign)
        )
    return State("text", foreign=foreign)


_CONTENTS = {
    "title": State("character data", "title"),
    "textarea": State("character data", "textarea"),
    "script": State("script", "script"),
    "plaintext": LOST,
    **{name: State("raw", name) for name in ("style", "iframe", "noembed", "noframes", "xmp")},
}

_READERS = {
    "text": _read_text,
    "open": _read_open,
    "tag name": _read_tag_name,
    "tag": _read_tag,
    "attribute name": _read_attribute_name,
    "after attribute name": _read_after_attribute_name,
    "before value": _read_before_value,
    "value": _read_value,
    "character data": _read_character_data,
    "raw": _read_character_data,
    "script": _read_script,
    "comment": _read_comment,
    "declaration": _read_declaration,
    "cdata": _read_cdata,
    "lost": _read_lost,
}
