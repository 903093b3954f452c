import fcntl
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from jobs.schedule import SCHEDULE
from sidecar.setup.ticking import tick
from tests.setup.builders import an_installation


def test_a_tick_runs_every_job_says_so_in_one_line_and_leaves_a_heartbeat(prepared):
    done = dict(part.split(": ") for part in prepared.did("tick").strip().split(", "))
    assert list(done) == [job.name for job in SCHEDULE]
    assert int(done.pop("count_figures")) > 0
    assert set(done.values()) == {"0"}
    with prepared.here.at_work() as service:
        assert abs(time.time() - service.last_tick()) < 60


def test_nothing_is_known_of_a_tick_that_never_was_or_left_rubbish(prepared):
    with prepared.here.at_work() as service:
        assert service.last_tick() is None
        (prepared.state / "last_tick").write_text("soon")
        assert service.last_tick() is None


def test_a_quiet_tick_says_nothing_when_all_is_well(prepared):
    assert prepared.did("tick", "--quiet") == ""


def test_two_ticks_do_not_overlap(prepared):
    with (prepared.state / "tick.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "Another tick" in prepared.did("tick")
        assert not (prepared.state / "last_tick").exists()
        with prepared.here.at_work() as service:
            assert tick(service) is None
    assert "drain_spools" in prepared.did("tick")


def test_a_job_that_fails_is_named_and_the_others_run(prepared):
    (prepared.state / "spool").write_text("a file where the folder should be")
    result = prepared.run("tick", "--quiet")
    assert result.exit_code == 1
    assert "drain_spools: failed, drain_bridge: 0, deliver_changes: 0" in result.stdout
    assert (prepared.state / "last_tick").exists()


def test_a_tick_before_init_says_what_to_run(installation):
    result = installation.run("tick")
    assert (result.exit_code, "gatepost init" in result.stderr) == (1, True)


def test_serve_without_a_secret_or_without_tables_ends_with_the_sentence(installation):
    assert "gatepost pair" in installation.run("serve").stderr
    result = installation.run("serve", GATEPOST_SECRET="ab" * 32)
    assert (result.exit_code, "gatepost init" in result.stderr) == (1, True)


@pytest.mark.mariadb
def test_a_tick_on_a_real_server(database_url, tmp_path):
    there = an_installation(tmp_path, database=database_url)
    there.did("init")
    assert "end_access: 0" in there.did("tick")


ACT = """
import os, sys
from pathlib import Path
from sidecar.setup.ticking import act_as_owner
act_as_owner(Path(sys.argv[1]))
(Path(sys.argv[1]) / "made").touch()
print(os.getuid(), os.geteuid(), os.getgid(), *os.getgroups() if os.geteuid() == int(sys.argv[2]) else "-")
"""


def test_root_acts_as_the_owner_of_the_state_folder_and_anybody_else_as_himself():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if os.geteuid() == 0:
            os.chown(folder, 12345, 23456)
        there = folder.stat()
        code = [sys.executable, "-c", ACT, name, "12345"]
        uid, euid, gid, *groups = subprocess.run(
            code, capture_output=True, text=True, check=True
        ).stdout.split()
        assert {int(uid), int(euid), (folder / "made").stat().st_uid} == {there.st_uid}
        assert int(gid) == there.st_gid
        assert groups in (["23456"], ["-"])


def test_root_does_not_serve_in_the_place_of_the_services_user(prepared, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    if prepared.state.stat().st_uid == 0:
        os.chown(prepared.state, 12345, 23456)
    result = prepared.run("serve", GATEPOST_SECRET="ab" * 32)
    assert (result.exit_code, "systemctl start gatepost" in result.stderr) == (1, True)
