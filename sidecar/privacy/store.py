"""The SQL of exports and erasures. None of these commits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.activity.models import events, held_events, mail_copies
from sidecar.activity.rules import EventType, canonical_body
from sidecar.billing.models import attempts, cards, customers, disputes, orders, refunds, settlements
from sidecar.billing.rules import PAYING
from sidecar.billing.store_cards import OPEN_DISPUTES
from sidecar.catalog.models import products
from sidecar.db import count_changed, insert_once
from sidecar.outbox import outbox
from sidecar.privacy.models import export_places

_PLACE_LIVES = timedelta(days=1)

# --- what stands in the way -----------------------------------------------------------------------------------------


def list_open_disputes(session: Session, member_id: int) -> Sequence[Any]:
    """Those of a member that a bank has not decided."""
    mine = sa.and_(disputes.c.member_id == member_id, disputes.c.status.in_(OPEN_DISPUTES))
    return session.execute(sa.select(disputes).where(mine).order_by(disputes.c.id)).all()


def count_orders(session: Session, member_id: int) -> int:
    """All that a member ever made."""
    mine = orders.c.member_id == member_id
    return session.scalar(sa.select(sa.func.count()).select_from(orders).where(mine)) or 0


def has_living_order(session: Session, member_id: int) -> bool:
    """Whether something is still paid, or may be."""
    mine = sa.and_(orders.c.member_id == member_id, orders.c.status.in_(PAYING))
    return session.scalar(sa.select(orders.c.id).where(mine).limit(1)) is not None


# --- erasing --------------------------------------------------------------------------------------------------------


def list_personal_events(session: Session, member_id: int | None, user_id: int, limit: int) -> Sequence[Any]:
    """Up to `limit` events of a person that still say something: (id, type, month, member_id)."""
    found: list[Any] = []
    for whose in ((events.c.member_id, member_id), (events.c.user_id, user_id)):
        if whose[1] is not None and len(found) < limit:
            found += _personal(session, whose[0] == whose[1], limit - len(found), {row.id for row in found})
    return found


def _personal(session: Session, whose: sa.ColumnElement[bool], limit: int, known: set[bytes]) -> list[Any]:
    """Erasures are no events of the person: they say how many were blanked."""
    says_something = sa.and_(whose, events.c.salt.is_not(None), events.c.name != "erased")
    columns = sa.select(events.c.id, events.c.type, events.c.month, events.c.member_id)
    rows = session.execute(columns.where(says_something).limit(limit + len(known))).all()
    return [row for row in rows if row.id not in known][:limit]


def blank_events(session: Session, kind: str, month: int, ids: Sequence[bytes]) -> int:
    """Blank what is personal in events of one partition, and their salts; the digests stay. Gives how many were blanked.

    Without its salt a digest confirms no guess of what was erased. What order an event was about is kept, what page not. The
    copies of mails go.
    """
    if kind == EventType.EMAIL:
        session.execute(sa.delete(mail_copies).where(mail_copies.c.id.in_(list(ids))))
    these = sa.and_(
        events.c.type == kind, events.c.month == month, events.c.id.in_(list(ids)), events.c.salt.is_not(None)
    )
    blank = {**_BLANK, "subject": ""} if kind == EventType.PAGE else _BLANK
    return count_changed(session, sa.update(events).where(these).values(**blank))


_BLANK: dict[str, Any] = {"ip": "", "body": "{}", "salt": None, "user_id": None}


def blank_held_events(session: Session, member_id: int, user_id: int) -> int:
    """The same for what a hold has kept of dropped months; gives how many were blanked."""
    mine = sa.and_(
        sa.or_(held_events.c.member_id == member_id, held_events.c.user_id == user_id),
        held_events.c.salt.is_not(None),
    )
    ids = list(session.scalars(sa.select(held_events.c.id).where(mine)))
    session.execute(sa.delete(mail_copies).where(mail_copies.c.id.in_(ids)))
    is_page = held_events.c.type == EventType.PAGE
    subject = sa.case((is_page, ""), else_=held_events.c.subject)
    return count_changed(session, sa.update(held_events).where(mine).values(**_BLANK, subject=subject))


def list_failed_sign_ins(session: Session, names: Sequence[str], limit: int) -> Sequence[Any]:
    """Failed log-ins under these names, which belong to no user: (id, type, month, member_id)."""
    bodies = [canonical_body({"name": name}) for name in names if name]
    failed = sa.and_(
        events.c.type == EventType.LOGIN,
        events.c.name == "failed",
        events.c.salt.is_not(None),
        events.c.body.in_(bodies),
    )
    columns = sa.select(events.c.id, events.c.type, events.c.month, events.c.member_id)
    return session.execute(columns.where(failed).limit(limit)).all()


def blank_orders(session: Session, member_id: int) -> int:
    """The addresses from which a member bought."""
    mine = sa.and_(orders.c.member_id == member_id, orders.c.ip != "")
    return count_changed(session, sa.update(orders).where(mine).values(ip=""))


def blank_cards(session: Session, member_id: int) -> int:
    """What a member would know his cards by. The gateway's names stay: payments and its own prohibitions hang on them."""
    shown = sa.and_(cards.c.member_id == member_id, cards.c.last4 != "")
    return count_changed(session, sa.update(cards).where(shown).values(last4="", exp_year=0, exp_month=0))


