"""The state machines of billing: every pair of a state and an event."""

from itertools import product

import pytest

from sidecar.billing.states import (
    ATTEMPT,
    RECEIVABLE,
    SUBSCRIPTION,
    AttemptEvent,
    AttemptState,
    ReceivableEvent,
    ReceivableState,
    SubscriptionEvent,
    SubscriptionState,
    is_final,
    refuse_step,
    step_attempt,
    step_receivable,
    step_subscription,
)
from sidecar.errors import Refused
from sidecar.i18n import speaking

EXPECTED_RECEIVABLE = """
    due      settle settled | void void | miss missed | carry carried
    settled
    void
    missed   collect due | void void
    carried  settle settled | void void
"""
EXPECTED_ATTEMPT = """
    claimed          succeed succeeded | fail failed | process processing | require_action requires_action | lose unknown | not_execute not_executed
    unknown          succeed succeeded | fail failed | process processing | require_action requires_action | not_execute not_executed
    processing       succeed succeeded | fail failed | not_execute not_executed
    requires_action  succeed succeeded | fail failed | process processing | not_execute not_executed
    succeeded
    failed
    not_executed
"""
EXPECTED_SUBSCRIPTION = """
    pending         activate active | cancel canceled
    active          fall_overdue overdue | pause paused | cancel_at_end pending_cancel | cancel canceled | complete completed
    overdue         recover active | cancel canceled
    paused          resume active | cancel canceled
    pending_cancel  keep active | cancel canceled
    canceled        restore active
    completed
"""


def written(text):
    """{state: {event: state}}"""
    rows = {}
    for line in text.strip().splitlines():
        state, _space, steps = line.strip().partition(" ")
        rows[state] = dict(step.split() for step in steps.split("|") if step.strip())
    return rows


def pairs(states, events, text):
    return [
        (state, event, written(text)[str(state)].get(str(event))) for state, event in product(states, events)
    ]


@pytest.mark.parametrize(
    ("state", "event", "following"), pairs(ReceivableState, ReceivableEvent, EXPECTED_RECEIVABLE)
)
def test_every_event_of_a_receivable_follows_the_table_or_is_refused(state, event, following):
    assert step_receivable(state, event) == following


@pytest.mark.parametrize(("state", "event", "following"), pairs(AttemptState, AttemptEvent, EXPECTED_ATTEMPT))
def test_every_event_of_an_attempt_follows_the_table_or_is_refused(state, event, following):
    assert step_attempt(state, event) == following


@pytest.mark.parametrize(
    ("state", "event", "following"), pairs(SubscriptionState, SubscriptionEvent, EXPECTED_SUBSCRIPTION)
)
def test_every_event_of_a_subscription_follows_the_table_or_is_refused(state, event, following):
    assert step_subscription(state, event) == following


MACHINES = [
    (RECEIVABLE, ReceivableState, ReceivableEvent, ReceivableState.DUE),
    (ATTEMPT, AttemptState, AttemptEvent, AttemptState.CLAIMED),
    (SUBSCRIPTION, SubscriptionState, SubscriptionEvent, SubscriptionState.PENDING),
]


@pytest.mark.parametrize(("table", "states", "events", "first"), MACHINES)
def test_no_event_keeps_the_state_it_had_so_a_claim_always_changes_its_column(table, states, events, first):
    assert all(old is not new for (old, _event), new in table.items())


@pytest.mark.parametrize(("table", "states", "events", "first"), MACHINES)
def test_every_state_can_be_reached_from_the_first_and_every_event_happens(table, states, events, first):
    reached = {first}
    for _round in states:
        reached |= {new for (old, _event), new in table.items() if old in reached}
    assert reached == set(states)
    assert {event for _state, event in table} == set(events)


@pytest.mark.parametrize(("table", "states", "events", "first"), MACHINES)
def test_from_every_state_an_end_can_be_reached(table, states, events, first):
    left = {state for state, _event in table}
    ending = set(states) - left
    for _round in states:
        ending |= {old for (old, _event), new in table.items() if new in ending}
    assert ending == set(states)


def test_an_attempt_is_final_when_nothing_can_happen_to_it_any_more():
    left = {state for state, _event in ATTEMPT}
    assert {state for state in AttemptState if is_final(state)} == set(AttemptState) - left


def test_a_settled_receivable_and_a_completed_subscription_are_final():
    assert all(state is not ReceivableState.SETTLED for state, _event in RECEIVABLE)
    assert all(state is not SubscriptionState.COMPLETED for state, _event in SUBSCRIPTION)


def test_an_unknown_attempt_ends_no_other_way_than_by_what_the_gateway_says():
    assert step_attempt(AttemptState.UNKNOWN, AttemptEvent.LOSE) is None
    assert not is_final(AttemptState.UNKNOWN)


@pytest.mark.parametrize(
    ("state", "event", "sentence"),
    [
        (ReceivableState.SETTLED, ReceivableEvent.VOID, "a receivable that is settled cannot void"),
        (AttemptState.NOT_EXECUTED, AttemptEvent.FAIL, "an attempt that is not executed cannot fail"),
        (SubscriptionState.OVERDUE, SubscriptionEvent.CANCEL_AT_END, "a subscription that is overdue cannot cancel at end"),
    ],
)  # fmt: skip
def test_what_cannot_happen_is_refused_in_a_sentence(state, event, sentence):
    refused = refuse_step(state, event)
    assert isinstance(refused, Refused)
    assert str(refused) == sentence


def test_what_cannot_happen_is_refused_in_french_too():
    with speaking("fr"):
        refused = refuse_step(SubscriptionState.OVERDUE, SubscriptionEvent.PAUSE)
    assert str(refused).startswith("impossible pour un abonnement")
