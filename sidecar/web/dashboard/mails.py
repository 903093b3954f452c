"""What mails say: all of them on one page, and the editor of one."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from shortcodes.tags.mail import FIELDS
from sidecar.catalog.store import get_generation
from sidecar.db import reading
from sidecar.i18n import LANGUAGES, _
from sidecar.mail import store
from sidecar.mail.defaults import MailText, default_text
from sidecar.mail.letters import LETTERS_TO_MEMBERS
from sidecar.mail.revising import Fault, check_text_of, list_faults, reset_text, save_text
from sidecar.members.faces import typed_words
from sidecar.members.store import find_member
from sidecar.members.store_addresses import list_bad_addresses
from sidecar.outbox import list_waiting
from sidecar.pages.memory import Knowledge
from sidecar.reports.store_members import Found, Wanted, list_members
from sidecar.service import service
from sidecar.staff.rules import Right
from sidecar.web.dashboard.door import frame, person, screen
from sidecar.web.dashboard.place import link
from sidecar.wordpress.users import find_user

MOST_FOUND = 8


@screen("/mails", Right.SEE_MEMBERS)
def mails() -> str:
    """Every kind in every language: the default or the owner's own, and who changed it last."""
    with reading() as reader:
        current = store.list_current(reader)
        waiting, bad = len(list_waiting(reader, "mail", 101)), len(list_bad_addresses(reader, 101))
    rows = [
        (kind, kind_word(kind), kind_moment(kind), [(language, current.get((kind, language))) for language in LANGUAGES])
        for kind in LETTERS_TO_MEMBERS
    ]  # fmt: skip
    by_smtp = service().config.mail.transport == "smtp"
    return render_template(
        "dashboard/mails.html",
        rows=rows,
        languages=language_words(),
        waiting=waiting,
        bad=bad,
        by_smtp=by_smtp,
    )


# --- the editor -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Draft:
    """What stands in the form. `seen`: which version its writer began with, 0 for the default; `reader_id`: the WordPress user
    it is shown for, None for the made-up one; `words`: by which a member is looked for."""

    text: MailText
    seen: int
    reader_id: int | None = None
    words: str = ""


def draft_of_form() -> Draft:
    """As it was sent; what is no number there says nothing."""
    form = request.form
    subject, body = (form.get(name, "").replace("\r\n", "\n") for name in ("subject", "body"))
    chosen = form.get("reader", "")
    seen = form.get("seen", "")
    return Draft(
        MailText(" ".join(subject.split("\n")).strip(), body),
        int(seen) if seen.isdecimal() and len(seen) < 10 else 0,
        int(chosen) if chosen.isdecimal() and len(chosen) < 19 else None,
        form.get("q", "").strip()[:200],
    )


@screen("/mails/<kind>/<language>", Right.WRITE_MAILS)
def mail_editor(kind: str, language: str) -> str:
    """The text that is in force, or the one of `version` (0: the default), to be changed."""
    check_text_of(kind, language)
    asked = request.args.get("version", "")
    with reading() as reader:
        current = store.find_current(reader, kind, language)
        seen = current.number if current else 0
        number = int(asked) if asked.isdecimal() and len(asked) < 10 else seen
        shown = store.find_version(reader, kind, language, number) if number else None
        if number and shown is None:
            abort(404)
        text = shown.text if shown and shown.text else default_text(kind, language)
        return _editor(reader, kind, language, Draft(text, seen), [], number)


def _editor(
    reader: Session, kind: str, language: str, draft: Draft, faults: list[Fault], number: int | None = None
) -> str:
    versions = store.list_versions(reader, kind, language)
    return render_template(
        "dashboard/mail_editor.html",
        kind=kind,
        language_code=language,
        title=kind_word(kind),
        moment=kind_moment(kind),
        language_word=language_words()[language],
        draft=draft,
        faults=faults,
        versions=versions,
        current=versions[0] if versions else None,
        number=number,
        readers=_readers(reader, draft),
        tags=FIELDS.items(),
    )


def knowledge_of(reader: Session) -> Knowledge:
    """Of the site as it is now."""
    return service().rendering.memory.knowledge(reader, get_generation(reader))


