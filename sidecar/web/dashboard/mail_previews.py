"""A mail as its reader would get it, in a frame of the editor; and one sent to whoever writes it.

The frame is a document of its own, shut in a sandbox: no script, no form, no address of ours. Its policy allows what mails are made
of, styles in elements and pictures from anywhere, which no other screen does.
"""

from __future__ import annotations

from flask import make_response, render_template
from werkzeug.wrappers import Response

from shortcodes import TextTooLong
from sidecar.db import reading
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.mail import store
from sidecar.mail.defaults import default_text
from sidecar.mail.previewing import Preview, preview_mail
from sidecar.mail.revising import check_text_of, list_faults
from sidecar.mail.testing import send_test
from sidecar.service import service
from sidecar.staff.rules import Right
from sidecar.web.dashboard.door import frame, person, screen
from sidecar.web.dashboard.mails import Draft, draft_of_form, knowledge_of

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src http: https: data:; frame-src 'self'; form-action 'none'; "
    "frame-ancestors 'self'; base-uri 'none'; sandbox"
)


@screen("/mails/<kind>/<language>/look", Right.WRITE_MAILS)
def look_at_mail(kind: str, language: str) -> Response:
    """The text that is in force, for the made-up reader: what the frame shows at first."""
    check_text_of(kind, language)
    with reading() as reader:
        current = store.find_current(reader, kind, language)
    text = current.text if current and current.text else default_text(kind, language)
    return _framed(kind, language, Draft(text, 0))


@screen("/mails/<kind>/<language>/preview", Right.WRITE_MAILS, methods=("POST",))
def preview_draft(kind: str, language: str) -> Response:
    """What stands in the form; nothing is saved."""
    check_text_of(kind, language)
    return _framed(kind, language, draft_of_form())


@screen("/mails/<kind>/<language>/test", Right.WRITE_MAILS, methods=("POST",))
def send_draft(kind: str, language: str) -> Response:
    """The same, sent to whoever asks for it, to his own address in WordPress."""
    check_text_of(kind, language)
    return _framed(kind, language, draft_of_form(), is_sent=True)


def _framed(kind: str, language: str, draft: Draft, *, is_sent: bool = False) -> Response:
    preview: Preview | None = None
    problems: list[str] = []
    sent_to = ""
    try:
        problems = _faults(draft)
        preview = _preview(kind, language, draft)
        if is_sent and not problems:
            sent_to = send_test(
                service().tables, person().user_id, preview.mail, preview.member_id, frame().now
            )
    except (Refused, TextTooLong) as error:
        problems = problems or [str(error)]
    page = render_template(
        "dashboard/mail_preview.html",
        preview=preview,
        problems=problems,
        sent_to=sent_to,
        notes=[_in_words(one.line, one.column, one.translated(_)) for one in preview.notes]
        if preview
        else [],
    )
    response = make_response(page)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _faults(draft: Draft) -> list[str]:
    """Why it could not be saved as it stands."""
    with reading() as reader:
        faults = list_faults(reader, service().tables, knowledge_of(reader), draft.text)
    return [fault.sentence for fault in faults]


def _preview(kind: str, language: str, draft: Draft) -> Preview:
    if draft.reader_id is not None and not person().may(Right.SEE_MEMBERS):
        raise Refused(_("Your role does not allow this."))
    the_service = service()
    with reading() as reader:
        return preview_mail(
            reader, the_service.tables, the_service.rendering.memory, kind, language, draft.text, user_id=draft.reader_id,
            now=frame().now,
        )  # fmt: skip


def _in_words(line: int, column: int, message: str) -> str:
    return _("Line {line}, column {column}: {message}").format(line=line, column=column, message=message)
