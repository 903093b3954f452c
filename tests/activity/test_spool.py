"""The spool: nothing that was acknowledged is lost, nothing is stored twice."""

import multiprocessing
import os
import signal
import threading
from datetime import timedelta

import pytest

from sidecar.activity import spool
from sidecar.activity.rules import Event, EventType, event_id, to_line
from sidecar.activity.spool import SpoolWriter, drain
from sidecar.locks import alone
from sidecar.members.store import find_member_ids
from tests.house import NOW


def a_view(number, **fields):
    at = NOW + timedelta(seconds=number)
    return Event(
        **{"id": event_id(f"view{number}", at), "type": EventType.PAGE, "name": "viewed", "at": at, **fields}
    )


@pytest.fixture
def folder(house):
    return house.service.config.state_dir / "spool"


def names(folder):
    return sorted(path.suffix for path in folder.iterdir())


def test_what_was_appended_is_stored_in_order_and_the_file_is_gone(house, folder):
    writer = SpoolWriter(folder)
    assert all(writer.append(a_view(number)) for number in range(2500))
    assert drain(folder, find_member_ids) == 2500
    stored = house.events()
    assert [event.id for event in stored] == [a_view(number).id for number in range(2500)]
    assert names(folder) == [".lock"]


def test_a_writer_goes_on_in_a_new_file_after_its_old_one_was_taken(house, folder):
    writer = SpoolWriter(folder)
    for number in range(5):
        assert writer.append(a_view(number))
        assert drain(folder, find_member_ids) == 1
    assert len(house.events()) == 5


def test_an_event_that_comes_twice_is_stored_once(house, folder):
    writer = SpoolWriter(folder)
    writer.append(a_view(1))
    drain(folder, find_member_ids)
    writer.append(a_view(1))
    drain(folder, find_member_ids)
    assert len(house.events()) == 1


def test_the_member_is_found_from_the_wordpress_user(house, folder):
    member = house.member(house.level())
    SpoolWriter(folder).append(a_view(1, user_id=member.user_id))
    SpoolWriter(folder).append(a_view(2, user_id=member.user_id + 50))
    drain(folder, find_member_ids)
    assert [event.member_id for event in house.events() if event.type == "page"] == [member.id, None]


def test_a_drainer_killed_before_it_stored_leaves_the_file_for_the_next(house, folder, monkeypatch):
    SpoolWriter(folder).append(a_view(1))

    class Killed(BaseException):
        pass

    def killed(*_arguments):
        raise Killed

    for step in ("store_events", "_parse"):
        with monkeypatch.context() as patch:
            patch.setattr(spool, step, killed)
            with pytest.raises(Killed):
                drain(folder, find_member_ids)
        assert house.events() == []
    assert drain(folder, find_member_ids) == 1
    assert len(house.events()) == 1


def test_a_drainer_killed_after_it_stored_stores_nothing_twice(house, folder):
    SpoolWriter(folder).append(a_view(1))
    [path] = folder.glob("*.jsonl")
    kept = path.read_bytes()
    drain(folder, find_member_ids)
    (folder / "1-dead.taken").write_bytes(kept)
    assert drain(folder, find_member_ids) == 1
    assert len(house.events()) == 1


def test_torn_lines_are_put_aside_and_hold_up_nothing(house, folder):
    folder.mkdir(parents=True)
    lines = [to_line(a_view(1)), to_line(a_view(2))[:40] + b"\n", b"\xff\xfe\n", to_line(a_view(3))]
    (folder / "999999999-x.jsonl").write_bytes(b"".join(lines))
    assert drain(folder, find_member_ids) == 2
    assert (folder / "refused.txt").read_bytes() == lines[1] + lines[2]


def test_a_folder_that_cannot_be_written_is_said_in_the_answer(tmp_path):
    (tmp_path / "spool").write_text("a file where the folder should be")
    assert SpoolWriter(tmp_path / "spool").append(a_view(1)) is False


def test_a_full_disk_is_said_in_the_answer(tmp_path):
    writer = SpoolWriter(tmp_path)
    writer.append(a_view(0))
    [path] = tmp_path.glob("*.jsonl")
    path.unlink()
    path.symlink_to("/dev/full")
    writer._descriptor = os.open("/dev/full", os.O_WRONLY)
    assert writer.append(a_view(1)) is False


def test_two_drainers_at_once_do_not_meet(house, folder):
    SpoolWriter(folder).append(a_view(1))
    with alone(folder / "drain.lock") as mine:
        assert mine
        assert drain(folder, find_member_ids) == 0
    assert drain(folder, find_member_ids) == 1


def _write_until_killed(folder, acknowledged):
    writer, number = SpoolWriter(folder), 0
    while True:
        assert writer.append(a_view(number))
        number += 1
        acknowledged.value = number


def test_what_a_killed_writer_acknowledged_is_all_there(house, folder):
    context = multiprocessing.get_context("fork")
    acknowledged = context.Value("i", 0)
    writer = context.Process(target=_write_until_killed, args=(folder, acknowledged))
    writer.start()
    drained = 0
    while acknowledged.value < 3000:
        drained += drain(folder, find_member_ids)
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    drain(folder, find_member_ids)
    stored = {event.id for event in house.events()}
    assert {a_view(number).id for number in range(acknowledged.value)} <= stored
    assert len(stored) <= acknowledged.value + 1


def test_threads_of_one_process_share_its_file_without_tearing_lines(house, folder):
    writer = SpoolWriter(folder)

    def write(start):
        for number in range(start, start + 300):
            assert writer.append(a_view(number))

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 1000, 2000)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        drain(folder, find_member_ids)
    drain(folder, find_member_ids)
    assert len(house.events()) == 900
    assert not (folder / "refused.txt").exists()
