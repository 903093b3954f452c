"""What the activity log costs: `./run bench log [--events 10000000] [--small 100000] [--rounds 200]`.

Two databases on one private MariaDB with durable commits, one with a hundred times as many events as the other, made by the
server itself. What is read is chosen anew in each round; the databases take turns, and medians are compared. Times are those of
`search`, as the dashboard calls it, the rows made into Python's values included.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session as Reader

from benchmarks._events import Log, bytes_on_disk, make_log, utc_now
from benchmarks.page import machine
from sidecar.activity.counting import count_sealed_events, list_travellers, read_counts
from sidecar.activity.exporting import Format, portions
from sidecar.activity.querying import EventQuery
from sidecar.activity.rules import Event, EventType, event_id, to_line
from sidecar.activity.sealing import seal_rows
from sidecar.activity.searching import search
from sidecar.activity.spool import SpoolWriter, drain
from sidecar.activity.verifying import Verification
from sidecar.db import db, reading, transaction
from sidecar.members.store import find_member_ids
from tests.bed.session import Session

PAGE = 50
DEEP = 99 * PAGE
BODY = {
    "agent": "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
    "url": "/lesson-12/",
    "referrer": "https://club.test/",
}


def load() -> str:
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def median(values: list[float]) -> float:
    return float(statistics.median(values))


# --- recording --------------------------------------------------------------------------------------------------------


def a_view(number: int) -> Event:
    at = utc_now()
    return Event(
        event_id(f"view{number}", at), EventType.PAGE, "viewed", at, 1 + number % 1000, 8 + number % 1000, "post:12", "192.0.2.7", BODY
    )  # fmt: skip


def recording(folder: Path, count: int = 20_000) -> None:
    """What a page waits for: the event is made and written to the worker's spool file."""
    writer = SpoolWriter(folder)
    wall, cpu = [], time.thread_time()
    for number in range(count):
        start = time.perf_counter()
        if not writer.append(a_view(number)):
            raise SystemExit("the spool could not be written")
        wall.append((time.perf_counter() - start) * 1e6)
    cpu = (time.thread_time() - cpu) / count * 1e6
    wall.sort()
    print(
        f"| recording one page view | median {median(wall):.0f} µs, p95 {wall[int(count * 0.95)]:.0f} µs, CPU {cpu:.0f} µs | {load()} |",
        flush=True,
    )


def draining(log: Log, folder: Path, count: int) -> None:
    """Spool files as web processes leave them, into the database."""
    folder.mkdir(parents=True)
    for part in range(10):
        lines = b"".join(to_line(a_view(number)) for number in range(part, count, 10))
        (folder / f"999999999-{part}.jsonl").write_bytes(lines)
    start = time.perf_counter()
    stored = drain(folder, find_member_ids)
    seconds = time.perf_counter() - start
    if stored != count:
        raise SystemExit(f"{stored} of {count} events were stored")
    print(
        f"| draining {count:,} events into {log.count:,} | {count / seconds:,.0f} events/s | {load()} |",
        flush=True,
    )


# --- searching --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """One row of the table. `is_deep`: whether there are a hundred pages of it. `rounds`: at most so many, where it takes long."""

    title: str
    of: Callable[[random.Random, Log], EventQuery]
    is_deep: bool = True
    rounds: int = 10_000


def a_month(chance: random.Random) -> tuple[datetime, datetime]:
    month = chance.randrange(1, 11)
    start = (
        utc_now().replace(day=1, hour=0, minute=0, second=0, microsecond=0) - timedelta(days=30 * month)
    ).replace(day=1)
    return start, (start + timedelta(days=32)).replace(day=1)


def of_a_month(kind: EventType) -> Callable[[random.Random, Log], EventQuery]:
    def query(chance: random.Random, _log: Log) -> EventQuery:
        start, end = a_month(chance)
        return EventQuery(types=(kind,), from_at=start, until_at=end)

    return query


