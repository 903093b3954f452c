"""The log as a file: CSV for spreadsheets, JSON lines for programs. Written as it is read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

from sqlalchemy.orm import Session

from sidecar.activity.querying import EventQuery
from sidecar.activity.searching import walk
from sidecar.activity.store_search import LoggedEvent
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import list_logins

COLUMNS = ("time", "type", "name", "user", "login", "member", "subject", "ip", "body", "id", "erased")
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
Logins = Mapping[int, str]


class Format(StrEnum):
    """What an export can be."""

    CSV = "csv"
    JSONL = "jsonl"


@dataclass(frozen=True)
class Portion:
    """A piece of an export: whole lines. `begins_at`, `ends_at`: the times of its first and last event."""

    text: str
    count: int
    begins_at: datetime
    ends_at: datetime


def heading(format: Format) -> str:
    """What stands above all lines.

    >>> heading(Format.CSV)
    'time,type,name,user,login,member,subject,ip,body,id,erased\\r\\n'
    """
    return _csv([COLUMNS]) if format is Format.CSV else ""


def portions(
    reader: Session, tables: Tables, query: EventQuery, format: Format, zone: tzinfo
) -> Iterator[Portion]:
    """All events that match, oldest first, some 2,000 in a portion; nothing of an earlier one is kept."""
    for chunk in walk(reader, query):
        logins = list_logins(reader, tables, {event.user_id for event in chunk if event.user_id})
        text = csv_lines(chunk, logins, zone) if format is Format.CSV else json_lines(chunk, logins)
        yield Portion(text, len(chunk), chunk[0].at, chunk[-1].at)


def csv_lines(events: Sequence[LoggedEvent], logins: Logins, zone: tzinfo) -> str:
    """As RFC 4180 has it. Times in `zone`, with its distance from UTC.

    Members choose what stands in some cells: one that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    return _csv(
        [
            event.at.astimezone(zone).isoformat(timespec="microseconds"),
            event.type,
            event.name,
            event.user_id or "",
            harmless(logins.get(event.user_id or 0, "")),
            event.member_id or "",
            harmless(event.subject),
            harmless(event.ip),
            harmless(event.body),
            event.id.hex(),
            int(event.is_erased),
        ]
        for event in events
    )


def harmless(cell: str) -> str:
    """Neither a formula nor anything that could play with a terminal.

    >>> harmless("=1+1"), harmless("post:12"), harmless("a" + chr(27) + "[2J")
    ("'=1+1", 'post:12', 'a�[2J')
    """
    shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in cell)
    return f"'{shown}" if is_formula(cell) else shown


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would take a text for one."""
    return cell.startswith(_STARTS_A_FORMULA)


def _csv(rows: Iterator[Sequence[object]] | Sequence[Sequence[object]]) -> str:
    lines = io.StringIO()
    csv.writer(lines).writerows(rows)
    return lines.getvalue()


def json_lines(events: Sequence[LoggedEvent], logins: Logins) -> str:
    """One JSON object a line, exact: times in UTC, the body as an object (as text, should it be none)."""
    return "".join(f"{_json(event, logins)}\n" for event in events)


def _json(event: LoggedEvent, logins: Logins) -> str:
    fields = {
        "time": event.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "type": event.type, "name": event.name,
        "user": event.user_id, "login": logins.get(event.user_id or 0), "member": event.member_id,
        "subject": event.subject, "ip": event.ip, "body": event.facts or event.body, "id": event.id.hex(),
        "erased": event.is_erased,
    }  # fmt: skip
    return json.dumps(fields, separators=(",", ":"))
