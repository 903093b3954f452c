"""Collecting what is due: claim → write the attempt → commit → last look → confirm at the gateway → record.

One function a step, one transaction a step, and none is open while the gateway is asked. What each step leaves when the
process dies behind it (named in `steps.py`):

- claimed: a lock that ends by itself.
- prepared: a receivable, an attempt that the next holder of the lock finds unknown. Nothing was sent.
- asked: an intent at the gateway whose id we do not know; its making is repeated under the same key, or it is found by
  its metadata. It is unconfirmed and cannot collect.
- bound, looked: an attempt that becomes unknown; the intent is read, and canceled at the gateway if nothing comes.
- confirmed: money may have moved; the intent is read and booked.
- booked, released: all is written.

A worker that was stopped and wakes up finds its lock gone at the last look and sends nothing. One that wakes up between
that look and the confirmation confirms an intent that can succeed once, or that was canceled meanwhile.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

from flask import current_app

from sidecar.billing import locking, store
from sidecar.billing.batches import Batches
from sidecar.billing.booking import Foreign, Outcome, book_as_planned, book_intent, lose_attempt
from sidecar.billing.desk import Desk
from sidecar.billing.faults import postpone
from sidecar.billing.gateways.gateway import (
    Intent,
    IntentStatus,
    IntentWish,
    NotExecuted,
    Unanswered,
)
from sidecar.billing.guard import Guard
from sidecar.billing.notices import raise_alarm
from sidecar.billing.planning import Collect, Look, LookAtSetup, Plan, Task, prepare
from sidecar.billing.progress import end_order
from sidecar.billing.rules import Attempt, Order, Receivable, metadata_of
from sidecar.billing.setups import book_setup
from sidecar.billing.states import AttemptState, is_final
from sidecar.billing.steps import reached
from sidecar.db import get_server_time, reading, session, use_case
from sidecar.errors import GatepostError
from sidecar.i18n import _

log = logging.getLogger(__name__)
BATCH = 128
"""How many orders are claimed at once, and four for each thread at least."""
COLLECTED = frozenset({Outcome.SETTLED, Outcome.DECLINED, Outcome.OPEN, "unknown"})
"""The outcomes behind which a confirmation may stand: counted against what a day was expected to bring."""
FRESH_SECONDS = 45.0
"""A claimed order that nobody has begun with by then is left to the next batch: its lease must outlast its calls."""
KEY_LIVES_SECONDS = 23 * 3600.0
"""Stripe forgets idempotency keys after 24 hours; past this, a lost intent is looked for by its metadata."""
IN_FLIGHT_SECONDS = 600.0
"""How long a confirmation may still be on its way before its intent is canceled at the gateway."""
UNANSWERED_AFTER = timedelta(hours=24)
"""How long the bank's question to a member may stay open."""
_FOREIGN = "foreign"
_LOOK_AGAIN = timedelta(minutes=2)
_POLL = timedelta(hours=1)


@dataclass
class Tally:
    """What a run did, by outcome; `failed`: orders whose work broke off with an error that is in the log."""

    counts: Counter[str] = field(default_factory=Counter)

    def take(self, outcomes: Iterable[str]) -> int:
        """Count orders; gives how many of them count against what a day was expected to bring."""
        before = self._collected
        self.counts.update(outcomes)
        return self._collected - before

    @property
    def _collected(self) -> int:
        return sum(self.counts[outcome] for outcome in COLLECTED)

    @property
    def total(self) -> int:
        """All orders that were looked at."""
        return sum(self.counts.values())


def charge_due(
    desk: Desk, *, threads: int = 8, seconds: float = 50.0, told: Callable[[Tally], None] | None = None
) -> Tally:
    """Work through everything that is due, for at most about `seconds`; gives what came of it. Raises Paused.

    Any number of processes on any machines may do so at once. One member's failure never stops the batch, and a second call
    goes on where the first stopped, however it stopped. `told`: called after each batch.
    """
    tally, until, seen, guard = Tally(), time.monotonic() + seconds, set[int](), Guard(desk)
    collected, batches = 0, Batches(_release)
    try:
        with ThreadPoolExecutor(threads, thread_name_prefix="charge") as pool:
            while time.monotonic() < until:
                guard.admit(collected)
                guard.check()
                tasks = claim_due(desk, seen, max(BATCH, 4 * threads))
                if not tasks and not batches.under_way:
                    break
                if tasks:
                    seen |= {task.order_id for task in tasks}
                    batches.begin(pool, tasks[0].holder, _worker(desk), tasks)
                collected = tally.take(batches.take(leaving=2 * threads if tasks else 0))
                if told is not None:
                    told(tally)
            collected += tally.take(batches.take(leaving=0))
    finally:
        batches.release()
    guard.admit(collected)
    guard.expect()
    return tally


