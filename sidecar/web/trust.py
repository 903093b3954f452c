"""The guard in front of every route of the bridge, and the signature under every answer."""

from __future__ import annotations

import logging
import time

import msgspec
from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from sidecar.service import service
from sidecar.signatures import HEADERS, Signed, fault_of_headers, fault_of_request, sign_answer

log = logging.getLogger(__name__)
MAX_BODY_BYTES = 32 * 1024 * 1024

_SENTENCES = {
    "no_secret": "The sidecar has no secret yet: run `gatepost pair`.",
    "unsigned": "The request carries no signature.",
    "bad_signature": "The signature is not right: both sides must hold the same secret. Run `gatepost pair` again.",
    "stale": "The request's time is more than five minutes off: compare the clocks of both machines.",
}


def check_request() -> Response | None:
    """Before every route of the bridge: None lets it through, anything else is the answer.

    Of who shows no signature, or an old one, the body is not read.
    """
    the_service = service()
    g.signed = Signed(*(request.headers.get(name, "") for name in HEADERS))
    g.is_trusted = False
    if the_service.secret is None:
        return refusal("no_secret", 503)
    now = time.time()
    fault = fault_of_headers(g.signed, now) or fault_of_request(
        the_service.secret, request.method, request.full_path.rstrip("?"), g.signed, request.get_data(), now
    )
    if fault:
        return refusal(fault, 401)
    g.is_trusted = True
    if g.signed.site != the_service.config.site.url:
        sentence = f"This sidecar is paired with {the_service.config.site.url}, not with {g.signed.site}."
        return refusal("other_site", 403, sentence)
    return None


def sign_response(response: Response) -> Response:
    """After every route: a trusted request gets a signed answer."""
    secret = service().secret
    if g.get("is_trusted") and secret is not None:
        response.headers["X-Gatepost-Id"] = g.signed.id
        response.headers["X-Gatepost-Signature"] = sign_answer(
            secret, g.signed.id, response.status_code, response.get_data()
        )
    response.headers["Cache-Control"] = "no-store"
    return response


def refusal(code: str, status: int, sentence: str = "") -> Response:
    """A refusal as the protocol has it."""
    body = msgspec.json.encode({"error": code, "message": sentence or _SENTENCES.get(code, code)})
    return Response(body, status, content_type="application/json")


def register_errors(app: Flask) -> None:
    """The one map from what went wrong to an HTTP answer. No traceback ever leaves the process."""
    app.register_error_handler(msgspec.ValidationError, lambda error: refusal("bad_request", 400, str(error)))
    app.register_error_handler(
        msgspec.DecodeError, lambda _error: refusal("bad_request", 400, "the body is no JSON")
    )
    app.register_error_handler(RequestEntityTooLarge, lambda _error: refusal("too_large", 413))
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(HTTPException, _plain)
    app.register_error_handler(Exception, _unexpected)


def _database_away(error: OperationalError) -> Response:
    log.error("the database is away: %s", error.orig)
    return refusal("unavailable", 503, "The sidecar cannot reach its database.")


def _plain(error: HTTPException) -> Response:
    return refusal("not_found" if error.code == 404 else "bad_request", error.code or 500, error.name)


def _unexpected(_error: Exception) -> Response:
    current_app.logger.exception("%s %s failed", request.method, request.path)
    return refusal("unavailable", 500, "The sidecar failed at this request; its log says more.")
