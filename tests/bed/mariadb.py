"""One private MariaDB: own data folder, unix socket and free TCP port.

It is slow to start (about a second), so all test runs of an account share it: each holds a shared lock
while it uses the server, and the last one to leave stops it, unless `python -m tests.bed up` keeps it.
Runs do not meet inside: every database carries the id of its session.
"""

import fcntl
import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pymysql

from tests.bed.folder import DATABASE_ACCOUNT, ROOT, BedError, locked, prepare_root, try_lock
from tests.bed.processes import program, running_pid, stop, wait_until

FOLDER = ROOT / "mariadb"
DATA = FOLDER / "data"
TEMPORARY = FOLDER / "tmp"
"""A server that starts deletes every #sql file in its folder for temporary ones, those of other servers, too."""
SOCKET = FOLDER / "socket"
PID_FILE = FOLDER / "pid"
ERROR_LOG = FOLDER / "error.log"
CONFIGURATION = FOLDER / "my.cnf"
ROOT_PASSWORD = ROOT / "mariadb-root-password"
USERS_LOCK = ROOT / "mariadb-users.lock"
KEEP_MARK = ROOT / "mariadb-keep"

SETTINGS = """\
[mysqld]
datadir={data}
tmpdir={temporary}
socket={socket}
pid-file={pid_file}
log-error={error_log}
port={port}
bind-address=127.0.0.1
skip-name-resolve
skip-log-bin
local-infile=0
character-set-server=utf8mb4
collation-server=utf8mb4_unicode_520_ci
innodb_buffer_pool_size=512M
innodb_log_file_size=256M
innodb_flush_log_at_trx_commit=1
max_connections=300
"""

DRIVER = os.environ.get("GATEPOST_BED_DRIVER", "pymysql")
"""SQLAlchemy's name of the driver: `mysqldb` for the one in C, where mysqlclient is installed."""


class MariaDB:
    """The running server, seen by one session.

    Attributes: `socket` (path of the unix socket), `port` (TCP, on 127.0.0.1).
    """

    def __init__(self, session_id: str, port: int, password: str, users_lock: int):
        self.socket = SOCKET
        self.port = port
        self._session_id = session_id
        self._password = password
        self._users_lock = users_lock
        self._numbers = count(1)
        self._connection: pymysql.Connection[Any] | None = None

    def new_database(self, prefix: str = "test") -> str:
        """A fresh empty database with a user of its own, as an SQLAlchemy URL.

        It lives until `drop_database(url)` or the end of the session.
        """
        name = f"gp_{self._session_id}_{next(self._numbers)}_{prefix}"[:64]
        password = secrets.token_hex(12)
        user = self._create(name, password)
        account = f"{user}:{password}@localhost"
        return f"mysql+{DRIVER}://{account}/{name}?unix_socket={self.socket}&charset=utf8mb4"

    def _create(self, name: str, password: str) -> str:
        user = "_".join(name.split("_")[:3])
        self.execute(f"CREATE DATABASE `{name}`")
        for host in ("localhost", "127.0.0.1"):
            self.execute(f"CREATE USER `{user}`@`{host}` IDENTIFIED BY '{password}'")
            self.execute(f"GRANT ALL ON `{name}`.* TO `{user}`@`{host}`")
        return user

    def drop_database(self, url: str) -> None:
        """Drop one database of `new_database` and its user."""
        self._drop(database_name(url))

    def _drop(self, name: str) -> None:
        user = "_".join(name.split("_")[:3])
        self.execute(f"DROP DATABASE IF EXISTS `{name}`")
        for host in ("localhost", "127.0.0.1"):
            self.execute(f"DROP USER IF EXISTS `{user}`@`{host}`")

    def drop_session(self, session_id: str) -> None:
        """Drop everything that a session, ended or dead, has made."""
        for (name,) in self.execute("SHOW DATABASES LIKE %s", [rf"gp\_{session_id}\_%"]):
            self._drop(name)

    def copy_tables(self, source: str, target: str, renamed: dict[str, str] | None = None) -> None:
        """Copy all tables of one database into another, by the server itself: structure, then rows."""
        for (table,) in self.execute(f"SHOW TABLES FROM `{source}`"):
            copy = (renamed or {}).get(table, table)
            self.execute(f"CREATE TABLE `{target}`.`{copy}` LIKE `{source}`.`{table}`")
            self.execute(f"INSERT INTO `{target}`.`{copy}` SELECT * FROM `{source}`.`{table}`")

    def execute(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement as the server's root, committed at once; the rows, if it has any."""
        if self._connection is None:
            self._connection = _connect(self._password)
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())

    def leave(self) -> None:
        """Drop what this session made, then stop the server if nobody else uses it."""
        self.drop_session(self._session_id)
        if self._connection is not None:
            self._connection.close()
        os.close(self._users_lock)
        stop_if_unused()


