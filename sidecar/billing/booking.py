"""Writing down what the gateway says of an intent: the one place where money becomes a fact of ours.

Whoever has an intent in hand (the worker after a confirmation, the reader of an unknown attempt, a webhook, the browser's
return) calls `book_intent`. It looks at what is booked already, so it may be called any number of times, in any order, with
old snapshots: a success is final at the gateway, a failed charge is booked once by its id, and the rest says nothing new.

Transaction: each call is one; the caller holds the member's lock and no transaction. Clock: `now` is business time.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from sidecar.billing import store, store_cards, store_charging, store_ledger, store_returns
from sidecar.billing.cards import use_everywhere
from sidecar.billing.ceilings import MOST_REFUSED
from sidecar.billing.desk import Desk
from sidecar.billing.gateways.gateway import CardFacts, ChargeFacts, Intent, IntentStatus
from sidecar.billing.notices import raise_alarm
from sidecar.billing.overdue import Decline, advice_of, is_never_again
from sidecar.billing.planning import Collect
from sidecar.billing.progress import note_decline, settle
from sidecar.billing.rules import Attempt, Order, Origin, Receivable, Source
from sidecar.billing.states import AttemptState, ReceivableState, SubscriptionState
from sidecar.billing.store_charging import Bookable
from sidecar.db import get_server_time, session, use_case
from sidecar.errors import GatepostError
from sidecar.i18n import _, speaking
from sidecar.wordpress.options import site_language


class Outcome(StrEnum):
    """What came of a booking."""

    SETTLED = "settled"
    DECLINED = "declined"
    OPEN = "open"
    DROPPED = "dropped"
    SURPLUS = "surplus"
    KNOWN = "known"


class Foreign(GatepostError):
    """The intent is not ours, or does not say what we know of it: nothing is booked."""


@use_case
def book_intent(desk: Desk, receivable_id: int, intent: Intent, *, now: datetime) -> Outcome:
    """Book what `intent` says on its receivable; gives what came of it. Raises Foreign.

    A success settles a receivable that is due, in the transaction that gives access; on one that is closed it is surplus
    money. A failed charge that is not booked yet makes the open attempt failed (or, where the member tried by himself, a
    failed attempt of its own) and moves the retry schedule. `canceled` frees the receivable for a successor. `processing`
    and `requires_action` keep the attempt open. Anything else proves nothing and changes nothing.
    """
    is_paid = intent.status is IntentStatus.SUCCEEDED
    charge = (intent.charge or _unseen_charge(intent)) if is_paid else None
    found = store_charging.find_bookable(session(), receivable_id, charge)
    if found is None:
        raise Foreign(_("an intent for a receivable that is not here"))
    check_belongs(desk, found.receivable, intent)
    receivable = _bind_if_unbound(found.receivable, intent)
    if charge is not None:
        return _book_success(desk, replace(found, receivable=receivable), intent, charge, now)
    outcome = _book_failure(desk, found.order, receivable, intent, now)
    if intent.status is IntentStatus.CANCELED:
        return _drop(receivable, intent, now)
    if intent.status in {IntentStatus.PROCESSING, IntentStatus.NEEDS_ACTION}:
        return _keep_open(receivable, intent, now)
    return outcome


@use_case
def book_as_planned(desk: Desk, plan: Collect, intent: Intent, *, now: datetime) -> Outcome | None:
    """Book the success of the attempt that was planned, without reading anything again; None: `book_intent` is to look.

    While the attempt is claimed, nobody else has had the member's lock, and nothing that is booked here has changed since.
    """
    charge, card = intent.charge, plan.card
    is_plain = intent.status is IntentStatus.SUCCEEDED and plan.is_first_try and plan.user_id is not None
    if not is_plain or charge is None or charge.card is None or charge.card.id != card.gateway_id:
        return None
    check_belongs(desk, plan.receivable, intent)
    paid = {"finished_at": now, "charge_id": charge.id, "card_id": card.id}
    if not store_cards.shows(card, charge.card) or not store.claim_success(
        session(), plan.attempt, intent.id, **paid
    ):
        return None
    settle(
        desk, plan.order, plan.receivable, Source.GATEWAY, now=now,
        attempt=plan.attempt, charge_id=charge.id, card_id=card.id, user_id=plan.user_id,
    )  # fmt: skip
    return Outcome.SETTLED


def check_belongs(desk: Desk, receivable: Receivable, intent: Intent) -> None:
    """The intent's metadata must name this installation and the receivable that it is booked on, and its sum must be ours."""
    same = (
        intent.metadata.get("gatepost") == desk.installation
        and intent.metadata.get("receivable") == receivable.uuid
        and intent.currency == receivable.currency
        and intent.amount_minor == receivable.collect_minor
    )
    if not same:
        raise Foreign(_("intent {intent} does not belong to receivable {receivable}").format(
            intent=intent.id, receivable=receivable.uuid
        ))  # fmt: skip


