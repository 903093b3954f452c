"""Each safeguard of billing, and how to switch it off: a judge that stays silent then would prove nothing.

A sabotage is applied in the nursery, so that every worker and act of the run has it. Its temper leads to the situation in
which the safeguard is what stands between a member and a wrong charge.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tests.crash.cast import DAILY, MONTHLY, WEEKLY
from tests.crash.temper import CALM, Temper


@dataclass(frozen=True)
class Sabotage:
    """`sees`: words of the findings that show it, one of them; another finding is no proof. `days`, `members`: how long and
    how large a run must be."""

    name: str
    says: str
    apply: Callable[[], None]
    sees: tuple[str, ...]
    temper: Temper
    days: int = 24
    members: int = 12


def _patch(path: str, value: Any) -> None:
    from importlib import import_module

    module, _dot, name = path.rpartition(".")
    home: Any = import_module(module) if module.startswith("sidecar") else None
    if not hasattr(home, name):
        raise AttributeError(path)
    setattr(home, name, value)


# --- what is switched off -------------------------------------------------------------------------------------------


def _no_member_lock() -> None:
    """Everybody gets every lock at once, and everybody's lock is still his."""
    from sidecar.billing import store, store_charging
    from sidecar.db import session, use_case

    find_standing = store_charging.find_standing

    def find_standing_as_if_mine(*asked: Any) -> Any:
        seen = find_standing(*asked)
        return None if seen is None else replace(seen, is_mine=True)

    @use_case
    def claim_members(member_ids: Any, holder: str) -> set[int]:
        store.lose_claims(session(), member_ids)
        return set(member_ids)

    _patch("sidecar.billing.locking.claim_members", claim_members)
    _patch("sidecar.billing.locking.is_still_mine", lambda member_id, holder, attempt_id: True)
    _patch("sidecar.billing.store_charging.find_standing", find_standing_as_if_mine)
    _patch("sidecar.billing.store_locks.has_lock", lambda session, member_id, holder: True)


def _no_last_look() -> None:
    _patch("sidecar.billing.charging._last_look", lambda plan, holder: True)


def _unbound_intent() -> None:
    """The intent's id is not committed before money can move by it, nor when it is booked."""
    _patch("sidecar.billing.charging.bind", lambda attempt_id, receivable_id, intent_id, holder: True)
    _patch("sidecar.billing.booking._bind_if_unbound", lambda receivable, intent: receivable)


def _unknown_is_declined() -> None:
    """No answer is taken for a no."""
    from sidecar.billing import charging, progress, store
    from sidecar.billing.overdue import Decline
    from sidecar.billing.states import AttemptState
    from sidecar.db import session, use_case

    @use_case
    def lose(desk: Any, attempt: Any, holder: str) -> None:
        found = store.find_attempt(session(), attempt.id)
        if found is None or not store.claim_attempt(
            session(), found, AttemptState.FAILED, finished_at=desk.now()
        ):
            return
        order, receivable = (
            store.find_order(session(), attempt.order_id),
            store.find_receivable(session(), attempt.receivable_id),
        )
        assert order is not None
        assert receivable is not None
        progress.note_decline(
            desk, order, receivable, found, Decline("processing_error"), now=desk.now(), card=None
        )

    _patch("sidecar.billing.charging.lose", lose)
    assert charging.lose is lose


def _successor_without_cancel() -> None:
    """A second intent is made although the gateway has not said that the first will never collect."""
    from sidecar.billing.gateways.gateway import IntentStatus
    from sidecar.billing.gateways.stripe import StripeGateway

    def cancel_intent(self: Any, intent_id: str) -> Any:
        return replace(self.read_intent(intent_id), status=IntentStatus.CANCELED)

    StripeGateway.cancel_intent = cancel_intent  # type: ignore[method-assign]


def _keys_of_row_ids() -> None:
    """Idempotency keys are made of what a restored database hands out again."""
    from sidecar.billing import models
    from sidecar.billing.desk import Desk
    from sidecar.db import reading

    def key(self: Any, kind: str, name: str, number: int = 0) -> str:
        import sqlalchemy as sa

        with reading() as reader:
            for table in (models.receivables, models.orders, models.refunds):
                found = reader.scalar(sa.select(table.c.id).where(table.c.uuid == name))
                if found is not None:
                    return f"gatepost:{kind}:{table.name}:{found}:{number}"
        return f"gatepost:{kind}:{name}:{number}"

    Desk.key = key  # type: ignore[method-assign]


def _no_guard_of_restored() -> None:
    """Nobody compares what the gateway and this machine know with what the database knows."""
    _patch("sidecar.billing.guard._check_intents", lambda desk: 0.0)
    _patch("sidecar.billing.guard._check_mark", lambda desk: None)


def _no_binding() -> None:
    """Any copy of the database may charge."""
    _patch("sidecar.billing.guard._check_binding", lambda desk, account: None)


def _no_clock_check() -> None:
    _patch("sidecar.billing.guard._check_clock", lambda desk, account: None)


def _booked_twice() -> None:
    """A charge that is written down already is not recognized."""
    from sidecar.billing import store_charging

    find_bookable = store_charging.find_bookable

    def find_bookable_as_if_new(*asked: Any) -> Any:
        found = find_bookable(*asked)
        return None if found is None else replace(found, is_booked=False)

    _patch("sidecar.billing.store_charging.find_bookable", find_bookable_as_if_new)
    _patch("sidecar.billing.store.find_attempt_of_charge", lambda session, charge_id: None)


