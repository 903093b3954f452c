"""The verbs on members: each change with its event and its parcels in one transaction."""

import json
import threading
from zoneinfo import ZoneInfo

import pytest

from sidecar.db import reading, use_case
from sidecar.errors import NotFound, Refused
from sidecar.members.changing import (
    SITE_CHANGE,
    change_days,
    change_level,
    change_status,
    end_entitlement,
    give_bundle,
    make_member,
)
from sidecar.members.rules import Change, DaysMethod, Status
from sidecar.members.store import count_by_status, find_viewer, list_ended
from sidecar.outbox import list_waiting
from tests.house import DAY, NOW

PARIS = ZoneInfo("Europe/Paris")


def change(member, what, **kwargs):
    return change_status(member.user_id, what, **{"now": NOW, "by": "test", "zone": PARIS, **kwargs})


def parcels():
    with reading() as session:
        return [parcel.payload for parcel in list_waiting(session, SITE_CHANGE)]


def test_a_member_begins_active_with_an_event_that_says_who_made_it(house):
    level = house.level("Gold")
    member = house.member(level, "alice")
    assert (member.level.status, member.level.level_id, member.joined_at) == (Status.ACTIVE, level, NOW)
    event = house.events()[-1]
    assert (event.type, event.name, event.member_id, event.subject) == (
        "access",
        "created",
        member.id,
        f"level:{level}",
    )
    assert json.loads(event.body) == {"level": "Gold", "status": "active", "by": "test"}


def test_a_member_is_made_once(house):
    level = house.level()
    member = house.member(level)
    with pytest.raises(Refused, match="already"):
        make_member(member.user_id, level, now=NOW, by="test")
    assert len([event for event in house.events() if event.name == "created"]) == 1


def test_a_change_is_written_with_its_event_old_and_new(house):
    member = house.member(house.level())
    assert change(member, Change.FALL_OVERDUE, now=NOW + DAY) is Status.OVERDUE
    assert house.read(member.user_id).level.status is Status.OVERDUE
    body = json.loads(house.events()[-1].body)
    assert (body["old"], body["new"], body["by"]) == ("active", "overdue", "test")


def test_a_change_that_cannot_happen_is_refused_and_leaves_no_trace(house):
    member = house.member(house.level())
    before = len(house.events())
    with pytest.raises(Refused, match="active cannot recover"):
        change(member, Change.RECOVER)
    assert len(house.events()) == before
    assert house.read(member.user_id).level == member.level


def test_a_lock_shows_again_what_became_of_the_money_under_it(house):
    member = house.member(house.level())
    change(member, Change.LOCK)
    change(member, Change.FALL_OVERDUE)
    locked = house.read(member.user_id).level
    assert (locked.status, locked.status_under_lock) == (Status.LOCKED, Status.OVERDUE)
    assert change(member, Change.UNLOCK) is Status.OVERDUE


def test_a_pause_costs_no_days(house):
    member = house.member(house.level())
    change(member, Change.PAUSE, now=NOW + 3 * DAY)
    assert house.read(member.user_id).level.days_at(NOW + 30 * DAY, PARIS) == 3
    change(member, Change.RESUME, now=NOW + 30 * DAY)
    assert house.read(member.user_id).level.days_at(NOW + 31 * DAY, PARIS) == 4


def test_canceling_at_the_end_keeps_everything_until_then(house):
    member = house.member(house.level())
    change(member, Change.CANCEL_AT_END, expires_at=NOW + 10 * DAY)
    level = house.read(member.user_id).level
    assert level.status_at(NOW + 9 * DAY) is Status.PENDING_CANCEL
    assert level.status_at(NOW + 10 * DAY) is Status.CANCELED
    change(member, Change.KEEP)
    assert house.read(member.user_id).level.expires_at is None


def test_a_bundle_that_was_lost_comes_back_with_a_new_start(house):
    member, bundle = house.member(house.level()), house.bundle()
    give_bundle(member.user_id, bundle, now=NOW, by="test")
    with pytest.raises(Refused):
        give_bundle(member.user_id, bundle, now=NOW, by="test")
    change(member, Change.CANCEL, bundle_id=bundle)
    give_bundle(member.user_id, bundle, now=NOW + 50 * DAY, by="test")
    held = house.read(member.user_id).bundles[0]
    assert (held.status, held.started_at, held.canceled_at) == (Status.ACTIVE, NOW + 50 * DAY, None)


