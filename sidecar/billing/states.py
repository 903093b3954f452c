"""What a receivable, an attempt and a subscription can be, and what can happen to each. Pure.

Each is a table (state, event) → state; what is not in it is refused. A final state has no row.
"""

from __future__ import annotations

from enum import StrEnum

from sidecar.errors import Refused
from sidecar.i18n import _


class ReceivableState(StrEnum):
    """What is owed once.

    `due` waits or is being collected. `missed` is an old cycle that nobody collected in its time: listed for the owner, not
    collected by surprise. `carried` is below the gateway's minimum: its sum rides on the next receivable.
    """

    DUE = "due"
    SETTLED = "settled"
    VOID = "void"
    MISSED = "missed"
    CARRIED = "carried"


class ReceivableEvent(StrEnum):
    """What can happen to a receivable; `collect` is the owner's act."""

    SETTLE = "settle"
    VOID = "void"
    MISS = "miss"
    CARRY = "carry"
    COLLECT = "collect"


RECEIVABLE: dict[tuple[ReceivableState, ReceivableEvent], ReceivableState] = {
    (ReceivableState.DUE, ReceivableEvent.SETTLE): ReceivableState.SETTLED,
    (ReceivableState.DUE, ReceivableEvent.VOID): ReceivableState.VOID,
    (ReceivableState.DUE, ReceivableEvent.MISS): ReceivableState.MISSED,
    (ReceivableState.DUE, ReceivableEvent.CARRY): ReceivableState.CARRIED,
    (ReceivableState.MISSED, ReceivableEvent.COLLECT): ReceivableState.DUE,
    (ReceivableState.MISSED, ReceivableEvent.VOID): ReceivableState.VOID,
    (ReceivableState.CARRIED, ReceivableEvent.SETTLE): ReceivableState.SETTLED,
    (ReceivableState.CARRIED, ReceivableEvent.VOID): ReceivableState.VOID,
}
"""A carried one stays so: its sum is part of the receivable that it rides on, and is settled or void with that."""


class AttemptState(StrEnum):
    """One try to collect.

    `unknown` may have moved money and may not have: nothing else collects until the gateway has said which. `not_executed`
    provably never reached the bank, and is no decline.
    """

    CLAIMED = "claimed"
    UNKNOWN = "unknown"
    PROCESSING = "processing"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    NOT_EXECUTED = "not_executed"


class AttemptEvent(StrEnum):
    """What is learnt about an attempt; `lose` is to learn nothing (time-out, a dead worker, a cut reply)."""

    SUCCEED = "succeed"
    FAIL = "fail"
    PROCESS = "process"
    REQUIRE_ACTION = "require_action"
    LOSE = "lose"
    NOT_EXECUTE = "not_execute"


ATTEMPT: dict[tuple[AttemptState, AttemptEvent], AttemptState] = {
    (AttemptState.CLAIMED, AttemptEvent.SUCCEED): AttemptState.SUCCEEDED,
    (AttemptState.CLAIMED, AttemptEvent.FAIL): AttemptState.FAILED,
    (AttemptState.CLAIMED, AttemptEvent.PROCESS): AttemptState.PROCESSING,
    (AttemptState.CLAIMED, AttemptEvent.REQUIRE_ACTION): AttemptState.REQUIRES_ACTION,
    (AttemptState.CLAIMED, AttemptEvent.LOSE): AttemptState.UNKNOWN,
    (AttemptState.CLAIMED, AttemptEvent.NOT_EXECUTE): AttemptState.NOT_EXECUTED,
    (AttemptState.UNKNOWN, AttemptEvent.SUCCEED): AttemptState.SUCCEEDED,
    (AttemptState.UNKNOWN, AttemptEvent.FAIL): AttemptState.FAILED,
    (AttemptState.UNKNOWN, AttemptEvent.PROCESS): AttemptState.PROCESSING,
    (AttemptState.UNKNOWN, AttemptEvent.REQUIRE_ACTION): AttemptState.REQUIRES_ACTION,
    (AttemptState.UNKNOWN, AttemptEvent.NOT_EXECUTE): AttemptState.NOT_EXECUTED,
    (AttemptState.PROCESSING, AttemptEvent.SUCCEED): AttemptState.SUCCEEDED,
    (AttemptState.PROCESSING, AttemptEvent.FAIL): AttemptState.FAILED,
    (AttemptState.PROCESSING, AttemptEvent.NOT_EXECUTE): AttemptState.NOT_EXECUTED,
    (AttemptState.REQUIRES_ACTION, AttemptEvent.SUCCEED): AttemptState.SUCCEEDED,
    (AttemptState.REQUIRES_ACTION, AttemptEvent.FAIL): AttemptState.FAILED,
    (AttemptState.REQUIRES_ACTION, AttemptEvent.PROCESS): AttemptState.PROCESSING,
    (AttemptState.REQUIRES_ACTION, AttemptEvent.NOT_EXECUTE): AttemptState.NOT_EXECUTED,
}
"""Only a claim can be lost: what the gateway has answered once is read again, and a read that fails changes nothing."""


