"""How every mail looks: one layout, its style sheet written into the elements, as mail programs want it. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from css_inline import CSSInliner
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sidecar.mail.words import one_line

_SUBJECT_LENGTH = 150
_ENVIRONMENT = Environment(
    loader=PackageLoader("sidecar.mail"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
LETTER = _ENVIRONMENT.get_template("letter.html")
_LAYOUT = _ENVIRONMENT.get_template("layout.html")
_INLINER = CSSInliner(load_remote_stylesheets=False)
# What a plugin that dresses the site's mail could take for a shortcode.
_BRACKETS = str.maketrans({"[": "&#91;", "]": "&#93;"})


def lay_out(body: Markup, subject: str, language: str, footer: str) -> str:
    """The HTML part. `body`: elements that are safe as they stand; everything else is escaped here."""
    html = _LAYOUT.render(body=body, subject=subject, language=language, footer=footer)
    return _INLINER.inline(html).translate(_BRACKETS)


def details_table(rows: Iterable[tuple[str, str]]) -> Markup:
    """The figures of a mail as a table; '' without any."""
    lines = Markup().join(
        Markup('<tr><td class="label">{}</td><td>{}</td></tr>').format(label, value) for label, value in rows
    )
    table = Markup('<table class="details" role="presentation"><tbody>{}</tbody></table>')
    return table.format(lines) if lines else lines


def subject_line(text: str) -> str:
    """One line, not longer than mail programs show."""
    return textwrap.shorten(one_line(text), _SUBJECT_LENGTH, placeholder=" …")


def signed(text: str, site_name: str) -> str:
    """The text part with the site's name below it, as mail programs know a signature."""
    return f"{text}\n\n-- \n{site_name}\n"


def safe_url(url: str) -> str:
    """The address, where it leads to the web and nowhere else; an address with a line end in it leads nowhere.

    >>> safe_url("https://club.test/"), safe_url("javascript:alert(1)"), safe_url("https://a.test/\\nBcc: b")
    ('https://club.test/', '', '')
    """
    return url if url.startswith(("https://", "http://")) and one_line(url) == url else ""
