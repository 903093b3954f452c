"""What all pages of the preview share: the blueprint, the frame round a page, the viewer who is remembered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from flask import Blueprint, current_app, render_template, request, url_for
from werkzeug.wrappers import Response

from sidecar.demo.door import doorkeeper, guard
from sidecar.demo.inbox import Inbox
from sidecar.demo.onlookers import Onlooker
from sidecar.demo.scene import Scene
from sidecar.demo.travelling import Travelling
from sidecar.demo.words import offset_words, role_word
from sidecar.service import service
from sidecar.web.dashboard.words import event_type_word, status_word

preview = Blueprint(
    "preview", __name__, template_folder="templates", static_folder="static", static_url_path="/preview-files"
)
guard(preview)


def travelling() -> Travelling:
    """The current app's clock."""
    return cast(Travelling, current_app.extensions["gatepost_travelling"])


def inbox() -> Inbox:
    """The current app's."""
    return cast(Inbox, current_app.extensions["gatepost_inbox"])


def render_page(template: str, scene: Scene, **values: Any) -> str:
    """A page with the clock and the menu."""
    offset = service().clock.offset
    return render_template(
        template,
        site=scene,
        event_type_word=event_type_word,
        is_moved=offset > timedelta(minutes=1),
        offset=offset_words(round(offset / timedelta(days=1))),
        role_word=role_word,
        status_word=status_word,
        token=doorkeeper().token,
        **values,
    )


def remembering(body: str, onlooker: Onlooker) -> Response:
    """The page, and from now on this viewer."""
    response = current_app.make_response(body)
    remember(response, onlooker.user_id)
    return response


def remember(response: Response, user_id: int) -> None:
    """Sign this user in, as far as the preview knows that: 0 signs out."""
    response.set_cookie("viewer", str(user_id), samesite="Lax", httponly=True)


def where_form_stood() -> str:
    """Only a path of our own."""
    path = request.form.get("back", "")
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if is_ours else url_for("preview.overview")
