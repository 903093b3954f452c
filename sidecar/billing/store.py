"""The SQL of orders, what they owe, and what was paid. None of these commits.

A change is a conditional UPDATE that names what was read; False means that somebody was first.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.billing.models import (
    attempts,
    member_locks,
    orders,
    receivables,
    settlements,
)
from sidecar.billing.rules import Attempt, Order, Origin, Receivable
from sidecar.billing.states import AttemptState, ReceivableState, SubscriptionState, is_final
from sidecar.catalog.rules import Grant
from sidecar.db import change_rows, count_changed, insert_row, server_time
from sidecar.errors import NotFound
from sidecar.i18n import _
from sidecar.members.models import members

ORDER = tuple(orders.c[field.name.removesuffix("_json")] for field in fields(Order))
RECEIVABLE = tuple(receivables.c[field.name] for field in fields(Receivable))
ATTEMPT = tuple(attempts.c[field.name] for field in fields(Attempt))
"""The columns of a value, in its order: `order_of` and its like make the value of them."""

# --- orders ---------------------------------------------------------------------------------------------------------


def add_order(session: Session, values: Mapping[str, Any]) -> int:
    """Insert an order; gives its id. The unique key of its token refuses a second one of the same checkout."""
    started = {"retries": 0, "faults": 0, "carried_minor": 0, "next_cycle": 0, "waits_for_member": False}
    return insert_row(session, orders, {**started, **values})


def find_order(session: Session, order_id: int) -> Order | None:
    """By its row id."""
    return _first_order(session, orders.c.id == order_id)


def get_order(session: Session, name: str) -> Order:
    """By its UUID, or by a beginning of it that fits no other; raises NotFound."""
    like = orders.c.uuid.like(f"{_plain(name)}%")
    is_name = len(name) >= 4 and _plain(name) == name.lower()
    found = session.execute(sa.select(*ORDER).where(like).limit(2)).all() if is_name else []
    if len(found) != 1:
        raise NotFound(_("there is no order {order}").format(order=name))
    return order_of(found[0])


def find_order_by_uuid(session: Session, name: str) -> Order | None:
    """By its whole UUID."""
    return _first_order(session, orders.c.uuid == name)


def find_order_by_token(session: Session, token: str) -> Order | None:
    """The order of one checkout."""
    return _first_order(session, orders.c.token == token)


def list_orders(session: Session, member_id: int) -> list[Order]:
    """A member's, oldest first."""
    return _orders(session, orders.c.member_id == member_id)


def list_orders_for(session: Session, member_id: int, grant: Grant, grant_id: int) -> list[Order]:
    """A member's orders for the level (whichever it is), or for one bundle."""
    wanted = orders.c.level_id.is_not(None) if grant is Grant.LEVEL else orders.c.bundle_id == grant_id
    return _orders(session, orders.c.member_id == member_id, wanted)


def list_orders_of_ids(session: Session, order_ids: Collection[int]) -> list[Order]:
    """By their row ids."""
    return _orders(session, orders.c.id.in_(list(order_ids))) if order_ids else []


def list_orders_of_cards(session: Session, card_ids: Collection[int]) -> list[Order]:
    """The orders that are paid with one of these cards."""
    return _orders(session, orders.c.card_id.in_(list(card_ids))) if card_ids else []


def has_orders_by(session: Session, gateway: str) -> bool:
    """Whether anything was ever bought through this gateway."""
    return session.scalar(sa.select(orders.c.id).where(orders.c.gateway == gateway).limit(1)) is not None


def claim_order(session: Session, order: Order, status: SubscriptionState, **values: Any) -> bool:
    """Change an order whose status is still the one that was read; False when somebody was first."""
    known = {"id": order.id, "status": order.status}
    return bool(change_rows(session, orders, known, {"status": status, **values}))


def set_order(session: Session, order_id: int, **values: Any) -> None:
    """Change columns that are no state, under the member's lock."""
    change_rows(session, orders, {"id": order_id}, values)


