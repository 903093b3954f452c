"""A mail in the owner's own words: his text is checked, rendered for its reader, cleaned and laid out. Pure but for the facts
that tags ask for.

Who writes mails is trusted with their words, as WordPress trusts who may write HTML without a filter. What comes out is cleaned
all the same (by nh3): mail programs show no scripts or forms, and an element that was never closed does not break the layout.
"""

from __future__ import annotations

import html
import re
from typing import Any

import nh3
from markdownify import MarkdownConverter
from markupsafe import Markup

import shortcodes
from shortcodes import Diagnostic
from shortcodes.diagnostics import Problem, locate
from sidecar.i18n import N_, _, speaking
from sidecar.mail.defaults import MailText
from sidecar.mail.facts import Mail
from sidecar.mail.layout import lay_out, signed, subject_line
from sidecar.pages.letters import LetterRoom

LONGEST_SUBJECT, LONGEST_BODY = 500, 100_000
_ELEMENTS = (nh3.ALLOWED_TAGS | {"font", "section"}) - {"map", "area"}
_STYLED = {"style", "class", "align", "dir", "lang", "title", "width", "height", "valign", "bgcolor", "role"}
_ATTRIBUTES = {
    **nh3.ALLOWED_ATTRIBUTES,
    "*": _STYLED,
    "a": {"href", "name", "target"},
    "img": {"src", "alt", "border"},
    "table": {"border", "cellpadding", "cellspacing"},
    "font": {"color", "face", "size"},
}
_SCHEMES = {"http", "https", "mailto", "tel"}
_ELEMENT = re.compile(r"<([A-Za-z][A-Za-z0-9-]*)")
_NO_MARKUP = N_("A subject is text without markup.")
_ONE_LINE = N_("A subject is one line.")
_NO_SUBJECT = N_("The subject is missing.")
_NO_BODY = N_("The text is missing.")
_TOO_LONG = N_("This is too long: at most {most} characters.")
_NO_SUCH_ELEMENT = N_("<{element}> has no place in a mail: mail programs do not show it.")


class SaysNothing(ValueError):
    """A template of which nothing is left for this reader."""


# --- what is wrong with a text ----------------------------------------------------------------------------------------


def faults_of(text: MailText) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """(of the subject, of the body): why it cannot be saved, in the order of the text."""
    return _faults_of_subject(text.subject), _faults_of_body(text.body)


def _faults_of_subject(subject: str) -> list[Diagnostic]:
    if len(subject) > LONGEST_SUBJECT:
        return [_too_long(LONGEST_SUBJECT)]
    problems = []
    if not subject.strip():
        problems.append(Problem(0, _NO_SUBJECT))
    if subject.splitlines()[1:]:
        problems.append(Problem(len(subject.splitlines()[0]), _ONE_LINE))
    if "<" in subject:
        problems.append(Problem(subject.index("<"), _NO_MARKUP))
    return _sorted([*locate(subject, problems), *shortcodes.compile(subject).diagnostics])


def _faults_of_body(body: str) -> list[Diagnostic]:
    if len(body) > LONGEST_BODY:
        return [_too_long(LONGEST_BODY)]
    problems = [
        Problem(found.start(), _NO_SUCH_ELEMENT, (("element", found[1].lower()),))
        for found in _ELEMENT.finditer(body)
        if found[1].lower() not in _ELEMENTS
    ]
    if not body.strip():
        problems.append(Problem(0, _NO_BODY))
    return _sorted([*locate(body, problems), *shortcodes.compile(body).diagnostics])


def _too_long(most: int) -> Diagnostic:
    return Diagnostic(1, 1, _TOO_LONG, (("most", str(most)),))


def _sorted(found: list[Diagnostic]) -> list[Diagnostic]:
    return sorted(found, key=lambda one: (one.line, one.column))


# --- rendering --------------------------------------------------------------------------------------------------------


def render_own(
    text: MailText, room: LetterRoom, site_name: str, language: str
) -> tuple[Mail, list[Diagnostic]]:
    """The mail for the reader of `room`, and what of it could not be written for its place.

    Raises SaysNothing where subject or text come out empty, shortcodes.TextTooLong.
    """
    said, written = room.render(text.subject), room.render(text.body)
    subject = subject_line(html.unescape(said.text))
    body = nh3.clean(
        written.text, tags=_ELEMENTS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=None
    )
    with speaking(language):
        plain = _as_text(body)
    if not subject or not plain:
        raise SaysNothing
    page = lay_out(Markup(body), subject, language, site_name)  # noqa: S704  cleaned
    return Mail(subject, signed(plain, site_name), page), [*said.diagnostics, *written.diagnostics]


class _Text(MarkdownConverter):
    """Markdown as far as it reads well in a plain mail: no marks for what is bold, links as `label: address`."""

    def convert_a(self, el: Any, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002  the library's signature
        """A link."""
        href, label = (el.get("href") or "").strip(), text.strip()
        address = href.removeprefix("mailto:").removeprefix("tel:")
        if not address or label == address:
            return label
        return _("{label}: {value}").format(label=label, value=address) if label else address

    def convert_img(self, el: Any, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        """What stands for it."""
        return el.get("alt") or ""

    def convert_tr(self, el: Any, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        """A line; of two cells the first is what the second is called."""
        converter: Any = self  # the library's types leave `process_tag` out
        found = el.find_all(["td", "th"], recursive=False)
        cells = [converter.process_tag(cell, parent_tags=set()).strip() for cell in found]
        shown = [" ".join(cell.split("\n")) for cell in cells if cell]
        if len(cells) == len(shown) == 2:
            return _("{label}: {value}").format(label=shown[0], value=shown[1]) + "\n"
        return "  ".join(shown) + "\n"

    def convert_table(self, el: Any, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        """A block of lines."""
        return f"\n\n{text.strip()}\n\n"

    def convert_td(self, el: Any, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        """Nothing around it."""
        return text

    convert_th = convert_td


_TEXT = _Text(
    bullets="-", escape_asterisks=False, escape_misc=False, escape_underscores=False, strong_em_symbol=""
)


def _as_text(body: str) -> str:
    """The text part, out of the HTML."""
    lines = [line.rstrip() for line in _TEXT.convert(body).strip().splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
