"""What the plugin does with forms (docs/protocol.md, "The browser's side of forms"), for the demo.

What a browser sends goes, signed, through the very route that the plugin calls. Who sends is the viewer of the preview; a
token of the preview's stands for WordPress's nonce.
"""

from __future__ import annotations

import json
import re
import secrets
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, jsonify, request, send_from_directory
from werkzeug.wrappers import Response

from sidecar.db import reading, session, use_case
from sidecar.demo.door import doorkeeper
from sidecar.demo.pages import preview, remember
from sidecar.demo.people import Person
from sidecar.demo.scene import Scene
from sidecar.demo.school import CORE_PAGES
from sidecar.demo.store import add_user, change_user, list_users
from sidecar.i18n import _
from sidecar.service import service
from sidecar.signatures import new_headers

MARK = "data-gatepost-form"
API = "/wp-json/gatepost/v1"
FORM_PATH = "/bridge/v1/form"
Json = dict[str, Any]
_SHOWN = ("state", "message", "errors", "data", "redirect")
"""What a browser gets of an answer."""


@preview.get("/bridge-files/<path:name>")
def bridge_file(name: str) -> Response:
    """Scripts and styles of the plugin itself."""
    return send_from_directory(f"{preview.root_path}/bridge_assets", name)


@preview.post(f"{API}/forms/token")
def give_token() -> Response:
    """What the next submit must carry."""
    return jsonify(token=doorkeeper().token, nonce="", signed_in=False)


@preview.post(f"{API}/forms/<any(checkout, myaccount, custom, cancel, withdraw):form>")
def receive_form(form: str) -> Response:
    """One step of a form: asked, with a new user where it needs one, and answered."""
    sent = _sent()
    if not secrets.compare_digest(str(sent.get("token", "")).encode(), doorkeeper().token.encode()):
        return _shown({"state": "token", "message": _("This request was refused.")}, 403)
    with reading() as reader:
        scene = Scene(reader)
    answer = _ask(form, sent, scene)
    if answer["state"] == "need_user":
        answer = _with_new_user(form, sent, scene, answer["data"]["user"])
    if answer.get("profile") and scene.onlooker.claim:
        _change_user(scene.onlooker.claim.user, answer["profile"])
    response = _shown(answer)
    if answer.get("sign_in"):
        remember(response, int(answer["sign_in"]))
    return response


def _sent() -> Json:
    """Of this browser's own page: a page of another site cannot send JSON here unasked, and has another origin."""
    origin = request.headers.get("Origin", "")
    is_ours = not origin or urlsplit(origin).netloc == doorkeeper().home
    content = request.get_json(silent=True) if is_ours else None
    return content if isinstance(content, dict) else {}


def _ask(form: str, sent: Json, scene: Scene, created_user: int | None = None) -> Json:
    """The sidecar's answer, by its own door."""
    the_service, body = service(), json.dumps(_call(form, sent, scene, created_user)).encode()
    site = the_service.config.site.url
    headers = new_headers(the_service.secret or "", "POST", FORM_PATH, site, body)
    answer = current_app.test_client().post(FORM_PATH, data=body, headers=headers, base_url=site)
    content: Json = answer.get_json()
    return (
        content
        if answer.status_code == 200
        else {"state": "error", "message": _("This request was refused.")}
    )


def _call(form: str, sent: Json, scene: Scene, created_user: int | None) -> Json:
    filled_in = sent.get("fields")
    fields = filled_in if isinstance(filled_in, dict) else {}
    passed_on = {name: text for name, text in fields.items() if not name.lower().startswith("password")}
    claim = scene.onlooker.claim
    viewer = claim and {"user": claim.user, "roles": claim.roles, "administrator": claim.administrator}
    return {
        "form": form, "step": sent.get("step", ""), "fields": passed_on, "viewer": viewer,
        "language": scene.onlooker.locale or scene.words.language, "ip": request.remote_addr or "",
        "agent": request.user_agent.string[:300], "url": scene.path_of(CORE_PAGES.get(form, CORE_PAGES["myaccount"])), "created_user": created_user,
    }  # fmt: skip


def _with_new_user(form: str, sent: Json, scene: Scene, wanted: Json) -> Json:
    """Make the user, or take the one that this demo's forms made for the same address, and ask again."""
    made: dict[str, int] = current_app.extensions.setdefault("gatepost_made_users", {})
    email = wanted["email"]
    if email not in made:
        user_id = _make_user(
            Person(_login_of(email), wanted["first_name"], wanted["last_name"], address=email)
        )
        if user_id is None:
            words = _(
                "There is an account with this e-mail address already. Choose it above, under “Seen by”."
            )
            return {"state": "error", "errors": {"email": words}}
        made[email] = user_id
    return _ask(form, sent, scene, made[email])


@use_case
def _make_user(person: Person) -> int | None:
    """A WordPress user; None when the address is somebody's."""
    tables, now = service().tables, service().clock.now()
    users = list_users(session(), tables)
    if any(email.lower() == person.email.lower() for _id, _login, _name, email, _roles in users):
        return None
    return add_user(session(), tables, person, now)


@use_case
def _change_user(user_id: int, profile: dict[str, str]) -> None:
    """As the plugin changes it; nobody in the demo has a password to be asked for."""
    change_user(session(), service().tables, user_id, profile)


def _login_of(email: str) -> str:
    """Like the address, and like nobody else's."""
    return f"{re.sub('[^a-z0-9]', '', email.partition('@')[0].lower())[:40]}-{secrets.token_hex(2)}"


def _shown(answer: Json, status: int = 200) -> Response:
    usual: Json = {"state": "", "message": "", "errors": {}, "data": {}, "redirect": ""}
    response = jsonify({name: answer.get(name) or usual[name] for name in _SHOWN})
    response.status_code = status
    return response
