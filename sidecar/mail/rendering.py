"""From facts to a mail: the letter in the reader's language, laid out as plain text and as HTML. Pure."""

from __future__ import annotations

from markupsafe import Markup

from sidecar.i18n import _, speaking
from sidecar.mail.facts import Facts, Letter, Mail
from sidecar.mail.layout import LETTER, details_table, lay_out, safe_url, signed, subject_line
from sidecar.mail.letters import LETTERS_TO_DECLARERS, LETTERS_TO_MEMBERS, LETTERS_TO_OWNER
from sidecar.mail.words import Wording, greeted_name

KINDS = (*LETTERS_TO_MEMBERS, *LETTERS_TO_OWNER, *LETTERS_TO_DECLARERS)


def render(kind: str, facts: Facts, language: str) -> Mail:
    """One mail. `language`: `en` or `fr`. Raises KeyError for a kind that nobody has written, and where an order is missing.

    Every value stands for itself: in HTML it is escaped, in the subject it is one line, and only http(s) addresses are linked.
    """
    with speaking(language):
        letter = write(kind, facts, language)
        subject = subject_line(letter.subject)
        html = lay_out(_as_html(letter, facts), subject, language, facts.site_name)
        return Mail(subject, _as_text(letter, facts), html)


def write(kind: str, facts: Facts, language: str) -> Letter:
    """What it says, before it is laid out; in the language of now. Raises as `render` does."""
    if kind in LETTERS_TO_OWNER:
        return LETTERS_TO_OWNER[kind](facts)
    if kind in LETTERS_TO_DECLARERS and facts.declared is not None:
        return LETTERS_TO_DECLARERS[kind](facts, facts.declared, Wording(language, facts.zone))
    letter = LETTERS_TO_MEMBERS[kind]
    if facts.purchase is None:
        raise KeyError(f"a mail of kind {kind} tells of an order")
    return letter(facts, facts.purchase, Wording(language, facts.zone))


def _as_text(letter: Letter, facts: Facts) -> str:
    blocks = [_greeting(facts), *letter.paragraphs]
    if letter.rows:
        blocks.append(
            "\n".join(_("{label}: {value}").format(label=label, value=value) for label, value in letter.rows)
        )
    link = _safe_link(letter)
    if link is not None:
        blocks.append(_("{label}: {value}").format(label=link[0], value=link[1]))
    return signed("\n\n".join(blocks), facts.site_name)


def _as_html(letter: Letter, facts: Facts) -> Markup:
    html = LETTER.render(
        letter=letter, greeting=_greeting(facts), details=details_table(letter.rows), link=_safe_link(letter)
    )
    return Markup(html)  # noqa: S704  the template escapes


def _greeting(facts: Facts) -> str:
    name = greeted_name(facts.name)
    return _("Hello {name},").format(name=name) if name else _("Hello,")


def _safe_link(letter: Letter) -> tuple[str, str] | None:
    """The link, where its address is safe."""
    return letter.link if letter.link is not None and safe_url(letter.link[1]) else None
