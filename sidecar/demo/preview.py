"""The preview website: the demo's posts as each kind of viewer sees them, its members, its log, and the clock.

It answers on this machine alone. Another site's page in the same browser can neither read it nor change anything (see `door`);
posts are shown in a sandboxed frame, so that their scripts do not run here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, abort, current_app, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from jobs.access import end_access
from sidecar.activity.store import list_events
from sidecar.db import reading
from sidecar.demo.door import check_token, doorkeeper, doorkeeper_for, guard
from sidecar.demo.onlookers import Onlooker
from sidecar.demo.paragraphs import with_paragraphs
from sidecar.demo.scene import Scene
from sidecar.demo.site_side import Answer, answer_changes
from sidecar.demo.stand_in import Placed, Shown, lead_of, shown
from sidecar.demo.words import event_type_word, offset_words, role_word, status_word
from sidecar.pages.messages import PageAnswer, View
from sidecar.service import service
from sidecar.wordpress.bridge import SIGNED_PATH

preview = Blueprint(
    "preview", __name__, template_folder="templates", static_folder="static", static_url_path="/preview-files"
)
guard(preview)

MOVES = {"1": timedelta(days=1), "7": timedelta(days=7)}
FARTHEST = timedelta(days=3650)
LOG_LINES = 100


def add_preview(app: Flask, port: int) -> None:
    """Put the preview into `app`, which answers on `port` of this machine."""
    app.extensions["gatepost_demo"] = doorkeeper_for(port)
    app.register_blueprint(preview)


@preview.get("/")
def overview() -> str | Response:
    """Every post and every viewer."""
    asked = request.args.get("p") or request.args.get("page_id") or ""
    if asked.isdecimal():
        return redirect(url_for("preview.post", post_id=int(asked[:18])))
    with reading() as reader:
        scene = Scene(reader)
        rows = [
            (placed.post, [scene.decide(who, placed) for who in scene.onlookers]) for placed in scene.posts
        ]
        return _page("overview.html", scene, rows=rows)


@preview.get("/posts/<int:post_id>")
def post(post_id: int) -> Response:
    """One post as the chosen viewer sees it."""
    with reading() as reader:
        scene = Scene(reader)
        placed = next((placed for placed in scene.posts if placed.post.id == post_id), None)
        if placed is None:
            abort(404)
        answer = scene.ask([placed], View(kind="singular", object=post_id, **_reading_of(placed.path)))
        seen = shown(placed.post, answer)
        number = min(max(request.args.get("page", 1, int), 1), len(seen.pages))
        body = _body(seen, number)
        page = _page(
            "post.html",
            scene,
            placed=placed,
            answer=answer,
            seen=seen,
            number=number,
            body_html=str(body),
            frame=render_template("site_post.html", site=scene, post=placed.post, body=body, seen=seen),
            decision=scene.decide(scene.onlooker, placed),
            rules=scene.knowledge.book.deciding(placed.facts, placed.path),
            splices=_splices(placed, answer),
        )
        return _remembering(page, scene.onlooker)


@preview.get("/blog")
def blog() -> Response:
    """All posts in one list, as the site's front page would show them: one question for all of them."""
    with reading() as reader:
        scene = Scene(reader)
        posts = [placed for placed in scene.posts if placed.post.type == "post"][::-1]
        answer = scene.ask(posts, View(kind="home", **_reading_of("/")))
        items = [(placed.post, _teaser(shown(placed.post, answer))) for placed in posts]
        frame = render_template("site_blog.html", site=scene, items=items)
        return _remembering(_page("blog.html", scene, answer=answer, frame=frame), scene.onlooker)


@preview.get("/members")
def members() -> str:
    """Who they are and what they hold."""
    with reading() as reader:
        return _page("members.html", Scene(reader))


@preview.get("/log")
def activity() -> str:
    """The newest events."""
    with reading() as reader:
        scene = Scene(reader)
        return _page("log.html", scene, **_log(reader, scene))


@preview.get("/log/rows")
def log_rows() -> str:
    """The rows alone, for the script that keeps the log live."""
    with reading() as reader:
        scene = Scene(reader)
        return _page("log_rows.html", scene, **_log(reader, scene))


@preview.post("/clock")
def move_clock() -> Response:
    """Business time: forward, or back to now. What ends on the way ends at once."""
    check_token()
    clock, move = service().clock, request.form.get("move", "")
    if move == "now":
        clock.offset = timedelta()
    elif move in MOVES:
        clock.offset = min(clock.offset + MOVES[move], FARTHEST)
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
        found = next((placed for placed in Scene(reader).posts if placed.path == wanted), None)
    if found is None:
        abort(404)
    return redirect(url_for("preview.post", post_id=found.post.id))


# --- what pages are made of --------------------------------------------------------------------------------------


def _page(template: str, scene: Scene, **values: Any) -> str:
    offset = service().clock.offset
    return render_template(
        template,
        site=scene,
        event_type_word=event_type_word,
        is_moved=bool(offset),
        offset=offset_words(round(offset / timedelta(days=1))),
        role_word=role_word,
        status_word=status_word,
        token=doorkeeper().token,
        **values,
    )


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


def _log(reader: Session, scene: Scene) -> dict[str, Any]:
    who = request.args.get("member", 0, int)
    member = next((onlooker.member for onlooker in scene.onlookers if onlooker.user_id == who), None)
    events = list_events(reader, member_id=member.id if member else None, limit=LOG_LINES)
    names = {onlooker.user_id: onlooker.name for onlooker in scene.onlookers}
    return {"events": events, "names": names, "who": who if member else 0}


def _remembering(body: str, onlooker: Onlooker) -> Response:
    response = current_app.make_response(body)
    response.set_cookie("viewer", str(onlooker.user_id), samesite="Lax", httponly=True)
    return response


def _back() -> str:
    """Where the form stood; only a path of our own."""
    path = request.form.get("back", "")
    return (
        path if path.startswith("/") and not path.startswith(("//", "/\\")) else url_for("preview.overview")
    )