def _release(holder: str) -> None:
    locking.release_members(holder)
    reached("released")


def claim_due(desk: Desk, seen: set[int], limit: int = BATCH) -> list[Task]:
    """Take up to `limit` due orders, one a member, whose locks are free. What this run has `seen` waits for the next run.

    Where somebody else was faster with all of them, the next ones are taken: workers at once do not wait for each other.
    """
    holder = locking.new_holder()
    while due := _list_unseen(desk, seen, limit):
        wanted: dict[int, int] = {}
        for order_id, member_id in due:
            wanted.setdefault(member_id, order_id)
        mine = locking.claim_members(wanted, holder)
        if len(mine) < len(wanted):
            locking.make_lock_rows(
                wanted.keys() - mine
            )  # a member whose lock row is missing is found by the next run
        reached("claimed")
        seen |= {order_id for order_id, member_id in due if member_id not in mine}
        if mine:
            return [Task(one, member, holder) for member, one in wanted.items() if member in mine]
    return []


def _list_unseen(desk: Desk, seen: set[int], limit: int) -> list[tuple[int, int]]:
    with reading() as reader:
        due = store.list_due(reader, desk.now(), limit + len(seen))
    return [one for one in due if one[0] not in seen][:limit]


def _worker(desk: Desk) -> Callable[[Task], str]:
    """What a thread does with an order of a batch that is claimed now."""
    app, until = current_app._get_current_object(), time.monotonic() + FRESH_SECONDS  # type: ignore[attr-defined]

    def work(task: Task) -> str:
        if time.monotonic() > until:
            return "left"
        with app.app_context():
            return charge_one(desk, task)

    return work


def charge_one(desk: Desk, task: Task) -> str:
    """All that one order wants now; gives the outcome in a word. Whatever goes wrong stays with this order, and so does an answer
    of the gateway that is not about it: it is put off, or every run would ask again."""
    try:
        outcome = _do_what_is_wanted(desk, task)
    except Exception:
        if not locking.is_held(task.member_id, task.holder):
            log.warning("order %s: somebody else works on it by now", task.order_id, exc_info=True)
            return "lost"
        log.exception("order %s: its payment could not be worked on", task.order_id)
        outcome = "failed"
    if outcome == "failed" or (outcome == _FOREIGN and locking.is_held(task.member_id, task.holder)):
        _put_off(desk, task)
    return outcome


def _do_what_is_wanted(desk: Desk, task: Task) -> str:
    plan = prepare(desk, task, now=desk.now())
    reached("prepared")
    if isinstance(plan, Look):
        looked = look(desk, plan)
        if looked != "known" or plan.attempt is not None or plan.gives_up:
            return looked
        plan = prepare(desk, task, now=desk.now(), looked=True)
    return _carry_out(desk, plan, task)


def carry_out_now(desk: Desk, task: Task) -> str:
    """One order, now, because somebody asks for it; the member's lock is held. Gives the outcome in a word."""
    plan = prepare(desk, task, now=desk.now())
    if isinstance(plan, Look):
        looked = look(desk, plan)
        if looked != "known" or plan.attempt is not None:
            return looked
        plan = prepare(desk, task, now=desk.now(), looked=True)
    return _carry_out(desk, plan, task)


def _carry_out(desk: Desk, plan: Plan | None, task: Task) -> str:
    if isinstance(plan, Collect):
        return collect(desk, plan, task.holder)
    if isinstance(plan, LookAtSetup):
        return book_setup(desk, plan.order.id, gives_up=plan.gives_up)
    return "nothing"


@use_case
def _put_off(desk: Desk, task: Task) -> None:
    """An order that cannot be worked on must not be found first for ever; the owner is told."""
    store.set_order(session(), task.order_id, wake_at=desk.now() + _POLL)
    sentence = _("order {order} could not be worked on; the log of the service says why")
    raise_alarm(
        session(), "broken", f"order:{task.order_id}", sentence.format(order=task.order_id), desk.now()
    )


