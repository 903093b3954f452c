"""Which way mails leave, as the configuration says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sidecar.config import Config
from sidecar.mail.carrying import Carrier, SiteCarrier, host_of
from sidecar.mail.smtp import SmtpCarrier, SmtpServer
from sidecar.wordpress.bridge import SiteAddress


@contextmanager
def open_carrier(config: Config, secret: str | None) -> Iterator[Carrier | None]:
    """For one run; None where nobody can take mails: the site is not paired. Raises Misconfigured for a password that cannot
    be read."""
    if config.mail.transport == "smtp":
        carrier = SmtpCarrier(smtp_server(config))
        try:
            yield carrier
        finally:
            carrier.close()
    else:
        yield None if secret is None else SiteCarrier(SiteAddress(config.site.url, secret))


def smtp_server(config: Config) -> SmtpServer:
    """The server of `[mail]`, with its password."""
    mail = config.mail
    return SmtpServer(
        mail.host, mail.port, mail.security, mail.user, config.mail_password(), mail.from_address, mail.from_name,
        mail.bounces_to, mail.timeout_seconds, host_of(config.site.url),
    )  # fmt: skip
