"""Paragraphs out of blank lines, as readers of WordPress know them. Much less than WordPress does, enough for the demo's texts."""

from __future__ import annotations

import re

_WHOLE = re.compile(r"(<(pre|script|style|textarea)\b.*?</\2\s*>)", re.IGNORECASE | re.DOTALL)
_BLOCK = re.compile(
    r"</?(?:address|article|aside|blockquote|div|dl|dd|dt|figure|form|h[1-6]|hr|li|ol|p|section|table|tbody|td|th|tr|ul)\b|<!--",
    re.IGNORECASE,
)


def with_paragraphs(text: str) -> str:
    r"""`text` with a `<p>` round each run of lines that does not begin with a block element; scripts stay as they are.

    >>> with_paragraphs("One\ntwo\n\n<h2>Three</h2>")
    '<p>One<br>\ntwo</p>\n\n<h2>Three</h2>'
    """
    parts = _WHOLE.split(text.replace("\r\n", "\n"))
    # split() gives text, whole element, its name, text, ...
    shaped = [_shaped(part) if place % 3 == 0 else part for place, part in enumerate(parts) if place % 3 != 2]
    return "\n\n".join(part for part in shaped if part)


def _shaped(text: str) -> str:
    chunks = (chunk.strip() for chunk in re.split(r"\n[ \t]*\n", text))
    return "\n\n".join(chunk if _BLOCK.match(chunk) else _paragraph(chunk) for chunk in chunks if chunk)


def _paragraph(chunk: str) -> str:
    lines = chunk.replace("\n", "<br>\n")
    return f"<p>{lines}</p>"