def _bind_if_unbound(receivable: Receivable, intent: Intent) -> Receivable:
    """A webhook may come before the intent's id is committed, or to a restored database that lost it: what collects is bound."""
    is_unbound = receivable.status is ReceivableState.DUE and receivable.intent_id is None
    if not is_unbound or intent.number < receivable.intent_number:
        return receivable
    store.set_receivable(session(), receivable.id, intent_id=intent.id, intent_number=intent.number)
    return replace(receivable, intent_id=intent.id, intent_number=intent.number)


# --- success --------------------------------------------------------------------------------------------------------


def _unseen_charge(intent: Intent) -> ChargeFacts:
    """What an intent says of its charge where it shows none."""
    return ChargeFacts(intent.id, True, intent.amount_minor, intent.currency)


def _book_success(desk: Desk, found: Bookable, intent: Intent, charge: ChargeFacts, now: datetime) -> Outcome:
    if found.is_booked:
        return Outcome.KNOWN
    order, receivable = found.order, found.receivable
    attempt = found.attempt or _attempt_by_hand(receivable, intent, now)
    if receivable.status is not ReceivableState.DUE:
        _finish(attempt, AttemptState.SUCCEEDED, now, intent_id=intent.id, charge_id=charge.id)
        return _book_surplus(desk, receivable, intent, charge, now)
    card = charge.card and store_cards.sync_known_card(
        session(), found.card, order.member_id, charge.card, now
    )
    card_id = card.id if card else None
    _finish(attempt, AttemptState.SUCCEEDED, now, intent_id=intent.id, charge_id=charge.id, card_id=card_id)
    by_browser = attempt.origin is Origin.BROWSER
    kept_id = (
        card_id if intent.keeps_card or not by_browser else None
    )  # one that the gateway did not keep pays once
    settle(
        desk,
        order,
        receivable,
        Source.GATEWAY,
        now=now,
        attempt=attempt,
        charge_id=charge.id,
        card_id=kept_id,
        card_chosen_s=intent.chosen_s if kept_id is not None and by_browser else None,
        user_id=found.user_id,
    )
    if kept_id is not None and by_browser and order.status is SubscriptionState.OVERDUE:
        use_everywhere(order.member_id, kept_id, intent.chosen_s, now)
    return Outcome.SETTLED


def _book_surplus(
    desk: Desk, receivable: Receivable, intent: Intent, charge: ChargeFacts, now: datetime
) -> Outcome:
    """Money that nothing was owed for: unapplied and alarmed until the job of refunds gives it back; or the member's credit,
    where the owner keeps it so. Unapplied money pays nothing, since it is on its way back."""
    reason = "second" if receivable.status is ReceivableState.SETTLED else "closed"
    new = store_returns.add_surplus(
        session(),
        charge.id,
        intent.id,
        receivable.member_id,
        receivable.id,
        charge.amount_minor,
        charge.currency,
        reason,
        now,
    )
    if not new:
        return Outcome.KNOWN
    account = "unapplied" if desk.settings.refund_surplus else "credit"
    store_ledger.post(
        session(), f"surplus:{charge.id}", receivable.member_id, charge.currency, now,
        {"gateway": charge.amount_minor, account: -charge.amount_minor},
    )  # fmt: skip
    with speaking(site_language(session(), desk.tables)):  # a member may be paying right now, in his own
        sentence = _(
            "charge {charge} came for a receivable that is {status}: it is the member's until it is refunded"
        )
    raise_alarm(
        session(), "surplus", charge.id, sentence.format(charge=charge.id, status=receivable.status), now
    )
    return Outcome.SURPLUS


# --- failure --------------------------------------------------------------------------------------------------------


def _book_failure(desk: Desk, order: Order, receivable: Receivable, intent: Intent, now: datetime) -> Outcome:
    """A failed charge not booked yet, or an authentication that was refused and made no charge."""
    charge = intent.charge
    if charge is not None and not charge.succeeded and charge.decline is not None:
        if store.find_attempt_of_charge(session(), charge.id) is not None:
            return Outcome.KNOWN
        decline = _fuller(charge.decline, intent.error)
        return _decline(
            desk, order, receivable, intent, decline, charge.message or intent.message, charge, now
        )
    attempt = store.find_open_attempt(session(), receivable.id)
    asked_the_member = attempt is not None and attempt.status is AttemptState.REQUIRES_ACTION
    if intent.status is IntentStatus.NEEDS_CARD and intent.error is not None and asked_the_member:
        return _decline(desk, order, receivable, intent, intent.error, intent.message, None, now)
    return Outcome.KNOWN


