"""A bridge that signs as the real one does, for tests of the routes."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

from flask import Flask

from sidecar.signatures import HEADERS, Signed, is_answer_signed, sign_request
from tests.house import HOME, SECRET


class Bridge:
    """`ask` sends a signed request and checks the signature of the answer."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()

    def ask(self, path: str, content: Any = None, *, status: int = 200, **signing: Any) -> Any:
        body = content if isinstance(content, bytes) else json.dumps(content or {}).encode()
        response = self.send(path, body, **signing)
        assert response.status_code == status, response.get_data(as_text=True)
        request_id = response.request.headers["X-Gatepost-Id"]
        assert response.headers["X-Gatepost-Id"] == request_id
        signature = response.headers["X-Gatepost-Signature"]
        assert is_answer_signed(SECRET, request_id, status, response.get_data(), signature)
        return response.get_json()

    def send(self, path: str, body: bytes = b"{}", **signing: Any) -> Any:
        return self._client.post(path, data=body, headers=signed_headers(path, body, **signing))


def signed_headers(
    path: str,
    body: bytes,
    *,
    secret: str = SECRET,
    site: str = HOME,
    at: float | None = None,
    request_id: str | None = None,
) -> dict[str, str]:
    """The four headers, as right or as wrong as a test wants them."""
    bare = Signed(str(int(time.time() if at is None else at)), request_id or secrets.token_hex(16), site, "")
    values = (bare.time, bare.id, bare.site, sign_request(secret, "POST", path, bare, body))
    return dict(zip(HEADERS, values, strict=True))
