"""The database, made ready, and what a server's refusal means in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from sidecar.activity.partitions import months_from, sync_partitions
from sidecar.catalog.store import start_generation
from sidecar.db import db, reading, transaction
from sidecar.errors import GatepostError, Misconfigured
from sidecar.i18n import _
from sidecar.installation import claim_for_site
from sidecar.migrations.running import current_revision, newest_revision, upgrade
from sidecar.wordpress.installation import Severity, check_tables
from sidecar.wordpress.tables import Tables

_UNKNOWN_DATABASE = {1049}
_DENIED_LOGIN = {1045, 1698}
_DENIED_DATABASE = {1044}
_DENIED_TABLE = {1142, 1143, 1370}
_NO_TABLE = {1146, 1932}
_TAKEN = {1062}
_AWAY = {2002, 2003, 2005, 2006, 2013, 1040}


class DatabaseTrouble(GatepostError):
    """The database cannot be used as it is configured; the text says what to look at."""


@dataclass(frozen=True)
class Prepared:
    """What `prepare_database` did. `steps`: the migrations that ran now; `uuid`: this installation's."""

    steps: list[str]
    partitions: int
    uuid: str


def prepare_database(tables: Tables, now: datetime) -> Prepared:
    """Our tables in the site's database, bound to the site. Safe to repeat, also after an interruption.

    Raises Misconfigured when the site's own tables are not there, Refused when ours belong to another site.
    """
    check_site_tables(tables)
    steps = upgrade(db.engine)
    uuid = claim_for_site(tables.prefix, now)
    with transaction() as session:
        start_generation(session)
    return Prepared(steps, sync_partitions(months_from(now)), uuid)


def check_site_tables(tables: Tables) -> None:
    """Raises Misconfigured when WordPress's tables are not under the prefixes of the configuration."""
    with reading() as reader:
        inspector = sa.inspect(reader.connection())
        names = inspector.get_table_names() + inspector.get_view_names()
        folded = reader.get_bind().dialect.name != "sqlite" and reader.scalar(
            sa.text("SELECT @@lower_case_table_names")
        )
    found = check_tables(names, tables, folded=bool(folded))
    if found.severity is not Severity.OK:
        missing = [str(name) for name in _texts(found.facts["missing"])]
        raise Misconfigured(wrong_prefix(tables.prefix, missing, _texts(found.facts["prefixes_found"])))


def wrong_prefix(prefix: str, missing: list[str], prefixes_found: list[str]) -> str:
    """What to say when WordPress's tables are not where they should be."""
    sentence = _("WordPress's tables are not all there with the prefix {prefix}. Missing: {missing}.").format(
        prefix=prefix, missing=", ".join(missing)
    )
    return f"{sentence} {prefix_advice(prefixes_found)}"


def prefix_advice(prefixes_found: list[str]) -> str:
    """Which prefixes to try instead."""
    if prefixes_found:
        known = ", ".join(prefixes_found)
        return _(
            "This database holds a WordPress with the prefix: {prefixes}. Set site.table_prefix to it."
        ).format(prefixes=known)
    return _("No WordPress is in this database at all: compare database.url with DB_NAME in wp-config.php.")


def is_schema_current() -> bool:
    """Whether our tables are as this version wants them."""
    return current_revision(db.engine) == newest_revision()


def check_schema() -> None:
    """Raises DatabaseTrouble unless our tables are as this version wants them."""
    if not is_schema_current():
        raise DatabaseTrouble(
            _("The database is not prepared for this version of Gatepost. Run: gatepost init")
        )


@contextmanager
def in_words(url: URL) -> Iterator[None]:
    """Turns what the database's driver raises into a DatabaseTrouble with a sentence."""
    try:
        yield
    except DBAPIError as error:
        raise DatabaseTrouble(explain(error, url)) from error


def explain(error: DBAPIError, url: URL) -> str:
    """What a refusal of the server means for the person who wrote the configuration. Never holds the password."""
    number = _number(error)
    facts = {"database": url.database or "", "user": url.username or "", "host": _place(url)}
    for numbers, sentence in _sentences().items():
        if number in numbers:
            return sentence.format(**facts)
    if "UNIQUE constraint failed" in str(error.orig):
        return _("There is one already.")
    if "no such table" in str(error.orig):
        return _("Gatepost's tables are not there yet. Run: gatepost init")
    if "unable to open database file" in str(error.orig):
        return _("The database file {database} cannot be opened: look at the folder and its rights.").format(
            **facts
        )
    return _("The database refused: {error}").format(error=error.orig)


def _sentences() -> dict[frozenset[int], str]:
    return {
        frozenset(_UNKNOWN_DATABASE): _(
            "There is no database {database} at {host}. Compare database.url with DB_NAME in wp-config.php."
        ),
        frozenset(_DENIED_LOGIN): _(
            "The database at {host} does not let the user {user} in: the name or the password is wrong, or this user "
            "may not connect from here. Compare database.url with DB_USER and DB_PASSWORD in wp-config.php."
        ),
        frozenset(_DENIED_DATABASE): _(
            "The database user {user} may not use the database {database}. “gatepost grants” prints the rights it needs."
        ),
        frozenset(_DENIED_TABLE): _(
            "The database user {user} lacks a right. “gatepost grants” prints all that it needs."
        ),
        frozenset(_NO_TABLE): _("Gatepost's tables are not there yet. Run: gatepost init"),
        frozenset(_TAKEN): _("There is one already."),
        frozenset(_AWAY): _(
            "The database server at {host} does not answer. Is it running, and is the address in database.url right?"
        ),
    }


def _number(error: DBAPIError) -> int:
    arguments = getattr(error.orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else 0


def _place(url: URL) -> str:
    socket = url.query.get("unix_socket")
    if socket:
        return str(socket)
    return f"{url.host or 'localhost'}:{url.port}" if url.port else url.host or "localhost"


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, tuple | list) else []
