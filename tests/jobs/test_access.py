"""Access that ends by its date is written down, once, whatever happens meanwhile."""

import sqlalchemy as sa

from jobs.access import end_access
from sidecar.catalog.rules import Grant
from sidecar.db import db, reading, transaction
from sidecar.members.changing import give_bundle
from sidecar.members.models import entitlements
from sidecar.members.rules import Status
from sidecar.members.store import add_levels, add_members, count_by_status, find_entitlement
from tests.house import DAY, NOW


class Died(BaseException):
    """The process is gone, at this statement."""


def members_until(house, *ends):
    """A member for each of these ends (in days from now) on one level."""
    level = house.level()
    return [house.member(level, expires_at=NOW + days * DAY) for days in ends]


def statuses(house, members):
    return [str(house.read(member.user_id).level.status) for member in members]


def endings(house):
    """(user id) of each event that says that access ended."""
    return [event.user_id for event in house.events() if event.name == "status_changed"]


def test_what_has_ended_is_written_down_and_what_has_not_is_left_alone(house):
    members = members_until(house, -2, 0, 1)
    assert end_access(house.service) == 2
    assert statuses(house, members) == ["expired", "expired", "active"]
    assert sorted(endings(house)) == sorted(member.user_id for member in members[:2])


def test_who_had_canceled_is_canceled_and_not_expired(house):
    member = house.member(house.level(), expires_at=NOW - DAY, status=Status.PENDING_CANCEL)
    assert end_access(house.service) == 1
    assert statuses(house, [member]) == ["canceled"]


def test_a_bundle_ends_without_its_level(house):
    member = house.member(house.level())
    give_bundle(member.user_id, house.bundle(), now=NOW, by="test", expires_at=NOW - DAY)
    assert end_access(house.service) == 1
    read = house.read(member.user_id)
    assert (read.level.status, [held.status for held in read.bundles]) == (Status.ACTIVE, [Status.EXPIRED])


def test_more_than_one_batch_ends_in_one_run(house):
    many = 510  # a batch has 500
    level = house.level()
    with transaction() as session:
        new = add_members(session, {100_000 + number: NOW - 9 * DAY for number in range(many)})
        add_levels(session, new, level, NOW)
        session.execute(sa.update(entitlements).values(expires_at=NOW - DAY))
    assert end_access(house.service) == many
    with reading() as reader:
        assert count_by_status(reader) == {"expired": many}
    assert len(set(endings(house))) == len(endings(house)) == many


def test_a_second_run_finds_nothing(house):
    members_until(house, -1)
    assert end_access(house.service) == 1
    assert end_access(house.service) == 0
    assert len(endings(house)) == 1


def test_one_that_somebody_else_changes_at_that_moment_does_not_hold_up_the_others(house, caplog):
    first, second, third = members_until(house, -3, -2, -1)
    raced = []

    def lock_first(_connection, _cursor, statement, parameters, _context, _many):
        """Another process locks the member, between our reading and our writing."""
        if statement.startswith("UPDATE gatepost_entitlements") and not raced:
            raced.append(statement)
            with db.engine.begin() as other:
                locked = {"status": Status.LOCKED, "status_under_lock": Status.ACTIVE}
                other.execute(
                    sa.update(entitlements).where(entitlements.c.id == first.level.id).values(**locked)
                )

    sa.event.listen(db.engine, "before_cursor_execute", lock_first)
    try:
        assert end_access(house.service) == 2
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", lock_first)
    assert len(raced) == 1
    assert statuses(house, [first, second, third]) == ["locked", "expired", "expired"]
    assert f"user {first.user_id} " in caplog.text
    assert sorted(endings(house)) == [second.user_id, third.user_id]


def test_a_run_that_dies_at_any_statement_is_finished_by_later_ones(house):
    members = members_until(house, -3, -2, -1)
    deaths = 0
    while _dies_at_statement(house, deaths + 1):
        deaths += 1
    assert deaths >= 2 * len(members)
    assert statuses(house, members) == ["expired"] * 3
    assert sorted(endings(house)) == sorted(member.user_id for member in members)
    with reading() as reader:
        held = find_entitlement(reader, members[0].id, Grant.LEVEL, 0)
    assert held.status is Status.EXPIRED


def _dies_at_statement(house, number):
    """Whether a run that lives for fewer than `number` statements died; else it has done all it had to."""
    left = [number]

    def die(*_about):
        left[0] -= 1
        if left[0] == 0:
            raise Died

    sa.event.listen(db.engine, "before_cursor_execute", die)
    try:
        end_access(house.service)
    except Died:
        return True
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", die)
    return False
