"""Which site these tables belong to: one row, written by the first `gatepost init`."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.db import TABLE_OPTIONS, UtcDateTime, metadata, session, token, use_case
from sidecar.errors import Refused
from sidecar.i18n import _

installation = sa.Table(
    "gatepost_installation",
    metadata,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column(
        "uuid", token(36), nullable=False, comment="names this installation towards others; never reused"
    ),
    sa.Column(
        "table_prefix", token(64), nullable=False, comment="of the WordPress site these tables belong to"
    ),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    **TABLE_OPTIONS,
)


@use_case
def claim_for_site(table_prefix: str, now: datetime) -> str:
    """Bind these tables to the site with `table_prefix`; gives the installation's UUID. Refuses another site's tables.

    User ids of two sites in one database would be taken for each other.
    """
    row = session().execute(sa.select(installation.c.uuid, installation.c.table_prefix)).first()
    if row is None:
        fresh = str(uuid.uuid4())
        values = {"id": 1, "uuid": fresh, "table_prefix": table_prefix, "created_at": now}
        session().execute(sa.insert(installation).values(values))
        return fresh
    if row.table_prefix != table_prefix:
        sentence = _(
            "the Gatepost tables in this database belong to the site with the prefix {owner}; "
            "a second site ({prefix}) needs a database of its own"
        )
        raise Refused(sentence.format(owner=row.table_prefix, prefix=table_prefix))
    return str(row.uuid)


def get_uuid(reader: Session) -> str:
    """What names this installation towards others; raises Refused before `gatepost init`."""
    found = reader.scalar(sa.select(installation.c.uuid))
    if found is None:
        raise Refused(_("The database is not prepared yet. Run: gatepost init"))
    return str(found)


def find_claimed_prefix(reader: Session) -> str | None:
    """The table prefix of the site that our tables belong to; None before `gatepost init`."""
    return reader.scalar(sa.select(installation.c.table_prefix))
