"""A MariaDB that may be killed, and a Redis that may be emptied: the machine's own, never the test bed's shared ones."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pymysql
import redis

from tests.bed.folder import DATABASE_ACCOUNT, BedError
from tests.bed.processes import child, program, wait_until

SETTINGS = """\
[mysqld]
datadir={folder}/data
tmpdir={folder}/tmp
socket={folder}/socket
pid-file={folder}/pid
log-error={folder}/error.log
port={port}
bind-address=127.0.0.1
skip-name-resolve
skip-log-bin
character-set-server=utf8mb4
collation-server=utf8mb4_unicode_520_ci
innodb_buffer_pool_size=256M
innodb_log_file_size=64M
innodb_flush_log_at_trx_commit=1
max_connections=500
"""


class OwnMariaDB:
    """Durable as billing demands it; `kill` is the end of a machine, `start` its repair."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        # A server that starts deletes the temporary tables of all that share its folder for them.
        for own in (folder, folder / "tmp"):
            own.mkdir(mode=0o755, parents=True)
            if DATABASE_ACCOUNT:
                shutil.chown(own, DATABASE_ACCOUNT)
        self._configuration = folder / "my.cnf"
        self._configuration.write_text(SETTINGS.format(folder=folder, port=self.port))
        self._process: subprocess.Popen[bytes] | None = None
        self._install()
        self.start()
        self.execute("CREATE USER IF NOT EXISTS gatepost@localhost IDENTIFIED BY 'gatepost'")
        self.execute("GRANT ALL ON *.* TO gatepost@localhost")

    def _install(self) -> None:
        options = [
            "--no-defaults", f"--datadir={self.folder}/data", f"--tmpdir={self.folder}/tmp", "--auth-root-authentication-method=normal",
            "--skip-test-db", "--force", *self._account(),
        ]  # fmt: skip
        made = subprocess.run(
            [program("mariadb-install-db"), *options], capture_output=True, text=True, check=False
        )
        if made.returncode:
            raise BedError(f"mariadb-install-db failed:\n{made.stderr[-2000:]}")

    @staticmethod
    def _account() -> list[str]:
        return [f"--user={DATABASE_ACCOUNT}"] if DATABASE_ACCOUNT else []

    def start(self) -> None:
        """Start, and wait until it has recovered."""
        self._process = child(
            [program("mariadbd"), f"--defaults-file={self._configuration}", *self._account()],
            log=self.folder / "output.log",
        )
        if not wait_until(self._answers, within_seconds=60):
            raise BedError(f"MariaDB did not start: {(self.folder / 'error.log').read_text()[-2000:]}")

    def kill(self) -> None:
        """As a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As an administrator would."""
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
            self._process.wait(timeout=60)

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except pymysql.Error:
            return False
        return True

    def url(self, database: str) -> str:
        """For SQLAlchemy."""
        return f"mysql+pymysql://gatepost:gatepost@localhost/{database}?unix_socket={self.folder}/socket&charset=utf8mb4"

    def connect(self, database: str | None = None) -> pymysql.Connection[Any]:
        """As root; each statement is committed at once."""
        return pymysql.connect(
            unix_socket=f"{self.folder}/socket", user="root", database=database, charset="utf8mb4",
            autocommit=True, connect_timeout=5, init_command="SET time_zone='+00:00'",
        )  # fmt: skip

    def execute(
        self, statement: str, values: Sequence[object] = (), database: str | None = None
    ) -> list[tuple[Any, ...]]:
        """One statement as root; its rows."""
        with self.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())

    def new_database(self, name: str) -> None:
        """An empty one; what was there is gone."""
        self.execute(f"DROP DATABASE IF EXISTS `{name}`")
        self.execute(f"CREATE DATABASE `{name}`")

    def copy(self, source: str, target: str) -> None:
        """A dump loaded elsewhere: all tables with their foreign keys, as of one moment."""
        self.new_database(target)
        socket_option = f"--socket={self.folder}/socket"
        dump = [
            program("mariadb-dump"), "--no-defaults", socket_option, "--user=root", "--single-transaction", source,
        ]  # fmt: skip
        load = [program("mariadb"), "--no-defaults", socket_option, "--user=root", target]
        dumped = subprocess.run(dump, stdout=subprocess.PIPE, check=True).stdout
        subprocess.run(load, input=dumped, check=True)


class OwnRedis:
    """Nothing is kept on disk: emptied or restarted, it has forgotten everything."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.url = f"redis://127.0.0.1:{free_port()}/0"
        port = self.url.split(":")[2].split("/")[0]
        options = [
            "--port",
            port,
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(folder),
        ]
        self._process = child([program("redis-server"), *options], log=folder / "log")
        self._client = redis.Redis.from_url(self.url)
        if not wait_until(self._answers, within_seconds=20):
            raise BedError("Redis did not start")

    def _answers(self) -> bool:
        try:
            return bool(self._client.ping())
        except redis.RedisError:
            return False

    def empty(self) -> None:
        """Everything in it is lost."""
        self._client.flushall()

    def stop(self) -> None:
        """Nothing is kept."""
        self._client.close()
        self._process.terminate()
        self._process.wait(timeout=20)


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
