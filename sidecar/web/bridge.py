"""The routes that the bridge calls (docs/protocol.md). Each reads, calls one use case and answers."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from flask import Blueprint, Response, g, request

from sidecar import __version__
from sidecar.access.ruling import index_of
from sidecar.activity.forwarded import events_of
from sidecar.billing.standing import read_standing
from sidecar.catalog.store import get_generation
from sidecar.db import reading
from sidecar.i18n import _, language_of, speaking
from sidecar.members.rules import sign_in_code
from sidecar.members.store import find_viewer
from sidecar.pages.landing_after_login import landing_of
from sidecar.pages.messages import PageRequest, RowId, ShortText, ViewerClaim
from sidecar.pages.previewing import choices_of, in_words, marks_of, viewer_of, wanted_preview
from sidecar.pages.searching import search_rights
from sidecar.pages.viewing import Arrival, BadBody, answer_page
from sidecar.privacy.erasing import erase_person
from sidecar.privacy.exporting import export_person
from sidecar.service import service
from sidecar.web.trust import check_request, refusal, sign_response

bridge = Blueprint("bridge", __name__, url_prefix="/bridge/v1")
bridge.before_request(check_request)
bridge.after_request(sign_response)

T = TypeVar("T")


class SearchRequest(msgspec.Struct):
    """`POST /bridge/v1/search`."""

    viewer: ViewerClaim | None = None


class PreviewRequest(msgspec.Struct):
    """`POST /bridge/v1/preview`. `post`: whose marks are wanted, 0 for none."""

    viewer: ViewerClaim
    post: RowId = 0
    language: ShortText = ""


class LoginRequest(msgspec.Struct):
    """`POST /bridge/v1/login`."""

    user: RowId
    ip: ShortText = ""
    how: ShortText = "password"
    language: ShortText = ""


class EventsRequest(msgspec.Struct):
    """`POST /bridge/v1/events`; items are looked at one by one, a bad one does not hold up the others."""

    events: list[dict[str, Any]]


class PrivacyRequest(msgspec.Struct):
    """`POST /bridge/v1/privacy/...`."""

    email: ShortText
    page: int = 1
    language: ShortText = ""


@bridge.post("/page")
def page() -> Response:
    """One page view."""
    asked = _read(PageRequest)
    the_service = service()
    sent_at = datetime.fromtimestamp(int(g.signed.time), UTC) + the_service.clock.offset
    the_service.delivered.extend(asked.done)
    the_service.note_proxy(asked.view.forwarded)
    try:
        with reading() as reader:
            answer = answer_page(
                the_service.rendering, reader, asked, Arrival(g.signed.id, sent_at, the_service.clock.now())
            )
    except BadBody as error:
        return refusal("bad_request", 400, str(error))
    answer.changes = list(the_service.waiting_changes)
    return _answer(answer)


@bridge.post("/search")
def search() -> Response:
    """What of the governed content this viewer's search may match."""
    asked, the_service = _read(SearchRequest), service()
    with reading() as reader:
        generation, member = find_viewer(reader, asked.viewer.user if asked.viewer else 0)
        knowledge = the_service.rendering.memory.knowledge(reader, generation)
        administrator = asked.viewer is not None and asked.viewer.administrator
        preview = wanted_preview(asked.viewer)
        if preview is not None and asked.viewer is not None:
            _claim, member = viewer_of(reader, preview, asked.viewer, knowledge, the_service.clock.now())
            administrator = False
    return _answer(search_rights(knowledge, member, the_service.clock.now(), administrator=administrator))


@bridge.post("/preview")
def preview() -> Response:
    """What the bar of a preview says: as whom one looks, what there is to choose from, what is wrong in the page's post."""
    asked, the_service = _read(PreviewRequest), service()
    if not asked.viewer.administrator:
        return refusal("bad_request", 400, "viewer: only an administrator looks as somebody else")
    language, tables = language_of(asked.language), the_service.tables
    may_open = the_service.config.access.decisions_open_pages
    with reading() as reader, speaking(language):
        knowledge = the_service.rendering.memory.knowledge(reader, get_generation(reader))
        return _answer(
            {
                "seen_as": in_words(reader, tables, asked.viewer.preview, knowledge, language),
                "marks": marks_of(reader, tables, knowledge, asked.post, decisions_open_pages=may_open),
                **choices_of(knowledge, language),
            }
        )


@bridge.post("/index")
def index() -> Response:
    """The rule index."""
    with reading() as reader:
        book = service().rendering.memory.knowledge(reader, get_generation(reader)).book
    return _answer(index_of(book))


@bridge.post("/login")
def login() -> Response:
    """Whether this user may sign in, and where he lands."""
    asked, the_service = _read(LoginRequest), service()
    with reading() as reader:
        generation, member = find_viewer(reader, asked.user)
        knowledge = the_service.rendering.memory.knowledge(reader, generation)
    level, now = (member.level if member else None), the_service.clock.now()
    may = the_service.config.access.canceled_may_sign_in
    code = sign_in_code(level, now, canceled_may=may)
    url, must = landing_of(member, knowledge, now) if code == 0 else ("", False)
    with speaking(language_of(asked.language)):
        message = sign_in_sentence(code)
    return _answer({"allow": code == 0, "code": code, "message": message, "landing": url, "must_land": must})


@bridge.post("/events")
def events() -> Response:
    """What WordPress tells of: into the spool. What is no event is dropped, not sent again for ever."""
    asked, the_service = _read(EventsRequest), service()
    now, stored = the_service.clock.now(), []
    for claim in asked.events:
        found = events_of(claim, the_service.rendering.trusted_proxies, now)
        if all(the_service.spool.append(event) for event in found):
            stored.append(str(claim.get("id", ""))[:32])
    return _answer({"stored": stored})


@bridge.post("/ping")
def ping() -> Response:
    """Both sides talk, and the sidecar reaches its database (else the guard of errors answers)."""
    the_service = service()
    with reading() as reader:
        generation = get_generation(reader)
        standing = read_standing(reader, the_service.clock.now(), the_service.config)
    return _answer(
        {
            "version": __version__,
            "protocol": 1,
            "time": int(time.time()),
            "database": "ok",
            "generation": generation,
            "site": the_service.config.site.url,
            "last_tick": the_service.last_tick(),
            "billing": {"state": standing.state, "message": standing.message},
            "jobs": standing.people,
        }
    )


@bridge.post("/privacy/export")
def privacy_export() -> Response:
    """What we hold about a person, for WordPress's own exporter."""
    asked, now = _read(PrivacyRequest), service().clock.now()
    language = language_of(asked.language)
    with speaking(language):
        found = export_person(service().tables, asked.email, asked.page, now=now, language=language)
    return _answer(found)


@bridge.post("/privacy/erase")
def privacy_erase() -> Response:
    """Forget a person, for WordPress's own eraser."""
    asked, now = _read(PrivacyRequest), service().clock.now()
    with speaking(language_of(asked.language)):
        return _answer(erase_person(service().tables, asked.email, now=now))


def sign_in_sentence(code: int) -> str:
    """Why somebody may not sign in; '' for 0."""
    sentences = {
        0: "",
        100030: _("Your membership was canceled."),
        100031: _("Your account is locked. Please contact us."),
        100034: _("Your membership has expired."),
    }
    return sentences.get(code, _("Your account is not active yet."))


def _read(kind: type[T]) -> T:
    return msgspec.json.decode(request.get_data(), type=kind)


def _answer(content: object) -> Response:
    return Response(msgspec.json.encode(content), content_type="application/json")
