"""The words for what `sidecar.wordpress.installation` has found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sidecar.i18n import _
from sidecar.setup.database import prefix_advice
from sidecar.setup.findings import Finding, Severity
from sidecar.wordpress import installation

Facts = Mapping[str, Any]
Told = tuple[str, str]


def in_words(found: installation.Finding) -> Finding:
    """The finding with a sentence and, unless all is well, with advice."""
    sentence, advice = _WORDS[found.code](found.facts, found.severity is installation.Severity.OK)
    return Finding(found.code, Severity(found.severity.value), sentence, advice)


def _tables(facts: Facts, fine: bool) -> Told:
    if fine:
        return _("WordPress's tables are there (prefix {prefix}).").format(prefix=facts["prefix"]), ""
    sentence = _("WordPress's tables are not all there with the prefix {prefix}. Missing: {missing}.")
    missing = ", ".join(facts["missing"])
    return sentence.format(prefix=facts["prefix"], missing=missing), prefix_advice(
        list(facts["prefixes_found"])
    )


def _server(facts: Facts, fine: bool) -> Told:
    name = f"{facts['flavour']} {facts['version']}".strip()
    if fine:
        return _("The database server is new enough ({name}).").format(name=name), ""
    oldest = ".".join(str(number) for number in facts["oldest"])
    return (
        _("The database server is too old: {name}.").format(name=name),
        _("Ask your host for {flavour} {oldest} or newer.").format(flavour=facts["flavour"], oldest=oldest),
    )


def _isolation(facts: Facts, fine: bool) -> Told:
    if fine:
        return _("Transactions run at READ COMMITTED."), ""
    return (
        _("Transactions run at {level}, not at READ COMMITTED: changes could get lost.").format(
            level=facts["level"]
        ),
        _(
            "Gatepost asks for READ COMMITTED at each connection; a proxy in between seems to ignore that. Connect without it."
        ),
    )


def _sql_mode(_facts: Facts, fine: bool) -> Told:
    if fine:
        return _("The database refuses values that do not fit (strict mode)."), ""
    return (
        _("The database cuts values that are too long instead of refusing them (no strict mode)."),
        _("Add STRICT_TRANS_TABLES to sql_mode in the database server's configuration."),
    )


def _durability(facts: Facts, fine: bool) -> Told:
    if fine:
        return _("The database keeps every commit through a power cut."), ""
    flush = facts["flush"] or "?"
    return (
        _(
            "The database may lose its last commits in a power cut (innodb_flush_log_at_trx_commit = {flush})."
        ).format(flush=flush),
        _("Set innodb_flush_log_at_trx_commit = 1 in the database server's configuration."),
    )


def _zero_dates(facts: Facts, fine: bool) -> Told:
    if fine:
        return _("Users have a date of registration."), ""
    return (
        _("{users} of the first {looked_at} users have no date of registration.").format(**facts),
        _("Nothing need be done: “gatepost enroll” counts their membership from the day it runs."),
    )


def _charset(facts: Facts, fine: bool) -> Told:
    if fine:
        return _("All of WordPress's tables hold every character (utf8mb4)."), ""
    return (
        _(
            "Old character sets in WordPress's tables: {tables}. Some names and emoji cannot be stored in them."
        ).format(tables=_pairs(facts["tables"])),
        _(
            "After a backup, convert these tables to utf8mb4 (for each: ALTER TABLE … CONVERT TO CHARACTER SET utf8mb4)."
        ),
    )


def _engine(facts: Facts, fine: bool) -> Told:
    if fine:
        return _("All of WordPress's tables are InnoDB."), ""
    return (
        _("Tables that a crash can damage and that know no transactions: {tables}.").format(
            tables=_pairs(facts["tables"])
        ),
        _("After a backup, convert them (for each: ALTER TABLE … ENGINE = InnoDB)."),
    )


def _pairs(tables: Mapping[str, str]) -> str:
    return ", ".join(f"{table} ({what})" for table, what in sorted(tables.items()))


_WORDS: dict[str, Callable[[Facts, bool], Told]] = {
    "tables": _tables,
    "server": _server,
    "isolation": _isolation,
    "sql_mode": _sql_mode,
    "durability": _durability,
    "zero_dates": _zero_dates,
    "charset": _charset,
    "engine": _engine,
}
