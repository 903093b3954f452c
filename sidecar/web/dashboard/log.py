"""The activity log: searched, counted by day, watched, exported."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Response, render_template, request
from sqlalchemy.orm import Session

from sidecar.activity.counting import Counts, read_counts
from sidecar.activity.exporting import Format as ExportFormat
from sidecar.activity.exporting import csv_lines, heading
from sidecar.activity.querying import Cursor, EventQuery, Way, parse_cursor, read_query
from sidecar.activity.rules import EventType
from sidecar.activity.searching import list_beyond, search
from sidecar.activity.store_search import LoggedEvent
from sidecar.db import reading
from sidecar.errors import NotFound, Refused
from sidecar.i18n import _
from sidecar.members.store import find_member
from sidecar.service import service
from sidecar.staff.rules import Right
from sidecar.web.dashboard.door import frame, person, screen, words
from sidecar.web.dashboard.exporting import text_piece
from sidecar.web.dashboard.overview import reason_words
from sidecar.web.dashboard.plots import BarPlot, bar_plot
from sidecar.wordpress.users import find_user, find_user_by_email, find_user_by_login, list_logins

PAGE, PIECE, DAYS = 50, 2000, 30
_FILTERS = ("type", "member", "subject", "ip", "since", "until", "text", "name")
_BELOW = (
    EventType.PAGE,
    EventType.LOGIN,
    EventType.ACCESS,
    EventType.EMAIL,
    EventType.BILLING,
    EventType.AFFILIATE,
)


@screen("/log", Right.SEE_LOG)
def log() -> str:
    """A page of events, newest first."""
    filters = {name: request.args.get(name, "").strip()[:200] for name in _FILTERS}
    problem, shown = "", None
    with reading() as reader:
        try:
            shown = search(
                reader, _query(reader, filters), cursor=request.args.get("at", "")[:60], limit=PAGE
            )
        except (Refused, NotFound) as error:
            problem = str(error)
        rows = shown.events if shown else ()
        logins = _logins(reader, rows)
    is_rows_only = request.headers.get("HX-Target") == "events"
    return render_template(
        "dashboard/log_events.html" if is_rows_only else "dashboard/log.html",
        rows=rows,
        logins=logins,
        older=shown.older if shown else None,
        newer=shown.newer if shown else None,
        problem=problem,
        filters=filters,
        is_narrowed=any(filters.values()),
        is_live=request.args.get("live") == "1" and not request.args.get("at"),
        types=[(kind, words().event_type(kind)) for kind in EventType],
        reason_words=reason_words,
    )


@screen("/log/days", Right.SEE_LOG)
def log_days() -> str:
    """How many events each day had: fetched behind the page, as what is not sealed yet is counted for it."""
    today = frame().now.astimezone(frame().zone).date()
    with reading() as reader:
        counts = read_counts(reader, frame().zone, today - timedelta(days=DAYS - 1), today)
    return render_template("dashboard/log_days.html", counts=_plot(counts))


def _query(reader: Session, filters: dict[str, str]) -> EventQuery:
    """What the form asks for. Raises Refused for what cannot be looked for, NotFound for nobody."""
    member_id, user_id = _whom(reader, filters["member"])
    return read_query(
        frame().zone,
        types=[filters["type"]] if filters["type"] else [],
        names=[filters["name"]] if filters["name"] else [],
        member_id=member_id,
        user_id=user_id,
        subject=filters["subject"],
        ip=filters["ip"],
        since=filters["since"],
        until=_day_after(filters["until"]),
        text=filters["text"],
    )


def _day_after(text: str) -> str:
    """Who gives a last day wants it whole; what is no day is left for the query to refuse."""
    try:
        return (date.fromisoformat(text) + timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        return text


def _whom(reader: Session, text: str) -> tuple[int | None, int | None]:
    """(member, user) of a login, address or user id; nobody for an empty field."""
    if not text:
        return None, None
    tables = service().tables
    user = find_user_by_login(reader, tables, text) or find_user_by_email(reader, tables, text)
    is_id = text.isdecimal() and len(text) < 19
    if user is None and is_id:
        user = find_user(reader, tables, int(text))
    if user is None and not is_id:
        raise NotFound(_("WordPress has no user {name}.").format(name=text))
    user_id = user.id if user else int(text)
    found = find_member(reader, user_id)
    return (found.id, None) if found else (None, user_id)


def _logins(reader: Session, rows: tuple[LoggedEvent, ...]) -> dict[int, str]:
    return list_logins(reader, service().tables, {event.user_id for event in rows if event.user_id})


def _plot(counts: Counts) -> BarPlot:
    say = words()
    series = []
    for day, numbers in counts.items():
        parts = [numbers.get(kind, 0) for kind in _BELOW]
        spoken = ", ".join(
            f"{say.event_type(kind)} {say.count(number)}"
            for kind, number in zip(_BELOW, parts, strict=True)
            if number
        )
        series.append((say.short_day(day), f"{say.day(day)}: {spoken or say.count(0)}", parts))
    return bar_plot(series, tuple(_BELOW))


@screen("/log.csv", Right.SEE_LOG)
def log_csv() -> Response:
    """All that matches and had happened when the export began, oldest first, in pieces."""
    filters = {name: request.args.get(name, "").strip()[:200] for name in _FILTERS}
    place = parse_cursor(request.args["place"][:60]) if request.args.get("place") else None
    ends = (
        parse_cursor(request.args["ends"][:60])
        if request.args.get("ends")
        else Cursor(Way.NEWER, frame().now, b"\xff" * 16)
    )
    with reading() as reader:
        found = list_beyond(reader, _query(reader, filters), Way.NEWER, place, PIECE)
        within = [event for event in found if event.at <= ends.at]
        logins = _logins(reader, tuple(within))
    is_all = len(found) < PIECE or len(within) < len(found)
    more = (
        None if is_all else {"place": str(Cursor(Way.NEWER, found[-1].at, found[-1].id)), "ends": str(ends)}
    )
    head = heading(ExportFormat.CSV) if place is None else ""
    return text_piece(
        "log", head + csv_lines(within, logins, frame().zone), more, is_first=place is None, by=person().by
    )
