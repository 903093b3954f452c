"""The servers, processes and clocks of one run, and ways to look at them and to move them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pymysql

from sidecar.activity.partitions import months_from, sync_partitions
from sidecar.app import create_app
from sidecar.config import load
from sidecar.db import db, dispose, transaction
from sidecar.migrations.running import upgrade
from sidecar.wordpress.tables import Tables
from tests.bed.folder import ROOT, prepare_root
from tests.crash.clocks import FileClock
from tests.crash.impatience import KEY_LIVES_SECONDS
from tests.crash.nursery import Nursery
from tests.crash.servers import OwnMariaDB, OwnRedis, free_port
from tests.processor.running import RunningProcessor

BEGINNING = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
"""A 31st: the months that follow have no such day."""
DATABASE, BACKUP, CLONE = "club", "backup", "clone"
SITE, CLONED_SITE = "https://club.test", "https://staging.club.test"
WEBHOOK_SECRET = "whsec_crash"


class Servers:
    """MariaDB and Redis, shared by all runs of one command."""

    def __init__(self, name: str) -> None:
        prepare_root()
        self.folder = ROOT / f"crash-{name}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o755)
        self.mariadb = OwnMariaDB(self.folder / "mariadb")
        self.redis = OwnRedis(self.folder / "redis")

    def close(self) -> None:
        """Stop both and remove what they kept."""
        self.redis.stop()
        self.mariadb.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def serving(name: str) -> Iterator[Servers]:
    """Servers for a while."""
    servers = Servers(name)
    try:
        yield servers
    finally:
        servers.close()


class World:
    """One run's database, processor, nursery and folder."""

    def __init__(
        self, servers: Servers, folder: Path, seed: int, sabotage: str = "", threads: int = 4
    ) -> None:
        self.folder, self.mariadb, self.redis, self._threads = folder, servers.mariadb, servers.redis, threads
        self.processor = RunningProcessor("--seed", str(seed))
        self.door_port = free_port()
        self.clock = FileClock(folder / "clock")
        self.clock.set_to(BEGINNING)
        self.processor.post("clock", {"now": int(BEGINNING.timestamp())})
        self.mariadb.new_database(DATABASE)
        self._write_configurations()
        self._connection: pymysql.Connection[Any] | None = None
        self._months = 0
        self.nursery = Nursery(folder, sabotage)
        self.meanwhile: Callable[[], None] = lambda: None

    def _write_configurations(self) -> None:
        for name, text in {"key": self.processor.secret_key, "webhook_secret": WEBHOOK_SECRET}.items():
            (self.folder / name).write_text(text)
        self.write_configuration("config.toml", DATABASE, SITE, "state")
        self.write_configuration("clone.toml", CLONE, CLONED_SITE, "state")

    def write_configuration(self, name: str, database: str, site: str, state: str) -> None:
        """What one installation, or a copy of it, is told."""
        (self.folder / state).mkdir(exist_ok=True)
        (self.folder / name).write_text(
            f'[site]\nurl = "{site}"\n'
            f'[database]\nurl = "{self.mariadb.url(database)}"\n'
            f'[service]\nstate_dir = "{self.folder / state}"\n'
            f'[billing]\ngateway = "stripe"\nsecret_key_file = "{self.folder}/key"\n'
            f'webhook_secret_file = "{self.folder}/webhook_secret"\n'
            f'publishable_key = "{self.processor.publishable_key}"\napi_url = "{self.processor.url}"\n'
            f'calls_per_second = 0\ncalls_per_endpoint = 0\nthreads = {self._threads}\nredis_url = "{self.redis.url}"\n'
        )

    def furnish(self, furnish: Callable[[Tables, datetime], Any], months: int) -> Any:
        """Make the tables, and what `furnish` makes in them; the log has room for so many months."""
        self._months = months
        app = create_app(load(self.folder / "config.toml"), self.clock)
        tables = app.extensions["gatepost"].tables
        with app.app_context():
            upgrade(db.engine)
            sync_partitions(months_from(BEGINNING, months))
            with transaction() as session:
                tables.create_all(session)
            made = furnish(tables, self.now())
            dispose()
        self.execute("INSERT INTO gatepost_installation VALUES (1, UUID(), 'wp_', UTC_TIMESTAMP(6))")
        return made

    def make_partitions(self) -> None:
        """The log's partitions from now on to the run's end, as cron does when it lives again. Nobody else may work
        meanwhile: who stood still in the midst of a transaction would hold it up."""
        with create_app(load(self.folder / "config.toml"), self.clock).app_context():
            sync_partitions(months_from(self.now(), self._months))
            dispose()

    # --- time ---

    def now(self) -> datetime:
        """Business time, whole seconds: the processor counts no others."""
        return self.clock.now().replace(microsecond=0)

    def move(self, by: timedelta) -> None:
        """Both clocks, the processor's first: what falls between is seen as a clock that is off, and nothing is done."""
        target = self.now() + by
        self.processor.post("clock", {"now": int(target.timestamp())})
        self.clock.set_to(target)

    def wait_for_keys(self) -> None:
        """Until no lost creation relies on its idempotency key any more: a jump of a day makes the processor forget it.

        What takes minutes of 24 hours in life must not take longer than the whole day here.
        """
        young = (
            "SELECT (SELECT COUNT(*) FROM gatepost_receivables WHERE status = 'due' AND intent_id IS NULL"
            " AND intent_asked_at > UNIX_TIMESTAMP(NOW(6)) - %s) + (SELECT COUNT(*) FROM gatepost_refunds"
            " WHERE status IN ('claimed', 'unknown') AND asked_s > UNIX_TIMESTAMP(NOW(6)) - %s)"
        )
        seconds = KEY_LIVES_SECONDS + 1
        self.wait_until(lambda: self.count(young, [seconds, seconds]) == 0, seconds + 2)

    # --- looking ---

    def execute(self, statement: str, values: list[Any] | None = None) -> None:
        """One statement on the run's database, as root."""
        self.rows(statement, values)

    def rows(self, statement: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        """What a SELECT gives, by name. The connection is kept until the server dies."""
        if self._connection is None:
            self._connection = self.mariadb.connect(DATABASE)
        try:
            with self._connection.cursor(pymysql.cursors.DictCursor) as cursor:
                cursor.execute(statement, values or None)
                return list(cursor.fetchall())
        except (pymysql.OperationalError, pymysql.InterfaceError):
            self._connection = None
            raise

    def forget_connection(self) -> None:
        """The server, or the database in it, is another one now."""
        self._connection = None

    def count(self, statement: str, values: list[Any] | None = None) -> int:
        """The one number that a SELECT gives."""
        return int(next(iter(self.rows(statement, values)[0].values())) or 0)

    def count_due(self) -> int:
        """Orders that billing should be looking at."""
        return self.count("SELECT COUNT(*) FROM gatepost_orders WHERE wake_at <= %s", [naive(self.now())])

    def paused(self) -> tuple[str, str] | None:
        """(reason, sentence) of a billing that is paused."""
        rows = self.rows(
            "SELECT paused_for, paused_because FROM gatepost_billing_lease WHERE paused_for IS NOT NULL"
        )
        return (str(rows[0]["paused_for"]), str(rows[0]["paused_because"])) if rows else None

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Poll, and look after the processes meanwhile; False when the time is over."""
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                return False
            self.meanwhile()
            time.sleep(0.04)
        return True

    def close(self) -> tuple[int, str]:
        """End everything; the processor's exit code (3: its referee saw something) and complaints."""
        self.nursery.close()
        return self.processor.stop()


def naive(moment: datetime) -> datetime:
    """As the database keeps it: UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)
