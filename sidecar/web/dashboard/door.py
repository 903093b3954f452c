"""The dashboard's door: who may come in, what a form must carry, what browsers are told to forbid.

Every route names the right that it needs (`screen`), and without one there is no route. It fails closed: without a paired
secret nothing is shown, a request that neither the bridge nor the configured proxy has sent is none.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import unquote

from flask import Blueprint, Response, current_app, g, make_response, redirect, render_template, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from sidecar.activity.addresses import is_among, last_hop, parse_networks, real_ip
from sidecar.db import reading
from sidecar.errors import GatepostError, NotFound
from sidecar.i18n import LANGUAGES, _, language_of, ngettext, set_language
from sidecar.service import service
from sidecar.staff.rules import Person, Right, form_token
from sidecar.staff.signing_on import Lasting, NotSignedOn, find_person
from sidecar.web.dashboard.menu import menu_of, said
from sidecar.web.dashboard.place import COOKIE, PREFIX, Place, find_place, here, link, place_of_url, put_place
from sidecar.web.dashboard.words import Words
from sidecar.wordpress.options import get_site

dashboard = Blueprint("dashboard", __name__, url_prefix=PREFIX, template_folder="templates")
ASSETS = Path(__file__).parent / "assets"
ASSET_TYPES = {
    "dashboard.css": "text/css",
    "dashboard.js": "text/javascript",
    "htmx.js": "text/javascript",
    "gatepost.svg": "image/svg+xml",
}
PUBLIC: dict[str, str] = {}
"""Endpoints that need nobody signed on, and why."""
GUARDS: dict[str, Right] = {}
"""Every other endpoint, and the right that it needs."""

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
    "frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_LOOPBACK = parse_networks(["127.0.0.0/8", "::1"])
F = TypeVar("F", bound=Callable[..., Any])


def screen(rule: str, right: Right, *, methods: tuple[str, ...] = ("GET",)) -> Callable[[F], F]:
    """A route for those who have `right`."""

    def add(view: F) -> F:
        GUARDS[f"dashboard.{view.__name__}"] = right
        return dashboard.route(rule, methods=list(methods))(view)

    return add


def public(rule: str, why: str, *, methods: tuple[str, ...] = ("GET",)) -> Callable[[F], F]:
    """A route for everybody."""

    def add(view: F) -> F:
        PUBLIC[f"dashboard.{view.__name__}"] = why
        return dashboard.route(rule, methods=list(methods))(view)

    return add


# --- before a request -------------------------------------------------------------------------------------------------


@dashboard.before_request
def check_request() -> AnyResponse | None:
    """None lets it through, anything else is the answer."""
    the_service = service()
    place = find_place(request) or _place_of_proxy()
    if the_service.secret is None or place is None:
        return Response("There is no dashboard at this address.\n", 404, content_type="text/plain")
    put_place(request.environ, place)
    g.person, g.drawn = None, request.cookies.get(COOKIE, "")
    if request.endpoint == "dashboard.asset":
        return None
    if request.method == "POST" and not _is_of_our_page(place):
        _speak("")
        return _refused(_("This form belongs to another site."), 403)
    if g.drawn:
        g.person = find_person(the_service.tables, g.drawn, lasting())
    _speak(g.person.language if g.person else "")
    if request.endpoint in PUBLIC:
        return None
    return _guard(GUARDS.get(request.endpoint or ""))


def _guard(right: Right | None) -> AnyResponse | None:
    if g.person is None:
        return _to_sign_in()
    if right is None or not g.person.may(right):
        return _refused(_("Your role does not allow this."), 403)
    if request.method == "POST" and not secrets.compare_digest(
        request.form.get("csrf", "").encode(), form_token(g.drawn).encode()
    ):
        return _refused(_("This page was too old. Go back, reload it and try again."), 403)
    return None


def _place_of_proxy() -> Place | None:
    """Of a request that came by itself: only where a proxy is configured, and only under its name."""
    url = service().config.dashboard.address
    if not url:
        return None
    forwarded, remote = request.headers.get("X-Forwarded-For", ""), request.remote_addr or ""
    trusted = service().rendering.trusted_proxies
    # On a unix socket there is no address: only the web server may write to it, so what it added is the visitor's.
    ip = real_ip(remote, forwarded, trusted) if remote else last_hop(forwarded)
    if remote and not is_among(remote, trusted) and is_among(remote, _LOOPBACK):
        ip = last_hop(forwarded) or ip
    place = place_of_url(url, ip, sign_on=f"{service().config.site.url}/wp-admin/admin.php?page=gatepost")
    host = place.origin.partition("://")[2].lower()
    return place if request.host.lower() == host else None


def _is_of_our_page(place: Place) -> bool:
    """Browsers say where a form stood; what says nothing of it is no browser that we know."""
    origin, fetched_from = request.headers.get("Origin", ""), request.headers.get("Sec-Fetch-Site", "")
    return origin == place.origin and fetched_from in {"same-origin", ""}


def _speak(locale: str) -> None:
    g.language = _spoken(locale)
    set_language(g.language)


def _spoken(locale: str) -> str:
    """The person's language, else that of the site; nobody's: the browser's."""
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        return asked
    if locale:
        return language_of(locale)
    if here().locale:
        return language_of(here().locale)
    return request.accept_languages.best_match(LANGUAGES) or "en"


