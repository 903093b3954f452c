"""The preview website: the demo's posts as each kind of viewer sees them, its members, its log, and the clock.

It answers on this machine alone. Another site's page in the same browser can neither read it (the Host header is checked against
DNS rebinding) nor change anything (a token in every form); posts are shown in a sandboxed frame, so their scripts do not run here.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from flask import Blueprint, Flask, abort, current_app, g, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Response

from jobs.access import end_access
from sidecar.access.rules import Decision, Outcome, Viewer, decide
from sidecar.activity.store import list_events
from sidecar.catalog.store import get_generation
from sidecar.db import reading
from sidecar.demo import store
from sidecar.demo.onlookers import VISITOR, Onlooker, list_onlookers
from sidecar.demo.paragraphs import with_paragraphs
from sidecar.demo.site_side import Answer, answer_changes
from sidecar.demo.stand_in import Placed, Shown, ask, lead_of, shown
from sidecar.demo.words import Words, event_type_word, offset_words, role_word, status_word
from sidecar.i18n import LANGUAGES, _, set_language
from sidecar.members.rules import sign_in_code
from sidecar.pages.memory import Knowledge
from sidecar.pages.messages import PageAnswer, View
from sidecar.service import Service, service
from sidecar.wordpress.bridge import SIGNED_PATH
from sidecar.wordpress.permalinks import get_permalink

preview = Blueprint(
    "preview", __name__, template_folder="templates", static_folder="static", static_url_path="/preview-files"
)

MOVES = {"1": timedelta(days=1), "7": timedelta(days=7)}
LOG_LINES = 100
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


@dataclass(frozen=True)
class Doorkeeper:
    """`hosts`: what the Host header may say. `token`: what a form must carry."""

    hosts: frozenset[str]
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))


def add_preview(app: Flask, port: int) -> None:
    """Put the preview into `app`, which answers on `port` of this machine."""
    suffix = "" if port == 80 else f":{port}"
    hosts = frozenset(f"{name}{suffix}" for name in ("127.0.0.1", "localhost"))
    app.extensions["gatepost_demo"] = Doorkeeper(hosts)
    app.register_blueprint(preview)


def _doorkeeper() -> Doorkeeper:
    return cast(Doorkeeper, current_app.extensions["gatepost_demo"])


# --- the door ----------------------------------------------------------------------------------------------------


@preview.before_app_request
def check_host() -> Response | None:
    """Only under its own names: a foreign name that points here is an attack from a web page."""
    if request.headers.get("Host", "").lower() in _doorkeeper().hosts:
        return None
    return current_app.make_response(("This demo answers as 127.0.0.1 or localhost only.\n", 421))


@preview.before_request
def choose_language() -> None:
    """`?lang=`, else what was chosen before, else the browser's."""
    asked = request.args.get("lang") or request.cookies.get("lang") or ""
    g.language = asked if asked in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "en"
    set_language(g.language)


@preview.teardown_request
def forget_language(_error: BaseException | None = None) -> None:
    """The thread may serve the bridge next."""
    set_language("en")


@preview.after_request
def protect_page(response: Response) -> Response:
    """No foreign content, no framing, no caching."""
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    if request.args.get("lang") in LANGUAGES:
        response.set_cookie("lang", g.language, samesite="Lax", httponly=True)
    return response


@preview.errorhandler(HTTPException)
def show_error(error: HTTPException) -> tuple[str, int]:
    """A page instead of the bridge's JSON."""
    sentence = _("There is no such page.") if isinstance(error, NotFound) else _("This request was refused.")
    return render_template("error.html", sentence=sentence), error.code or 500


# --- pages -------------------------------------------------------------------------------------------------------


@preview.get("/")
def overview() -> str | Response:
    """Every post and every viewer."""
    asked = request.args.get("p") or request.args.get("page_id")
    if asked and asked.isdigit():
        return redirect(url_for("preview.post", post_id=int(asked[:18])))
    with reading() as reader:
        site = _Site(reader)
        rows = [
            (placed.post, [site.decide(onlooker, placed) for onlooker in site.onlookers])
            for placed in site.posts
        ]
        return _page("overview.html", site, rows=rows)


