"""The state machine of access: every pair of a state and a change."""

from itertools import product

import pytest

from sidecar.members.rules import TRANSITIONS, Change, State, Status, changed

OPEN_STATUSES = [status for status in Status if status is not Status.LOCKED]


@pytest.mark.parametrize(("status", "change"), list(product(OPEN_STATUSES, Change)))
def test_every_change_of_an_unlocked_entitlement_follows_the_table_or_is_refused(status, change):
    new = changed(State(status), change)
    if change is Change.LOCK:
        assert new == State(Status.LOCKED, status)
    elif (status, change) in TRANSITIONS:
        assert new == State(TRANSITIONS[status, change])
    else:
        assert new is None


@pytest.mark.parametrize(("under", "change"), list(product(OPEN_STATUSES, Change)))
def test_a_lock_covers_every_change_and_only_unlocking_lifts_it(under, change):
    new = changed(State(Status.LOCKED, under), change)
    if change is Change.UNLOCK:
        assert new == State(under)
    elif change is Change.LOCK or (under, change) not in TRANSITIONS:
        assert new is None
    else:
        assert new == State(Status.LOCKED, TRANSITIONS[under, change])


def test_no_change_keeps_the_status_it_had_so_a_claim_always_changes_its_column():
    assert all(old is not new for (old, _change), new in TRANSITIONS.items())


def test_every_status_can_be_left_by_some_change():
    left = {status for status, _change in TRANSITIONS}
    assert left == set(OPEN_STATUSES)


def test_every_status_but_the_first_can_be_reached():
    assert {*TRANSITIONS.values(), Status.PENDING_ACTIVATION} == set(OPEN_STATUSES)
