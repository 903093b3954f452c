"""SmartTags: text in, text out.

    template = shortcodes.compile(text)     # once per text
    template.render(facts).text             # once per viewer

The grammar is WordPress's (`grammar`, `attributes`), the tags are in `tags`, what they may ask is in `facts`. Imports
no framework and nothing of the sidecar; does no I/O.
"""

from shortcodes.compiler import MAX_BYTES, MAX_DEPTH, TextTooLong, compile, has_tags, strip
from shortcodes.diagnostics import Diagnostic
from shortcodes.facts import ContentFacts, Facts, MemberFacts
from shortcodes.tags import CORE_PAGES, NAMES, REGISTRY, ask
from shortcodes.template import Rendered, Template

__all__ = [
    "CORE_PAGES",
    "MAX_BYTES",
    "MAX_DEPTH",
    "NAMES",
    "REGISTRY",
    "ContentFacts",
    "Diagnostic",
    "Facts",
    "MemberFacts",
    "Rendered",
    "Template",
    "TextTooLong",
    "ask",
    "compile",
    "has_tags",
    "strip",
]
