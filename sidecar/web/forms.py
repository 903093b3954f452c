"""What the bridge hands on of a form that somebody has filled in (docs/protocol.md)."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from flask import Blueprint, Response, request

from sidecar.activity.addresses import real_ip
from sidecar.db import reading
from sidecar.i18n import language_of, speaking
from sidecar.members.store import find_viewer
from sidecar.service import service
from sidecar.web.few import one_of_few
from sidecar.web.posted.answering import UnknownStep, answer_form
from sidecar.web.posted.messages import FormRequest, Submit
from sidecar.web.posted.tries import origin_of
from sidecar.web.trust import check_request, refusal, sign_response

forms = Blueprint("forms", __name__, url_prefix="/bridge/v1")
forms.before_request(check_request)
forms.after_request(sign_response)

PATIENCE_SECONDS = 1.5
"""So long a form waits for the lock of its member: a thread that waits answers no page."""


@forms.post("/form")
def form() -> Response:
    """One step of a form. Forms may wait for the gateway, so they never take the last thread: it answers pages."""
    asked = msgspec.json.decode(request.get_data(), type=FormRequest)
    with one_of_few() as is_free:
        if not is_free:
            return refusal("busy", 409, "So many forms are being worked on that this one must come again.")
        return _answer(_submit(asked))


def _answer(submit: Submit) -> Response:
    with speaking(submit.language):
        try:
            answer = answer_form(submit)
        except UnknownStep:
            return refusal("bad_request", 400, "step: this form has no such step")
    answer.changes = list(service().waiting_changes)
    return Response(msgspec.json.encode(answer), content_type="application/json")


def _submit(asked: FormRequest) -> Submit:
    the_service = service()
    user_id = asked.viewer.user if asked.viewer is not None else None
    trusted = the_service.rendering.trusted_proxies
    the_service.note_proxy(asked.forwarded)
    with reading() as reader:
        generation, member = find_viewer(reader, user_id or asked.created_user or 0)
        knowledge = the_service.rendering.memory.knowledge(reader, generation)
    return Submit(
        desk=replace(the_service.desk, patience_seconds=PATIENCE_SECONDS),
        knowledge=knowledge,
        asked=asked,
        user_id=user_id or None,
        member=member,
        ip=real_ip(asked.ip, asked.forwarded, trusted),
        origin=origin_of(asked.ip, asked.forwarded, trusted),
        language=language_of(asked.language or knowledge.site.locale),
    )
