"""The list of members: found while one types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flask import redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from sidecar.billing.store import get_order, get_user_id
from sidecar.catalog.store import list_bundles, list_levels, list_products
from sidecar.db import reading
from sidecar.errors import NotFound
from sidecar.members.faces import typed_words
from sidecar.members.rules import Status
from sidecar.members.store_faces import list_users
from sidecar.reports.store_members import Found, Wanted, list_bundle_ids, list_members
from sidecar.service import service
from sidecar.staff.rules import Right
from sidecar.web.dashboard.door import person, screen, words
from sidecar.web.dashboard.exporting import csv_piece
from sidecar.web.dashboard.place import link

PAGE, PIECE = 50, 1000


def wanted_of_request() -> Wanted:
    """What the address asks for; what is no id or status there asks for nothing."""
    text = request.args.get("q", "").strip()[:200]
    number = int(text.lstrip("#")) if text.lstrip("#").isdecimal() and len(text) < 19 else None
    status = request.args.get("status", "")
    return Wanted(
        words=() if number is not None else tuple(typed_words(text)),
        number=number,
        status=status if status in set(Status) else "",
        level_id=_id("level"),
        bundle_id=_id("bundle"),
        product_id=_id("product"),
    )


def _id(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 19 else None


@screen("/members", Right.SEE_MEMBERS)
def members() -> str | Response:
    """A page of them, newest first. An order's number leads to its order."""
    text = request.args.get("q", "").strip()
    if not request.headers.get("HX-Request") and (order := _order_of(text)):
        return redirect(link("order", number=order), 303)
    with reading() as reader:
        found = list_members(reader, wanted_of_request(), before=_id("before"), limit=PAGE + 1)
        rows, has_more = _with_names(reader, found[:PAGE]), len(found) > PAGE
        held = list_bundle_ids(reader, [one.member_id for one in rows])
        levels = {one.id: one.name for one in list_levels(reader)}
        bundles = {one.id: one.name for one in list_bundles(reader)}
        products = [(one.id, one.name) for one in list_products(reader)]
    narrowed = {name: request.args.get(name, "") for name in ("q", "status", "level", "bundle", "product")}
    template = (
        "dashboard/members_list.html"
        if request.headers.get("HX-Target") == "list"
        else "dashboard/members.html"
    )
    return render_template(
        template,
        rows=rows,
        held=held,
        levels=levels,
        bundles=bundles,
        products=products,
        narrowed=narrowed,
        is_narrowed=any(narrowed.values()),
        next_before=rows[-1].member_id if has_more else None,
        is_first=_id("before") is None,
        statuses=[(status, words().status(status)) for status in Status],
    )


def _with_names(reader: Session, rows: list[Found]) -> list[Found]:
    """Who has joined just now is not among the words yet, but has a name in WordPress."""
    new = [one.user_id for one in rows if not one.login]
    users = {row[0]: row for row in list_users(reader, service().tables, new)} if new else {}
    return [
        replace(
            one,
            login=users[one.user_id][1],
            email=users[one.user_id][2],
            name=users[one.user_id][3] or users[one.user_id][1],
        )
        if one.user_id in users
        else one
        for one in rows
    ]


def _order_of(text: str) -> str:
    """The whole number of the order that somebody has typed; '' for anything else."""
    if not 8 <= len(text) <= 36 or not set(text.lower()) <= set("0123456789abcdef-"):
        return ""
    try:
        with reading() as reader:
            order = get_order(reader, text)
            get_user_id(reader, order.member_id)
            return order.uuid
    except NotFound:
        return ""


@screen("/members.csv", Right.SEE_MEMBERS)
def members_csv() -> Response:
    """The same list as a file, in pieces."""
    before = _id("before")
    with reading() as reader:
        found = list_members(reader, wanted_of_request(), before=before, limit=PIECE)
        held = list_bundle_ids(reader, [one.member_id for one in found])
        levels = {one.id: one.name for one in list_levels(reader)}
        bundles = {one.id: one.name for one in list_bundles(reader)}
    heads = ("member", "user", "name", "login", "email", "joined", "level", "status", "until", "bundles")
    rows = _csv_rows(found, held, levels, bundles)
    more = {"before": found[-1].member_id} if len(found) == PIECE else None
    return csv_piece("members", heads if before is None else None, rows, more, by=person().by)


def _csv_rows(
    found: list[Found], held: dict[int, list[int]], levels: dict[int, str], bundles: dict[int, str]
) -> Iterator[tuple[object, ...]]:
    for one in found:
        names = "; ".join(bundles.get(bundle_id, str(bundle_id)) for bundle_id in held.get(one.member_id, ()))
        yield (
            one.member_id, one.user_id, one.name, one.login, one.email, one.joined_at.date(),
            levels.get(one.level_id or 0, ""), one.status or "", one.expires_at.date() if one.expires_at else "", names,
        )  # fmt: skip
