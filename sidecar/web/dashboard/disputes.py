"""Disputes, and the evidence for one: a report for people, a file for the bank, the fields for the gateway."""

from __future__ import annotations

from flask import Response, g, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sidecar.billing.store import list_orders_of_ids
from sidecar.db import reading
from sidecar.i18n import LANGUAGES
from sidecar.reports.gathering import gather
from sidecar.reports.making import Made, make
from sidecar.reports.store_members import list_disputes, list_faces
from sidecar.service import service
from sidecar.staff.rules import Right
from sidecar.web.dashboard.door import frame, screen

MOST = 200


@screen("/disputes", Right.MOVE_MONEY)
def disputes() -> str:
    """The newest first; those that wait for an answer before all others."""
    with reading() as reader:
        rows = list_disputes(reader, MOST)
        faces = list_faces(reader, {row.member_id for row in rows})
        orders = list_orders_of_ids(reader, {row.order_id for row in rows if row.order_id})
    return render_template(
        "dashboard/disputes.html", rows=rows, faces=faces, orders={one.id: one for one in orders}
    )


@screen("/evidence/<name>", Right.MOVE_MONEY)
def evidence(name: str) -> str:
    """What can be sent to the bank for an order or a dispute, with what should be known before."""
    made = _made(name)
    return render_template(
        "dashboard/evidence.html", name=name, made=made, languages=LANGUAGES, wanted=_language()
    )


@screen("/evidence/<name>/report.pdf", Right.MOVE_MONEY)
def evidence_pdf(name: str) -> AnyResponse:
    """The file for the bank."""
    return file_of(_made(name).pdf, f"evidence-{name[:12]}.pdf", "application/pdf")


@screen("/evidence/<name>/fields.json", Right.MOVE_MONEY)
def evidence_fields(name: str) -> AnyResponse:
    """The fields of the gateway's dispute."""
    text = _made(name).to_json({"uncategorized_file": f"evidence-{name[:12]}.pdf"})
    return file_of(text.encode(), f"evidence-{name[:12]}.json", "application/json")


@screen("/evidence/<name>/report.html", Right.MOVE_MONEY)
def evidence_report(name: str) -> AnyResponse:
    """The report as a file for people: its style is its own, so it is not shown in here."""
    return file_of(_made(name).html.encode(), f"evidence-{name[:12]}.html", "text/html; charset=utf-8")


def _language() -> str:
    asked = request.args.get("report", "")
    return asked if asked in LANGUAGES else str(g.language)


def _made(name: str) -> Made:
    with reading() as reader:
        found = gather(reader, service().tables, name, now=frame().now)
    return make(found, _language())


def file_of(content: bytes, name: str, kind: str) -> Response:
    """A download. What is no plain letter or figure leaves its name."""
    safe = "".join(char for char in name if char.isascii() and (char.isalnum() or char in "-._"))
    return Response(
        content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{safe}"'}
    )
