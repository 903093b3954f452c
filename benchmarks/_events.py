"""A database with a log of any size, made by the server itself: what `benchmarks/log.py` measures on."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from sidecar import config as configuration
from sidecar.activity.partitions import months_from, sync_partitions
from sidecar.activity.rules import EventType
from sidecar.app import create_app
from sidecar.db import db, dispose, transaction
from sidecar.migrations.running import upgrade
from tests.bed.mariadb import MariaDB, database_name

MONTHS = 13
CHUNK = 40_000
"""Rows a statement: what it makes in between stays in memory."""

SMALL = 1_000_000

SHARES = {
    EventType.PAGE: 0.80, EventType.LOGIN: 0.09, EventType.EMAIL: 0.045, EventType.ACCESS: 0.035, EventType.BILLING: 0.025,
    EventType.AFFILIATE: 0.005,
}  # fmt: skip
NAMES = {
    EventType.PAGE: "IF(dice < 0.03, 'denied', 'viewed')",
    EventType.LOGIN: "CASE WHEN dice < 0.15 THEN 'failed' WHEN dice < 0.2 THEN 'signed_out' ELSE 'signed_in' END",
    EventType.EMAIL: "IF(dice < 0.02, 'failed', 'sent')",
    EventType.ACCESS: "IF(dice < 0.3, 'created', 'status_changed')",
    EventType.BILLING: "IF(dice < 0.08, 'declined', 'paid')",
    EventType.AFFILIATE: "'clicked'",
}
SUBJECTS = {
    EventType.PAGE: "CONCAT('post:', 1 + FLOOR(500 * dice2 * dice2 * dice2))",
    EventType.EMAIL: "CONCAT('order:', MD5(member))",
    EventType.BILLING: "CONCAT('order:', MD5(member))",
    EventType.ACCESS: "CONCAT('level:', 1 + member MOD 5)",
}
BODIES = {
    EventType.PAGE: """CONCAT('{"agent":"Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0","referrer":"https://club.test/","url":"/lesson-', FLOOR(500 * dice2), '/"}')""",
}
# A member has an address, and now and then another one.
IP = (
    "CONCAT('10.', member MOD 200, '.', (member DIV 200) MOD 250, '.', IF(dice2 < 0.1, FLOOR(dice * 200), 1))"
)


@dataclass(frozen=True)
class Log:
    """`heavy`: so many members have a tenth of all events between them (three tenths of a small log), so that each has a hundred pages."""

    url: str
    app: Flask
    count: int
    members: int
    heavy: int

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with self.app.app_context():
            try:
                yield
            finally:
                dispose()

    def reader(self) -> Session:
        return Session(sa.create_engine(self.url, isolation_level="AUTOCOMMIT"))


def make_log(server: MariaDB, folder: Path, count: int, now: datetime) -> Log:
    """`count` events over the 13 months before `now`, the newest a moment ago."""
    folder.mkdir()
    url = server.new_database("log")
    app = create_app(
        configuration.from_tables(
            {
                "site": {"url": "https://club.test"},
                "database": {"url": url},
                "bridge": {"listen": f"unix:{folder}/s.sock", "secret_file": f"{folder}/secret"},
                "service": {"state_dir": f"{folder}/state"},
            }
        )
    )
    small = count <= SMALL
    log = Log(
        url, app, count, min(100_000, max(100, count // 100)), 5 if small else min(50, count // 200_000)
    )
    with log.at_work():
        upgrade(db.engine)
        begin = (now - timedelta(days=30 * MONTHS)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        sync_partitions(months_from(begin, MONTHS + 5))
        with transaction() as session:
            app.extensions["gatepost"].tables.create_all(session)
        _fill(log, begin, now)
        with transaction() as session:
            session.execute(sa.text("ANALYZE TABLE gatepost_events"))
    return log


def _fill(log: Log, begin: datetime, now: datetime) -> None:
    """Month by month and type by type, so that the indexes of one partition at a time are in memory."""
    seconds = (now - begin).total_seconds()
    share = 0.3 if log.count <= SMALL else 0.1
    spans = list(_months(begin, now))
    started = time.monotonic()
    with click.progressbar(length=log.count, label=f"{log.count:,} events", file=sys.stderr) as bar:
        for start, end in spans:
            for kind, part in SHARES.items():
                rows = round(log.count * part * (end - start).total_seconds() / seconds)
                for first in range(1, rows + 1, CHUNK):
                    last = min(first + CHUNK - 1, rows)
                    with transaction() as session:
                        session.connection().exec_driver_sql(
                            _statement(log, kind, start, end, rows, first, last, share, begin)
                        )
                    bar.update(last - first + 1)
    print(f"{log.count:,} events were made in {time.monotonic() - started:,.0f} s", flush=True)


def _months(begin: datetime, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    while begin < now:
        end = (begin + timedelta(days=32)).replace(day=1)
        yield begin, min(end, now)
        begin = end


def _statement(
    log: Log,
    kind: EventType,
    start: datetime,
    end: datetime,
    rows: int,
    first: int,
    last: int,
    share: float,
    begin: datetime,
) -> str:
    """Events at even distances; random digests, as nobody verifies them here. One seal a minute, as the sealer makes them."""
    step = (end - start).total_seconds() * 1e6 / (rows + 1)
    origin, zero = f"{start:%Y-%m-%d %H:%M:%S}", f"{begin:%Y-%m-%d %H:%M:%S}"
    body = BODIES.get(kind, "'{}'")
    return f"""
        INSERT INTO gatepost_events
          (id, type, month, name, at, member_id, user_id, subject, ip, body, salt, digest, seal)
        SELECT UNHEX(CONCAT(LPAD(HEX(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', at) DIV 1000), 12, '0'),
                 LEFT(MD5(CONCAT('{kind}{start:%Y%m}', seq)), 20))),
               '{kind}', {start:%Y%m}, {NAMES[kind]}, at, member, member + 7, {SUBJECTS.get(kind, "''")},
               {IP}, {body}, RANDOM_BYTES(16), RANDOM_BYTES(32), 1 + TIMESTAMPDIFF(MINUTE, '{zero}', at)
        FROM (SELECT seq, TIMESTAMPADD(MICROSECOND, FLOOR(seq * {step}), '{origin}') AS at,
                     IF(RAND() < {share}, 1 + FLOOR(RAND() * {log.heavy}), 1 + FLOOR(RAND() * {log.members})) AS member,
                     RAND() AS dice, RAND() AS dice2
              FROM seq_{first}_to_{last}) AS made
    """


def bytes_on_disk(server: MariaDB, log: Log) -> int:
    """What the files of the log's partitions take."""
    name = database_name(log.url)
    [(size,)] = server.execute(
        "SELECT SUM(FILE_SIZE) FROM information_schema.INNODB_SYS_TABLESPACES WHERE NAME LIKE %s",
        [f"{name}/gatepost\\_events#%"],
    )
    return int(size or 0)


def utc_now() -> datetime:
    return datetime.now(UTC)