def list_parcels(session: Session, member_id: int | None, user_id: int) -> Sequence[Any]:
    """What was or is to be sent for a person: (id, payload, done_at, error). The payload is canonical JSON, so a search finds it."""
    names = [f'"user":{user_id}'] + ([f'"member":{member_id}'] if member_id is not None else [])
    mine = sa.or_(
        *(outbox.c.payload.contains(f"{name}{end}", autoescape=True) for name in names for end in ",}")
    )
    columns = (outbox.c.id, outbox.c.payload, outbox.c.done_at, outbox.c.error)
    return session.execute(sa.select(*columns).where(mine)).all()


def blank_parcel(session: Session, row: sa.Row[Any]) -> int:
    """A sent parcel keeps its id, which says that it was sent, and nothing of what; a waiting one only loses why it failed."""
    payload = json.loads(row.payload)
    kept = {name: payload.get(name) for name in ("kind", "member", "order", "user") if name in payload}
    fresh = (
        json.dumps(kept, sort_keys=True, separators=(",", ":")) if row.done_at is not None else row.payload
    )
    if (fresh, None) == (row.payload, row.error):
        return 0
    one = sa.update(outbox).where(outbox.c.id == row.id)
    return count_changed(session, one.values(payload=fresh, error=None))


# --- exporting ------------------------------------------------------------------------------------------------------


def list_orders(reader: Session, member_id: int) -> Sequence[Any]:
    """With the names of their products, oldest first."""
    joined = orders.join(products, products.c.id == orders.c.product_id)
    columns = sa.select(orders, products.c.name.label("product")).select_from(joined)
    return reader.execute(columns.where(orders.c.member_id == member_id).order_by(orders.c.id)).all()


def list_of_member(reader: Session, what: str, member_id: int) -> Sequence[Any]:
    """All rows of a member, oldest first; `what`: settlements, attempts, refunds, disputes, cards or customers."""
    tables = {
        "settlements": settlements, "attempts": attempts, "refunds": refunds, "disputes": disputes, "cards": cards,
        "customers": customers,
    }  # fmt: skip
    table = tables[what]
    mine = sa.select(table).where(table.c.member_id == member_id)
    return reader.execute(mine.order_by(table.c.id)).all()


def list_events_after(
    reader: Session, member_id: int, place: tuple[datetime, bytes] | None, limit: int
) -> Sequence[Any]:
    """A member's events in the order of time, beginning behind a place: what comes in meanwhile stands at the end.

    The keys come out of the index alone: asked for whole rows, MariaDB reads all that lie before the place as well.
    """
    mine = sa.select(events.c.id, events.c.type, events.c.month).where(events.c.member_id == member_id)
    if place is not None:
        at, event_id = place
        behind = sa.or_(events.c.at > at, sa.and_(events.c.at == at, events.c.id > event_id))
        mine = mine.where(events.c.at >= at, behind)
    keys = reader.execute(mine.order_by(events.c.at, events.c.id).limit(limit)).all()
    these = sa.and_(
        events.c.id.in_([key.id for key in keys]),
        events.c.type.in_({key.type for key in keys}),
        events.c.month.in_({key.month for key in keys}),
    )
    return (
        reader.execute(sa.select(events).where(these).order_by(events.c.at, events.c.id)).all()
        if keys
        else []
    )


def find_place(reader: Session, member_id: int, page: int) -> tuple[datetime, bytes] | None:
    """Behind which event a page of an export begins; None where nobody knows (any more)."""
    mine = export_places.c.name == _name_of(member_id, page)
    row = reader.execute(sa.select(export_places).where(mine)).first()
    return None if row is None else (row.at, bytes(row.event_id))


def note_place(
    session: Session, member_id: int, page: int, place: tuple[datetime, bytes], now: datetime
) -> None:
    """Behind this event that page begins. Places of old exports go."""
    name = _name_of(member_id, page)
    old = sa.or_(export_places.c.made_at < now - _PLACE_LIVES, export_places.c.name == name)
    session.execute(sa.delete(export_places).where(old))
    insert_once(
        session, export_places, [{"name": name, "at": place[0], "event_id": place[1], "made_at": now}]
    )


def _name_of(member_id: int, page: int) -> str:
    return hashlib.sha256(f"{member_id}:{page}".encode()).hexdigest()