def add_refused_try(session: Session, order_id: int, now: datetime, *, most: int) -> None:
    """Count a refused try of a checkout that is not paid yet; after more than `most` it is looked at now.

    One conditional UPDATE, which needs no lock: what it changes is no state, and a look too many asks the gateway once more.
    """
    wake_at = sa.case(
        (orders.c.retries >= most, sa.literal(now, orders.c.wake_at.type)), else_=orders.c.wake_at
    )
    values = ((orders.c.wake_at, wake_at), (orders.c.retries, orders.c.retries + 1))  # MySQL: left to right
    unpaid = sa.and_(orders.c.id == order_id, orders.c.status == SubscriptionState.PENDING)
    session.execute(sa.update(orders).where(unpaid).ordered_values(*values))


# --- what is due ----------------------------------------------------------------------------------------------------


def list_due(session: Session, now: datetime, limit: int) -> list[tuple[int, int]]:
    """(order, member) of what billing must look at, longest first, of members whom nobody holds. One index, no sorting."""
    is_held = sa.and_(member_locks.c.holder.is_not(None), member_locks.c.until_s >= server_time(session))
    rows = session.execute(
        sa.select(orders.c.id, orders.c.member_id)
        .select_from(orders.outerjoin(member_locks, member_locks.c.member_id == orders.c.member_id))
        .where(orders.c.wake_at <= now, sa.or_(member_locks.c.member_id.is_(None), ~is_held))
        .order_by(orders.c.wake_at)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def list_orders_to_collect(session: Session, until: datetime, limit: int) -> list[Order]:
    """Living orders of which something is to be collected before `until`, soonest first."""
    due = sa.and_(
        orders.c.status.in_((SubscriptionState.ACTIVE, SubscriptionState.OVERDUE)),
        orders.c.next_due_at < until,
    )
    rows = session.execute(
        sa.select(*ORDER).where(due).order_by(orders.c.next_due_at, orders.c.id).limit(limit)
    )
    return [order_of(row) for row in rows]


def list_orders_to_announce(session: Session, until: datetime, limit: int) -> list[Order]:
    """Active orders whose next payment comes before `until` and was not announced, soonest first."""
    told = sa.func.coalesce(orders.c.announced_cycle, -1) >= orders.c.next_cycle
    due = sa.and_(orders.c.status == SubscriptionState.ACTIVE, orders.c.next_due_at < until, ~told)
    rows = session.execute(
        sa.select(*ORDER).where(due).order_by(orders.c.next_due_at, orders.c.id).limit(limit)
    )
    return [order_of(row) for row in rows]


def note_announced(session: Session, order_ids: Collection[int]) -> None:
    """The members of these orders know of the next payment, as far as they need to."""
    if order_ids:
        mine = sa.update(orders).where(orders.c.id.in_(list(order_ids)))
        session.execute(mine.values(announced_cycle=orders.c.next_cycle))


def count_due(session: Session, until: datetime) -> int:
    """How many orders billing will look at by then."""
    return session.scalar(sa.select(sa.func.count()).where(orders.c.wake_at <= until)) or 0


# --- receivables ----------------------------------------------------------------------------------------------------


def add_receivable(session: Session, values: Mapping[str, Any]) -> Receivable:
    """Insert what is owed; the unique key (order, cycle) refuses a second one. Gives it as it was written."""
    fresh: dict[str, Any] = {
        "uuid": str(uuid.uuid4()), "credit_minor": 0, "intent_id": None, "intent_number": 1, "intent_asked_at": None,
        "status": ReceivableState.DUE, **values,
    }  # fmt: skip
    return Receivable(id=insert_row(session, receivables, fresh), **fresh)


def find_receivable(session: Session, receivable_id: int) -> Receivable | None:
    """By its row id."""
    return _first_receivable(session, receivables.c.id == receivable_id)


def find_receivable_by_uuid(session: Session, name: str) -> Receivable | None:
    """By its name towards the gateway."""
    return _first_receivable(session, receivables.c.uuid == name)


def find_receivable_by_intent(session: Session, intent_id: str) -> Receivable | None:
    """The one that this intent may collect."""
    return _first_receivable(session, receivables.c.intent_id == intent_id)


def find_receivable_of(session: Session, order_id: int, cycle: int) -> Receivable | None:
    """What one cycle of an order owes."""
    return _first_receivable(session, receivables.c.order_id == order_id, receivables.c.cycle == cycle)


def find_newest_receivable(session: Session, order_id: int) -> Receivable | None:
    """Of the newest cycle."""
    newest = sa.select(*RECEIVABLE).where(receivables.c.order_id == order_id)
    row = session.execute(newest.order_by(receivables.c.cycle.desc()).limit(1)).first()
    return None if row is None else receivable_of(row)


def find_due_receivable(session: Session, order_id: int) -> Receivable | None:
    """The one that waits or is being collected; there is never a second."""
    due = receivables.c.status == ReceivableState.DUE
    return _first_receivable(session, receivables.c.order_id == order_id, due)


def list_receivables(session: Session, order_id: int) -> list[Receivable]:
    """Of one order, by cycle."""
    rows = session.execute(
        sa.select(*RECEIVABLE).where(receivables.c.order_id == order_id).order_by(receivables.c.cycle)
    )
    return [receivable_of(row) for row in rows]


def claim_receivable(
    session: Session, receivable: Receivable, status: ReceivableState, **values: Any
) -> bool:
    """Move a receivable from the state that was read; False when somebody was first."""
    known = {"id": receivable.id, "status": receivable.status}
    return bool(change_rows(session, receivables, known, {"status": status, **values}))


def set_receivable(session: Session, receivable_id: int, **values: Any) -> None:
    """Change columns that are no state, under the member's lock."""
    change_rows(session, receivables, {"id": receivable_id}, values)


def claim_intent(session: Session, receivable: Receivable, intent_id: str) -> bool:
    """Bind the receivable to its one intent, if it still waits for this one; False when it does not."""
    known = {"id": receivable.id, "intent_id": None, "intent_number": receivable.intent_number}
    return bool(change_rows(session, receivables, known, {"intent_id": intent_id}))


def claim_bound(session: Session, attempt_id: int, holder: str, intent_id: str) -> bool:
    """Note the intent on an attempt that its holder still claims; False when it is no longer his."""
    known = {"id": attempt_id, "status": AttemptState.CLAIMED, "holder": holder}
    return bool(change_rows(session, attempts, known, {"intent_id": intent_id}))


def claim_success(session: Session, attempt: Attempt, intent_id: str, **values: Any) -> bool:
    """Move an attempt that its maker still claims to succeeded; False when it is no longer his, or was for another intent: ids of
    rows come back in a database that was restored, those of intents do not."""
    known = {
        "id": attempt.id, "status": AttemptState.CLAIMED, "holder": attempt.holder, "intent_id": intent_id,
    }  # fmt: skip
    return bool(
        change_rows(session, attempts, known, {"status": AttemptState.SUCCEEDED, "is_open": None, **values})
    )


def renumber_intents(session: Session, member_id: int) -> None:
    """Intents that were asked for and provably not made are asked for under a new key: the refusal may be kept under the old."""
    unmade = sa.and_(
        receivables.c.member_id == member_id,
        receivables.c.status == ReceivableState.DUE,
        receivables.c.intent_id.is_(None),
    )
    fresh = {"intent_number": receivables.c.intent_number + 1, "intent_asked_at": None}
    session.execute(sa.update(receivables).where(unmade).values(**fresh))


def drop_intent(session: Session, receivable: Receivable, intent_id: str) -> bool:
    """The intent was canceled at the gateway, which has said so: a successor may be made."""
    claim = (
        sa.update(receivables)
        .where(receivables.c.id == receivable.id, receivables.c.intent_id == intent_id)
        .values(intent_id=None, intent_number=receivables.c.intent_number + 1, intent_asked_at=None)
    )
    return bool(count_changed(session, claim))


# --- attempts -------------------------------------------------------------------------------------------------------


def add_attempt(
    session: Session,
    receivable: Receivable,
    origin: Origin,
    status: AttemptState,
    *,
    after: Attempt | None,
    **values: Any,
) -> Attempt:
    """Insert the attempt that comes after `after`, the newest so far. Gives it as it was written.

    The unique keys refuse one beside another that is not final, and a number that is taken.
    """
    fresh: dict[str, Any] = {
        "receivable_id": receivable.id, "order_id": receivable.order_id, "member_id": receivable.member_id,
        "number": after.number + 1 if after else 1, "origin": origin, "status": status,
        "is_open": None if is_final(status) else 1, "amount_minor": receivable.collect_minor,
        "currency": receivable.currency, "intent_id": receivable.intent_id, **dict.fromkeys(_UNKNOWN_YET), **values,
    }  # fmt: skip
    return Attempt(id=insert_row(session, attempts, fresh), **fresh)


_UNKNOWN_YET = ("holder", "card_id", "charge_id", "decline", "advice", "message", "finished_at")


def find_attempt(session: Session, attempt_id: int) -> Attempt | None:
    """By its row id."""
    return _first_attempt(session, attempts.c.id == attempt_id)


def find_open_attempt(session: Session, receivable_id: int) -> Attempt | None:
    """The attempt that is not final."""
    return _first_attempt(session, attempts.c.receivable_id == receivable_id, attempts.c.is_open == 1)


def find_open_attempt_of_order(session: Session, order_id: int) -> Attempt | None:
    """The attempt on any of an order's receivables that is not final."""
    return _first_attempt(session, attempts.c.order_id == order_id, attempts.c.is_open == 1)


def find_newest_attempt(session: Session, receivable_id: int, *, ours: bool = False) -> Attempt | None:
    """The last one of a receivable; `ours`: leaving out what the member tried in the browser."""
    wanted = attempts.c.receivable_id == receivable_id
    if ours:
        wanted = sa.and_(wanted, attempts.c.origin.not_in((Origin.BROWSER, Origin.IMPORT)))
    row = session.execute(
        sa.select(*ATTEMPT).where(wanted).order_by(attempts.c.number.desc()).limit(1)
    ).first()
    return None if row is None else attempt_of(row)


def find_attempt_of_charge(session: Session, charge_id: str) -> Attempt | None:
    """The attempt that a charge is booked on."""
    return _first_attempt(session, attempts.c.charge_id == charge_id)


def list_attempts(session: Session, order_id: int) -> list[Attempt]:
    """Of one order, oldest first."""
    rows = session.execute(sa.select(*ATTEMPT).where(attempts.c.order_id == order_id).order_by(attempts.c.id))
    return [attempt_of(row) for row in rows]


def claim_attempt(session: Session, attempt: Attempt, status: AttemptState, **values: Any) -> bool:
    """Move an attempt from the state that was read; False when somebody was first."""
    known = {"id": attempt.id, "status": attempt.status}
    is_open = None if is_final(status) else 1
    return bool(change_rows(session, attempts, known, {"status": status, "is_open": is_open, **values}))


def lose_claims(session: Session, member_ids: Collection[int]) -> int:
    """What an earlier holder of these members' locks left claimed is unknown from now on. Gives how many."""
    if not member_ids:
        return 0
    lost = sa.and_(
        attempts.c.is_open == 1,
        attempts.c.status == AttemptState.CLAIMED,
        attempts.c.member_id.in_(sorted(member_ids)),
    )
    return count_changed(session, sa.update(attempts).where(lost).values(status=AttemptState.UNKNOWN))


# --- what was paid --------------------------------------------------------------------------------------------------


def add_settlement(session: Session, receivable: Receivable, values: Mapping[str, Any]) -> int:
    """Write down that a receivable is paid, and by what; its unique key refuses a second one."""
    row = {
        "receivable_id": receivable.id, "order_id": receivable.order_id, "member_id": receivable.member_id,
        "currency": receivable.currency, "note": "", **values,
    }  # fmt: skip
    return insert_row(session, settlements, row)


def find_settlement(session: Session, receivable_id: int) -> sa.Row[Any] | None:
    """Of one receivable."""
    return session.execute(sa.select(settlements).where(settlements.c.receivable_id == receivable_id)).first()


def find_settlement_by_charge(session: Session, charge_id: str) -> sa.Row[Any] | None:
    """What a charge has paid."""
    return session.execute(sa.select(settlements).where(settlements.c.charge_id == charge_id)).first()


def list_settlements(session: Session, order_id: int) -> Sequence[sa.Row[Any]]:
    """Of one order, oldest first, with their receivables' cycles and periods."""
    joined = settlements.join(receivables, receivables.c.id == settlements.c.receivable_id)
    return session.execute(
        sa.select(settlements, receivables.c.cycle, receivables.c.from_at, receivables.c.until_at)
        .select_from(joined)
        .where(settlements.c.order_id == order_id)
        .order_by(settlements.c.id)
    ).all()


def get_user_id(session: Session, member_id: int) -> int:
    """The WordPress user of a member."""
    return int(session.execute(_USER_OF, {"member_id": member_id}).scalar_one())


_USER_OF = sa.select(members.c.user_id).where(members.c.id == sa.bindparam("member_id"))


# --- rows into values -----------------------------------------------------------------------------------------------


def _plain(name: str) -> str:
    """Only what a UUID is made of: nothing that LIKE would interpret."""
    return "".join(char for char in name.lower() if char in "0123456789abcdef-")


def _first_order(session: Session, where: sa.ColumnElement[bool]) -> Order | None:
    row = session.execute(sa.select(*ORDER).where(where)).first()
    return None if row is None else order_of(row)


def _orders(session: Session, *where: sa.ColumnElement[bool]) -> list[Order]:
    return [order_of(row) for row in session.execute(sa.select(*ORDER).where(*where).order_by(orders.c.id))]


def order_of(row: Any) -> Order:
    """Of a row of `ORDER`."""
    values = list(row)
    values[_STATUS_OF_ORDER] = SubscriptionState(values[_STATUS_OF_ORDER])
    return Order(*values)


def _first_receivable(session: Session, *where: sa.ColumnElement[bool]) -> Receivable | None:
    row = session.execute(sa.select(*RECEIVABLE).where(*where)).first()
    return None if row is None else receivable_of(row)


def receivable_of(row: Any) -> Receivable:
    """Of a row of `RECEIVABLE`."""
    values = list(row)
    values[_STATUS_OF_RECEIVABLE] = ReceivableState(values[_STATUS_OF_RECEIVABLE])
    return Receivable(*values)


def _first_attempt(session: Session, *where: sa.ColumnElement[bool]) -> Attempt | None:
    row = session.execute(sa.select(*ATTEMPT).where(*where)).first()
    return None if row is None else attempt_of(row)


def attempt_of(row: Any) -> Attempt:
    """Of a row of `ATTEMPT`."""
    values = list(row)
    values[_ORIGIN] = Origin(values[_ORIGIN])
    values[_STATUS_OF_ATTEMPT] = AttemptState(values[_STATUS_OF_ATTEMPT])
    return Attempt(*values)


def _place(kind: type, name: str) -> int:
    return [field.name for field in fields(kind)].index(name)


_STATUS_OF_ORDER = _place(Order, "status")
_STATUS_OF_RECEIVABLE = _place(Receivable, "status")
_STATUS_OF_ATTEMPT, _ORIGIN = _place(Attempt, "status"), _place(Attempt, "origin")
