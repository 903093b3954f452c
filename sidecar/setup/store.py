"""The SQL of setting up. None of these commits, but for the use case at the top."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.catalog.models import bundles, generation, levels, products
from sidecar.catalog.rules import Grant
from sidecar.db import insert_once, session, use_case
from sidecar.installation import installation
from sidecar.members.models import entitlements, members
from sidecar.members.rules import DaysMethod, Status, slot_of
from sidecar.wordpress.options import get_option
from sidecar.wordpress.tables import Tables

PAIRING_OPTION = "gatepost_pairing"
# Every WordPress loads an option at each page only if this is yes (since 6.6 also on, auto and auto-on).
_NOT_AUTOLOADED = "no"


@use_case
def start_generation() -> None:
    """The row that counts changes of the rules; one that is there stays."""
    insert_once(session(), generation, [{"id": 1, "number": 1}])


# --- the pairing's row in the site's options ---------------------------------------------------------------------


def set_pairing_row(session: Session, tables: Tables, text: str) -> None:
    """Write what the bridge is told. The bridge reads it past every cache, so WordPress need not know of the change."""
    options = tables.options
    where = options.c.option_name == PAIRING_OPTION
    if get_option(session, tables, PAIRING_OPTION) is None:
        values = {"option_name": PAIRING_OPTION, "option_value": text, "autoload": _NOT_AUTOLOADED}
        session.execute(sa.insert(options).values(values))
    else:
        session.execute(sa.update(options).where(where).values(option_value=text, autoload=_NOT_AUTOLOADED))


# --- many users at once ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Newcomer:
    """A WordPress user who is to become a member. `registered_at`: None where WordPress holds the zero date."""

    user_id: int
    registered_at: datetime | None


@dataclass(frozen=True)
class NewMember:
    """A row of a member who has no level yet."""

    id: int
    user_id: int
    joined_at: datetime


def list_newcomers(session: Session, tables: Tables, user_ids: Sequence[int]) -> list[Newcomer]:
    """Those of these users who have no level, by id."""
    users = tables.users.c
    has_level = (
        sa.select(members.c.user_id)
        .join(entitlements, entitlements.c.member_id == members.c.id)
        .where(members.c.user_id.in_(user_ids), entitlements.c.slot == slot_of(Grant.LEVEL, 0))
    )
    known = set(session.scalars(has_level))
    rows = session.execute(
        sa.select(users.id, users.user_registered).where(users.id.in_(user_ids)).order_by(users.id)
    )
    return [Newcomer(user_id, registered) for user_id, registered in rows if user_id not in known]


def add_members(session: Session, newcomers: Sequence[Newcomer], now: datetime) -> list[NewMember]:
    """Rows for these users; gives those that have no level.

    The insert locks the rows that are there already too, so nobody gives them a level before this transaction ends.
    """
    rows = [{"user_id": new.user_id, "joined_at": min(new.registered_at or now, now)} for new in newcomers]
    insert_once(session, members, rows)
    no_level = sa.and_(
        entitlements.c.member_id == members.c.id, entitlements.c.slot == slot_of(Grant.LEVEL, 0)
    )
    found = session.execute(
        sa.select(members.c.id, members.c.user_id, members.c.joined_at)
        .select_from(members.outerjoin(entitlements, no_level))
        .where(members.c.user_id.in_([new.user_id for new in newcomers]), entitlements.c.id.is_(None))
        .order_by(members.c.user_id)
    )
    return [NewMember(*row) for row in found]


def add_levels(session: Session, new: Sequence[NewMember], level_id: int, now: datetime) -> None:
    """An active hold on the level for each, begun when they joined. Its unique key refuses a second one."""
    rows = [
        {
            "member_id": member.id, "slot": slot_of(Grant.LEVEL, level_id), "level_id": level_id,
            "status": Status.ACTIVE, "status_changed_at": now, "is_complimentary": False,
            "started_at": member.joined_at, "days_method": DaysMethod.JOINED, "paused_days": 0,
        }
        for member in new
    ]  # fmt: skip
    session.execute(sa.insert(entitlements), rows)


# --- what commands look up -----------------------------------------------------------------------------------------


def find_term_id(session: Session, tables: Tables, taxonomy: str, name: str) -> int | None:
    """The term with this slug, else with this name. WordPress keeps slugs percent-encoded, in small letters."""
    terms, taxonomies = tables.terms.c, tables.term_taxonomy.c
    found = (
        sa.select(terms.term_id)
        .join_from(tables.terms, tables.term_taxonomy, taxonomies.term_id == terms.term_id)
        .where(taxonomies.taxonomy == taxonomy)
        .order_by(terms.term_id)
        .limit(1)
    )
    by_slug = session.scalar(found.where(terms.slug == quote(name).lower()))
    return by_slug or session.scalar(found.where(terms.name == name))


def list_products(session: Session) -> Sequence[sa.Row[Any]]:
    """All products with what they give, by id: rows of the table with `grant_name`."""
    grant_name = sa.func.coalesce(levels.c.name, bundles.c.name).label("grant_name")
    return session.execute(
        sa.select(products, grant_name)
        .select_from(
            products.outerjoin(levels, levels.c.id == products.c.level_id).outerjoin(
                bundles, bundles.c.id == products.c.bundle_id
            )
        )
        .order_by(products.c.id)
    ).all()


# --- what doctor asks --------------------------------------------------------------------------------------------


def find_claimed_prefix(session: Session) -> str | None:
    """The table prefix of the site that our tables belong to; None before `gatepost init`."""
    return session.scalar(sa.select(installation.c.table_prefix))


def count_spooled(session: Session, tables: Tables) -> int:
    """How many events wait in the bridge's table, which must exist."""
    spool = sa.table(f"{tables.prefix}gatepost_spool")
    return session.scalar(sa.select(sa.func.count()).select_from(spool)) or 0


def get_server_time(session: Session) -> float:
    """The database server's clock, Unix seconds. MySQL and MariaDB only."""
    return float(session.scalar(sa.text("SELECT UNIX_TIMESTAMP(NOW(6))")) or 0)


def new_seed() -> str:
    """A seed for an event's id."""
    return secrets.token_hex(16)
