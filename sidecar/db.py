"""The database: one engine, one way to hold a transaction, the column types that both databases agree on.

Facts this file stands on were seen on MariaDB 10.11: REPEATABLE READ loses updates silently between two
read-modify-write transactions, so the isolation is READ COMMITTED and changes are conditional UPDATEs; deadlocks
(1213) and lock waits (1205) are normal and rerun the whole use case.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar, cast

import sqlalchemy as sa
from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.engine import URL, Dialect
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

P = ParamSpec("P")
T = TypeVar("T")
_ATTEMPTS = 3
_RERUN = {1205, 1213}
_DUPLICATE = 1062

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
db = SQLAlchemy(metadata=metadata)


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """DATETIME(6) that holds UTC; takes and gives aware datetimes and refuses naive ones."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        """Microseconds on MySQL and MariaDB; SQLite keeps them anyway."""
        if dialect.name in {"mysql", "mariadb"}:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(sa.DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """To naive UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From naive UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A row id; SQLite counts only INTEGER primary keys by itself."""

LongText = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")


def token(length: int) -> sa.types.TypeEngine[str]:
    """An ASCII column that compares byte by byte: ids, keys, codes (`unicode_520_ci` takes 'a' for 'A')."""
    exact = mysql.VARCHAR(length, charset="ascii", collation="ascii_bin")
    return sa.String(length).with_variant(exact, "mysql", "mariadb")


TABLE_OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_520_ci",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_unicode_520_ci",
}


def init_app(app: Flask, url: URL) -> None:
    """Give `app` its engines: one for transactions, one for reading."""
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(url)
    db.init_app(app)
    if url.get_backend_name() == "sqlite":
        with app.app_context():
            sa.event.listen(db.engine, "connect", _prepare_sqlite)
            app.extensions[_READER] = db.engine
    else:
        app.extensions[_READER] = _reading_engine(url)
        with app.app_context():
            _ping_rested(db.engine)


_READER = "gatepost_reader"
_POOL: dict[str, Any] = {"pool_size": 16, "max_overflow": 0}
"""Threads wait for one of these: an overflow would be closed again at once, and a connection costs as much as a renewal."""
_SERVER: dict[str, Any] = {
    **_POOL, "pool_use_lifo": True, "pool_recycle": 280,
    "connect_args": {"connect_timeout": 5, "read_timeout": 30, "write_timeout": 30, "charset": "utf8mb4"},
}  # fmt: skip


def _engine_options(url: URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": 15}, **_POOL}
    # `transaction` commits or rolls back what it opens, so there is nothing to take back when a connection is returned.
    return {"isolation_level": "READ COMMITTED", "pool_reset_on_return": None, **_SERVER}


def _reading_engine(url: URL) -> sa.Engine:
    """For page views: no transaction, so nothing is sent to the server but the statements themselves."""
    engine = sa.create_engine(
        url, isolation_level="AUTOCOMMIT", pool_reset_on_return=None, skip_autocommit_rollback=True, **_SERVER
    )
    _ping_rested(engine)
    return engine


def _ping_rested(engine: sa.Engine) -> None:
    """A ping before each use would be one more way there and back; a connection is asked only after it has rested."""

    def ping_after_rest(connection: Any, record: Any, _proxy: object) -> None:
        if time.monotonic() - record.info.get("rests_since", 0.0) < _REST_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except Exception as error:
            raise sa.exc.DisconnectionError("the server has closed this connection") from error

    sa.event.listen(engine, "checkin", _note_rest)
    sa.event.listen(engine, "checkout", ping_after_rest)


_REST_SECONDS = 2.0


def _note_rest(_connection: Any, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """WAL so that readers never wait, FULL so that a commit survives a power cut, keys as on MySQL."""
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000"):
        connection.execute(f"PRAGMA {pragma}")


_held: ContextVar[bool] = ContextVar("gatepost_transaction_held", default=False)
_lasts: ContextVar[list[Callable[[], object]]] = ContextVar("gatepost_done_last")


@contextmanager
def transaction() -> Iterator[Session]:
    """The session in a transaction: the outermost block commits or rolls back, inner blocks join it."""
    session = cast(Session, db.session())
    if _held.get():
        yield session
        return
    mark, lasts = _held.set(True), _lasts.set([])
    try:
        yield session
        for do in _lasts.get():
            do()
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        _lasts.reset(lasts)
        _held.reset(mark)
        db.session.remove()


def at_last(do: Callable[[], object]) -> None:
    """Have `do` run as the last thing before the open transaction commits, in the order of these calls: for what takes a lock
    that everybody waits for. Whoever holds it waits for nothing else then, so it is held for an instant and in no circle."""
    session()
    _lasts.get().append(do)


def use_case(function: Callable[P, T]) -> Callable[P, T]:
    """A function that is one transaction. A deadlock or lock wait reruns it, as does an error for which there is a remedy
    (`remedy_for`), at most three times.

    Called inside another use case it joins that one's transaction, and the outer one is rerun as a whole; so a use
    case does nothing that cannot be rolled back: no network, no queue, no file.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        attempt = 1
        while True:
            try:
                with transaction():
                    return function(*args, **kwargs)
            except DBAPIError as error:
                if _held.get() or attempt == _ATTEMPTS or not _may_rerun(error):
                    raise
                attempt += 1

    return run