@screen("/mails/<kind>/<language>", Right.WRITE_MAILS, methods=("POST",))
def save_mail(kind: str, language: str) -> Response | str:
    """Put it in force; with a fault it is shown again, as it was written."""
    check_text_of(kind, language)
    draft, tables = draft_of_form(), service().tables
    with reading() as reader:
        knowledge = knowledge_of(reader)
        faults = list_faults(reader, tables, knowledge, draft.text)
        if faults:
            return _editor(reader, kind, language, draft, faults)
    save_text(tables, knowledge, kind, language, draft.text, seen=draft.seen, by=person().by, now=frame().now)
    return redirect(link("mail_editor", kind=kind, language=language, said="mail_saved"), 303)


@screen("/mails/<kind>/<language>/reset", Right.WRITE_MAILS, methods=("POST",))
def reset_mail(kind: str, language: str) -> Response:
    """Back to the default."""
    check_text_of(kind, language)
    reset_text(kind, language, by=person().by, now=frame().now)
    return redirect(link("mail_editor", kind=kind, language=language, said="mail_reset"), 303)


# --- whom it is shown for ---------------------------------------------------------------------------------------------


@screen("/mails/<kind>/<language>/readers", Right.WRITE_MAILS, methods=("POST",))
def find_readers(kind: str, language: str) -> str:
    """Members by what was typed: the list alone for a script, else the whole editor with what was written."""
    check_text_of(kind, language)
    draft = draft_of_form()
    with reading() as reader:
        if request.headers.get("HX-Target") == "readers":
            return render_template(
                "dashboard/mail_readers.html", readers=_readers(reader, draft), draft=draft
            )
        return _editor(reader, kind, language, draft, [])


def _readers(reader: Session, draft: Draft) -> list[tuple[int, str, str]]:
    """(user id, name, address): whoever is chosen, then those who were looked for."""
    if not person().may(Right.SEE_MEMBERS):
        return []
    found = [(one.user_id, one.name or one.login, one.email) for one in _found(reader, draft.words)]
    chosen = find_user(reader, service().tables, draft.reader_id) if draft.reader_id else None
    if chosen is None or find_member(reader, chosen.id) is None or chosen.id in {one[0] for one in found}:
        return found
    return [(chosen.id, chosen.display_name or chosen.login, chosen.email), *found]


def _found(reader: Session, words: str) -> list[Found]:
    typed = tuple(typed_words(words))
    return list_members(reader, Wanted(words=typed), limit=MOST_FOUND) if typed else []


# --- words ------------------------------------------------------------------------------------------------------------


def language_words() -> dict[str, str]:
    """What each language is called."""
    return {"en": _("English"), "fr": _("French")}


def kind_word(kind: str) -> str:
    """What a kind of mail is called."""
    words = {
        "welcome": _("Welcome"), "receipt": _("Receipt"), "recovered": _("All is well again"), "refunded": _("Refund"),
        "payment_failed": _("Payment failed"), "retry_failed": _("Retry failed"),
        "authentication_needed": _("Payment to be confirmed"), "renewal_notice": _("Renewal ahead"),
        "trial_ending": _("Trial ends"), "card_expiring": _("Card expires"), "order_changed": _("Order changed"),
        "canceled": _("Canceled"), "expired": _("Access ended"), "alarm": _("Alarm to you"),
        "log_seal": _("Seal of the log"), "declared": _("Receipt of a declaration"), "test": _("Test"),
    }  # fmt: skip
    return words.get(kind, kind)


def kind_moment(kind: str) -> str:
    """When it is sent."""
    moments = {
        "welcome": _("The first payment is made, or nothing was to be paid."),
        "receipt": _("A renewal is paid, or waived."),
        "recovered": _("What was overdue is paid."),
        "refunded": _("Money went back."),
        "payment_failed": _("A renewal was declined for the first time."),
        "retry_failed": _("A later try was declined, too."),
        "authentication_needed": _("The bank wants the member to confirm the payment."),
        "renewal_notice": _("Days before a long period renews."),
        "trial_ending": _("Days before a trial ends."),
        "card_expiring": _("Before a card expires."),
        "order_changed": _("The next payment has another date."),
        "canceled": _("Canceled, at once or for the end of the paid time."),
        "expired": _("The time that was paid for is over."),
    }
    return moments.get(kind, "")
