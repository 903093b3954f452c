"""The route by which the bridge fetches an invoice for the member who is signed in (docs/protocol.md)."""

from __future__ import annotations

import base64

import msgspec
from flask import Blueprint, Response, request

from sidecar.db import reading
from sidecar.errors import NotFound, Refused
from sidecar.i18n import _, language_of, speaking
from sidecar.members.store import find_member
from sidecar.pages.messages import RowId, ShortText
from sidecar.reports.papers.facts import Paper, get_row, paper_of
from sidecar.reports.papers.making import make_pdf
from sidecar.service import service
from sidecar.web.few import one_of_few
from sidecar.web.trust import check_request, refusal, sign_response

invoices = Blueprint("invoices", __name__, url_prefix="/bridge/v1")
invoices.before_request(check_request)
invoices.after_request(sign_response)


class InvoiceRequest(msgspec.Struct):
    """`POST /bridge/v1/invoice`. `user`: whom WordPress has signed in."""

    user: RowId
    name: ShortText
    language: ShortText = ""


@invoices.post("/invoice")
def invoice() -> Response:
    """One of the member's own; what is another's does not exist for him."""
    asked = msgspec.json.decode(request.get_data(), type=InvoiceRequest)
    with one_of_few() as is_free:
        if not is_free:
            return refusal("busy", 409, "So much is being worked on that this must come again.")
        with speaking(language_of(asked.language)):
            return Response(msgspec.json.encode(_answer(asked)), content_type="application/json")


def _answer(asked: InvoiceRequest) -> dict[str, str]:
    try:
        paper = _own_paper(asked)
    except NotFound:
        return {"name": "", "pdf": "", "message": _("This is not here any more. Please open the page again.")}
    except Refused:
        return {
            "name": "",
            "pdf": "",
            "message": _("This invoice cannot be printed yet. Please ask us for it."),
        }
    return {"name": paper.name, "pdf": base64.b64encode(make_pdf(paper)).decode("ascii"), "message": ""}


def _own_paper(asked: InvoiceRequest) -> Paper:
    with reading() as reader:
        row, member = get_row(reader, asked.name), find_member(reader, asked.user)
        if member is None or row.member_id != member.id:
            raise NotFound(_("there is no invoice {name}").format(name=asked.name))
        return paper_of(reader, row, service().config.invoices)