# --- collecting -----------------------------------------------------------------------------------------------------


def collect(desk: Desk, plan: Collect, holder: str) -> str:
    """Make or take the intent, look a last time, confirm, book."""
    attempt = plan.attempt
    try:
        intent_id = ensure_intent(desk, plan, holder)
        if intent_id is None or not _last_look(plan, holder):
            return "lost"
        reached("looked")
        key = desk.key("confirm", plan.receivable.uuid, attempt.number)
        answer = desk.pays_by_card().confirm_intent(key, intent_id, plan.card.gateway_id)
    except NotExecuted as fault:
        postpone(desk, attempt.id, fault)
        return "not executed"
    except Unanswered as error:
        log.warning("attempt %s: %s", attempt.id, error)
        lose(desk, attempt, holder)
        return "unknown"
    reached("confirmed")
    outcome = _book(desk, plan.receivable, answer, plan)
    reached("booked")
    return outcome


def ensure_intent(desk: Desk, plan: Collect, holder: str) -> str | None:
    """The id of the receivable's one intent, committed before it is used; None when the attempt is no longer ours."""
    receivable, gateway = plan.receivable, desk.pays_by_card()
    if receivable.intent_id is not None:
        intent = gateway.read_intent(receivable.intent_id)
        if intent.status not in {IntentStatus.NEEDS_CARD, IntentStatus.NEEDS_CONFIRMATION}:
            _book(desk, receivable, intent)
            return None
        if intent.keeps_card:
            gateway.keep_card(intent.id, keeps=False)
        return intent.id
    was_asked = receivable.intent_asked_at != plan.attempt.started_s
    intent = find_or_make_intent(desk, plan.order, receivable, plan.customer_id, was_asked=was_asked)
    reached("asked")
    try:
        is_bound = bind(plan.attempt.id, receivable, intent.id, holder)
    except _BoundElsewhere:
        is_bound = False
    if not is_bound:
        return None
    reached("bound")
    return intent.id


def find_or_make_intent(
    desk: Desk, order: Order, receivable: Receivable, customer_id: str, *, was_asked: bool = True
) -> Intent:
    """Ask for the intent. One that was asked for long ago, and whose key is forgotten, is looked for first.

    Whoever asks, for the schedule or for a browser, sends the same bytes under the same key. `was_asked`: not only just now.
    """
    gateway = desk.pays_by_card()
    number = receivable.intent_number
    metadata = metadata_of(desk.installation, order.uuid, receivable.uuid, receivable.cycle, number)
    asked_s = receivable.intent_asked_at if was_asked else None
    if asked_s is not None and _seconds_since(asked_s) > KEY_LIVES_SECONDS:
        found = _find_lost(desk, receivable, customer_id, metadata)
        if found is not None:
            return found
    wish = IntentWish(
        receivable.collect_minor,
        receivable.currency,
        customer_id,
        metadata,
        f"{order.uuid} #{receivable.cycle}",
    )
    return gateway.make_intent(desk.key("intent", receivable.uuid, number), wish)


def _find_lost(
    desk: Desk, receivable: Receivable, customer_id: str, metadata: dict[str, str]
) -> Intent | None:
    since = (receivable.intent_asked_at or 0) - 3600 + desk.clock.offset.total_seconds()
    for intent in desk.pays_by_card().list_intents(
        min(since, receivable.made_at.timestamp() - 3600), customer_id
    ):
        if dict(intent.metadata) == metadata:
            return intent
    return None


@use_case
def bind(attempt_id: int, receivable: Receivable, intent_id: str, holder: str) -> bool:
    """Commit the intent's id, as long as the attempt is still claimed by us: a worker that woke up late binds nothing."""
    if not store.claim_bound(session(), attempt_id, holder, intent_id):
        return False
    if not store.claim_intent(session(), receivable, intent_id):
        raise _BoundElsewhere
    return True


class _BoundElsewhere(GatepostError):
    """The receivable has got another intent meanwhile: nothing of ours is written."""


def _last_look(plan: Collect, holder: str) -> bool:
    """Nothing has changed since the attempt was written: the lock is ours, and the attempt is still claimed by it."""
    return locking.is_still_mine(plan.order.member_id, holder, plan.attempt.id)


