"""Reading the log: a page of it, what comes in, a file of it, numbers."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from functools import wraps
from pathlib import Path
from typing import Any, TextIO

import click
from sqlalchemy.orm import Session

from sidecar.activity.counting import Traveller, list_travellers, read_counts
from sidecar.activity.exporting import Format, Portion, heading, portions
from sidecar.activity.querying import EventQuery, read_moment, read_query
from sidecar.activity.rules import EventType
from sidecar.activity.searching import Follower, search
from sidecar.activity.store_search import LoggedEvent
from sidecar.commands.finding import find_wordpress_user
from sidecar.commands.speaking import N_, Command, option, say, say_table, with_service
from sidecar.db import reading
from sidecar.errors import NotFound, Refused
from sidecar.i18n import _
from sidecar.members.store import find_member
from sidecar.service import Service
from sidecar.wordpress.options import get_site
from sidecar.wordpress.users import list_logins, list_users_called

DETAILS_LENGTH = 160
POLL_SECONDS = 1.0

_FILTERS = (
    option("--type", "types", multiple=True, help=N_("access, affiliate, billing, email, login or page; can be repeated.")),
    option("--name", "names", multiple=True, help=N_("What happened, such as viewed or denied; can be repeated.")),
    option("--member", default="", help=N_("Whose, by login, e-mail address, user id or name.")),
    option("--subject", "--page", "subject", default="", help=N_("What it happened to: post:12 or 12 for a page, order:…, level:…")),
    option("--ip", default="", help=N_("From this IP address.")),
)  # fmt: skip
_RANGE = (
    option("--from", "since", default="", help=N_("From this day or moment on, in the site's time zone.")),
    option("--until", default="", help=N_("Before this day or moment, in the site's time zone.")),
    option("--text", default="", help=N_("With this text in it; of one member, or within 31 days.")),
)


def _with_query(*options: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the service, the query that the options make, and the site's time zone."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def run(service: Service, *, member: str, **given: Any) -> Any:
            written = {
                name: given.pop(name)
                for name in ("types", "names", "subject", "ip", "since", "until", "text")
                if name in given
            }
            with reading() as reader:
                zone = get_site(reader, service.tables).zone
                whose: dict[str, Any] = _whose(reader, service, member) if member else {}
            return command(service, read_query(zone, **written, **whose), zone, **given)

        decorated: Callable[..., Any] = with_service(run)
        for one in reversed(options):
            decorated = one(decorated)
        return decorated

    return decorate


def _whose(reader: Session, service: Service, text: str) -> dict[str, Any]:
    """A member's events are found by the member, a user's who is none by the user; a deleted user's by the number."""
    user_id = _user_id(reader, service, text)
    member = find_member(reader, user_id)
    return {"member_id": member.id} if member else {"user_id": user_id}


def _user_id(reader: Session, service: Service, text: str) -> int:
    try:
        return find_wordpress_user(reader, service.tables, text).id
    except NotFound:
        called = list_users_called(reader, service.tables, text)
        if len(called) == 1:
            return called[0].id
        if called:
            sentence = _("Several users are called {name}: {logins}. Say which login.")
            logins = ", ".join(user.login for user in called)
            raise Refused(sentence.format(name=text, logins=logins)) from None
        if text.isascii() and text.isdigit() and len(text) < 19:
            gone = int(text)
            if search(reader, EventQuery(user_id=gone), limit=1).events:
                return gone
        raise


# --- a page -----------------------------------------------------------------------------------------------------------


