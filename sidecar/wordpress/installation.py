"""Is this a WordPress database that Gatepost can live in? Facts for `gatepost doctor`, which has the words for them."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import String, bindparam, cast, func, inspect, select, text
from sqlalchemy.orm import Session

from sidecar.wordpress.tables import Tables

OLDEST_MARIADB = (10, 6)
OLDEST_MYSQL = (8, 0)
ROWS_LOOKED_AT = 10_000

_EVERY_BLOG_HAS = ("options", "posts", "postmeta", "terms", "term_taxonomy", "term_relationships")
_VARIABLES = (
    "innodb_flush_log_at_trx_commit",
    "lower_case_table_names",
    "sql_mode",
    "transaction_isolation",
    "tx_isolation",
    "version",
)


class Severity(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


_SHOW_VARIABLES = text("SHOW VARIABLES WHERE variable_name IN :names").bindparams(
    bindparam("names", expanding=True)
)
# A view has no engine.
_ENGINES = text(
    """SELECT table_name, engine FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name IN :names AND engine IS NOT NULL ORDER BY table_name"""
).bindparams(bindparam("names", expanding=True))
_CHARSETS = text(
    """SELECT table_name, GROUP_CONCAT(DISTINCT character_set_name ORDER BY character_set_name SEPARATOR ', ')
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name IN :names AND character_set_name <> 'utf8mb4'
    GROUP BY table_name ORDER BY table_name"""
).bindparams(bindparam("names", expanding=True))


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `facts`: what was seen, by name, for the sentence that the owner reads."""

    code: str
    severity: Severity
    facts: Mapping[str, object] = field(default_factory=dict)


def inspect_installation(session: Session, tables: Tables) -> list[Finding]:
    """Everything in this file, worst first. Without the tables nothing more is asked of them. Reads only, and not much."""
    on_a_server = session.get_bind().dialect.name != "sqlite"
    variables = _variables(session) if on_a_server else {}
    names = _names(session)
    found = [check_tables(names, tables, folded=variables.get("lower_case_table_names", "0") != "0")]
    if on_a_server:
        found += check_server(variables)
    if found[0].severity is Severity.OK:
        found.append(_check_dates(session, tables))
        if on_a_server:
            found += _check_storage(session, tables)
    return sorted(found, key=lambda finding: list(Severity)[::-1].index(finding.severity))


# --- pure ----------------------------------------------------------------------------------------------------------------


def check_tables(names: Collection[str], tables: Tables, *, folded: bool = False) -> Finding:
    """`tables`: are they all there? If not: which, and under which prefixes this database does hold a WordPress.

    `folded`: the server keeps table names in small letters (Windows, macOS), so case does not count.
    """
    there = {name.lower() for name in names} if folded else set(names)
    wanted = [table.name.lower() if folded else table.name for table in tables.all]
    missing = tuple(name for name in wanted if name not in there)
    if not missing:
        return Finding("tables", Severity.OK, {"prefix": tables.prefix})
    facts = {"prefix": tables.prefix, "missing": missing, "prefixes_found": find_prefixes(names)}
    return Finding("tables", Severity.PROBLEM, facts)


def find_prefixes(names: Collection[str]) -> tuple[str, ...]:
    """The prefixes under which there is a blog.

    >>> find_prefixes({f"wp_2_{name}" for name in _EVERY_BLOG_HAS} | {"shop_options"})
    ('wp_2_',)
    """
    candidates = {name.removesuffix("options") for name in names if name.endswith("options")}
    return tuple(sorted(p for p in candidates if p and all(p + name in names for name in _EVERY_BLOG_HAS)))


def check_server(variables: Mapping[str, str]) -> list[Finding]:
    """`server`, `isolation`, `sql_mode`, `durability`, from the server's variables as this session sees them."""
    return [
        _check_version(variables.get("version", "")),
        _check_isolation(variables.get("transaction_isolation") or variables.get("tx_isolation", "")),
        _check_sql_mode(variables.get("sql_mode", "")),
        _check_durability(variables.get("innodb_flush_log_at_trx_commit", "")),
    ]


def _check_version(version: str) -> Finding:
    is_mariadb = "mariadb" in version.lower()
    # Old MariaDB servers, and proxies before them, put a MySQL version in front for old clients.
    numbers = re.match(r"(\d+)\.(\d+)", version.removeprefix("5.5.5-"))
    known = (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
    oldest = OLDEST_MARIADB if is_mariadb else OLDEST_MYSQL
    facts = {"flavour": "MariaDB" if is_mariadb else "MySQL", "version": version, "oldest": oldest}
    return Finding("server", Severity.OK if known >= oldest else Severity.PROBLEM, facts)


def _check_isolation(level: str) -> Finding:
    """REPEATABLE READ, the default, loses updates silently between two transactions that read and then write."""
    fine = level.replace("-", " ").upper() == "READ COMMITTED"
    return Finding("isolation", Severity.OK if fine else Severity.WARNING, {"level": level})


def _check_sql_mode(sql_mode: str) -> Finding:
    """Without a strict mode a value that is too long is cut and stored."""
    modes = tuple(sorted(mode for mode in sql_mode.split(",") if mode))
    strict = not {"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES"}.isdisjoint(modes)
    return Finding("sql_mode", Severity.OK if strict else Severity.WARNING, {"modes": modes})


def _check_durability(flush: str) -> Finding:
    """Anything but 1 may lose the last second of commits in a power cut: a charge that nobody remembers."""
    return Finding("durability", Severity.OK if flush == "1" else Severity.PROBLEM, {"flush": flush})


def check_charsets(charsets: Mapping[str, str]) -> Finding:
    """`charset`, from table -> its columns' character sets that differ from utf8mb4, such as 'latin1' or 'latin1, utf8mb3'."""
    return Finding("charset", Severity.WARNING if charsets else Severity.OK, {"tables": dict(charsets)})


def check_engines(engines: Mapping[str, str]) -> Finding:
    """`engine`, from table -> storage engine: outside InnoDB nothing can be rolled back, and a crash damages tables."""
    others = {table: engine for table, engine in engines.items() if engine.lower() != "innodb"}
    return Finding("engine", Severity.WARNING if others else Severity.OK, {"tables": others})


# --- what the database says ----------------------------------------------------------------------------------------------


def _names(session: Session) -> list[str]:
    """Tables and views: some sites share one table of users among several by a view."""
    inspector = inspect(session.connection())
    return inspector.get_table_names() + inspector.get_view_names()


def _variables(session: Session) -> dict[str, str]:
    rows = session.execute(_SHOW_VARIABLES, {"names": _VARIABLES})
    return dict(rows.all())


def _check_dates(session: Session, tables: Tables) -> Finding:
    """`zero_dates`: users without a date of registration, among the first ones. Compared as text: strict servers refuse
    to look at a zero date as a date."""
    users = tables.users.c
    first = select(users.user_registered).order_by(users.id).limit(ROWS_LOOKED_AT).subquery()
    zero = cast(first.c.user_registered, String(19)).like("0000-%")
    count = session.execute(select(func.count()).select_from(first).where(zero)).scalar() or 0
    facts = {"users": count, "looked_at": ROWS_LOOKED_AT}
    return Finding("zero_dates", Severity.WARNING if count else Severity.OK, facts)


def _check_storage(session: Session, tables: Tables) -> list[Finding]:
    names = {"names": [table.name for table in tables.all]}
    engines = session.execute(_ENGINES, names).all()
    charsets = session.execute(_CHARSETS, names).all()
    return [check_engines(dict(engines)), check_charsets(dict(charsets))]
