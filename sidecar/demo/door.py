"""The preview's door: under which name one may come in, in which language, and what browsers are told to forbid."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any, cast

from flask import Blueprint, abort, current_app, g, redirect, render_template, request
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Response

from sidecar.errors import GatepostError
from sidecar.i18n import LANGUAGES, _, set_language

_POLICY = {
    "default-src": "'none'", "style-src": "'self'", "script-src": "'self'", "img-src": "'self' data:",
    "connect-src": "'self'", "form-action": "'self'", "frame-ancestors": "'none'", "base-uri": "'none'",
}  # fmt: skip


@dataclass(frozen=True)
class Doorkeeper:
    """`home`: the name under which the site's own addresses lead here; `hosts`: what the Host header may say. `token`: what a
    form must carry."""

    home: str
    hosts: frozenset[str]
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))


def doorkeeper_for(port: int) -> Doorkeeper:
    """For an app that answers on `port` of this machine."""
    suffix = "" if port == 80 else f":{port}"
    names = [f"{name}{suffix}" for name in ("127.0.0.1", "localhost")]
    return Doorkeeper(names[0], frozenset(names))


def doorkeeper() -> Doorkeeper:
    """The current app's."""
    return cast(Doorkeeper, current_app.extensions["gatepost_demo"])


def guard(pages: Blueprint) -> None:
    """Put the door before `pages`; the check of the name stands before everything the app answers, the bridge's routes too."""
    pages.before_app_request(check_host)
    pages.before_request(lead_home)
    pages.before_request(choose_language)
    pages.after_request(protect_page)
    pages.teardown_request(forget_language)
    pages.register_error_handler(HTTPException, show_error)
    pages.register_error_handler(GatepostError, show_refusal)
    pages.app_context_processor(common_values)


def check_host() -> Response | None:
    """Only under its own names: a foreign name that points here is an attack from a web page (DNS rebinding)."""
    if request.headers.get("Host", "").lower() in doorkeeper().hosts:
        return None
    return current_app.make_response(("This demo answers as 127.0.0.1 or localhost only.\n", 421))


def lead_home() -> Response | None:
    """Pages stand under one name: a form sends to the site's own address, which is another site's under another name."""
    if request.method != "GET" or request.headers.get("Host", "").lower() == doorkeeper().home:
        return None
    return redirect(f"http://{doorkeeper().home}{request.full_path.rstrip('?')}")


def check_token() -> None:
    """Of a form: it was ours, not another site's."""
    if not secrets.compare_digest(request.form.get("token", "").encode(), doorkeeper().token.encode()):
        abort(403)


def choose_language() -> None:
    """`?lang=`, else what was chosen before, else the browser's."""
    asked = request.args.get("lang") or request.cookies.get("lang") or ""
    g.language = asked if asked in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "en"
    set_language(g.language)


def forget_language(_error: BaseException | None = None) -> None:
    """The thread may serve the bridge next."""
    set_language("en")


def allow(**sources: str) -> None:
    """More for this page than `'self'`: `style_src="'unsafe-inline'"`."""
    g.more_policy = {name.replace("_", "-"): f"'self' {value}" for name, value in sources.items()}


def protect_page(response: Response) -> Response:
    """No foreign content, no framing, no caching."""
    policy = {**_POLICY, **g.get("more_policy", {})}
    response.headers["Content-Security-Policy"] = "; ".join(
        f"{name} {value}" for name, value in policy.items()
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    if request.args.get("lang") in LANGUAGES:
        response.set_cookie("lang", g.language, samesite="Lax", httponly=True)
    return response


def show_error(error: HTTPException) -> tuple[str, int]:
    """A page instead of the bridge's JSON."""
    sentence = _("There is no such page.") if isinstance(error, NotFound) else _("This request was refused.")
    return render_template("error.html", sentence=sentence), error.code or 500


def show_refusal(error: GatepostError) -> tuple[str, int]:
    """Such as a test processor that somebody has ended."""
    return render_template("error.html", sentence=str(error)), 503


def common_values() -> dict[str, Any]:
    """In every template."""
    return {"_": _, "language": g.get("language", "en"), "languages": LANGUAGES}
