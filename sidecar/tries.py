"""How often something was tried: one count for all processes and machines, so that a second worker doubles no limit.

Windows are counted by the database server's clock, from the first try in them.
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from sidecar.db import (
    TABLE_OPTIONS,
    count_changed,
    get_server_time,
    insert_once,
    metadata,
    session,
    token,
    use_case,
)

tries = sa.Table(
    "gatepost_tries",
    metadata,
    sa.Column("name", token(64), primary_key=True, comment="SHA-256 of what was tried and by whom"),
    sa.Column("begun_s", sa.Double(), nullable=False, comment="real seconds: when the window began"),
    sa.Column("number", sa.Integer(), nullable=False, comment="tries since then"),
    sa.Index("ix_gatepost_tries_begun", "begun_s"),
    comment="how often something was tried",
    **TABLE_OPTIONS,
)


@use_case
def claim_try(what: str, who: str, limit: int, seconds: float) -> bool:
    """Count one more try; False when there were `limit` within `seconds` of the first already, and then none is counted.

    One conditional UPDATE, which also begins the next window; so of two last tries at once one is refused.
    """
    name, now_s = _name(what, who), get_server_time(session())
    if _count(name, limit, now_s, seconds):
        return True
    insert_once(session(), tries, [{"name": name, "begun_s": now_s, "number": 0}])
    return _count(name, limit, now_s, seconds)


def _count(name: str, limit: int, now_s: float, seconds: float) -> bool:
    is_over = tries.c.begun_s <= now_s - seconds
    is_free = sa.or_(is_over, tries.c.number < limit)
    values = (
        (
            tries.c.number,
            sa.case((is_over, 1), else_=tries.c.number + 1),
        ),  # first: MySQL assigns from left to right
        (tries.c.begun_s, sa.case((is_over, now_s), else_=tries.c.begun_s)),
    )
    changed = sa.update(tries).where(tries.c.name == name, is_free).ordered_values(*values)
    return count_changed(session(), changed) == 1


@use_case
def give_back_try(what: str, who: str) -> None:
    """It turned out to be none."""
    one = sa.update(tries).where(tries.c.name == _name(what, who), tries.c.number > 0)
    session().execute(one.values(number=tries.c.number - 1))


@use_case
def remove_old_tries(seconds: float) -> int:
    """Forget windows that began so long ago; gives how many."""
    before_s = get_server_time(session()) - seconds
    return count_changed(session(), sa.delete(tries).where(tries.c.begun_s < before_s))


def _name(what: str, who: str) -> str:
    """No addresses of visitors in a table."""
    return hashlib.sha256(f"{what}\n{who}".encode("utf-8", "surrogatepass")).hexdigest()