class SubscriptionState(StrEnum):
    """An order that renews. `completed` is a payment plan whose last payment was made."""

    PENDING = "pending"
    ACTIVE = "active"
    OVERDUE = "overdue"
    PAUSED = "paused"
    PENDING_CANCEL = "pending_cancel"
    CANCELED = "canceled"
    COMPLETED = "completed"


class SubscriptionEvent(StrEnum):
    """What can happen to a subscription."""

    ACTIVATE = "activate"
    FALL_OVERDUE = "fall_overdue"
    RECOVER = "recover"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL_AT_END = "cancel_at_end"
    KEEP = "keep"
    CANCEL = "cancel"
    COMPLETE = "complete"
    RESTORE = "restore"


SUBSCRIPTION: dict[tuple[SubscriptionState, SubscriptionEvent], SubscriptionState] = {
    (SubscriptionState.PENDING, SubscriptionEvent.ACTIVATE): SubscriptionState.ACTIVE,
    (SubscriptionState.PENDING, SubscriptionEvent.CANCEL): SubscriptionState.CANCELED,
    (SubscriptionState.ACTIVE, SubscriptionEvent.FALL_OVERDUE): SubscriptionState.OVERDUE,
    (SubscriptionState.ACTIVE, SubscriptionEvent.PAUSE): SubscriptionState.PAUSED,
    (SubscriptionState.ACTIVE, SubscriptionEvent.CANCEL_AT_END): SubscriptionState.PENDING_CANCEL,
    (SubscriptionState.ACTIVE, SubscriptionEvent.CANCEL): SubscriptionState.CANCELED,
    (SubscriptionState.ACTIVE, SubscriptionEvent.COMPLETE): SubscriptionState.COMPLETED,
    (SubscriptionState.OVERDUE, SubscriptionEvent.RECOVER): SubscriptionState.ACTIVE,
    (SubscriptionState.OVERDUE, SubscriptionEvent.CANCEL): SubscriptionState.CANCELED,
    (SubscriptionState.PAUSED, SubscriptionEvent.RESUME): SubscriptionState.ACTIVE,
    (SubscriptionState.PAUSED, SubscriptionEvent.CANCEL): SubscriptionState.CANCELED,
    (SubscriptionState.PENDING_CANCEL, SubscriptionEvent.KEEP): SubscriptionState.ACTIVE,
    (SubscriptionState.PENDING_CANCEL, SubscriptionEvent.CANCEL): SubscriptionState.CANCELED,
    (SubscriptionState.CANCELED, SubscriptionEvent.RESTORE): SubscriptionState.ACTIVE,
}
"""Only a dispute that was won after all restores what it had ended. While overdue there is no paid time to pause or to use up: it is paid, or it is canceled."""


def step_receivable(state: ReceivableState, event: ReceivableEvent) -> ReceivableState | None:
    """The state after `event`; None when it cannot happen.

    >>> step_receivable(ReceivableState.MISSED, ReceivableEvent.COLLECT)
    <ReceivableState.DUE: 'due'>
    """
    return RECEIVABLE.get((state, event))


def step_attempt(state: AttemptState, event: AttemptEvent) -> AttemptState | None:
    """The state after `event`; None when it cannot happen, as for everything after an outcome.

    >>> step_attempt(AttemptState.SUCCEEDED, AttemptEvent.FAIL) is None
    True
    """
    return ATTEMPT.get((state, event))


def step_subscription(state: SubscriptionState, event: SubscriptionEvent) -> SubscriptionState | None:
    """The state after `event`; None when it cannot happen.

    >>> step_subscription(SubscriptionState.OVERDUE, SubscriptionEvent.PAUSE) is None
    True
    """
    return SUBSCRIPTION.get((state, event))


def is_final(state: AttemptState) -> bool:
    """Whether the attempt has its outcome, so that another may begin."""
    return state in {AttemptState.SUCCEEDED, AttemptState.FAILED, AttemptState.NOT_EXECUTED}


def refuse_step(
    state: ReceivableState | AttemptState | SubscriptionState,
    event: ReceivableEvent | AttemptEvent | SubscriptionEvent,
) -> Refused:
    """The sentence for an event that cannot happen."""
    thing = {
        ReceivableState: _("a receivable"), AttemptState: _("an attempt"), SubscriptionState: _("a subscription"),
    }[type(state)]  # fmt: skip
    sentence = _("{thing} that is {state} cannot {event}")
    return Refused(sentence.format(thing=thing, state=state.replace("_", " "), event=event.replace("_", " ")))
