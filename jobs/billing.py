"""Billing's jobs. Each asks what is due and works until nothing is left or its time is over; none carries work of its own.

Without a gateway in the configuration they do nothing, but `charge`, which looks after what is paid by hand. What must not be done from a copy of the site or from a restored
database is refused by `check_may_move` where it moves money; charging has a stricter guard of its own.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import wraps

from sidecar import outbox
from sidecar.billing import announcing, hooks, returning, store, store_guard, store_returns
from sidecar.billing.booking import Foreign, book_intent
from sidecar.billing.charging import Tally, charge_due
from sidecar.billing.checking import park_breaches
from sidecar.billing.desk import Desk
from sidecar.billing.gateways.gateway import IntentStatus, NotExecuted, Unanswered
from sidecar.billing.guard import Paused, check_may_move
from sidecar.billing.locking import Busy, member_locked
from sidecar.billing.notices import CLOSE_INTENT, raise_alarm
from sidecar.billing.standing import CHARGE, REFUSED
from sidecar.db import reading, session, transaction, use_case
from sidecar.errors import Refused
from sidecar.outbox import Parcel
from sidecar.service import Service

log = logging.getLogger(__name__)
CHARGE_SECONDS = 15.0
"""Short, so that a worker that is asked to end does so soon; the next nudge goes on."""
LOOK_SECONDS = 300.0
WEBHOOK_SECONDS, WEBHOOKS_AT_ONCE = 10.0, 20
PARCELS_AT_ONCE = 50


def with_desk(job: Callable[[Desk], int]) -> Callable[[Service], int]:
    """A job of billing: 0 where no gateway is configured; a pause, or a database that may not touch the account, is one line."""

    @wraps(job)
    def run(service: Service) -> int:
        if not service.config.billing.gateway:
            return 0
        try:
            return job(service.desk)
        except Refused as reason:
            log.warning("%s: %s", job.__name__, reason)
            return 0

    return run


# --- charging -------------------------------------------------------------------------------------------------------


def charge(
    service: Service, *, seconds: float = CHARGE_SECONDS, told: Callable[[Tally], None] | None = None
) -> int:
    """Collect what is due, in a pool of threads; gives how many orders were looked at.

    A pause is one line in the log, and an alarm unless it is written down as a pause already.
    """
    if not _has_due(service):
        return 0
    desk = service.desk
    try:
        tally = charge_due(desk, threads=service.config.billing.threads, seconds=seconds, told=told)
    except Paused as pause:
        log.warning("charge: %s", pause)
        _note_refused(desk, str(pause))
        return 0
    if tally.total:
        log.info("charge: %s", ", ".join(f"{name} {count}" for name, count in tally.counts.items()))
    _note_charged(desk)
    return tally.total


def _has_due(service: Service) -> bool:
    """With a gateway every run looks, since it also asks whether the gateway knows more than we do. Without one the orders that
    are paid by hand still end, and are listed when they are due."""
    if service.config.billing.gateway:
        return True
    with reading() as reader:
        return bool(store.list_due(reader, service.clock.now(), 1))


@use_case
def _note_charged(desk: Desk) -> None:
    store_guard.sync_heartbeat(session(), CHARGE)
    for alarm in store_guard.list_alarms(session()):
        if alarm.kind == REFUSED and alarm.subject.startswith(_short(desk)):
            store_guard.close_alarms(session(), REFUSED, desk.now(), alarm.subject)


@use_case
def _note_refused(desk: Desk, sentence: str) -> None:
    """One alarm and one mail a day and machine, unless the pause is written down and told already."""
    lease = store_guard.find_lease(session())
    if lease is None or lease.paused_for is None:
        subject = f"{_short(desk)}:{desk.now().date()}"
        raise_alarm(session(), REFUSED, subject, sentence, desk.now())


def _short(desk: Desk) -> str:
    return desk.machine[:16]


def may_have_due(service: Service) -> bool:
    """Whether a worker should look: something is due, or nobody has looked for some minutes. Cheap."""
    with reading() as reader:
        if store.list_due(reader, service.clock.now(), 1):
            return True
        if not service.config.billing.gateway:
            return False
        return store_guard.list_heartbeats(reader).get(CHARGE, LOOK_SECONDS) >= LOOK_SECONDS


# --- what the gateway tells, and what goes back ---------------------------------------------------------------------


@with_desk
def process_webhooks(desk: Desk) -> int:
    """Understand the webhooks that wait; gives how many are done."""
    done, until = 0, time.monotonic() + WEBHOOK_SECONDS
    while time.monotonic() < until:
        understood = hooks.process_webhooks(desk, WEBHOOKS_AT_ONCE)
        done += understood
        if understood < WEBHOOKS_AT_ONCE:
            break
    return done


@with_desk
def catch_up(desk: Desk) -> int:
    """Ask for the events that never arrived; gives how many were listed."""
    return hooks.catch_up(desk)


@with_desk
def refund_surpluses(desk: Desk) -> int:
    """Give back what came too much."""
    with reading() as reader:
        if not store_returns.list_unrefunded_surpluses(reader, 1):
            return 0
    check_may_move(desk)
    return returning.refund_surpluses(desk)


@with_desk
def follow_refunds(desk: Desk) -> int:
    """Ask for the end of refunds that were begun."""
    check_may_move(desk)
    return returning.follow_refunds(desk)


@with_desk
def announce(desk: Desk) -> int:
    """Tell members in time of what is about to be charged, or to end."""
    return announcing.announce(desk)


# --- intents that nothing is owed for any more ----------------------------------------------------------------------


@with_desk
def close_intents(desk: Desk) -> int:
    """Have the gateway cancel what must not collect any more; gives how many can collect no more, or have.

    Each under its member's lock. One that has succeeded meanwhile is booked as surplus; one that is processing, or whose
    answer was lost, is asked again later: the parcel stays.
    """
    now = desk.now()
    with reading() as reader:
        if not outbox.list_waiting(reader, CLOSE_INTENT, 1):
            return 0
    check_may_move(desk)
    with transaction() as writer:
        parcels = outbox.claim_due(writer, CLOSE_INTENT, now, PARCELS_AT_ONCE)
    return sum(_finish(desk, parcel, close_intent(desk, parcel)) for parcel in parcels)


def close_intent(desk: Desk, parcel: Parcel) -> str:
    """Cancel one intent and book what the gateway says of it; gives why it is not over yet, '' when it is."""
    with reading() as reader:
        receivable = store.find_receivable(reader, int(parcel.payload["receivable"]))
    if receivable is None:
        return ""
    intent_id = str(parcel.payload["intent"])
    try:
        with member_locked(receivable.member_id, patience=0.0):
            intent = desk.pays_by_card().cancel_intent(intent_id)
            book_intent(desk, receivable.id, intent, now=desk.now())
    except Foreign as error:
        log.warning("intent %s was not closed: %s", intent_id, error)
        return ""
    except (Busy, NotExecuted, Unanswered) as error:
        return str(error)
    return "" if intent.status in {IntentStatus.CANCELED, IntentStatus.SUCCEEDED} else str(intent.status)


def _finish(desk: Desk, parcel: Parcel, reason: str) -> int:
    with transaction() as writer:
        if reason:
            outbox.set_failed(writer, parcel, reason, desk.now())
        else:
            outbox.set_done(writer, [parcel.id], desk.now())
    return int(not reason)


# --- looking after --------------------------------------------------------------------------------------------------


@with_desk
def check_invariants(desk: Desk) -> int:
    """Look for what must not be; an order that is in it is parked and the owner is told. Gives how many were found."""
    return park_breaches(desk)
