"""The document as one HTML file: no scripts, nothing from elsewhere, everything escaped."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from sidecar.reports.document import Document


def render_html(document: Document) -> str:
    """A whole page, for a screen and for paper."""
    return template_of("evidence.html").render(document=document)


@cache
def template_of(name: str) -> Template:
    """A document's template; every value is escaped."""
    environment = Environment(
        loader=PackageLoader("sidecar.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
