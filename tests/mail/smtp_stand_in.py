"""A real SMTP server (aiosmtpd) on a port of its own, which does on demand what servers do to mails."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "club", "open sesame"


class MailServer:
    """`received`: (sender, recipient, message) that it has answered 250 for, or taken and hung up. `answers`: what it says to a
    recipient; `on_data`: what it says at a message's end, or `drop` to hang up without a word. `is_stuck`: it thinks about a
    recipient until it is no more. `refuses_sender`: what it says to one."""

    def __init__(self) -> None:
        self.received: list[tuple[str, str, EmailMessage]] = []
        self.answers: dict[str, str] = {}
        self.on_data = self.refuses_sender = ""
        self.is_stuck = False
        self.sessions = 0
        self.signed_in: list[bytes] = []
        self.port = 0

    async def handle_EHLO(
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.sessions += 1
        return responses

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuses_sender:
            return self.refuses_sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        while self.is_stuck:
            await asyncio.sleep(0.01)
        answer = self.answers.get(address, "250 OK")
        if answer == "drop":
            server.transport.close()
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        if not self.on_data or self.on_data == "drop":
            message = message_from_bytes(cast(bytes, envelope.content), policy=default)
            self.received += [
                (envelope.mail_from or "", to, cast(EmailMessage, message)) for to in envelope.rcpt_tos
            ]
        if self.on_data == "drop":
            server.transport.close()
        return self.on_data or "250 OK"

    def authenticate(
        self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any
    ) -> AuthResult:
        is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        if is_right:
            self.signed_in.append(data.login)
        return AuthResult(success=is_right, handled=is_right)


class _OnAnyPort(Controller):
    """aiosmtpd asks whether it runs at the port that it was told, which is none here."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(certificate: Path | None = None, *, is_tls: bool = False) -> Iterator[MailServer]:
    """Running for this block. `certificate`: offers STARTTLS and signing in; with `is_tls` the whole connection is encrypted."""
    server = MailServer()
    options: dict[str, Any] = {"ssl_context": None}
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        options = {"ssl_context": context} if is_tls else {"tls_context": context, "require_starttls": True}
        options |= {
            "authenticator": server.authenticate,
            "auth_required": not is_tls,
            "auth_require_tls": not is_tls,
        }
    controller = _OnAnyPort(server, hostname="127.0.0.1", port=0, **options)
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        server.is_stuck = False
        controller.stop()


def a_certificate(folder: Path, host: str = "localhost") -> Path:
    """Key and self-signed certificate in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / f"{host}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