@preview.get("/posts/<int:post_id>")
def post(post_id: int) -> str | Response:
    """One post as the chosen viewer sees it."""
    with reading() as reader:
        site = _Site(reader)
        placed = next((placed for placed in site.posts if placed.post.id == post_id), None)
        if placed is None:
            abort(404)
        answer = site.ask([placed], View(kind="singular", object=post_id, **_reading_of(placed.path)))
        seen = shown(placed.post, answer)
        number = min(max(request.args.get("page", 1, int), 1), len(seen.pages))
        frame = render_template(
            "site_post.html", site=site, post=placed.post, body=_body(seen, number), seen=seen
        )
        body = _page(
            "post.html", site, placed=placed, answer=answer, seen=seen, frame=frame, number=number,
            decision=site.decide(site.onlooker, placed), body_html=str(_body(seen, number)), rules=site.knowledge.book.deciding(placed.facts, placed.path),
            splices=_splices(placed, answer),
        )  # fmt: skip
        return _remembering(body, site.onlooker)


@preview.get("/blog")
def blog() -> str | Response:
    """All posts in one list, as the site's front page would show them: one question for all of them."""
    with reading() as reader:
        site = _Site(reader)
        posts = [placed for placed in site.posts if placed.post.type == "post"][::-1]
        answer = site.ask(posts, View(kind="home", **_reading_of("/")))
        items = [(placed.post, _teaser(shown(placed.post, answer))) for placed in posts]
        frame = render_template("site_blog.html", site=site, items=items)
        return _remembering(_page("blog.html", site, answer=answer, frame=frame), site.onlooker)


@preview.get("/members")
def members() -> str:
    """Who they are and what they hold."""
    with reading() as reader:
        return _page("members.html", _Site(reader))


@preview.get("/log")
def activity() -> str:
    """The newest events."""
    with reading() as reader:
        site = _Site(reader)
        return _page("log.html", site, **_log(reader, site))


@preview.get("/log/rows")
def log_rows() -> str:
    """The rows alone, for the script that keeps the log live."""
    with reading() as reader:
        site = _Site(reader)
        return render_template("log_rows.html", site=site, **_words_of_page(site), **_log(reader, site))


@preview.post("/clock")
def move_clock() -> Response:
    """Business time: forward, or back to now. What ends on the way ends at once."""
    _check_token()
    clock, move = service().clock, request.form.get("move", "")
    if move == "now":
        clock.offset = timedelta()
    elif move in MOVES:
        clock.move(MOVES[move])
    else:
        abort(400)
    end_access(service())
    return redirect(_back())


@preview.post("/")
def changes() -> Answer:
    """Where the plugin's own route is on a real site."""
    if request.args.get("rest_route") != SIGNED_PATH:
        abort(404)
    return answer_changes(service(), request)


@preview.get("/<path:path>")
def permalink(path: str) -> Response:
    """An address of the site leads to its post in the preview, as the viewer chosen last."""
    with reading() as reader:
        wanted = f"/{path.rstrip('/')}/"
        found = next((placed for placed in _Site(reader).posts if placed.path == wanted), None)
    if found is None:
        abort(404)
    return redirect(url_for("preview.post", post_id=found.post.id))


# --- what pages are made of --------------------------------------------------------------------------------------


class _Site:
    """What one request knows of the site: read once."""

    def __init__(self, reader: Session) -> None:
        the_service: Service = service()
        self.reader, self.service, self.now = reader, the_service, the_service.clock.now()
        rendering = the_service.rendering
        self.knowledge: Knowledge = rendering.memory.knowledge(reader, get_generation(reader))
        self.onlookers = list_onlookers(reader, the_service.tables)
        self.posts = [
            Placed(post, self._path(post.id)) for post in store.list_site_posts(reader, the_service.tables)
        ]
        self.onlooker = _chosen(self.onlookers)
        self.words = Words(
            levels=self.knowledge.levels,
            bundles=self.knowledge.bundles,
            posts={placed.post.id: placed.post.title for placed in self.posts},
            terms=store.list_term_names(reader, the_service.tables),
            zone=self.knowledge.site.zone,
            language=g.language,
        )

    def decide(self, onlooker: Onlooker, placed: Placed) -> Decision:
        """The decision that the answer follows from, for its reasons."""
        held = onlooker.member.entitlements if onlooker.member else ()
        viewer = Viewer(held, self.knowledge.kept_while_overdue, sees_all=onlooker.edits_everything)
        return decide(
            viewer, self.knowledge.book.deciding(placed.facts, placed.path), self.now, self.words.zone
        )

    def ask(self, posts: list[Placed], view: View) -> PageAnswer:
        """One page view by the chosen viewer, answered by the code that answers the bridge."""
        view.language = self.onlooker.locale or g.language
        return ask(
            self.service.rendering, self.reader, self.knowledge.book, self.onlooker, posts, view, self.now
        )

    def sign_in_code(self, onlooker: Onlooker) -> int:
        """0, or why this member may not sign in."""
        if onlooker.member is None or onlooker.is_administrator:
            return 0
        may = self.service.config.access.canceled_may_sign_in
        return sign_in_code(onlooker.member.level, self.now, canceled_may=may)

    def _path(self, post_id: int) -> str:
        home = self.knowledge.site.home
        url = get_permalink(self.reader, self.service.tables, self.knowledge.site, post_id)
        return "/" + url.removeprefix(home).lstrip("/").partition("?")[0]


