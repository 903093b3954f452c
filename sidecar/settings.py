"""What the owner has set in the dashboard. It goes before the configuration file, key by key, and counts within seconds."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.catalog.store import bump_generation
from sidecar.catalog.versions import check_version, record
from sidecar.config import OWNERS_KEYS, Config, overlaid, value_of
from sidecar.db import TABLE_OPTIONS, LongText, UtcDateTime, metadata, session, token, use_case
from sidecar.errors import Misconfigured, WrongValue

log = logging.getLogger(__name__)

settings = sa.Table(
    "gatepost_settings",
    metadata,
    sa.Column("name", token(60), primary_key=True, comment="a key of the configuration file"),
    sa.Column("value", LongText, nullable=False, comment="JSON"),
    sa.Column("by", sa.String(100), nullable=False, comment="who set it"),
    sa.Column("set_at", UtcDateTime(), nullable=False),
    comment="what the owner has set in the dashboard, in place of the file",
    **TABLE_OPTIONS,
)


@dataclass(frozen=True)
class Setting:
    """One that goes before the file's."""

    value: Any
    by: str
    set_at: datetime


def list_settings(reader: Session) -> dict[str, Setting]:
    """By key; one that an older version knew is left out."""
    rows = reader.execute(sa.select(settings).where(settings.c.name.in_(OWNERS_KEYS)))
    return {row.name: Setting(json.loads(row.value), row.by, row.set_at) for row in rows}


def in_force(written: Config, stored: Mapping[str, Setting]) -> Config:
    """The configuration that counts. `written`: that of the file. What is not lawful any more leaves the file's alone, and is
    logged: the service must start."""
    try:
        return overlaid(written, {key: one.value for key, one in stored.items()})
    except Misconfigured as error:
        log.error("what was set in the dashboard is not lawful, so the file alone counts: %s", error)  # noqa: TRY400
        return written


def values_of(config: Config) -> dict[str, object]:
    """What counts under each of the owner's keys."""
    return {key: value_of(config, key) for key in OWNERS_KEYS}


def find_wrongs(written: Config, values: Mapping[str, object]) -> dict[str, str]:
    """What is not lawful, key by key: key → sentence."""
    found = {}
    for key, value in values.items():
        try:
            overlaid(written, {key: value})
        except Misconfigured as error:
            found[key] = _without_place(str(error))
    return found


def _without_place(sentence: str) -> str:
    """A sentence about a key without file and key, which stand beside it already; in either language's way with colons.

    >>> _without_place("dashboard: billing.notice_days: from 0 to 60"), _without_place("tableau de bord\xa0: log.keep_…_months\xa0: 0")
    ('from 0 to 60', '0')
    """
    return re.sub(r"^.*?\b[\w…]+\.[\w…]+\s*:\s*", "", sentence, count=1)


@use_case
def change_settings(
    written: Config, wanted: Mapping[str, object], *, seen: str, by: str, now: datetime
) -> None:
    """Set what is another value than the one in force; what is as the file (`written`) says is the file's again.

    `seen`: the version (`catalog.versions.version_of`) of the `values_of` that the author has read. Raises WrongValue,
    ChangedMeanwhile.
    """
    for key, sentence in find_wrongs(written, wanted).items():
        raise WrongValue(key, sentence)
    bump_generation(session())  # first: who changes settings at the same time waits here
    stored = values_of(in_force(written, list_settings(session())))
    check_version(stored, seen)
    after = {**stored, **{key: value for key, value in wanted.items() if key in OWNERS_KEYS}}
    for key, value in after.items():
        if value != stored[key]:
            _write(written, key, value, by, now)
    record(session(), "settings:", "settings_changed", by, now, stored, after)


def _write(written: Config, key: str, value: object, by: str, now: datetime) -> None:
    session().execute(sa.delete(settings).where(settings.c.name == key))
    if value != value_of(written, key):
        session().execute(sa.insert(settings).values(name=key, value=json.dumps(value), by=by, set_at=now))