QUESTIONS = (
    Question("one member's timeline (thousands of events)", lambda chance, log: EventQuery(member_id=chance.randint(1, log.heavy))),
    Question("any member's timeline", lambda chance, log: EventQuery(member_id=chance.randint(1, log.members)), is_deep=False),
    Question("one member's sign-ins", lambda chance, log: EventQuery(member_id=chance.randint(1, log.members), types=(EventType.LOGIN,)), is_deep=False),
    Question("page views of one month", of_a_month(EventType.PAGE)),
    Question("sign-ins of one month", of_a_month(EventType.LOGIN), is_deep=False),
    Question("one page's readers", lambda _chance, _log: EventQuery(subject="post:1")),
    Question("one of 500 pages' readers", lambda chance, _log: EventQuery(subject=f"post:{chance.randint(2, 500)}"), is_deep=False),
    Question("one IP address", lambda chance, log: EventQuery(ip=an_ip(chance.randint(1, log.heavy)))),
    Question("failed sign-ins and declined cards", lambda _chance, _log: EventQuery(names=("failed", "declined")), is_deep=False),
    Question("one member's views of one of 500 pages", lambda chance, log: EventQuery(member_id=chance.randint(1, log.heavy), subject=f"post:{chance.randint(2, 500)}"), is_deep=False),
    Question("one page's denied views", lambda chance, _log: EventQuery(subject=f"post:{chance.randint(1, 500)}", names=("denied",)), is_deep=False),
    Question("payments for the most read page: there are none", lambda _chance, _log: EventQuery(subject="post:1", names=("paid",)), is_deep=False, rounds=10),
    Question("the whole site", lambda _chance, _log: EventQuery()),
)  # fmt: skip


def an_ip(member: int) -> str:
    """As `_events` makes them."""
    return f"10.{member % 200}.{member // 200 % 250}.1"


