"""The systemd unit and cron's line: what is written, where, and what is refused."""

import getpass
import os
import pwd
from dataclasses import replace
from pathlib import Path

import pytest

from sidecar.errors import Refused
from sidecar.setup.installing import CRON, UNIT, give_state, next_steps, plan
from tests.setup.builders import an_installation

SOCKET = 'listen = "unix:/run/gatepost/gatepost.sock"\nsocket_group = "www-data"'


@pytest.fixture
def usual(tmp_path):
    """A configuration with the usual places."""
    there = an_installation(tmp_path, with_tables=False, bridge=SOCKET)
    there.config_path.write_text(
        there.config_path.read_text().replace(f"{tmp_path}/state", "/var/lib/gatepost")
    )
    return there


def files_of(installation, **options):
    return plan(
        installation.here.config,
        Path("/etc/gatepost/config.toml"),
        command="/opt/gatepost/bin/gatepost",
        **options,
    ).files


def test_the_unit_runs_the_service_as_its_own_user_with_folders_of_its_own(usual):
    unit = files_of(usual)[UNIT]
    for line in (
        "User=gatepost",
        "SupplementaryGroups=www-data",
        "ExecStart=/opt/gatepost/bin/gatepost --config /etc/gatepost/config.toml serve",
        "StateDirectory=gatepost",
        "StateDirectoryMode=0700",
        "RuntimeDirectory=gatepost",
        "RuntimeDirectoryMode=0755",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
    ):
        assert line in unit.splitlines()
    assert "ReadWritePaths" not in unit


def test_folders_elsewhere_are_named_as_writable(tmp_path):
    there = an_installation(tmp_path, with_tables=False, bridge='listen = "http://127.0.0.1:8199"')
    there.config_path.write_text(
        there.config_path.read_text().replace(f"{tmp_path}/state", "/srv/gatepost/state")
    )
    unit = files_of(there)[UNIT]
    assert "ReadWritePaths=/srv/gatepost/state" in unit
    assert "RuntimeDirectory" not in unit


def test_cron_calls_tick_each_minute_as_the_same_user_and_stays_quiet(usual):
    line = files_of(usual, account="club")[CRON].splitlines()[-1]
    assert line == "* * * * * club /opt/gatepost/bin/gatepost --config /etc/gatepost/config.toml tick --quiet"


@pytest.mark.parametrize("account", ["root", "Gate Post", "a;b", "", "-x"])
def test_the_service_needs_an_honest_user_of_its_own(usual, account):
    with pytest.raises(Refused):
        files_of(usual, account=account)


@pytest.mark.parametrize("path", ["/tmp/gatepost.sock", "/var/tmp/x/gatepost.sock", "/dev/shm/gatepost.sock"])
def test_a_socket_that_web_servers_would_never_see_is_refused(usual, path):
    usual.config_path.write_text(usual.config_path.read_text().replace("/run/gatepost/gatepost.sock", path))
    with pytest.raises(Refused, match="/tmp of their own"):
        files_of(usual)


@pytest.mark.parametrize("path", ["/my config.toml", "/100%.toml", "/a'b.toml", "/$HOME/x.toml"])
def test_a_path_that_systemd_or_cron_would_read_otherwise_is_refused(usual, path):
    with pytest.raises(Refused):
        plan(usual.here.config, Path(path), command="/opt/gatepost/bin/gatepost")


def test_below_a_prefix_files_are_written_once_and_a_second_run_finds_them(usual, tmp_path):
    first = usual.did("install", "--prefix", str(tmp_path / "root"))
    assert (tmp_path / "root" / UNIT).read_text().startswith("# Written by")
    assert (tmp_path / "root" / CRON).stat().st_mode & 0o777 == 0o644
    assert "systemctl enable --now gatepost" in first
    assert "already" in usual.did("install", "--prefix", str(tmp_path / "root"))


def test_a_dry_run_prints_both_files_and_writes_nothing(usual, tmp_path):
    output = usual.did("install", "--dry-run", "--prefix", str(tmp_path / "root"))
    assert "ProtectSystem=strict" in output
    assert "* * * * * gatepost" in output
    assert not (tmp_path / "root").exists()


def test_without_root_it_is_refused_in_words(usual, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    result = usual.run("install")
    assert (result.exit_code, "--dry-run" in result.stderr) == (1, True)


def test_what_root_made_before_the_service_had_a_user_is_given_to_it(usual, tmp_path):
    account = "nobody" if os.geteuid() == 0 else getpass.getuser()
    text = usual.config_path.read_text().replace("/var/lib/gatepost", f"{tmp_path}/made")
    usual.config_path.write_text(text.replace(f"{tmp_path}/state/secret", f"{tmp_path}/made/secret"))
    (tmp_path / "made/spool").mkdir(parents=True)
    (tmp_path / "made/secret").write_text("x")
    (tmp_path / "made/link").symlink_to(usual.config_path)
    given = give_state(account, usual.here.config)
    uid = pwd.getpwnam(account).pw_uid
    for name in ("made", "made/spool", "made/secret"):
        assert (tmp_path / name).stat().st_uid == uid
    assert usual.config_path.stat().st_uid == os.geteuid()
    assert bool(given) == (uid != os.geteuid())
    assert give_state(account, usual.here.config) == []


def test_what_to_type_next_asks_for_the_group_when_nobody_knows_it(usual):
    planned = plan(usual.here.config, Path("/etc/gatepost/config.toml"), command="/opt/gatepost")
    assert not any("socket_group" in step for step in next_steps(planned))
    assert any("socket_group" in step for step in next_steps(replace(planned, socket_group="")))