def _book(desk: Desk, receivable: Receivable, intent: Intent, plan: Collect | None = None) -> str:
    """Book what an intent says; one that is not what we know is left alone. `plan`: by which it was confirmed."""
    now = desk.now()
    try:
        booked = book_as_planned(desk, plan, intent, now=now) if plan is not None else None
        return str(booked or book_intent(desk, receivable.id, intent, now=now))
    except Foreign as error:
        log.warning("intent %s was not booked: %s", intent.id, error)
        return _FOREIGN


@use_case
def lose(desk: Desk, attempt: Attempt, holder: str) -> None:
    """Nobody knows what came of it: the attempt is unknown, and its intent is read in a while."""
    lose_attempt(attempt.id, holder)
    store.set_order(session(), attempt.order_id, wake_at=desk.now() + _LOOK_AGAIN)


# --- looking --------------------------------------------------------------------------------------------------------


def look(desk: Desk, plan: Look) -> str:
    """Read the intent and book it. `known`: it said nothing new.

    An intent by which nothing came for so long that no confirmation can be on its way is canceled at the gateway, which
    decides between us and whatever is still under way: it answers `canceled`, or it has succeeded.
    """
    receivable = plan.receivable
    if receivable.intent_id is None:
        return _never_bound(desk, plan)
    gateway = desk.pays_by_card()
    try:
        intent = gateway.read_intent(receivable.intent_id)
        outcome = _book(desk, receivable, intent)
        if _is_to_close(desk, plan, intent, outcome):
            outcome = _book(desk, receivable, gateway.cancel_intent(receivable.intent_id))
    except (NotExecuted, Unanswered) as error:
        log.warning("intent %s could not be read: %s", receivable.intent_id, error)
        _look_later(desk, plan.order.id, _LOOK_AGAIN)
        return "unread"
    return _after_look(desk, plan, outcome)


def _after_look(desk: Desk, plan: Look, outcome: str) -> str:
    if plan.gives_up and outcome in {Outcome.DROPPED, Outcome.KNOWN}:
        return give_up(desk, plan.order.id)
    if plan.attempt is None:
        return outcome
    if outcome == Outcome.KNOWN:
        _look_later(desk, plan.order.id, _LOOK_AGAIN)
    elif outcome == Outcome.OPEN:
        _look_later(desk, plan.order.id, _POLL)
    elif outcome == Outcome.DROPPED:
        _look_later(desk, plan.order.id, timedelta())
    return outcome


def _is_to_close(desk: Desk, plan: Look, intent: Intent, outcome: str) -> bool:
    """Whether to have the gateway say that nothing will come: what is given up, a confirmation that was sent too long ago to
    be on its way, a question of the bank that nobody has answered for a day (the gateway waits for ever)."""
    attempt = plan.attempt
    if outcome == Outcome.OPEN and intent.status is IntentStatus.NEEDS_ACTION:
        asked_at = attempt.started_at if attempt is not None else desk.now()
        return plan.gives_up or plan.closes or desk.now() - asked_at > UNANSWERED_AFTER
    if outcome == Outcome.DECLINED:
        return plan.gives_up
    if outcome != Outcome.KNOWN:
        return False
    sent_long_ago = (
        attempt is not None
        and attempt.status is AttemptState.UNKNOWN
        and _seconds_since(attempt.started_s) > IN_FLIGHT_SECONDS
    )
    return plan.gives_up or plan.closes or sent_long_ago


def _seconds_since(moment_s: float) -> float:
    """By the database's clock."""
    with reading() as reader:
        return get_server_time(reader) - moment_s


@use_case
def _never_bound(desk: Desk, plan: Look) -> str:
    """No intent's id was ever committed, so nothing can have been confirmed: the attempt did not happen."""
    attempt = plan.attempt and store.find_attempt(session(), plan.attempt.id)
    if attempt is not None and not is_final(attempt.status):
        store.claim_attempt(session(), attempt, AttemptState.NOT_EXECUTED, finished_at=desk.now())
    if plan.gives_up:
        return give_up(desk, plan.order.id)
    return "not executed"


@use_case
def _look_later(desk: Desk, order_id: int, after: timedelta) -> None:
    store.set_order(session(), order_id, wake_at=desk.now() + after)


@use_case
def give_up(desk: Desk, order_id: int) -> str:
    """A checkout that was never paid ends, now that its intent cannot collect any more."""
    order = store.find_order(session(), order_id)
    if order is None or order.activated_at is not None:
        return "known"
    end_order(desk, order, "abandoned", now=desk.now(), by="billing")
    return "given up"
