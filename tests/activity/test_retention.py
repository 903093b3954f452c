"""Months that are too old go, sealed and announced; what is held stays and still verifies."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from jobs.log_keeping import drop_old_events
from sidecar.activity import retention, store_seals
from sidecar.activity.holding import make_hold, release_hold
from sidecar.activity.models import events, held_events, mail_copies, seal_leaves, seals
from sidecar.activity.partitions import drop_partition, list_places
from sidecar.activity.retention import drop_old
from sidecar.activity.rules import EventType
from sidecar.activity.store_holds import Held
from sidecar.activity.storing import People, store_events
from sidecar.activity.verifying import Fault
from sidecar.db import reading
from tests.activity.sealed import an_event, change, faults, record, record_mail, rows, run_sql, seal, verify
from tests.house import NOW

OLD = datetime(2024, 3, 10, tzinfo=UTC)
LONG = timedelta(days=31)


def kept(months):
    return lambda _kind: months


@pytest.fixture
def log(house):
    """Readings of March and April 2024 by members 1 and 5, mails, a sign-in; and a seal of ten days ago."""
    for number in range(6):
        record(an_event(number, at=OLD + timedelta(days=number), member_id=1 if number % 2 else 5))
    record(an_event(20, at=OLD + LONG), an_event(21, EventType.LOGIN, "signed_in", at=OLD))
    record_mail(30, at=OLD, member_id=5)
    record_mail(31, at=OLD, member_id=1)
    seal(house, -60 * 24 * 10)
    record(an_event(40), an_event(41, at=OLD + timedelta(days=9)))
    seal(house, -1)
    yield house
    if house.service.config.database_url.get_backend_name() != "sqlite":
        with reading() as reader:
            made = [place for place in list_places(reader) if 0 < place[1] < 202606]
        for place in made:
            drop_partition(place)


def places():
    with reading() as reader:
        return sorted({(row.type, row.month) for row in reader.execute(sa.select(events))})


def names_of_held():
    with reading() as reader:
        return sorted(reader.execute(sa.select(held_events.c.type, held_events.c.member_id)).all())


def test_the_oldest_month_of_each_type_goes_at_a_time_and_the_rest_still_verifies(log):
    went = drop_old(NOW, kept(18), Held())
    assert [(one.place, one.count) for one in went] == [
        (("email", 202403), 2), (("login", 202403), 1), (("page", 202403), 7),
    ]  # fmt: skip
    assert places() == [("page", 202404), ("page", 202606)]
    assert faults(log) == []
    assert [one.place for one in drop_old(NOW, kept(18), Held())] == [("page", 202404)]
    assert drop_old(NOW, kept(18), Held()) == []
    flaws, summary = verify(log)
    assert (flaws, summary.rows, summary.dropped) == ([], 1, 11)


def test_each_type_is_kept_as_long_as_its_own_setting_says(log):
    months = {"page": 18, "email": 0, "login": 120}
    assert [one.place for one in drop_old(NOW, lambda kind: months.get(kind, 0), Held())] == [
        ("page", 202403)
    ]


@pytest.mark.parametrize(("months", "goes"), [(26, True), (27, False), (0, False)])
def test_a_month_is_over_when_its_last_day_is(log, months, goes):
    assert bool(drop_old(NOW, kept(months), Held())) is goes


def test_nothing_goes_that_is_not_sealed(log):
    record(an_event(50, at=OLD + timedelta(days=12)))
    assert ("page", 202403) not in [one.place for one in drop_old(NOW, kept(18), Held())]
    seal(log, 1)
    assert ("page", 202403) in [one.place for one in drop_old(NOW, kept(18), Held())]
    assert faults(log) == []


def test_an_event_that_comes_while_its_month_is_being_dropped_is_not_dropped(log, monkeypatch):
    """After the entry is written and before the rows go."""
    announce = retention._announce
    late = an_event(50, at=OLD + timedelta(days=12))

    def and_then_one_comes(place, now, held):
        answer = announce(place, now, held)
        if place == ("page", 202403) and not retention.on_sqlite():
            record(late)
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(retention, "_announce", and_then_one_comes)
        drop_old(NOW, kept(18), Held())
    record(late)
    seal(log, 2)
    assert faults(log) == []
    drop_old(NOW, kept(18), Held())
    assert faults(log) == []
    assert len(rows(id=late.id)) == 0, "sealed by now, and then dropped"


@pytest.mark.parametrize("house", [pytest.param("mariadb", marks=pytest.mark.mariadb)], indirect=True)
def test_who_drains_a_late_event_waits_while_its_month_is_dropped_and_then_makes_it_anew(log, monkeypatch):
    late, started, finished = an_event(50, at=OLD + timedelta(days=12)), threading.Event(), threading.Event()

    def drain():
        with log.app.app_context():
            started.wait()
            store_events([late], People(lambda _session, _users: {}))
            finished.set()

    def drop_slowly(place):
        started.set()
        assert not finished.wait(timeout=1.5)
        drop_partition(place)

    writer = threading.Thread(target=drain)
    writer.start()
    with monkeypatch.context() as patch:
        patch.setattr(retention, "drop_partition", drop_slowly)
        drop_old(NOW, lambda kind: 18 if kind == "page" else 0, Held())
    writer.join()
    assert [row.id for row in rows(month=202403, type="page")] == [late.id]
    seal(log, 3)
    assert faults(log) == []


def test_what_is_held_is_copied_first_and_still_verifies(log):
    went = drop_old(NOW, kept(18), Held(frozenset({5})))
    assert {one.place: one.kept for one in went} == {
        ("email", 202403): 1, ("login", 202403): 0, ("page", 202403): 3,
    }  # fmt: skip
    assert names_of_held() == [("email", 5), *[("page", 5)] * 3]
    flaws, summary = verify(log)
    assert (flaws, summary.held) == ([], 4)
    with reading() as reader:
        assert len(reader.execute(sa.select(mail_copies)).all()) == 1, "that of the mail to member 5"


def test_who_was_no_member_yet_is_held_by_his_wordpress_user(log):
    record(an_event(60, at=OLD + timedelta(days=13), member_id=None, user_id=77))
    seal(log, 1)
    drop_old(NOW, kept(18), Held(frozenset(), frozenset({77})))
    assert names_of_held() == [("page", None)]
    assert faults(log) == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            sa.update(held_events).where(held_events.c.type == "page").values(ip="192.0.2.9"),
            [Fault.ROW_CHANGED] * 3,
        ),
        (
            sa.delete(held_events).where(held_events.c.type == "page"),
            [Fault.HELD_DIFFER],
        ),
        (sa.delete(mail_copies), [Fault.COPY_CHANGED]),
        (sa.delete(seal_leaves).where(seal_leaves.c.type == "email"), [Fault.LEAVES_MISSING]),
        (
            sa.update(seal_leaves).where(seal_leaves.c.type == "email").values(leaves=b"\x01" * 48),
            [Fault.LEAVES_CHANGED, Fault.ROW_CHANGED],
        ),
    ],
)
def test_whoever_changes_what_is_held_is_found(log, statement, found):
    drop_old(NOW, kept(18), Held(frozenset({5})))
    run_sql(statement)
    assert faults(log) == found


def test_a_row_put_back_into_a_month_that_was_dropped_is_found(log):
    (row,) = rows(type="login")
    drop_old(NOW, kept(18), Held())
    record(an_event(21, EventType.LOGIN, "signed_in", at=OLD))
    change(rows(type="login")[0], seal=row.seal)
    assert Fault.ROW_INSERTED in faults(log)


def test_an_old_event_that_comes_after_its_month_has_gone_is_sealed_and_goes_the_next_time(log):
    drop_old(NOW, kept(18), Held(frozenset({5})))
    record(an_event(70, at=OLD + timedelta(days=14), member_id=5), an_event(71, at=OLD + timedelta(days=14)))
    seal(log, 5)
    assert faults(log) == []
    went = drop_old(NOW, kept(18), Held(frozenset({5})))
    assert [(one.place, one.count, one.kept) for one in went] == [(("page", 202403), 2, 4)]
    assert faults(log) == []


@pytest.mark.parametrize("step", ["_remove", "_forget"])
def test_a_run_that_died_on_its_way_is_finished_by_the_next_and_the_log_verifies_in_between(
    log, monkeypatch, step
):
    def dies(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(retention, step, dies)
        with pytest.raises(KeyboardInterrupt):
            drop_old(NOW, kept(18), Held(frozenset({5})))
    assert faults(log) == []
    for _run in range(3):
        drop_old(NOW, kept(18), Held(frozenset({5})))
    assert faults(log) == []
    assert places() == [("page", 202606)]
    with reading() as reader:
        assert len(reader.execute(sa.select(mail_copies)).all()) == 1
        assert {row.seal for row in reader.execute(sa.select(seal_leaves))} == {1, 2}


def test_a_clock_that_has_jumped_ahead_drops_nothing(log):
    ahead = NOW + timedelta(days=5 * 365)
    assert drop_old(ahead, kept(18), Held()) == []
    record(an_event(80, at=ahead))
    seal(log, 5 * 365 * 24 * 60)
    assert drop_old(ahead + timedelta(days=2), kept(18), Held()) == [], "nor two days after its first seal"
    assert len(drop_old(ahead + timedelta(days=8), kept(18), Held())) > 0


def test_events_without_a_month_go_by_when_they_happened(house):
    record(an_event(1, at=datetime(1970, 1, 2, tzinfo=UTC)))
    change(rows()[0], at=OLD)
    seal(house, -60 * 24 * 10)
    assert drop_old(OLD + timedelta(days=700), kept(18), Held()) == [], "the clock is not steady there"
    assert [one.place for one in drop_old(NOW, kept(18), Held())] == [("page", 0)]
    record(an_event(2, at=datetime(1970, 1, 3, tzinfo=UTC)))
    assert len(rows()) == 1


# --- whose events are held ------------------------------------------------------------------------------------------


def test_a_hold_keeps_a_members_events_until_it_is_released(log):
    log.clock.moment = NOW
    hold_id = make_hold(5, 2, reason="a letter from a lawyer", by="cli:anna", now=NOW)
    drop_old_events(log.service)
    assert {member for _type, member in names_of_held()} == {5}
    release_hold(hold_id, by="cli:anna", now=NOW)
    assert drop_old_events(log.service) > 0
    assert names_of_held() == []
    assert faults(log) == []
    with reading() as reader:
        kinds = list(reader.scalars(sa.select(seals.c.kind).order_by(seals.c.number)))
        assert kinds[-1] == "release"
        assert reader.execute(sa.select(mail_copies)).all() == []
    assert {row.name for row in rows(type="access")} == {"hold_made", "hold_released"}


def test_an_entry_of_a_release_that_is_not_what_is_there_is_found(log):
    drop_old(NOW, kept(18), Held(frozenset({1, 5})))
    assert retention.release_loose(NOW, Held(frozenset({5}))) == 6
    assert faults(log) == []
    run_sql(sa.delete(held_events).where(held_events.c.type == "email"))
    assert faults(log) == [Fault.HELD_DIFFER]


def test_the_leaves_of_what_is_released_go_with_it(log):
    drop_old(NOW, kept(18), Held(frozenset({5})))
    retention.release_loose(NOW, Held())
    with reading() as reader:
        left = reader.execute(sa.select(seal_leaves)).all()
        assert store_seals.list_drops(reader).keys() == {
            ("email", 202403),
            ("login", 202403),
            ("page", 202403),
        }
    assert {(row.type, row.month) for row in left} == {("page", 202404), ("page", 202606)}
    assert faults(log) == []