def database_name(url: str) -> str:
    """The database's name in a URL of `new_database`."""
    return url.partition("?")[0].rpartition("/")[2]


def join(session_id: str) -> MariaDB:
    """Start the server unless it runs, and hold it for this session."""
    prepare_root()
    users_lock = os.open(USERS_LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(users_lock, fcntl.LOCK_SH)
    with locked("mariadb-start"):
        if running_pid(PID_FILE) is None:
            _start()
    password = ROOT_PASSWORD.read_text()
    return MariaDB(session_id, _port(), password, users_lock)


def stop_if_unused() -> bool:
    """Stop the server if no session holds it and nobody asked to keep it; True when it is down."""
    if KEEP_MARK.exists():
        return False
    alone = try_lock(USERS_LOCK)
    if alone is None:
        return False
    try:
        stop(PID_FILE)
    finally:
        os.close(alone)
    return True


def _port() -> int:
    line = next(line for line in CONFIGURATION.read_text().splitlines() if line.startswith("port="))
    return int(line.removeprefix("port="))


def _start() -> None:
    if not (DATA / "gatepost-ready").exists():
        _make_data_folder()
    _launch()


def _make_data_folder() -> None:
    """What lies in the folder is disposable: a half-made one is made again."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(mode=0o755)
    if DATABASE_ACCOUNT:
        shutil.chown(FOLDER, DATABASE_ACCOUNT)
    _make_temporary_folder()
    made = subprocess.run(
        [
            program("mariadb-install-db"),
            "--no-defaults",
            f"--datadir={DATA}",
            f"--tmpdir={TEMPORARY}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--force",  # the machine's name need not resolve
            *_account_option(),
        ],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if made.returncode:
        raise BedError(f"mariadb-install-db failed:\n{made.stdout[-2000:]}{made.stderr[-2000:]}")
    _launch()
    _secure_root()
    (DATA / "gatepost-ready").touch()


def _make_temporary_folder() -> None:
    TEMPORARY.mkdir(mode=0o755, exist_ok=True)
    if DATABASE_ACCOUNT:
        shutil.chown(TEMPORARY, DATABASE_ACCOUNT)


def _secure_root() -> None:
    """Other accounts of this machine reach the port too: only one root is left, with a password."""
    password = secrets.token_hex(16)
    ROOT_PASSWORD.unlink(missing_ok=True)
    ROOT_PASSWORD.touch(mode=0o600)
    ROOT_PASSWORD.write_text(password)
    with _connect("") as connection, connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM mysql.global_priv WHERE NOT (User IN ('root', 'mariadb.sys') AND Host = 'localhost')"
        )
        cursor.execute("FLUSH PRIVILEGES")
        cursor.execute("SET PASSWORD = PASSWORD(%s)", [password])


def _launch() -> None:
    if running_pid(PID_FILE) is not None:
        return
    _make_temporary_folder()
    CONFIGURATION.write_text(
        SETTINGS.format(
            data=DATA,
            temporary=TEMPORARY,
            socket=SOCKET,
            pid_file=PID_FILE,
            error_log=ERROR_LOG,
            port=_free_port(),
        )
    )
    # setsid --fork: the server outlives this run when another run still uses it.
    subprocess.run(
        [
            program("setsid"),
            "--fork",
            program("mariadbd"),
            f"--defaults-file={CONFIGURATION}",
            *_account_option(),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    if not wait_until(_answers, within_seconds=60):
        raise BedError(
            f"MariaDB did not start:\n{_last_lines(ERROR_LOG)}\nA fresh one: python -m tests.bed wipe"
        )


def _account_option() -> list[str]:
    return [f"--user={DATABASE_ACCOUNT}"] if DATABASE_ACCOUNT else []


def _answers() -> bool:
    if running_pid(PID_FILE) is None:
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(SOCKET)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _connect(password: str) -> "pymysql.Connection[Any]":
    return pymysql.connect(
        unix_socket=str(SOCKET), user="root", password=password, charset="utf8mb4", autocommit=True
    )


def _last_lines(path: Path) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-20:]) if path.exists() else "(no log)"
