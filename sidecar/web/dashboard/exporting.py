"""Lists as CSV files. A piece is one answer; the bridge asks for the next one, and a proxy's browser gets them as a stream."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlencode

from flask import Response, current_app, g, request, stream_with_context
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from sidecar.activity.exporting import is_formula
from sidecar.activity.rules import EventType
from sidecar.activity.store import add_event
from sidecar.db import session, use_case
from sidecar.service import service
from sidecar.web.dashboard.place import here, put_place

MORE = "X-Gatepost-More"
"""The header by which a piece says that the file goes on: the query that the next one is asked for with."""
_PIECE = "gatepost.piece"


def csv_piece(
    name: str,
    heads: Iterable[str] | None,
    rows: Iterable[Iterable[object]],
    more: Mapping[str, object] | None,
    *,
    by: str,
) -> Response:
    """One piece of a file. `heads`: of the first piece alone; `more`: what the next piece asks for beside what this one did,
    None at the end."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    if heads is not None:
        writer.writerow(map(_cell, heads))
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text_piece(name, out.getvalue(), more, is_first=heads is not None, by=by)


def text_piece(
    name: str, text: str, more: Mapping[str, object] | None, *, is_first: bool, by: str
) -> Response:
    """The same, of lines that are written already. Who exports what is in the log."""
    if is_first:
        _note_export(name, by)
        text = f"\ufeff{text}"  # or spreadsheets take it for another encoding
    query = "" if more is None else urlencode({**request.args, **more})
    headers = Headers({"Content-Disposition": f'attachment; filename="{name}.csv"', MORE: query})
    if _comes_by_itself() and query:
        return Response(
            stream_with_context(_stream(text, query)), headers=headers, content_type="text/csv; charset=utf-8"
        )
    return Response(text, headers=headers, content_type="text/csv; charset=utf-8")


@use_case
def _note_export(name: str, by: str) -> None:
    body = {"what": name, "by": by}
    add_event(
        session(), EventType.ACCESS, "exported", service().clock.now(), user_id=g.person.user_id, body=body
    )


def _cell(value: object) -> object:
    """A text that a spreadsheet would take for a formula is one no more: whoever signs up chooses his own name.

    >>> _cell("=cmd()"), _cell("Anna"), _cell(-3)
    ("'=cmd()", 'Anna', -3)
    """
    return f"'{value}" if isinstance(value, str) and is_formula(value) else value


def _comes_by_itself() -> bool:
    """Whether a proxy's browser waits for the whole file; the bridge asks for each piece, and so do we."""
    return not request.environ.get(_PIECE) and not request.environ.get("gatepost.by_bridge")


def _stream(first: str, query: str) -> Iterator[bytes]:
    """All pieces, each asked of ourselves with the session of this request: it may end in the midst, and so does the file."""
    yield first.encode()
    while query:
        builder = EnvironBuilder(
            path=request.path, query_string=query, headers=[("Cookie", request.headers.get("Cookie", ""))],
            base_url=here().origin,
        )  # fmt: skip
        environ = dict(builder.get_environ())
        environ[_PIECE] = True
        put_place(environ, here())
        chunks, status, headers = run_wsgi_app(current_app.wsgi_app, environ, buffered=True)
        if not status.startswith("200"):
            yield b"\r\nThis file is not complete.\r\n"
            return
        yield b"".join(chunks)
        query = headers.get(MORE, "")