def deep_cursor(reader: Reader, query: EventQuery) -> str:
    """Where the 100th page begins."""
    cursor = ""
    for _fifth in range(5):
        page = search(reader, query, cursor=cursor, limit=DEEP // 5)
        if page.older is None:
            raise SystemExit(f"there are no hundred pages of {query}")
        cursor = page.older
    return cursor


def timed(reader: Reader, query: EventQuery, cursor: str) -> float:
    start = time.perf_counter()
    page = search(reader, query, cursor=cursor, limit=PAGE)
    if cursor and len(page.events) != PAGE:
        raise SystemExit(f"a page of {query} is not full")
    return (time.perf_counter() - start) * 1e3


def searching(logs: tuple[Log, Log], rounds: int) -> None:
    chance = random.Random(1)
    readers = [log.reader() for log in logs]
    print(
        f"\n| page of 50 | | {logs[0].count:,} events, ms | {logs[1].count:,} events, ms (p95) | x |\n|---|---|---|---|---|"
    )
    for question in QUESTIONS:
        for is_deep in (False, True) if question.is_deep else (False,):
            times_asked = min(rounds, question.rounds)
            prepared = [
                [(query, deep_cursor(reader, query) if is_deep else "") for query in (question.of(chance, log) for _ in range(20 if is_deep else times_asked))]
                for log, reader in zip(logs, readers, strict=True)
            ]  # fmt: skip
            times: tuple[list[float], list[float]] = ([], [])
            for number in range(times_asked):
                for which in chance.sample((0, 1), 2):
                    query, cursor = prepared[which][number % len(prepared[which])]
                    times[which].append(timed(readers[which], query, cursor))
            small, large = (median(some) for some in times)
            p95 = sorted(times[1])[int(len(times[1]) * 0.95)]
            print(
                f"| {question.title} | {'100th' if is_deep else '1st'} | {small:.1f} | {large:.1f} ({p95:.1f}) | {large / small:.2f} |",
                flush=True,
            )
    for reader in readers:
        engine = reader.get_bind()
        reader.close()
        engine.dispose()
    print(f"\n{load()} at the end of these")


# --- the rest ---------------------------------------------------------------------------------------------------------


def counting(log: Log) -> None:
    """A chart of 30 days while everything but an hour is counted, and the job that counts."""
    newest = newest_seal()
    with transaction() as session:
        session.execute(
            sa.text(
                "INSERT INTO gatepost_counted_seals (id, seal) VALUES (1, 0) ON DUPLICATE KEY UPDATE id = id"
            )
        )
        session.execute(sa.text("UPDATE gatepost_counted_seals SET seal = :seal"), {"seal": newest - 120})
    start = time.perf_counter()
    counted = count_sealed_events(UTC, seconds=600)
    seconds = time.perf_counter() - start
    print(
        f"| counting {counted:,} events of two hours among {log.count:,} | {seconds * 1e3:,.0f} ms | {load()} |"
    )
    with transaction() as session:
        session.execute(sa.text("UPDATE gatepost_counted_seals SET seal = :seal"), {"seal": newest - 2})
    today = utc_now().date()
    times = []
    with reading() as reader:
        for _round in range(20):
            start = time.perf_counter()
            read_counts(reader, UTC, today - timedelta(days=29), today)
            times.append((time.perf_counter() - start) * 1e3)
    print(
        f"| events per type and day of 30 days, for a chart, among {log.count:,} | {median(times):.1f} ms | {load()} |",
        flush=True,
    )


def newest_seal() -> int:
    with reading() as reader:
        return int(reader.scalar(sa.text("SELECT MAX(seal) FROM gatepost_events")) or 0)


def travelling(log: Log) -> None:
    with reading() as reader:
        newest: datetime = reader.scalar(sa.text("SELECT MAX(at) FROM gatepost_events")).replace(tzinfo=UTC)
        times = []
        for days in range(1, 6):
            start = time.perf_counter()
            list_travellers(reader, newest - timedelta(days=days + 1), newest - timedelta(days=days), 5)
            times.append((time.perf_counter() - start) * 1e3)
    print(
        f"| members with five addresses within 24 hours among {log.count:,} | {median(times):,.0f} ms | {load()} |",
        flush=True,
    )


def looking_for_text(log: Log) -> None:
    """A text that is nowhere: in the events of a member who has thousands, and in one month of the site."""
    with reading() as reader:
        times: tuple[list[float], list[float]] = ([], [])
        for number in range(1, 4):
            begin, end = a_month(random.Random(number))
            for which, query in enumerate(
                (
                    EventQuery(member_id=number, text="nowhere"),
                    EventQuery(from_at=begin, until_at=end, text="nowhere"),
                )
            ):
                start = time.perf_counter()
                search(reader, query)
                times[which].append((time.perf_counter() - start) * 1e3)
    for title, some in zip(("one member's events", "one month"), times, strict=True):
        print(
            f"| a text that is nowhere in {title}, among {log.count:,} | {median(some):,.0f} ms | {load()} |",
            flush=True,
        )


def exporting(log: Log, wanted: int = 300_000) -> None:
    """CSV into nothing; how much more memory the last part of it took than the first."""
    written, start, early = 0, time.perf_counter(), 0
    with reading() as reader, Path(os.devnull).open("w") as file:
        for portion in portions(reader, log.app.extensions["gatepost"].tables, EventQuery(), Format.CSV, UTC):
            file.write(portion.text)
            written += portion.count
            if not early and written >= wanted / 10:
                early = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            if written >= wanted:
                break
    seconds = time.perf_counter() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - early) / 1024
    print(f"| exporting {written:,} events as CSV out of {log.count:,} | {written / seconds:,.0f} events/s, {grown:.1f} MB more memory from the first tenth to the end | {load()} |", flush=True)  # fmt: skip