@click.command("show", cls=Command, help=N_("Print the newest events that match, the newest last."))
@option("-n", "count", type=click.IntRange(1, 1000), default=50, show_default=True, help=N_("How many."))
@option("--cursor", default="", help=N_("Go on from where an earlier page ended, with the same filters."))
@_with_query(*_FILTERS, *_RANGE)
def show(service: Service, query: EventQuery, zone: tzinfo, count: int, cursor: str) -> None:
    with reading() as reader:
        page = search(reader, query, cursor=cursor, limit=count)
        logins = _logins(reader, service, page.events)
    if page.events:
        heads = (_("when"), _("type"), _("what"), _("member"), _("subject"), _("address"), _("details"))
        say_table(heads, [_cells(event, logins, zone) for event in reversed(page.events)])
    else:
        click.echo(_("No event matches."), err=True)
    for place, sentence in (
        (page.older, _("Older ones: --cursor {cursor}")),
        (page.newer, _("Newer ones: --cursor {cursor}")),
    ):
        if place:
            click.echo(sentence.format(cursor=place), err=True)


def _logins(reader: Session, service: Service, events: Sequence[LoggedEvent]) -> dict[int, str]:
    return list_logins(reader, service.tables, {event.user_id for event in events if event.user_id})


def _cells(event: LoggedEvent, logins: Mapping[int, str], zone: tzinfo) -> tuple[str, ...]:
    cells = (
        _time(event.at, zone), event.type, event.name, _named(event.user_id, event.member_id, logins),
        event.subject or "-", event.ip or "-", _details(event),
    )  # fmt: skip
    return tuple(_on_one_line(cell) for cell in cells)


def _named(user_id: int | None, member_id: int | None, logins: Mapping[int, str]) -> str:
    if user_id is None:
        return f"member:{member_id}" if member_id else "-"
    return logins.get(user_id) or f"user:{user_id}"


