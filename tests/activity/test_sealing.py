"""Everything that is committed gets one seal, whoever seals, and what comes late a later one."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from jobs.log_keeping import seal_log
from sidecar.activity import sealing
from sidecar.activity.models import events, seals
from sidecar.activity.outside import KEPT, NEWEST, list_keepsakes
from sidecar.activity.sealing import seal_rows
from sidecar.activity.store import add_events
from sidecar.activity.verifying import Fault
from sidecar.billing.store_guard import list_alarms
from sidecar.db import reading, transaction
from sidecar.outbox import list_waiting
from sidecar.tries import tries
from tests.activity.sealed import an_event, faults, folder, record, rows, run_sql, seal
from tests.house import NOW


def numbers():
    with reading() as reader:
        return list(reader.scalars(sa.select(seals.c.number).order_by(seals.c.number)))


def a_minute_later(house):
    """The lease is over; real seconds, as the database's clock has them."""
    run_sql(sa.update(tries).values(begun_s=tries.c.begun_s - 60))
    house.clock.move(timedelta(minutes=1))


def test_a_seal_speaks_of_all_events_that_have_none_and_an_empty_minute_makes_none(house):
    record(*(an_event(number) for number in range(5)))
    assert seal_rows(NOW).rows == 5
    assert seal_rows(NOW) == sealing.Sealed()
    assert numbers() == [1]
    assert {row.seal for row in rows()} == {1}


def test_a_large_backlog_makes_several_seals(house, monkeypatch):
    monkeypatch.setattr(sealing, "ROWS_A_SEAL", 40)
    record(*(an_event(number) for number in range(100)))
    assert seal_rows(NOW).rows == 100
    assert numbers() == [1, 2, 3]
    assert faults(house) == []


def test_the_schedule_seals_once_a_minute_however_many_processes_want_to(house):
    record(an_event(1))
    assert [seal_log(house.service) for _process in range(3)] == [1, 0, 0]
    record(an_event(2))
    assert seal_log(house.service) == 0
    a_minute_later(house)
    assert seal_log(house.service) == 1
    assert numbers() == [1, 2]


def test_of_two_sealers_at_once_each_row_has_one_seal(house):
    record(*(an_event(number) for number in range(300)))
    ready, failed = threading.Barrier(2), []

    def run():
        with house.app.app_context():
            ready.wait()
            try:
                seal_rows(NOW)
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=run) for _sealer in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all("locked" in str(error) for error in failed)
    seal(house)
    assert faults(house) == []
    assert sum(row.seal is None for row in rows()) == 0


def test_who_finds_the_number_taken_takes_all_of_his_back(house, monkeypatch):
    record(an_event(1))
    seal(house)
    record(an_event(2))
    monkeypatch.setattr(sealing, "next_link", lambda: (1, bytes(32)))
    assert seal_rows(NOW) == sealing.Sealed()
    assert [row.seal for row in rows()] == [1, None]


def test_a_sealer_that_dies_before_its_commit_leaves_nothing_behind(house, monkeypatch):
    record(an_event(1))

    def dies(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("sidecar.activity.store_seals.add_seal", dies)
        with pytest.raises(KeyboardInterrupt):
            seal_rows(NOW)
    assert (rows()[0].seal, numbers()) == (None, [])
    seal(house)
    assert faults(house) == []


@pytest.mark.parametrize("house", [pytest.param("mariadb", marks=pytest.mark.mariadb)], indirect=True)
def test_what_is_not_committed_yet_is_not_waited_for_and_sealed_by_the_next_seal(house):
    record(an_event(1))
    done = []
    with transaction() as writing:
        add_events(writing, [an_event(2)])
        other = threading.Thread(target=_seal_elsewhere, args=(house, done))
        other.start()
        other.join(timeout=20)
        assert done == [1]
    seal(house, 1)
    assert [row.seal for row in rows()] == [1, 2]
    assert faults(house) == []


def _seal_elsewhere(house, done):
    with house.app.app_context():
        done.append(seal_rows(NOW).rows)


def test_the_newest_seal_is_kept_outside_and_the_first_of_each_day_for_good(house):
    for number, days in enumerate((0, 0, 1, 1, 2)):
        record(an_event(number))
        house.clock.offset = timedelta(days=days, minutes=number)
        run_sql(sa.delete(tries))
        seal_log(house.service)
    assert (folder(house) / NEWEST).read_text().startswith("5 ")
    assert [line.split()[0] for line in (folder(house) / KEPT).read_text().splitlines()] == ["1", "3", "5"]
    assert faults(house) == []


def test_a_chain_that_was_cut_is_told_to_the_owner_once_and_what_was_kept_stays_as_proof(house):
    for number in range(3):
        record(an_event(number))
        seal_log(house.service)
        a_minute_later(house)
    run_sql(sa.delete(events).where(events.c.seal == 3))
    run_sql(sa.delete(seals).where(seals.c.number == 3))
    for number in range(10, 13):  # the chain grows on over the cut
        record(an_event(number))
        seal_log(house.service)
        a_minute_later(house)
    with reading() as reader:
        (alarm,) = [alarm for alarm in list_alarms(reader) if alarm.kind == "log"]
    assert "seal 3" in alarm.sentence
    assert Fault.NOT_AS_KEPT in faults(house)
    assert 3 in {kept.number for kept in list_keepsakes(folder(house))}


def test_the_newest_seal_is_mailed_to_the_owner_once_a_day(house):
    for number, days in enumerate((0, 0, 1)):
        record(an_event(number))
        house.clock.offset = timedelta(days=days, minutes=number)
        run_sql(sa.delete(tries))
        seal_log(house.service)
    with reading() as reader:
        mails = [parcel.payload for parcel in list_waiting(reader, "mail")]
    assert [mail["kind"] for mail in mails] == ["log_seal"] * 2
    assert mails[0]["data"]["seal"].startswith("1 ")


def test_a_folder_that_cannot_be_written_keeps_nothing_from_being_sealed_and_mailed(house, caplog):
    folder(house).parent.mkdir(parents=True, exist_ok=True)
    folder(house).write_text("in the way")
    record(an_event(1))
    assert seal_log(house.service) == 1
    assert "cannot be kept" in caplog.text
    with reading() as reader:
        assert len(list_waiting(reader, "mail")) == 1


def test_a_fault_that_is_no_taken_number_is_not_swallowed(house, monkeypatch):
    record(an_event(1))

    def fails(*_arguments):
        raise IntegrityError("INSERT", {}, Exception(1048, "a column may not be NULL"))

    monkeypatch.setattr("sidecar.activity.store_seals.add_seal", fails)
    with pytest.raises(IntegrityError):
        seal_rows(NOW)
