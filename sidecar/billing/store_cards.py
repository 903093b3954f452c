"""The SQL of cards, customers, declines and disputes. None of these commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.billing.gateways.gateway import CardFacts, DisputeFacts
from sidecar.billing.models import attempts, cards, customers, declines, disputes, orders
from sidecar.billing.overdue import Advice
from sidecar.billing.rules import Card
from sidecar.billing.states import SubscriptionState
from sidecar.db import count_changed, insert_once

CARD = (
    cards.c.id, cards.c.member_id, cards.c.gateway_id, cards.c.fingerprint, cards.c.brand, cards.c.last4, cards.c.exp_year,
    cards.c.exp_month, cards.c.never_again, cards.c.customer_id,
)  # fmt: skip
DECLINES_COUNT_FOR = timedelta(days=30)
OPEN_DISPUTES = ("inquiry", "open")


def add_customer(session: Session, member_id: int, account: str, gateway_id: str, now: datetime) -> str:
    """Who a member is at the gateway; of two at once the first counts. Gives the one that counts."""
    row = {"member_id": member_id, "account": account, "gateway_id": gateway_id, "made_at": now}
    insert_once(session, customers, [row])
    return find_customer(session, member_id, account) or gateway_id


def find_customer(session: Session, member_id: int, account: str) -> str | None:
    """Who a member is at this account of the gateway."""
    mine = sa.and_(customers.c.member_id == member_id, customers.c.account == account)
    return session.scalar(sa.select(customers.c.gateway_id).where(mine))


def forget_customer(session: Session, gateway_id: str) -> None:
    """The gateway no longer knows this customer: the next payment makes another."""
    session.execute(sa.delete(customers).where(customers.c.gateway_id == gateway_id))


def find_member_of_customer(session: Session, gateway_id: str) -> int | None:
    """Whose customer this is."""
    return session.scalar(sa.select(customers.c.member_id).where(customers.c.gateway_id == gateway_id))


def sync_card(session: Session, member_id: int, facts: CardFacts, now: datetime) -> Card:
    """Keep what the gateway shows of a member's card; a new number or date ends what the network had forbidden."""
    return sync_known_card(session, find_card_by_name(session, facts.id), member_id, facts, now)


def sync_known_card(
    session: Session, known: Card | None, member_id: int, facts: CardFacts, now: datetime
) -> Card:
    """As `sync_card`, where the card was read a moment ago."""
    if known is None:
        _add_card(session, member_id, facts, now)
    elif shows(known, facts):
        return known
    else:
        shown = _columns(facts)
        is_same = (known.fingerprint, known.exp_year, known.exp_month) == (
            facts.fingerprint,
            facts.exp_year,
            facts.exp_month,
        )
        if not is_same:
            shown["never_again"] = False
        session.execute(sa.update(cards).where(cards.c.id == known.id).values(**shown))
    return card_of(session.execute(sa.select(*CARD).where(cards.c.gateway_id == facts.id)).one())


def _add_card(session: Session, member_id: int, facts: CardFacts, now: datetime) -> None:
    row = {
        "member_id": member_id, "gateway_id": facts.id, "never_again": _is_forbidden(session, facts), "added_at": now,
        "customer_id": facts.customer_id, **_columns(facts),
    }  # fmt: skip
    insert_once(session, cards, [row])


def _is_forbidden(session: Session, facts: CardFacts) -> bool:
    """Whether the network has forbidden this very card under another of the gateway's names, kept or only tried: typed in again,
    it is no new one."""
    same = sa.and_(
        cards.c.fingerprint == facts.fingerprint,
        cards.c.exp_year == facts.exp_year,
        cards.c.exp_month == facts.exp_month,
        cards.c.never_again.is_(True),
    )
    said = sa.and_(
        declines.c.fingerprint == facts.fingerprint,
        declines.c.exp_year == facts.exp_year,
        declines.c.exp_month == facts.exp_month,
        declines.c.forbids.is_(True),
    )
    found = sa.select(
        sa.or_(sa.select(cards.c.id).where(same).exists(), sa.select(declines.c.id).where(said).exists())
    )
    return bool(facts.fingerprint) and bool(session.scalar(found))


def _columns(facts: CardFacts) -> dict[str, Any]:
    """What is shown of a card; whose it is only where the gateway says so."""
    owner = {"customer_id": facts.customer_id} if facts.customer_id else {}
    return owner | {
        "fingerprint": facts.fingerprint, "brand": facts.brand, "last4": facts.last4, "exp_year": facts.exp_year,
        "exp_month": facts.exp_month,
    }  # fmt: skip


def shows(card: Card, facts: CardFacts) -> bool:
    """Whether all that the gateway tells of a card is written down."""
    return all(getattr(card, name) == value for name, value in _columns(facts).items())


def find_card(session: Session, card_id: int) -> Card | None:
    """By its row id."""
    row = session.execute(sa.select(*CARD).where(cards.c.id == card_id)).first()
    return None if row is None else card_of(row)


def is_disputed() -> sa.ColumnElement[bool]:
    """Within a statement about cards: whether some charge of the card is disputed right now."""
    theirs = sa.select(disputes.c.id).where(
        cards.c.fingerprint != "",
        disputes.c.fingerprint == cards.c.fingerprint,
        disputes.c.status.in_(OPEN_DISPUTES),
    )
    return theirs.exists()


def find_card_by_name(session: Session, gateway_id: str) -> Card | None:
    """By the gateway's name for it."""
    row = session.execute(_CARD_BY_NAME, {"name": gateway_id}).first()
    return None if row is None else card_of(row)


