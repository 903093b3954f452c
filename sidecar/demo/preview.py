"""The preview website: the demo's posts as each kind of viewer sees them, its members, its log, and the clock.

It answers on this machine alone. Another site's page in the same browser can neither read it nor change anything (see `door`);
posts are shown in a sandboxed frame, so that their scripts do not run here. A page with a form stands outside of one, as the
form's own script must run.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Flask, abort, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from sidecar.activity.store import list_events
from sidecar.billing.store import list_attempts, list_orders
from sidecar.db import reading
from sidecar.demo import form_side, inbox_pages, invoice_side, payment_pages, staff_side
from sidecar.demo.door import allow, check_token, doorkeeper_for
from sidecar.demo.inbox import Inbox
from sidecar.demo.pages import inbox, preview, remembering, render_page, travelling, where_form_stood
from sidecar.demo.paragraphs import with_paragraphs
from sidecar.demo.people import ADA
from sidecar.demo.scene import Scene
from sidecar.demo.school import ACCOUNT, FIRST_LESSON, JOIN
from sidecar.demo.site_side import Answer, answer_changes
from sidecar.demo.stand_in import Placed, Shown, lead_of, shown
from sidecar.demo.story import Story, story_of
from sidecar.demo.travelling import Travelling
from sidecar.pages.forms.invoices import PARAMETER
from sidecar.pages.messages import PageAnswer, View
from sidecar.pages.previewing import marks_of
from sidecar.service import service
from sidecar.wordpress.bridge import SIGNED_PATH

ROUTES = (form_side, inbox_pages, payment_pages, staff_side)
"""Modules that add their pages to the blueprint."""
MOVES = {"1": timedelta(days=1), "7": timedelta(days=7), "30": timedelta(days=30)}
FARTHEST_LEAP = timedelta(days=366)
LOG_LINES = 100
_OF_THE_TOOL = ("viewer", "lang", "page")
"""Parameters of an address that are the preview's and not the site's."""


def add_preview(app: Flask, port: int, the_travelling: Travelling) -> None:
    """Put the preview into `app`, which answers on `port` of this machine."""
    app.extensions["gatepost_demo"] = doorkeeper_for(port)
    app.extensions["gatepost_travelling"] = the_travelling
    app.extensions["gatepost_inbox"] = Inbox(app.extensions["gatepost"].config.state_dir)
    app.register_blueprint(preview)


@preview.get("/")
def overview() -> str | Response:
    """Every post and every viewer."""
    asked = request.args.get("p") or request.args.get("page_id") or ""
    if asked.isdecimal():
        return redirect(url_for("preview.post", post_id=int(asked[:18])))
    with reading() as reader:
        scene = Scene(reader)
        if PARAMETER in request.args:
            user_id = scene.onlooker.user_id or 0
            return invoice_side.invoice_file(user_id, request.args[PARAMETER], scene.words.language)
        rows = [
            (placed.post, [scene.decide(who, placed) for who in scene.onlookers]) for placed in scene.posts
        ]
        story = _story(reader, scene)
        pages = {"account": ACCOUNT, "lesson": FIRST_LESSON, "join": JOIN}
        return render_page("overview.html", scene, rows=rows, story=story, pages=pages)


@preview.get("/posts/<int:post_id>")
def post(post_id: int) -> Response:
    """One post as the chosen viewer sees it."""
    with reading() as reader:
        scene = Scene(reader)
        placed = next((placed for placed in scene.posts if placed.post.id == post_id), None)
        if placed is None:
            abort(404)
        answer = scene.ask([placed], View(kind="singular", object=post_id, **_reading_of(_address(placed))))
        seen = shown(placed.post, answer)
        number = min(max(request.args.get("page", 1, int), 1), len(seen.pages))
        body = _body(seen, number)
        has_form = form_side.MARK in body
        if has_form:
            processor = travelling().control.url
            allow(script_src=processor, connect_src=processor, style_src="'unsafe-inline'")
        page = render_page(
            "post.html",
            scene,
            placed=placed,
            address=_address(placed),
            has_form=has_form,
            answer=answer,
            seen=seen,
            number=number,
            body=body,
            body_html=str(body),
            frame=render_template("site_post.html", site=scene, post=placed.post, body=body, seen=seen),
            decision=scene.decide(scene.onlooker, placed),
            rules=scene.knowledge.book.deciding(placed.facts),
            splices=_splices(placed, answer),
            marks=_marks(reader, scene, post_id),
        )
        return remembering(page, scene.onlooker)


@preview.get("/blog")
def blog() -> Response:
    """All posts in one list, as the site's front page would show them: one question for all of them."""
    with reading() as reader:
        scene = Scene(reader)
        posts = [placed for placed in scene.posts if placed.post.type == "post"][::-1]
        answer = scene.ask(posts, View(kind="home", **_reading_of("/")))
        items = [(placed.post, _teaser(shown(placed.post, answer))) for placed in posts]
        frame = render_template("site_blog.html", site=scene, items=items)
        return remembering(render_page("blog.html", scene, answer=answer, frame=frame), scene.onlooker)