def _to_sign_in() -> AnyResponse:
    """htmx follows no redirection to another page by itself: it is told to."""
    if request.headers.get("HX-Request"):
        return Response("", 401, {"HX-Redirect": link("sign_in")})
    return redirect(link("sign_in"), 303)


def _refused(sentence: str, status: int) -> AnyResponse:
    outside = "" if g.get("person") else "_outside"
    return make_response(render_template(f"dashboard/refused{outside}.html", sentence=sentence), status)


# --- after it ---------------------------------------------------------------------------------------------------------


@dashboard.after_request
def protect(response: AnyResponse) -> AnyResponse:
    """No foreign content, no framing, no caching but of assets, whose address changes with them. A screen may bring a policy
    of its own (`mail_previews`)."""
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("X-Frame-Options", "DENY")
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    if request.endpoint == "dashboard.asset" and response.status_code == 200:
        response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    else:
        response.headers["Cache-Control"] = "private, no-store"
    return response


@dashboard.teardown_request
def forget_language(_error: BaseException | None = None) -> None:
    """The thread may serve the bridge next."""
    set_language("en")


@dashboard.errorhandler(NotSignedOn)
def show_not_signed_on(error: NotSignedOn) -> AnyResponse:
    """Back to the door, with the reason."""
    return make_response(
        render_template("dashboard/sign_in.html", problem=str(error), may_type=may_type()), 403
    )


@dashboard.errorhandler(GatepostError)
def show_refusal(error: GatepostError) -> AnyResponse:
    """What a verb has refused, in its own words."""
    return _refused(str(error), 404 if isinstance(error, NotFound) else 409)


@dashboard.errorhandler(HTTPException)
def show_http(error: HTTPException) -> AnyResponse:
    """A page, not JSON."""
    sentence = _("There is no such page.") if error.code == 404 else _("This request was refused.")
    return _refused(sentence, error.code or 500)


@dashboard.errorhandler(OperationalError)
def show_database_away(error: OperationalError) -> AnyResponse:
    """Said plainly; the log says more."""
    current_app.logger.error("the database is away: %s", error.orig)
    return _refused(_("The database does not answer. Nothing was changed."), 503)


@dashboard.errorhandler(Exception)
def show_failure(_error: Exception) -> AnyResponse:
    """No traceback ever leaves the process."""
    current_app.logger.exception("%s %s failed", request.method, request.path)
    return _refused(_("That failed. The log of the service says why."), 500)