_CARD_BY_NAME = sa.select(*CARD).where(cards.c.gateway_id == sa.bindparam("name"))


def list_card_ids(session: Session, fingerprint: str) -> list[int]:
    """All rows of one and the same card, whoever's."""
    return list(session.scalars(sa.select(cards.c.id).where(cards.c.fingerprint == fingerprint)))


def set_never_again(session: Session, fingerprint: str, *, forbidden: bool) -> None:
    """The network forbids any other try with this card, or has renewed it."""
    session.execute(sa.update(cards).where(cards.c.fingerprint == fingerprint).values(never_again=forbidden))
    if not forbidden:
        session.execute(
            sa.update(declines).where(declines.c.fingerprint == fingerprint).values(forbids=False)
        )


def add_decline(session: Session, what: str, facts: CardFacts, at: datetime, *, forbids: bool) -> None:
    """Count a declined try against its card's ceilings, once. `what`: the charge or set-up that was declined; `forbids`: the
    network allows no other try, which holds for a card that nobody has kept, too."""
    row = {
        "what": what, "fingerprint": facts.fingerprint, "brand": facts.brand, "at": at, "forbids": forbids,
        "exp_year": facts.exp_year, "exp_month": facts.exp_month,
    }  # fmt: skip
    insert_once(session, declines, [row])


def has_decline(session: Session, what: str) -> bool:
    """Whether a charge or set-up is counted already."""
    return session.scalar(sa.select(declines.c.id).where(declines.c.what == what)) is not None


def list_declines(session: Session, fingerprint: str, now: datetime) -> list[datetime]:
    """When this card was declined in the last 30 days."""
    return list(
        session.scalars(_DECLINES_SINCE, {"fingerprint": fingerprint, "since": now - DECLINES_COUNT_FOR})
    )


_DECLINES_SINCE = sa.select(declines.c.at).where(
    declines.c.fingerprint == sa.bindparam("fingerprint"), declines.c.at > sa.bindparam("since")
)


def has_asked_for_holder(session: Session, receivable_id: int, fingerprint: str) -> bool:
    """Whether the bank has asked for this card's holder over this receivable, under whatever name the card was given then."""
    asked = (
        sa.select(attempts.c.id)
        .join(cards, cards.c.id == attempts.c.card_id)
        .where(
            attempts.c.receivable_id == receivable_id,
            attempts.c.advice == Advice.AUTHENTICATE,
            cards.c.fingerprint == fingerprint,
        )
    )
    return session.scalar(asked.limit(1)) is not None


def list_expiring(
    session: Session, year: int, month: int, limit: int = 1000
) -> Sequence[sa.Row[Any, Any, Any, Any]]:
    """Cards that end with this month and that a living order is paid with: (card id, member id, brand, last4)."""
    living = (SubscriptionState.ACTIVE, SubscriptionState.OVERDUE)
    return session.execute(
        sa.select(cards.c.id, cards.c.member_id, cards.c.brand, cards.c.last4)
        .distinct()
        .join(orders, orders.c.card_id == cards.c.id)
        .where(cards.c.exp_year == year, cards.c.exp_month == month, orders.c.status.in_(living))
        .where(orders.c.next_due_at.is_not(None))
        .order_by(cards.c.id)
        .limit(limit)
    ).all()


# --- disputes -------------------------------------------------------------------------------------------------------


def find_dispute(session: Session, gateway_id: str) -> sa.Row[Any] | None:
    """By the gateway's name for it."""
    return session.execute(sa.select(disputes).where(disputes.c.gateway_id == gateway_id)).first()


def add_dispute(
    session: Session,
    facts: DisputeFacts,
    member_id: int,
    order_id: int | None,
    fingerprint: str,
    now: datetime,
) -> None:
    """Write a dispute down as it is when we first hear of it; a second call changes nothing."""
    row = {
        "gateway_id": facts.id, "charge_id": facts.charge_id, "member_id": member_id, "order_id": order_id,
        "fingerprint": fingerprint, "amount_minor": facts.amount_minor, "currency": facts.currency,
        "reason": facts.reason, "status": "new", "opened_at": now, **_asked(facts),
    }  # fmt: skip
    insert_once(session, disputes, [row])


def note_asked(session: Session, facts: DisputeFacts) -> None:
    """Until when and for what reason the bank asks: an inquiry that becomes a dispute has other ones."""
    session.execute(
        sa.update(disputes)
        .where(disputes.c.gateway_id == facts.id)
        .values(reason=facts.reason, **_asked(facts))
    )


def _asked(facts: DisputeFacts) -> dict[str, Any]:
    due_at = None if facts.due_s is None else datetime.fromtimestamp(facts.due_s, UTC)
    return {"due_at": due_at, "network_reason": facts.network_reason or None}


def claim_dispute(session: Session, gateway_id: str, old: str, new: str, closed_at: datetime | None) -> bool:
    """Move a dispute from the status that was read; False when somebody was first."""
    claim = (
        sa.update(disputes)
        .where(disputes.c.gateway_id == gateway_id, disputes.c.status == old)
        .values(status=new, closed_at=closed_at)
    )
    return bool(count_changed(session, claim))


def list_disputes(session: Session, charge_ids: Collection[str]) -> Sequence[sa.Row[Any]]:
    """Of these charges."""
    return session.execute(
        sa.select(disputes).where(disputes.c.charge_id.in_(list(charge_ids))).order_by(disputes.c.id)
    ).all()


def card_of(row: Any) -> Card:
    return Card(*row)
