"""The dashboard through the bridge: a browser's request comes in an envelope, and its answer goes back in one.

The envelope is signed like every call of the bridge and the answer like every answer, headers and all: so the site needs no
configuration, and nothing that stands between can change a page. An export comes in pieces: an answer with `more` says how
the next one is asked for.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from flask import Blueprint, Response, current_app, request
from werkzeug.test import EnvironBuilder, run_wsgi_app

from sidecar.activity.addresses import real_ip
from sidecar.errors import Refused
from sidecar.i18n import language_of, speaking
from sidecar.pages.messages import RowId, ShortText
from sidecar.service import service
from sidecar.staff.signing_on import make_link
from sidecar.web.dashboard.exporting import MORE
from sidecar.web.dashboard.place import COOKIE, PREFIX, Place, put_place
from sidecar.web.few import one_of_few
from sidecar.web.trust import check_request, refusal, sign_response

staff_bridge = Blueprint("staff_bridge", __name__, url_prefix="/bridge/v1")
staff_bridge.before_request(check_request)
staff_bridge.after_request(sign_response)

MAX_POST_BYTES = 1024 * 1024
_ASKED = (
    "Accept-Language", "Content-Type", "HX-Boosted", "HX-Current-URL", "HX-Request", "HX-Target", "HX-Trigger", "Origin",
    "Sec-Fetch-Site", "User-Agent",
)  # fmt: skip
_ANSWERED = (
    "Cache-Control", "Content-Disposition", "Content-Security-Policy", "Content-Type", "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy", "HX-Push-Url", "HX-Redirect", "HX-Refresh", "Location", "Referrer-Policy", "Retry-After",
    "X-Content-Type-Options", "X-Frame-Options", "X-Robots-Tag",
)  # fmt: skip
_Path = Annotated[str, msgspec.Meta(max_length=2000)]
_Header = Annotated[str, msgspec.Meta(max_length=4000)]


class Envelope(msgspec.Struct):
    """`POST /bridge/v1/dashboard`. `path`: below the dashboard, with its slash; `query`: raw, without `?`. `base`: see `Place`.
    `cookie`: the value of our one cookie. `body`: base64. `ip`, `forwarded`: as in events."""

    method: str
    path: _Path
    base: _Path
    query: Annotated[str, msgspec.Meta(max_length=8000)] = ""
    by_query: bool = False
    sign_on: _Path = ""
    headers: dict[str, _Header] = {}
    cookie: Annotated[str, msgspec.Meta(max_length=200)] = ""
    body: Annotated[str, msgspec.Meta(max_length=MAX_POST_BYTES * 3 // 2)] = ""
    ip: ShortText = ""
    forwarded: _Header = ""
    language: ShortText = ""


class Answer(msgspec.Struct):
    """What the browser gets. `cookies`: whole Set-Cookie headers. `text`, or `bytes` in base64 for what is no text.
    `more`: the query by which the rest is asked for, '' at the end."""

    status: int
    headers: dict[str, str]
    cookies: list[str]
    text: str
    bytes: str = ""
    more: str = ""


class LinkRequest(msgspec.Struct):
    """`POST /bridge/v1/dashboard/link`: WordPress has this user signed in, and in its admin pages."""

    user: RowId
    language: ShortText = ""


@staff_bridge.post("/dashboard")
def dashboard_request() -> Response:
    """One request of a browser."""
    asked = msgspec.json.decode(request.get_data(), type=Envelope)
    if asked.method not in {"GET", "HEAD", "POST"} or not asked.path.startswith("/"):
        return refusal("bad_request", 400, "method or path: the dashboard knows no such thing")
    with one_of_few() as is_free:
        if not is_free:
            return refusal("busy", 409, "So much is being worked on that this must come again.")
        return Response(msgspec.json.encode(_ask_ourselves(asked)), content_type="application/json")


@staff_bridge.post("/dashboard/link")
def dashboard_link() -> Response:
    """A one-time link for somebody who may use the dashboard."""
    asked, the_service = msgspec.json.decode(request.get_data(), type=LinkRequest), service()
    with speaking(language_of(asked.language)):
        try:
            content = {"token": make_link(the_service.tables, asked.user), "message": ""}
        except Refused as error:
            content = {"token": "", "message": str(error)}
    return Response(msgspec.json.encode(content), content_type="application/json")


def _ask_ourselves(asked: Envelope) -> Answer:
    """Have the screens of this process answer, as if the browser had come by itself."""
    environ = _environ_of(asked)
    put_place(environ, _place_of(asked))
    chunks, status, headers = run_wsgi_app(current_app.wsgi_app, environ, buffered=True)
    body = b"".join(chunks)
    kept = {name: headers[name] for name in _ANSWERED if name in headers}
    is_text = headers.get("Content-Type", "").startswith(("text/", "image/svg"))
    return Answer(
        status=int(status.partition(" ")[0]),
        headers=kept,
        cookies=[text for text in headers.getlist("Set-Cookie") if text.startswith(f"{COOKIE}=")],
        text=body.decode("utf-8") if is_text else "",
        bytes="" if is_text else base64.b64encode(body).decode("ascii"),
        more=headers.get(MORE, ""),
    )


def _place_of(asked: Envelope) -> Place:
    the_service = service()
    site = urlsplit(the_service.config.site.url)
    return Place(
        origin=f"{site.scheme}://{site.netloc}",
        base=asked.base,
        ip=real_ip(asked.ip, asked.forwarded, the_service.rendering.trusted_proxies),
        by_query=asked.by_query,
        sign_on=asked.sign_on,
        locale=asked.language,
    )


def _environ_of(asked: Envelope) -> dict[str, object]:
    headers = {name: asked.headers[name] for name in _ASKED if name in asked.headers}
    if asked.cookie.replace("-", "").replace("_", "").isalnum() and asked.cookie.isascii():
        headers["Cookie"] = f"{COOKIE}={asked.cookie}"
    try:
        body = base64.b64decode(asked.body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise msgspec.ValidationError("body: no base64") from error
    content_type = headers.pop("Content-Type", None)
    builder = EnvironBuilder(
        path=PREFIX + asked.path, query_string=asked.query, method=asked.method, headers=list(headers.items()),
        data=body or None, content_type=content_type, base_url=service().config.site.url.partition("#")[0],
    )  # fmt: skip
    environ = dict(builder.get_environ())
    environ["gatepost.by_bridge"] = True
    environ["SCRIPT_NAME"], environ["PATH_INFO"] = "", PREFIX + asked.path
    return environ