# --- for screens ------------------------------------------------------------------------------------------------------


def person() -> Person:
    """Who is signed on; only behind a guard."""
    return cast(Person, g.person)


def lasting() -> Lasting:
    """How long sessions last here."""
    asked = service().config.dashboard
    return Lasting(asked.idle_minutes * 60.0, asked.longest_hours * 3600.0)


def may_type() -> bool:
    """Whether one may sign on with a password."""
    return service().config.dashboard.password_sign_in


def set_cookie(response: AnyResponse, drawn: str) -> AnyResponse:
    """Keep the session in the browser, as long as it runs; '' takes it away."""
    place = here()
    response.set_cookie(
        COOKIE, drawn, path=place.cookie_path, secure=place.is_secure, httponly=True, samesite="Lax",
        max_age=None if drawn else 0,
    )  # fmt: skip
    return response


@cache
def _asset_version(name: str) -> str:
    return hashlib.sha256((ASSETS / name).read_bytes()).hexdigest()[:12]


def asset_link(name: str) -> str:
    """Of a file of ours; the address changes with the file."""
    return link("asset", name=name, v=_asset_version(name))


@public("/assets/<name>", "style and script hold nothing of anybody")
def asset(name: str) -> AnyResponse:
    """One of the few files."""
    if name not in ASSET_TYPES:
        return Response("", 404)
    return Response((ASSETS / name).read_bytes(), content_type=f"{ASSET_TYPES[name]}; charset=utf-8")


@dataclass(frozen=True)
class Frame:
    """What every screen needs of the site: its name, its time zone, and now in business time."""

    name: str
    zone: tzinfo
    now: datetime


def frame() -> Frame:
    """Of this request; the site is read once."""
    if "frame" not in g:
        with reading() as reader:
            site = get_site(reader, service().tables)
        g.frame = Frame(site.name or site.home, site.zone, service().clock.now())
    return cast(Frame, g.frame)


def words() -> Words:
    """How this page says things."""
    return Words(g.language, frame().zone, frame().now)


@dashboard.context_processor
def shared_values() -> dict[str, Any]:
    """In every template."""
    who: Person | None = g.get("person")
    shared: dict[str, Any] = {
        "_": _, "ngettext": ngettext, "link": link, "asset": asset_link, "person": who, "language": g.get("language", "en"),
        "may": lambda right: who is not None and who.may(Right(right)),
        "route_of": _route_field, "sign_on": here().sign_on,
    }  # fmt: skip
    if who is None:
        return shared
    return {
        **shared, "csrf": form_token(g.drawn), "site_name": frame().name, "now": frame().now, "words": words(),
        "menu": lambda at: menu_of(who, at), "at": _screen_at(),
        "said": said(request.args.get("said", "")),
        "is_part": bool(request.headers.get("HX-Request")) and not request.headers.get("HX-Boosted"),
    }  # fmt: skip


def _screen_at() -> str:
    """The screen that is shown, as the menu knows it; forms of rules are made like those of what is sold."""
    is_rule = (request.view_args or {}).get("kind") == "rules"
    return "rules" if is_rule else (request.endpoint or "").removeprefix("dashboard.")


def _route_field(endpoint: str, **values: object) -> str:
    """What a GET form must send along in a field of its own where addresses are parameters; '' where they are paths."""
    if not here().by_query:
        return ""
    return unquote(link(endpoint, **values).partition("gatepost=")[2].partition("&")[0])


@dashboard.app_template_filter("map_money")
def amounts_in_words(amounts: Iterable[tuple[str, int]], say: Words) -> str:
    """Several currencies beside each other; '' for none."""
    return ", ".join(say.money(minor, currency) for currency, minor in amounts if minor)


@dashboard.app_template_filter("sum_of")
def sum_of(days: Iterable[Mapping[str, int]], currency: str) -> int:
    """Of one currency over many days."""
    return sum(amounts.get(currency, 0) for amounts in days)
