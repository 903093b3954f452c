"""Whether the mail server that mails leave by takes them. Without SMTP the site sends them, and that is looked at with the site."""

from __future__ import annotations

import smtplib

from sidecar.errors import Misconfigured
from sidecar.i18n import _
from sidecar.mail.smtp import connect, in_words
from sidecar.mail.transport import smtp_server
from sidecar.service import Service
from sidecar.setup.findings import Finding, Severity


def look_at_mail(service: Service) -> list[Finding]:
    """Connects, encrypts and signs in; sends nothing. Leaves the machine."""
    if service.config.mail.transport != "smtp":
        return []
    advice = _("Until then mails wait. See [mail] in the configuration.")
    try:
        server = smtp_server(service.config)
        connection = connect(server)
        connection.noop()
        connection.quit()
    except Misconfigured as error:
        return [Finding("mail", Severity.PROBLEM, str(error), advice)]
    except (smtplib.SMTPException, OSError) as error:
        sentence = _("The mail server {host} takes no mails: {reason}")
        return [
            Finding(
                "mail", Severity.PROBLEM, sentence.format(host=server.host, reason=in_words(error)), advice
            )
        ]
    return [
        Finding("mail", Severity.OK, _("The mail server {host} takes our mails.").format(host=server.host))
    ]
