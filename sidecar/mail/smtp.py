"""Mails by SMTP: one at a time over one connection, each noted before the next is sent.

What a crash means. Until the server has answered the message's end with 250, nothing is sent. Between that answer and our commit
the mail is out and we do not know it: a process that dies there, or an answer that is lost, sends the same mail again, under the
same Message-ID, by which mailboxes know a repetition. The other way round a notice could be lost, which is worse.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

from sidecar.mail.carrying import HEADERS, Carried, Outgoing, Refusal
from sidecar.mail.words import one_line

_ENHANCED = re.compile(r"\s*[245]\.(\d{1,3})\.(\d{1,3})\b")
_REASON_LENGTH = 300


@dataclass(frozen=True)
class SmtpServer:
    """Where mails go, and as whom. `security`: `starttls`, `tls` or `none`; `greeting`: the name that we give for ourselves."""

    host: str
    port: int
    security: str
    user: str
    password: str = field(repr=False)
    from_address: str
    from_name: str
    bounces_to: str
    timeout_seconds: float
    greeting: str


class SmtpCarrier:
    """A connection that is opened with the first mail. Close it."""

    at_once = 1
    lease = timedelta(minutes=10)
    """Longer than a server can take for the dozen answers of one mail (`mail.timeout_seconds` is at most 40), or a second process
    would send it, too."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._connection: smtplib.SMTP | None = None

    def carry(self, mails: Sequence[Outgoing]) -> Carried:
        """Faults of the connection, of signing in and of the sender are no fault of the mail: all wait."""
        done: set[str] = set()
        for one in mails:
            outcome = self._carry(one)
            if outcome is not None:
                return Carried(frozenset(done), outcome.failed, outcome.refused, outcome.is_away)
            done.add(one.id)
        return Carried(frozenset(done))

    def _carry(self, one: Outgoing) -> Carried | None:
        """None: it is on its way."""
        server = self._server
        try:
            if self._connection is None:
                self._connection = connect(server)
        except (smtplib.SMTPException, OSError) as error:
            return Carried(failed={one.id: in_words(error)}, is_away=True)
        try:
            message = compose(one, server)
            self._connection.send_message(message, server.bounces_to or server.from_address, [one.to])
        except smtplib.SMTPRecipientsRefused as error:
            ((code, reply),) = error.recipients.values()
            return self._refused(one, code, reply)
        except smtplib.SMTPDataError as error:
            return Carried(failed={one.id: said(error.smtp_code, error.smtp_error)})
        except (
            smtplib.SMTPNotSupportedError,
            ValueError,
            MessageError,
        ) as error:  # an address that it cannot write to
            return Carried(failed={one.id: in_words(error)})
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            return Carried(failed={one.id: in_words(error)}, is_away=True)
        return None

    def _refused(self, one: Outgoing, code: int, reply: bytes) -> Carried:
        if code == 421:
            self.close()
        if not is_permanent(code, reply):
            return Carried(failed={one.id: said(code, reply)}, is_away=code == 421)
        return Carried(refused={one.id: Refusal(said(code, reply), is_bad_address(code, reply))})

    def close(self) -> None:
        """Politely where there is still somebody; twice is once."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.quit()
            except (smtplib.SMTPException, OSError):
                connection.close()


def connect(server: SmtpServer) -> smtplib.SMTP:
    """Signed in and ready. The server's certificate is checked, and without TLS no password is sent.

    Raises smtplib.SMTPException or OSError.
    """
    context, seconds = ssl.create_default_context(), server.timeout_seconds
    if server.security == "tls":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, server.greeting, timeout=seconds, context=context
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, server.greeting, timeout=seconds)
    try:
        if server.security == "starttls":
            connection.starttls(context=context)
        if server.user:
            connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    return connection


def compose(one: Outgoing, server: SmtpServer) -> EmailMessage:
    """The message: text first, HTML beside it."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(one_line(server.from_name), addr_spec=server.from_address)
    message["To"] = Address(addr_spec=one.to)
    message["Subject"] = one.mail.subject
    message["Date"] = formatdate()
    message["Message-ID"] = one.message_id
    for name, value in HEADERS.items():
        message[name] = value
    message.set_content(one.mail.text, cte="quoted-printable")
    message.add_alternative(one.mail.html, subtype="html", cte="quoted-printable")
    return message


# --- what a server says -----------------------------------------------------------------------------------------------


def is_permanent(code: int, reply: bytes) -> bool:
    """Whether this recipient will never be taken. What a server refuses by its policy (5.7.x: relaying, sender, reputation) is
    the sending side's to mend, and is tried again.

    >>> is_permanent(550, b"5.1.1 No such user"), is_permanent(550, b"No such user"), is_permanent(450, b"4.2.1 Busy")
    (True, True, False)
    >>> is_permanent(554, b"5.7.1 Relay access denied"), is_permanent(552, b"5.2.2 Mailbox full")
    (False, False)
    """
    found = _ENHANCED.match(reply.decode("utf-8", "replace"))
    is_for_later = found is not None and (found[1] == "7" or (found[1], found[2]) == ("2", "2"))
    return 500 <= code < 600 and not is_for_later


def is_bad_address(code: int, reply: bytes) -> bool:
    """Whether the server says beyond doubt that there is no such mailbox (RFC 3463: 5.1.x about the address, 5.2.1 disabled).

    >>> is_bad_address(550, b"5.1.1 No such user"), is_bad_address(550, b"No"), is_bad_address(550, b"5.2.1 Closed")
    (True, False, True)
    """
    found = _ENHANCED.match(reply.decode("utf-8", "replace"))
    return 500 <= code < 600 and found is not None and is_about_mailbox(found[1], found[2])


def is_about_mailbox(subject: str, detail: str) -> bool:
    """Of an enhanced status code its second and third number.

    >>> is_about_mailbox("1", "1"), is_about_mailbox("1", "8"), is_about_mailbox("2", "1"), is_about_mailbox("4", "7")
    (True, False, True, False)
    """
    is_of_sender = detail in {"7", "8"}  # bad sender's mailbox or system address
    return (subject == "1" and not is_of_sender) or (subject, detail) == ("2", "1")


def said(code: int, reply: bytes | str) -> str:
    """What the server said, in one line."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return one_line(f"{code} {text}")[:_REASON_LENGTH]


def in_words(error: Exception) -> str:
    """A fault in one line; it never holds what we have sent."""
    if isinstance(error, smtplib.SMTPResponseException):
        return said(error.smtp_code, error.smtp_error)
    return one_line(f"{type(error).__name__}: {error}")[:_REASON_LENGTH]