def test_a_change_of_level_keeps_status_and_days(house):
    silver, gold = house.level("Silver"), house.level("Gold")
    member = house.member(silver)
    change(member, Change.FALL_OVERDUE)
    change_level(member.user_id, gold, now=NOW + 5 * DAY, by="test")
    level = house.read(member.user_id).level
    assert (level.level_id, level.status, level.started_at) == (gold, Status.OVERDUE, NOW)
    with pytest.raises(Refused, match="already"):
        change_level(member.user_id, gold, now=NOW, by="test")


def test_days_can_be_counted_in_three_ways(house):
    member = house.member(house.level())
    change_days(member.user_id, DaysMethod.FIXED, fixed=12, now=NOW, by="test")
    assert house.read(member.user_id).level.days_at(NOW + 90 * DAY, PARIS) == 12
    change_days(member.user_id, DaysMethod.CUSTOM, from_at=NOW - 20 * DAY, now=NOW, by="test")
    assert house.read(member.user_id).level.days_at(NOW, PARIS) == 20
    with pytest.raises(Refused):
        change_days(member.user_id, DaysMethod.FIXED, now=NOW, by="test")


def test_ends_that_have_passed_are_found_and_written_down_once(house):
    member = house.member(house.level(), expires_at=NOW + DAY)
    house.member(house.level(), expires_at=NOW + 3 * DAY)
    with reading() as session:
        assert list_ended(session, NOW) == []
        [(user_id, held)] = list_ended(session, NOW + DAY)
    assert user_id == member.user_id
    assert end_entitlement(user_id, held, now=NOW + DAY, zone=PARIS) is True
    assert end_entitlement(user_id, held, now=NOW + DAY, zone=PARIS) is False
    assert house.read(user_id).level.status is Status.EXPIRED


def test_somebody_who_is_no_member_and_a_bundle_that_is_not_held_are_not_found(house):
    with pytest.raises(NotFound):
        change_status(999, Change.LOCK, now=NOW, by="test", zone=PARIS)
    member = house.member(house.level())
    with pytest.raises(NotFound):
        change(member, Change.LOCK, bundle_id=77)


@pytest.mark.parametrize(
    ("what", "ends"), [(Change.LOCK, True), (Change.CANCEL, True), (Change.PAUSE, False)]
)
def test_locking_and_canceling_end_the_sessions_and_pausing_does_not(house, what, ends):
    member = house.member(house.level())
    change(member, what)
    assert ({"kind": "sessions", "user": member.user_id} in parcels()) is ends


def test_roles_are_queued_only_where_some_level_gives_one(house):
    member = house.member(house.level())
    assert {"kind": "roles", "user": member.user_id} not in parcels()
    house.level("Gold", role="gold", assignable=["gold"])
    change(member, Change.PAUSE)
    assert {"kind": "roles", "user": member.user_id} in parcels()


def test_a_role_outside_the_allow_list_cannot_be_promised(house):
    with pytest.raises(Refused, match="editor"):
        house.level("Gold", role="editor", assignable=["gold"])


def test_the_viewer_of_a_page_is_found_with_the_generation_in_one_statement(house):
    level, bundle = house.level(), house.bundle()
    member = house.member(level)
    give_bundle(member.user_id, bundle, now=NOW, by="test")
    with reading() as session:
        generation, viewer = find_viewer(session, member.user_id)
        assert generation == 2
        assert (viewer.level.level_id, [held.bundle_id for held in viewer.bundles]) == (level, [bundle])
        assert find_viewer(session, 0) == (2, None)
        assert count_by_status(session) == {"active": 1}


def test_a_failure_after_the_change_undoes_change_event_and_parcel(house):
    member = house.member(house.level("Gold", role="gold", assignable=["gold"]))
    before = (len(house.events()), len(parcels()))

    @use_case
    def lock_and_fail():
        change(member, Change.LOCK)
        raise Refused("the second half did not work")

    with pytest.raises(Refused, match="second half"):
        lock_and_fail()
    assert house.read(member.user_id).level.status is Status.ACTIVE
    assert (len(house.events()), len(parcels())) == before


def test_of_many_at_once_one_wins_and_the_others_are_refused(house):
    member = house.member(house.level())
    outcomes, start = [], threading.Barrier(5)

    def fall_overdue():
        with house.app.app_context():
            start.wait()
            try:
                outcomes.append(change(member, Change.FALL_OVERDUE))
            except Refused:
                outcomes.append(None)

    threads = [threading.Thread(target=fall_overdue) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == sorted([Status.OVERDUE] + [None] * 4, key=str)
    changes = [event for event in house.events() if event.name == "status_changed"]
    assert len(changes) == 1
