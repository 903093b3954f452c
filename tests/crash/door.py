"""Where the processor's webhooks arrive: verify, store, acknowledge, as the bridge's route does."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from sidecar.billing.gateways.gateway import BadWebhook
from sidecar.billing.hooks import receive_webhook
from sidecar.service import service
from tests.crash.worker import opened


def keep(folder: Path, port: int) -> None:
    """Answer until killed."""
    with opened(folder):
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

        class Keeper(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(_status(app, body, self.headers.get("Stripe-Signature", "")))
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Silence."""

        ThreadingHTTPServer(("127.0.0.1", port), Keeper).serve_forever()


def _status(app: Flask, body: bytes, signature: str) -> int:
    with app.app_context():
        try:
            receive_webhook(service().desk, body, signature)
        except BadWebhook:
            return 400
        except SQLAlchemyError:
            return 503
    return 200