def _time(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _details(event: LoggedEvent) -> str:
    """The body, readable in every alphabet; the beginning of a long one."""
    if event.is_erased:
        return _("(erased)")
    text = json.dumps(event.facts, ensure_ascii=False) if event.facts else ""
    return text if len(text) <= DETAILS_LENGTH else f"{text[:DETAILS_LENGTH]}…"


def _on_one_line(text: str) -> str:
    """What members wrote must not look like a line of ours. What else could play with a terminal `say` takes away."""
    return " ".join(text.split("\n")).replace("\t", " ")


# --- what comes in ----------------------------------------------------------------------------------------------------


@click.command("follow", cls=Command, help=N_("Print events as they come in, until Ctrl-C ends it."))
@_with_query(*_FILTERS)
def follow(service: Service, query: EventQuery, zone: tzinfo) -> None:
    follower = Follower(query)
    try:
        while True:
            with reading() as reader:
                found = follower.look(reader, service.clock.now())
                logins = _logins(reader, service, found)
            if follower.has_skipped:
                click.echo(_("… more events came in than can be shown …"), err=True)
            for event in found:
                say("  ".join(_cells(event, logins, zone)))
            sys.stdout.flush()
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        return


# --- a file -----------------------------------------------------------------------------------------------------------


@click.command(
    "export", cls=Command, help=N_("Write all events that match, oldest first, to a file or to the terminal.")
)
@option("--format", "kind", type=click.Choice([str(one) for one in Format]), default=str(Format.CSV), show_default=True, help=N_("For spreadsheets, or one JSON object a line."))  # fmt: skip
@option("-o", "--output", "path", type=click.Path(path_type=Path, allow_dash=True), default="-", help=N_("The file, which must not exist yet; - is the terminal or pipe."))  # fmt: skip
@_with_query(*_FILTERS, *_RANGE)
def export(service: Service, query: EventQuery, zone: tzinfo, kind: str, path: Path) -> None:
    format, now = Format(kind), service.clock.now()
    until = min(query.until_at, now) if query.until_at else now
    if query.from_at is not None and query.from_at >= until:
        raise Refused(_("That lies in the future."))
    query, count = replace(query, until_at=until), 0
    with reading() as reader, _written_to(path) as file, _bar(path, query) as advance:
        file.write(heading(format))
        for portion in portions(reader, service.tables, query, format, zone):
            file.write(portion.text)
            count += portion.count
            advance(portion)
    if str(path) != "-":
        say(_("{count} events are in {path}.").format(count=f"{count:,}", path=path))


@contextmanager
def _written_to(path: Path) -> Iterator[TextIO]:
    """Stdout, or a new file that nobody else may read; a half-written one is removed."""
    if str(path) == "-":
        file = io.TextIOWrapper(
            sys.stdout.buffer, "utf-8", newline=""
        )  # whatever the terminal's own encoding is
        yield file
        file.detach()
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Refused(_("{path} is there already.").format(path=path)) from error
    except OSError as error:
        sentence = _("{path} cannot be written: {reason}")
        raise Refused(sentence.format(path=path, reason=error.strerror)) from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as new:
            yield new
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextmanager
def _bar(path: Path, query: EventQuery) -> Iterator[Callable[[Portion], None]]:
    """A bar for who waits at a terminal: how far the export has come in time, as counting first would take as long."""
    shown = sys.stderr.isatty() and not (str(path) == "-" and sys.stdout.isatty())
    if not shown or query.until_at is None:
        yield lambda _portion: None
        return
    until = query.until_at
    with click.progressbar(length=1000, label=_("exporting"), file=sys.stderr) as bar:
        begun: list[datetime] = [query.from_at] if query.from_at else []

        def advance(portion: Portion) -> None:
            begun[:] = begun[:1] or [portion.begins_at]
            done = int(1000 * ((portion.ends_at - begun[0]) / (until - begun[0])))
            bar.update(done - bar.pos)

        yield advance
        bar.update(1000 - bar.pos)


# --- numbers ----------------------------------------------------------------------------------------------------------


@click.command("counts", cls=Command, help=N_("Print how many events of each type the last days have."))
@option(
    "--days",
    type=click.IntRange(1, 3660),
    default=14,
    show_default=True,
    help=N_("How many days, today included."),
)
@with_service
def counts(service: Service, days: int) -> None:
    with reading() as reader:
        zone = get_site(reader, service.tables).zone
        today = service.clock.now().astimezone(zone).date()
        numbers = read_counts(reader, zone, today - timedelta(days=days - 1), today)
    rows = [(day, *(f"{number:,}" for number in of_type.values())) for day, of_type in numbers.items()]
    say_table((_("day"), *EventType), rows)


@click.command(
    "ips",
    cls=Command,
    help=N_("Print members who came from many IP addresses: perhaps several people share one login."),
)
@option(
    "--threshold",
    type=click.IntRange(2, 10_000),
    default=5,
    show_default=True,
    help=N_("From how many addresses on."),
)
@option(
    "--hours",
    type=click.IntRange(1, 24 * 31),
    default=24,
    show_default=True,
    help=N_("Within how many hours."),
)
@option("--until", default="", help=N_("Before this day or moment, in the site's time zone; else now."))
@with_service
def ips(service: Service, threshold: int, hours: int, until: str) -> None:
    with reading() as reader:
        zone = get_site(reader, service.tables).zone
        end = read_moment(until, zone) if until else service.clock.now()
        found = list_travellers(reader, end - timedelta(hours=hours), end, threshold)
        logins = list_logins(reader, service.tables, {one.user_id for one in found if one.user_id})
    if not found:
        click.echo(_("No member came from that many addresses."), err=True)
        return
    heads = (_("member"), _("addresses"), _("last seen"), _("the latest of them"))
    say_table(heads, [_travelled(one, logins, zone) for one in found])


def _travelled(one: Traveller, logins: Mapping[int, str], zone: tzinfo) -> tuple[object, ...]:
    latest = ", ".join(seen.network for seen in one.networks[:3])
    more = "" if len(one.networks) <= 3 else ", …"
    return (
        _on_one_line(_named(one.user_id, one.member_id, logins)), len(one.networks), _time(one.networks[0].last_at, zone),
        f"{latest}{more}",
    )  # fmt: skip


COMMANDS = (show, follow, export, counts, ips)