def _may_rerun(error: DBAPIError) -> bool:
    """Whether a second try can end otherwise; for a fault with a remedy, after the remedy."""
    arguments: tuple[Any, ...] = getattr(error.orig, "args", ())
    code = arguments[0] if arguments else None
    if isinstance(error, OperationalError) and code in _RERUN:
        return True
    return code in _remedies and _remedies[code](error)


Remedy = Callable[[DBAPIError], bool]
_remedies: dict[int, Remedy] = {}


def remedy_for(code: int) -> Callable[[Remedy], Remedy]:
    """Registers what heals an error of the database server, so that the use case that met it can run again.

    It is called after the rollback, with no transaction open, and works on a connection of its own; False: not this time.
    """

    def register(remedy: Remedy) -> Remedy:
        _remedies[code] = remedy
        return remedy

    return register


def session() -> Session:
    """The session of the transaction that is open here; a use case has opened it."""
    if not _held.get():
        raise RuntimeError("no transaction is open: call this inside a use case")
    return cast(Session, db.session())


def dispose() -> None:
    """Close every connection of the current app."""
    db.engine.dispose()
    current_app.extensions[_READER].dispose()


@contextmanager
def reading() -> Iterator[Session]:
    """A session for reading only, without a transaction (AUTOCOMMIT): each statement sees what is committed."""
    with Session(current_app.extensions[_READER]) as reader:
        yield reader


def get_server_time(session: Session) -> float:
    """The database server's clock, Unix seconds."""
    return float(session.scalar(sa.select(server_time(session))) or 0)


def server_time(session: Session) -> sa.ColumnElement[Any]:
    """The database server's clock within a statement, Unix seconds. The same object each time, so that statements can be kept."""
    return _SQLITE_TIME if session.get_bind().dialect.name == "sqlite" else _SERVER_TIME


_SERVER_TIME: sa.ColumnElement[Any] = sa.func.unix_timestamp(sa.func.now(6))
_SQLITE_TIME: sa.ColumnElement[Any] = (
    sa.func.julianday("now", type_=sa.Float()) - sa.literal(2440587.5)
) * sa.literal(86400.0)


def is_duplicate(error: IntegrityError) -> bool:
    """Whether a unique key refused a row, and not another rule of the table."""
    arguments: tuple[Any, ...] = getattr(error.orig, "args", ())
    return arguments[:1] == (_DUPLICATE,) or "UNIQUE constraint failed" in str(error.orig)


def insert_row(session: Session, table: sa.Table, values: dict[str, Any]) -> int:
    """Insert one row; gives the id that the database counted for it."""
    result = cast("sa.CursorResult[Any]", session.execute(insert_into(table), values))
    (row_id,) = result.inserted_primary_key or (0,)
    return int(row_id)


def count_changed(session: Session, statement: sa.Update | sa.Delete) -> int:
    """Run it; gives how many rows it matched (which, for a claim, it also changed)."""
    return int(cast("sa.CursorResult[Any]", session.execute(statement)).rowcount)


def change_rows(
    session: Session, table: sa.Table, known: Mapping[str, Any], values: Mapping[str, Any]
) -> int:
    """UPDATE those rows whose columns are still what is `known` of them, to plain `values`; gives how many there were."""
    statement = _update_of(
        table, tuple((name, value is None) for name, value in known.items()), tuple(values)
    )
    given = {f"known_{name}": value for name, value in known.items() if value is not None}
    given |= {f"new_{name}": value for name, value in values.items()}
    return int(cast("sa.CursorResult[Any]", session.execute(statement, given)).rowcount)


def insert_once(session: Session, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert `rows`, leaving alone those whose key is there already.

    Not INSERT IGNORE: that would also swallow a missing partition and cut values that are too long.
    """
    if not rows:
        return
    session.execute(_insert_once_into(table, session.get_bind().dialect.name), rows)


@cache
def insert_into(table: sa.Table) -> sa.Insert:
    """INSERT, made once: SQLAlchemy looks a statement that it has seen before up without walking through it again."""
    return sa.insert(table)


@cache
def _update_of(table: sa.Table, known: tuple[tuple[str, bool], ...], changed: tuple[str, ...]) -> sa.Update:
    where = [
        table.c[name].is_(None) if is_null else table.c[name] == sa.bindparam(f"known_{name}")
        for name, is_null in known
    ]
    return sa.update(table).where(*where).values({name: sa.bindparam(f"new_{name}") for name in changed})


@cache
def _insert_once_into(table: sa.Table, dialect: str) -> sa.Insert:
    if dialect == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    key = next(iter(table.primary_key.columns))
    return mysql.insert(table).on_duplicate_key_update({key.name: key})