def _fuller(decline: Decline, error: Decline | None) -> Decline:
    """The charge's words, and those of the intent's last error where the charge says nothing."""
    if error is None:
        return decline
    return Decline(*(mine or theirs for mine, theirs in zip(_parts(decline), _parts(error), strict=True)))


def _parts(decline: Decline) -> tuple[str, ...]:
    return (
        decline.code, decline.decline_code, decline.advice_code, decline.network_decline_code,
        decline.network_advice_code, decline.brand,
    )  # fmt: skip


def _decline(
    desk: Desk, order: Order, receivable: Receivable, intent: Intent, decline: Decline, message: str,
    charge: ChargeFacts | None, now: datetime,
) -> Outcome:  # fmt: skip
    attempt = _attempt_for(receivable, intent, now)
    advice, facts = advice_of(decline), charge.card if charge else None
    card = store_cards.find_card_by_name(session(), facts.id) if facts else None
    _finish(
        attempt, AttemptState.FAILED, now, charge_id=charge.id if charge else None, advice=str(advice),
        decline=(decline.decline_code or decline.code)[:60], message=message[:300], card_id=card.id if card else attempt.card_id,
    )  # fmt: skip
    if charge is not None and facts is not None:
        count_decline(charge.id, facts, decline, now, order_id=order.id)
    if receivable.status is ReceivableState.DUE:
        note_decline(desk, order, receivable, attempt, decline, now=now, card=card)
    return Outcome.DECLINED


def count_decline(
    what: str, facts: CardFacts, decline: Decline, now: datetime, *, order_id: int | None
) -> None:
    """Count a declined try against its card, whoever made it; "never again" holds for every row of that card.

    `order_id`: what was to be paid, None where it was nothing; an unpaid checkout is given up after `MOST_REFUSED` of them.
    """
    forbids = is_never_again(decline)
    if order_id is not None and not store_cards.has_decline(session(), what):
        store.add_refused_try(session(), order_id, now, most=MOST_REFUSED)
    store_cards.add_decline(session(), what, facts, now, forbids=forbids)
    if forbids and facts.fingerprint:
        store_cards.set_never_again(session(), facts.fingerprint, forbidden=True)


# --- neither --------------------------------------------------------------------------------------------------------


def _drop(receivable: Receivable, intent: Intent, now: datetime) -> Outcome:
    """The gateway has said `canceled`: this intent will never collect, so a successor may be made."""
    attempt = store.find_open_attempt(session(), receivable.id)
    if attempt is not None:
        _finish(attempt, AttemptState.NOT_EXECUTED, now)
    store.drop_intent(session(), receivable, intent.id)
    return Outcome.DROPPED


def _keep_open(receivable: Receivable, intent: Intent, now: datetime) -> Outcome:
    attempt = _attempt_for(receivable, intent, now)
    is_processing = intent.status is IntentStatus.PROCESSING
    status = AttemptState.PROCESSING if is_processing else AttemptState.REQUIRES_ACTION
    if attempt.status is not status:
        store.claim_attempt(session(), attempt, status)
    return Outcome.OPEN


def _attempt_for(receivable: Receivable, intent: Intent, now: datetime) -> Attempt:
    """The open attempt, or that of the member himself."""
    found = store.find_open_attempt(session(), receivable.id)
    return found or _attempt_by_hand(receivable, intent, now)


def _attempt_by_hand(receivable: Receivable, intent: Intent, now: datetime) -> Attempt:
    """Where no attempt is open the member tried by himself, and that is an attempt, too."""
    newest = store.find_newest_attempt(session(), receivable.id)
    return store.add_attempt(
        session(), receivable, Origin.BROWSER, AttemptState.PROCESSING, after=newest,
        intent_id=intent.id, started_at=now, started_s=get_server_time(session()),
    )  # fmt: skip


def _finish(attempt: Attempt, status: AttemptState, now: datetime, **values: object) -> None:
    if not store.claim_attempt(session(), attempt, status, finished_at=now, **values):
        raise Foreign(_("somebody else has just booked this attempt"))


@use_case
def lose_attempt(attempt_id: int, holder: str) -> bool:
    """Nobody knows what came of a confirmation: the attempt is unknown until the intent has been read."""
    attempt = store.find_attempt(session(), attempt_id)
    mine = attempt is not None and attempt.status is AttemptState.CLAIMED and attempt.holder == holder
    return mine and attempt is not None and store.claim_attempt(session(), attempt, AttemptState.UNKNOWN)