def _chosen(onlookers: list[Onlooker]) -> Onlooker:
    """The viewer in the address, else the one chosen last, else the visitor."""
    wanted = request.args.get("viewer") or request.cookies.get("viewer") or ""
    return next((onlooker for onlooker in onlookers if str(onlooker.user_id) == wanted), VISITOR)


def _reading_of(path: str) -> dict[str, Any]:
    """The rest of a `View`: this counts as a reading, so the log shows it."""
    return {
        "url": path,
        "ip": request.remote_addr or "",
        "agent": request.user_agent.string[:300],
        "count": True,
    }


def _body(seen: Shown, number: int) -> Markup:
    """The HTML of a post's page. Authors' HTML, shown in a sandbox."""
    if not seen.is_closed:
        return Markup(with_paragraphs(seen.pages[number - 1]))  # noqa: S704
    return Markup(with_paragraphs(seen.text or seen.excerpt) + seen.notice)  # noqa: S704


def _teaser(seen: Shown) -> Markup:
    """A post in a list: its excerpt, else what stands before the fold, else the notice."""
    if seen.excerpt:
        return Markup(with_paragraphs(seen.excerpt))  # noqa: S704
    return Markup(with_paragraphs(lead_of(seen.text)) or seen.notice)  # noqa: S704


def _splices(placed: Placed, answer: PageAnswer) -> list[tuple[int, str, str]]:
    """(byte where it starts, what the author wrote, what stands there now)."""
    said, raw = answer.posts.get(str(placed.post.id)), placed.post.content.encode()
    if said is None:
        return []
    return [(start, raw[start:end].decode("utf-8", "replace"), text) for start, end, text in said.splices]


def _log(reader: Session, site: _Site) -> dict[str, Any]:
    who = request.args.get("member", 0, int)
    member = next((onlooker.member for onlooker in site.onlookers if onlooker.user_id == who), None)
    events = list_events(reader, member_id=member.id if member else None, limit=LOG_LINES)
    names = {onlooker.user_id: onlooker.name for onlooker in site.onlookers}
    return {"events": events, "names": names, "who": who if member else 0}


def _page(template: str, site: _Site, **values: Any) -> str:
    return render_template(template, site=site, **_words_of_page(site), **values)


def _words_of_page(site: _Site) -> Mapping[str, Any]:
    return {
        "Outcome": Outcome,
        "event_type_word": event_type_word,
        "offset": offset_words(round(site.service.clock.offset / timedelta(days=1))),
        "is_moved": bool(site.service.clock.offset),
        "role_word": role_word,
        "status_word": status_word,
        "token": _doorkeeper().token,
    }


@preview.app_context_processor
def common_values() -> dict[str, Any]:
    """In every template."""
    return {"_": _, "language": g.get("language", "en"), "languages": LANGUAGES}


def _remembering(body: str, onlooker: Onlooker) -> Response:
    response = current_app.make_response(body)
    response.set_cookie("viewer", str(onlooker.user_id), samesite="Lax", httponly=True)
    return response


def _check_token() -> None:
    if not secrets.compare_digest(request.form.get("token", "").encode(), _doorkeeper().token.encode()):
        abort(403)


def _back() -> str:
    """Where the form stood; only a path of our own."""
    path = request.form.get("back", "")
    return (
        path if path.startswith("/") and not path.startswith(("//", "/\\")) else url_for("preview.overview")
    )