def dropping(log: Log) -> None:
    """The oldest month of page views: what retention does."""
    with reading() as reader:
        name, rows = reader.execute(
            sa.text(
                "SELECT PARTITION_NAME, TABLE_ROWS FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE()"
                " AND TABLE_NAME = 'gatepost_events' AND PARTITION_NAME LIKE 'p\\_page\\_2%' ORDER BY PARTITION_NAME LIMIT 1"
            )
        ).one()
    with db.engine.connect() as connection:
        start = time.perf_counter()
        connection.execute(sa.text(f"ALTER TABLE gatepost_events DROP PARTITION {name}"))
        seconds = time.perf_counter() - start
    print(
        f"| dropping {name}, about {rows:,} of {log.count:,} events | {seconds * 1e3:,.0f} ms | {load()} |",
        flush=True,
    )


def sealing() -> None:
    """Everything that waits for a seal, and then whether all of it is still there."""
    start, rows = time.perf_counter(), 0
    while sealed := seal_rows(utc_now(), seconds=60).rows:
        rows += sealed
    seconds = time.perf_counter() - start
    print(f"| sealing {rows:,} events | {rows / seconds:,.0f} events/s | {load()} |", flush=True)
    with reading() as reader:
        verification = Verification(reader)
        start = time.perf_counter()
        flaws = list(verification.run())
        seconds = time.perf_counter() - start
    if flaws or verification.summary.rows != rows:
        raise SystemExit(f"{verification.summary.rows} of {rows} events were verified, {len(flaws)} flaws")
    print(f"| verifying {rows:,} events | {rows / seconds:,.0f} events/s | {load()} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="./run bench log")
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--small", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--drained", type=int, default=50_000)
    parser.add_argument("--sealed", type=int, default=200_000)
    parser.add_argument("--only", default="reading,recording", help="reading, recording or both")
    options = parser.parse_args()
    parts = {
        "reading": lambda bed, folder: measure_reading(bed, folder, options),
        "recording": lambda bed, folder: measure_recording(bed, folder, options.sealed),
    }
    wanted = options.only.split(",")
    if not set(wanted) <= set(parts):
        parser.error(f"--only takes {', '.join(parts)}")
    bed = Session()
    try:
        [(version,)] = bed.mariadb.execute("SELECT VERSION()")
        [(pool,)] = bed.mariadb.execute("SELECT @@innodb_buffer_pool_size")
        print(f"{machine()}, {version}, buffer pool {pool // 2**20} MB, {load()}", flush=True)
        for part in wanted:
            with tempfile.TemporaryDirectory() as folder:
                parts[part](bed, Path(folder))
    finally:
        bed.close()


def measure_reading(bed: Session, folder: Path, options: argparse.Namespace) -> None:
    now = utc_now()
    logs = (
        make_log(bed.mariadb, folder / "small", options.small, now),
        make_log(bed.mariadb, folder / "large", options.events, now),
    )
    for log in logs:
        size = bytes_on_disk(bed.mariadb, log)
        print(
            f"{log.count:,} events take {size / 2**20:,.0f} MB on disk, {size / log.count:,.0f} bytes each",
            flush=True,
        )
    searching(logs, options.rounds)
    print("\n| | | |\n|---|---|---|")
    for log, name in zip(logs, ("small", "large"), strict=True):
        with log.at_work():
            counting(log)
            travelling(log)
            looking_for_text(log)
            exporting(log)
            draining(log, folder / name / "spool", options.drained)
            dropping(log)


def measure_recording(bed: Session, folder: Path, count: int) -> None:
    """From the page to the seal; the events are real here, so that they can be verified."""
    print("\n| | | |\n|---|---|---|")
    recording(folder / "recorded")
    log = make_log(bed.mariadb, folder / "whole", 0, utc_now())
    with log.at_work():
        draining(log, folder / "spool", count)
        sealing()


if __name__ == "__main__":
    main()
