"""A mail that an employee sends to himself, to see how it looks: what he wrote, marked, to his own address in WordPress."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sidecar import outbox
from sidecar.db import session, use_case
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.mail.facts import Mail
from sidecar.mail.gathering import is_address
from sidecar.tries import claim_try
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import find_user

TEST = "test"
MARK = "[Test] "
_MOST, _WINDOW_SECONDS = 20, 3600.0


@use_case
def send_test(tables: Tables, user_id: int, mail: Mail, shown: int | None, now: datetime) -> str:
    """Queue it; gives the address. `shown`: the member whose facts it shows, None for made-up ones.

    Raises Refused without an address, and after 20 in an hour. It leaves as every mail does.
    """
    user = find_user(session(), tables, user_id)
    if user is None or not is_address(user.email):
        raise Refused(_("WordPress knows no e-mail address of yours."))
    if not claim_try("mail_test", str(user_id), _MOST, _WINDOW_SECONDS):
        raise Refused(_("These were many test mails. Please wait an hour."))
    payload = {
        "kind": TEST, "user": user_id, "member": shown, "subject": MARK + mail.subject, "text": mail.text, "html": mail.html,
    }  # fmt: skip
    outbox.add(session(), "mail", payload, now)
    return user.email


def find_test(reader: Session, tables: Tables, payload: dict[str, Any]) -> tuple[str, Mail | None]:
    """Whom it goes to now, '' when that user is gone, and the mail."""
    user = find_user(reader, tables, int(payload["user"]))
    if user is None or not is_address(user.email) or "text" not in payload:
        return "", None
    return user.email, Mail(payload["subject"], payload["text"], payload["html"])
