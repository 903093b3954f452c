"""What all forms of one page share, and how a form stands in it."""

from __future__ import annotations

from dataclasses import dataclass

from sidecar.i18n import _
from sidecar.pages.forms.elements import Element, form, form_begin, join, paragraph
from sidecar.pages.forms.words import Words

CARD = Element("<div data-gatepost-card hidden></div>")
"""Where the gateway's own fields appear."""
CARD_INLINE = Element("<span data-gatepost-card hidden></span>")
"""The same where an author has put it, which may be within a paragraph."""


@dataclass(frozen=True)
class Frame:
    """`script_url`: the gateway's, '' where nothing is paid by card; `api`: the base of the bridge's routes."""

    words: Words
    script_url: str
    api: str

    def form(self, kind: str, *content: Element, pay: str, save: str) -> Element:
        """A form with places for the gateway's fields and for sentences. `pay`, `save`: its button while they are shown."""
        words = {**_words(), "pay": pay, "save": save}
        return form(kind, join(*content), script=self.script_url, api=self.api, words=words)

    def begin(self, kind: str, *, pay: str = "", save: str = "", opening: str = "") -> Element:
        """How a form in parts begins; `pay` '' for one that takes no card."""
        words = {**_words(), "pay": pay, "save": save} if pay else _words()
        script = self.script_url if pay else ""
        return form_begin(kind, script=script, api=self.api, words=words, opening=opening)


def _words() -> dict[str, str]:
    return {
        "working": _("One moment, please…"),
        "processing": _("Your payment is being processed. You need not stay on this page."),
        "failed": _("The connection failed. Nothing is lost; please try again."),
    }


def without_script() -> Element:
    """What a browser shows that runs no scripts."""
    sentence = Element("<noscript>{}</noscript>").format(_("This form needs JavaScript."))
    return paragraph("", sentence)