@preview.get("/members")
def members() -> str:
    """Who they are and what they hold."""
    with reading() as reader:
        return render_page("members.html", Scene(reader))


@preview.get("/log")
def activity() -> str:
    """The newest events."""
    with reading() as reader:
        scene = Scene(reader)
        return render_page("log.html", scene, **_log(reader, scene))


@preview.get("/log/rows")
def log_rows() -> str:
    """The rows alone, for the script that keeps the log live."""
    with reading() as reader:
        scene = Scene(reader)
        return render_page("log_rows.html", scene, **_log(reader, scene))


@preview.post("/clock")
def move_clock() -> Response:
    """Both clocks, forward; what falls due on the way is done. `to`: a moment in place of a number of days."""
    check_token()
    now, move, to = service().clock.now(), request.form.get("move", ""), request.form.get("to", "")
    if move in MOVES:
        travelling().go_to(now + MOVES[move])
    elif to.isdecimal():
        travelling().go_to(min(datetime.fromtimestamp(int(to[:11]), UTC), now + FARTHEST_LEAP))
    else:
        abort(400)
    return redirect(where_form_stood())


@preview.post("/")
def changes() -> Answer:
    """Where the plugin's own route is on a real site."""
    if request.args.get("rest_route") != SIGNED_PATH:
        abort(404)
    return answer_changes(service(), inbox(), request)


@preview.get("/<path:path>")
def permalink(path: str) -> Response:
    """An address of the site leads to its post in the preview, as the viewer chosen last."""
    with reading() as reader:
        wanted = f"/{path.rstrip('/')}/"
        found = next((placed for placed in Scene(reader).posts if placed.path == wanted), None)
    if found is None:
        abort(404)
    query = urlencode(_query_of_site())
    return redirect(url_for("preview.post", post_id=found.post.id) + (f"?{query}" if query else ""))


# --- what pages are made of --------------------------------------------------------------------------------------


def _story(reader: Session, scene: Scene) -> Story | None:
    """Of Ada's newest order that ever gave her something."""
    ada = next((who for who in scene.onlookers if who.login == ADA), None)
    if ada is None or ada.member is None:
        return None
    orders = [order for order in list_orders(reader, ada.member.id) if order.activated_at is not None]
    return story_of(ada.user_id, orders[-1], list_attempts(reader, orders[-1].id)) if orders else None


def _query_of_site() -> dict[str, str]:
    return {name: value for name, value in request.args.items() if name not in _OF_THE_TOOL}


def _address(placed: Placed) -> str:
    """The path and query under which the site would show this page."""
    query = urlencode(_query_of_site())
    return f"{placed.path}?{query}" if query else placed.path


def _reading_of(address: str) -> dict[str, Any]:
    """The rest of a `View`: this counts as a reading, so the log shows it."""
    return {
        "url": address,
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


def _marks(reader: Session, scene: Scene, post_id: int) -> list[dict[str, Any]]:
    """What its author wrote wrongly."""
    may_open = scene.service.config.access.decisions_open_pages
    return marks_of(reader, scene.service.tables, scene.knowledge, post_id, decisions_open_pages=may_open)


def _log(reader: Session, scene: Scene) -> dict[str, Any]:
    who = request.args.get("member", 0, int)
    member = next((onlooker.member for onlooker in scene.onlookers if onlooker.user_id == who), None)
    events = list_events(reader, member_id=member.id if member else None, limit=LOG_LINES)
    names = {onlooker.user_id: onlooker.name for onlooker in scene.onlookers}
    return {"events": events, "names": names, "who": who if member else 0}
