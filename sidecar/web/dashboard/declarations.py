"""Cancellations and withdrawals that were declared without signing in: what waits for a person, all of them, and as a file."""

from __future__ import annotations

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sidecar.billing.declarations import store
from sidecar.billing.declarations.declaring import give_back, said_in, settle
from sidecar.billing.declarations.rules import Outcome, is_in_time
from sidecar.billing.declarations.saying import kind_words
from sidecar.billing.store import list_orders_of_ids
from sidecar.db import reading
from sidecar.reports.store_members import list_faces
from sidecar.service import service
from sidecar.staff.rules import Right
from sidecar.web.dashboard.door import person, screen
from sidecar.web.dashboard.exporting import csv_piece
from sidecar.web.dashboard.place import link

PAGE, PIECE = 50, 1000


@screen("/declarations", Right.SEE_MEMBERS)
def declarations() -> str:
    """What waits first, then all, newest first."""
    before_id = request.args.get("before", None, int)
    with reading() as reader:
        waiting = store.list_waiting(reader, PAGE) if before_id is None else []
        found = store.list_newest(reader, before_id=before_id, limit=PAGE + 1)
        rows = [*waiting, *found]
        faces = list_faces(reader, {row.member_id for row in rows if row.member_id})
        orders = {
            one.id: one for one in list_orders_of_ids(reader, {row.order_id for row in rows if row.order_id})
        }
    days = service().desk.settings.withdrawal_days
    return render_template(
        "dashboard/declarations.html",
        waiting=waiting,
        rows=[row for row in found[:PAGE] if row.id not in {one.id for one in waiting}],
        faces=faces,
        orders=orders,
        next_before=found[PAGE - 1].id if len(found) > PAGE else None,
        is_first=before_id is None,
        kind_words=lambda row: kind_words(said_in(row)),
        is_in_time=lambda row: (
            row.order_id in orders and is_in_time(orders[row.order_id], row.received_at, days)
        ),
        days=days,
    )


@screen("/declarations.csv", Right.SEE_MEMBERS)
def declarations_csv() -> Response:
    """All, in the order in which they came, in pieces; instants in UTC."""
    after_id = request.args.get("after", 0, int)
    with reading() as reader:
        rows = store.list_after(reader, after_id=after_id, limit=PIECE)
        orders = {
            one.id: one.uuid
            for one in list_orders_of_ids(reader, {row.order_id for row in rows if row.order_id})
        }
    heads = (
        "id", "kind", "received_at", "name", "email", "contract", "wanted_on", "reason", "order", "outcome", "settled_at",
        "settled_by",
    )  # fmt: skip
    lines = (
        (
            row.id, row.kind, row.received_at.isoformat(), row.name, row.email, row.contract, row.wanted_on or "", row.reason,
            orders.get(row.order_id, ""), row.outcome or "", row.settled_at.isoformat() if row.settled_at else "",
            row.settled_by,
        )
        for row in rows
    )  # fmt: skip
    more = {"after": rows[-1].id} if len(rows) == PIECE else None
    return csv_piece("declarations", None if after_id else heads, lines, more, by=person().by)


@screen("/declarations/<int:declaration_id>/refund", Right.MOVE_MONEY, methods=("POST",))
def refund_declared(declaration_id: int) -> AnyResponse:
    """The payment goes back, and the order ends now."""
    give_back(service().desk, declaration_id, by=person().by)
    return redirect(link("declarations", said="done"), 303)


@screen("/declarations/<int:declaration_id>/close", Right.CHANGE_MEMBERS, methods=("POST",))
def close_declared(declaration_id: int) -> AnyResponse:
    """Somebody has seen to it by other means."""
    settle(service().desk, declaration_id, Outcome.BY_HAND, by=person().by)
    return redirect(link("declarations", said="done"), 303)