def _notices_without_names() -> None:
    """A notice's parcel is not named after its cause."""
    from sidecar.outbox import Named

    Named.id = property(lambda self: secrets.token_hex(16))  # type: ignore[assignment,method-assign]


def _cycles_at_once() -> None:
    """What was missed is collected as fast as it goes, old cycles first."""
    from sidecar.billing.rules import Order

    _patch("sidecar.billing.planning.AT_MOST_ONE_IN", timedelta(0))
    _patch("sidecar.billing.planning._is_too_old", lambda order, receivable, now: False)
    Order.cycle_at = lambda self, moment: self.next_cycle  # type: ignore[method-assign]


def _never_again_forgotten() -> None:
    """The card network's "do not try again" is heard and forgotten."""
    _patch("sidecar.billing.booking.is_never_again", lambda decline: False)


def _canceled_without_gateway() -> None:
    """Marked paid by hand, without asking the gateway to give the payment up first."""
    from sidecar.billing import changing, store
    from sidecar.db import session, use_case

    @use_case
    def forget(desk: Any, receivable: Any) -> None:
        found = store.find_receivable(session(), receivable.id)
        assert found is not None
        store.drop_intent(session(), found, found.intent_id or "")

    _patch("sidecar.billing.changing._close_intent", forget)
    assert changing._close_intent is forget


# --- and where it shows ---------------------------------------------------------------------------------------------

_STORM = replace(CALM, weather=1.0, strength=0.5, path="/v1/payment_intents/*/confirm")

SABOTAGES = {
    one.name: one
    for one in (
        Sabotage(
            "member-lock", "two workers on one member", _no_member_lock,
            ("still there waits", "could not be worked on", " broke: "),
            replace(CALM, workers=3, crowd=1.0, weather=1.0, strength=0.5, faults=("slow",)),
        ),
        Sabotage(
            "last-look", "a worker that stood still confirms what was canceled meanwhile", _no_last_look, ("though nothing was owed",),
            replace(
                # One thread: a stop stops all of a process, also between another's last look and its confirmation.
                CALM, workers=4, threads=1, ends=("stop",), steps=("bound",), acts=25, only_acts=("cancel", "buy_again"), webhooks=False,
                weather=1.0, strength=1.0, path="/v1/payment_intents/*/cancel", faults=("timeout_before",), act_deaths=0,
                products=(DAILY,), buys_within_days=4, forgives_surplus=False,
            ),
        ),
        Sabotage(
            "bound-intent", "an intent's id is not committed before it is confirmed", _unbound_intent, ("is bound to",),
            replace(CALM, ends=("kill",), steps=("confirmed",)),
        ),
        Sabotage(
            "unknown-stays-unknown", "no answer is taken for a decline", _unknown_is_declined, ("no bank has declined it",),
            replace(_STORM, faults=("timeout_after", "cut_reply")),
        ),
        Sabotage(
            "one-intent", "a second intent while the first may still collect", _successor_without_cancel, ("DOUBLE CHARGE",),
            replace(_STORM, faults=("executed_very_late",)),
        ),
        Sabotage(
            "names-in-keys", "idempotency keys made of row ids", _keys_of_row_ids, ("a key was used for something else",),
            replace(CALM, restored=0.5, acts=12, only_acts=("charge_now", "buy_again"), products=(WEEKLY, MONTHLY)), members=30,
        ),
        Sabotage(
            "restored-database", "yesterday's database goes on as if it were today's", _no_guard_of_restored, ("a restored database has charged",),
            replace(CALM, restored=0.3, products=(DAILY,), buys_within_days=4), members=6,
        ),
        Sabotage("binding", "a copy of the site charges", _no_binding, ("a copy of the site was not refused",), replace(CALM, cloned=0.5, products=(DAILY,), buys_within_days=4), members=6),
        Sabotage("clock", "our clock is days ahead of the gateway's", _no_clock_check, ("while the clock was off",), replace(CALM, wrong_clock=0.6)),
        Sabotage(
            "booked-once", "a repeated webhook books its charge again", _booked_twice, ("still there waits",), replace(CALM, declines=1.0),
        ),
        Sabotage(
            "named-notices", "a repeated cause queues its notice again", _notices_without_names, ("mails say",),
            replace(CALM, renewed_cards=1.0, products=(DAILY, WEEKLY)), members=6,
        ),
        Sabotage(
            "one-a-day", "all that a dead cron has missed is collected at once", _cycles_at_once, ("two renewals of order",),
            replace(CALM, dead_cron=0.2, products=(DAILY, WEEKLY), buys_within_days=6), members=6,
        ),
        Sabotage(
            "never-again", "a card is tried after its network has forbidden it", _never_again_forgotten, ("tried after do not try again",),
            replace(
                CALM, declines=4.0, acts=10, only_acts=("charge_now",), products=(WEEKLY,), buys_within_days=4, act_deaths=0,
            ),
        ),
        Sabotage(
            "closed-first", "paid by hand while the gateway may still collect", _canceled_without_gateway, ("successes for it",),
            replace(
                CALM, declines=4.0, acts=20, only_acts=("mark_paid", "waive", "pay_in_an_old_tab"), products=(WEEKLY,),
                buys_within_days=4, act_deaths=0,
            ),
            members=8,
        ),
    )
}  # fmt: skip
