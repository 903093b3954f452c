"""The SQL of a charge's common way: what one of its steps needs of several tables, in one way there and back. None commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.billing import store, store_cards, store_ledger
from sidecar.billing.gateways.gateway import ChargeFacts
from sidecar.billing.models import (
    attempts,
    cards,
    declines,
    member_locks,
    orders,
    receivables,
    settlements,
    surpluses,
)
from sidecar.billing.rules import Attempt, Card, Order, Receivable
from sidecar.billing.states import ReceivableState
from sidecar.db import server_time
from sidecar.members.models import members
from sidecar.wordpress.tables import Tables

T = TypeVar("T")


@dataclass(frozen=True)
class Standing:
    """An order when it is looked at. `attempt`: the open one; `newest`: the receivable that is due, else that of the newest cycle.

    `card`: the order's; `is_disputed`: some charge of that card is disputed right now; `has_declined`: it was declined in the
    last 30 days. `credit_minor`: what the member has in the order's currency. `is_mine`: the lock is the asker's, and its
    lease not over; `user_id`: its member's WordPress user, None where that is gone; `now_s`: the database server's clock, Unix seconds.
    """

    order: Order
    attempt: Attempt | None
    newest: Receivable | None
    card: Card | None
    is_disputed: bool
    has_declined: bool
    credit_minor: int
    is_mine: bool
    user_id: int | None
    now_s: float


@dataclass(frozen=True)
class Bookable:
    """What a charge is booked on. `attempt`: the open one; `card`: the one that the charge names; `is_booked`: that charge is
    written down already, as a settlement or as surplus; `user_id`: the member's in WordPress."""

    receivable: Receivable
    order: Order
    attempt: Attempt | None
    card: Card | None
    user_id: int
    is_booked: bool


def find_standing(
    session: Session, tables: Tables, order_id: int, holder: str, now: datetime
) -> Standing | None:
    """How an order stands, seen by whoever claims to hold its member's lock. `now`: business time."""
    asked = {"order_id": order_id, "holder": holder, "declined_since": now - store_cards.DECLINES_COUNT_FOR}
    row = session.execute(_standing(tables.users, server_time(session)), asked).first()
    if row is None:
        return None
    order, attempt, newest, card, (disputed, declined, credit, mine, user, now_s) = _cut(
        row, store.ORDER, store.ATTEMPT, store.RECEIVABLE, store_cards.CARD
    )
    return Standing(
        order=store.order_of(order),
        attempt=_made(store.attempt_of, attempt),
        newest=_made(store.receivable_of, newest),
        card=_made(store_cards.card_of, card),
        is_disputed=bool(disputed),
        has_declined=bool(declined),
        credit_minor=-int(credit or 0),
        is_mine=bool(mine),
        user_id=user,
        now_s=float(now_s),
    )


def find_bookable(session: Session, receivable_id: int, charge: ChargeFacts | None) -> Bookable | None:
    """A receivable with its order, and what is known of the charge that says it has paid for it."""
    asked = {
        "receivable_id": receivable_id,
        "charge_id": charge.id if charge else "",
        "card": charge.card.id if charge and charge.card else "",
    }
    row = session.execute(_BOOKABLE, asked).first()
    if row is None:
        return None
    receivable, order, attempt, card, (user_id, booked) = _cut(
        row, store.RECEIVABLE, store.ORDER, store.ATTEMPT, store_cards.CARD
    )
    return Bookable(
        store.receivable_of(receivable),
        store.order_of(order),
        _made(store.attempt_of, attempt),
        _made(store_cards.card_of, card),
        user_id,
        bool(booked),
    )


# --- statements, made once: SQLAlchemy finds what it has compiled of them without walking through them again -------------


@lru_cache(maxsize=8)
def _standing(users: sa.Table, now_s: sa.ColumnElement[Any]) -> sa.Select[Any]:
    mine = sa.select(member_locks.c.member_id).where(
        member_locks.c.member_id == orders.c.member_id,
        member_locks.c.holder == sa.bindparam("holder"),
        member_locks.c.until_s > now_s,
    )
    user = (
        sa.select(members.c.user_id)
        .join(users, users.c.id == members.c.user_id)
        .where(members.c.id == orders.c.member_id)
        .scalar_subquery()
    )
    declined = sa.select(declines.c.at).where(
        declines.c.fingerprint == cards.c.fingerprint, declines.c.at > sa.bindparam("declined_since")
    )
    credit = store_ledger.credit_of(orders.c.member_id, orders.c.currency).scalar_subquery()
    facts = (store_cards.is_disputed(), declined.exists(), credit, mine.exists(), user, now_s)
    return (
        sa.select(*store.ORDER, *store.ATTEMPT, *store.RECEIVABLE, *store_cards.CARD, *facts)
        .select_from(
            orders.outerjoin(attempts, _is_open(attempts.c.order_id == orders.c.id))
            .outerjoin(
                receivables,
                sa.and_(receivables.c.order_id == orders.c.id, receivables.c.id == _due_or_newest()),
            )
            .outerjoin(cards, cards.c.id == orders.c.card_id)
        )
        .where(orders.c.id == sa.bindparam("order_id"))
    )


def _due_or_newest() -> sa.ScalarSelect[Any]:
    """The id of an order's receivable that waits to be collected; where there is none, that of the newest cycle."""
    theirs = receivables.alias("theirs")
    is_due = sa.case((theirs.c.status == ReceivableState.DUE, 0), else_=1)
    found = sa.select(theirs.c.id).where(theirs.c.order_id == orders.c.id)
    return found.order_by(is_due, theirs.c.cycle.desc()).limit(1).correlate(orders).scalar_subquery()


def _is_open(joined: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.and_(joined, attempts.c.is_open == 1)


def _cut(row: Sequence[Any], *columns: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """A row in pieces as long as these; and what is left."""
    begin = 0
    for piece in columns:
        yield row[begin : begin + len(piece)]
        begin += len(piece)
    yield row[begin:]


def _made(make: Callable[[Sequence[Any]], T], values: Sequence[Any]) -> T | None:
    """The value of these columns; None where an outer join has found nothing."""
    return None if values[0] is None else make(values)


_BOOKED = sa.or_(
    sa.select(settlements.c.id).where(settlements.c.charge_id == sa.bindparam("charge_id")).exists(),
    sa.select(surpluses.c.id).where(surpluses.c.charge_id == sa.bindparam("charge_id")).exists(),
)
_BOOKABLE = (
    sa.select(*store.RECEIVABLE, *store.ORDER, *store.ATTEMPT, *store_cards.CARD, members.c.user_id, _BOOKED)
    .select_from(
        receivables.join(orders, orders.c.id == receivables.c.order_id)
        .join(members, members.c.id == receivables.c.member_id)
        .outerjoin(attempts, _is_open(attempts.c.receivable_id == receivables.c.id))
        .outerjoin(
            cards,
            sa.and_(cards.c.member_id == receivables.c.member_id, cards.c.gateway_id == sa.bindparam("card")),
        )
    )
    .where(receivables.c.id == sa.bindparam("receivable_id"))
)
