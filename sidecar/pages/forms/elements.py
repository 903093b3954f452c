"""Elements that WordPress's filters leave alone: one line, and values of which nothing can be made.

A form goes through the filters of the text it stands in (paragraphs, shortcodes, smilies, links). So there is no line end
in it, everything inline stands in a block of its own, and values are written as SmartTags write theirs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from shortcodes.places import write_text, write_url


class Element(Markup):
    """Markup whose `format` and `join` escape for text and quoted attributes, and leave filters nothing to act upon."""

    __slots__ = ()

    @classmethod
    def escape(cls, value: Any, /) -> Element:
        """What is an element already stays as it is."""
        if hasattr(value, "__html__"):
            return cls(value.__html__())
        return cls(write_text(str(value)) or "")


NOTHING = Element("")


def join(*elements: Element) -> Element:
    """One after the other."""
    return NOTHING.join(elements)


def paragraph(words: str, *more: Element, kind: str = "") -> Element:
    """A sentence of its own, with what belongs to it; nothing for no words. `kind`: of its class."""
    if not words and not more:
        return NOTHING
    attribute = Element(' class="gatepost-{}"').format(kind) if kind else NOTHING
    return Element("<p{}>{}{}</p>").format(attribute, words, join(*more))


def link(url: str, words: str) -> Element:
    """The words alone where the address is none that a page may link to."""
    written = write_url(url)
    if not written:
        return Element.escape(words)
    return Element('<a href="{}">{}</a>').format(Element(written), words)


def hidden(name: str, value: str) -> Element:
    """A field that nobody sees."""
    return Element('<input type="hidden" name="{}" value="{}">').format(name, value)


def field(name: str, label: str, *, kind: str = "text", **attributes: str) -> Element:
    """A labelled field that must be filled in."""
    more = join(*(attribute(key, text) for key, text in attributes.items()))
    return Element(
        '<p><label>{}<br /><input type="{}" name="{}" maxlength="200" required{}></label></p>'
    ).format(label, kind, name, more)


def button(step: str, words: str, *, confirm: str = "", is_main: bool = False) -> Element:
    """Sends a step of its form. `confirm`: a question to be answered first. The main one looks as the theme's buttons do."""
    question = attribute("data-gatepost-confirm", confirm) if confirm else NOTHING
    look = attribute("class", "wp-element-button") if is_main else NOTHING
    return Element('<button data-gatepost-step="{}"{}{}>{}</button>').format(step, look, question, words)


def form(kind: str, content: Element, *, script: str, api: str, words: Mapping[str, str]) -> Element:
    """A form as docs/protocol.md marks it, with places for sentences. See `form_begin`."""
    begin = form_begin(kind, script=script, api=api, words=words)
    return Element('{}{}<div role="status"></div><div role="alert"></div>{}').format(begin, content, FORM_END)


def form_begin(kind: str, *, script: str, api: str, words: Mapping[str, str], opening: str = "") -> Element:
    """`script`: the gateway's; `api`: the base of the bridge's routes; `opening`: a step that is sent by itself at first."""
    marks = join(
        attribute("data-gatepost-api", api),
        attribute("data-gatepost-script", script) if script else NOTHING,
        attribute("data-gatepost-words", json.dumps(words, ensure_ascii=False)),
        attribute("data-gatepost-opening", opening) if opening else NOTHING,
    )
    return Element('<form method="post" data-gatepost-form="{}"{}>').format(kind, marks)


FORM_END = Element("</form>")


def attribute(name: str, value: str) -> Element:
    """With the space before it."""
    return Element(' {}="{}"').format(Element(name.replace("_", "-")), value)
