"""What doctor says of files, socket, cron and clocks, in both languages."""

import socket
import stat
from contextlib import closing
from pathlib import Path

import pytest

from sidecar.i18n import speaking
from sidecar.setup.findings import Finding, Severity, has_problem, worst_first
from sidecar.setup.machine import (
    judge_clock,
    judge_room,
    judge_socket,
    judge_tick,
    look_at_config_file,
    look_at_secret,
    look_at_selinux,
    look_at_socket,
    look_at_state,
)
from tests.setup.builders import SECRET, an_installation

SOCK = stat.S_IFSOCK
PATH = Path("/run/gatepost/gatepost.sock")


def in_both_languages(look, *arguments):
    """The severity; the sentences must differ, or one of them is not translated."""
    english = look(*arguments)
    with speaking("fr"):
        french = look(*arguments)
    assert (english.code, english.severity) == (french.code, french.severity)
    assert english.sentence != french.sentence
    assert bool(english.advice) == (english.severity is not Severity.OK)
    return english


@pytest.mark.parametrize(
    ("mode", "group", "web", "closed", "severity"),
    [
        (SOCK | 0o660, "www-data", "www-data", None, "ok"),
        (SOCK | 0o660, "www-data", None, None, "ok"),
        (SOCK | 0o660, "root", "www-data", None, "problem"),
        (SOCK | 0o600, "www-data", "www-data", None, "problem"),
        (SOCK | 0o660, "www-data", "www-data", Path("/run/gatepost"), "problem"),
        (SOCK | 0o666, "www-data", "www-data", None, "warning"),
        (stat.S_IFREG | 0o660, "www-data", "www-data", None, "problem"),
    ],
)
def test_the_web_servers_group_must_reach_the_socket(mode, group, web, closed, severity):
    assert in_both_languages(judge_socket, PATH, mode, group, web, closed).severity == severity


@pytest.mark.parametrize(
    ("last", "severity"), [(None, "problem"), (10_000, "ok"), (6401, "ok"), (6399, "problem"), (0, "problem")]
)
def test_a_cron_that_stood_still_for_an_hour_is_a_problem(last, severity):
    assert in_both_languages(judge_tick, last, 10_000.0).severity == severity


@pytest.mark.parametrize(
    ("ahead", "severity"), [(0, "ok"), (30, "ok"), (-31, "warning"), (299, "warning"), (-300, "problem")]
)
def test_clocks_that_are_apart_are_told_and_five_minutes_are_a_problem(ahead, severity):
    assert in_both_languages(judge_clock, ahead, "example.com", "site_clock").severity == severity


@pytest.mark.parametrize(("free", "severity"), [(10**12, "ok"), (199 * 2**20, "problem")])
def test_a_full_disk_is_a_problem(free, severity):
    assert in_both_languages(judge_room, Path("/var/lib/gatepost"), free).severity == severity


def test_a_secret_that_is_not_there_or_that_others_may_read_is_a_problem(installation):
    config, path = installation.here.config, installation.state / "secret"
    assert in_both_languages(look_at_secret, config).severity == "problem"
    path.write_text(SECRET)
    path.chmod(0o640)
    assert in_both_languages(look_at_secret, config).severity == "problem"
    path.chmod(0o600)
    assert in_both_languages(look_at_secret, config).severity == "ok"


def test_a_password_in_a_configuration_that_everybody_may_read_is_a_warning(tmp_path):
    there = an_installation(tmp_path, database="mysql+pymysql://a:secret-word@localhost/b", with_tables=False)
    there.config_path.chmod(0o644)
    found = in_both_languages(look_at_config_file, there.here.config, there.config_path)
    assert found.severity == "warning"
    assert "secret-word" not in found.sentence
    there.config_path.chmod(0o640)
    assert in_both_languages(look_at_config_file, there.here.config, there.config_path).severity == "ok"


def test_a_socket_below_tmp_is_a_trap(tmp_path):
    config = an_installation(
        tmp_path, with_tables=False, bridge='listen = "unix:/tmp/gatepost.sock"'
    ).here.config
    assert in_both_languages(lambda: look_at_socket(config)[0]).severity == "problem"


def test_no_socket_and_one_that_is_closed_are_found_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("sidecar.setup.installing.PRIVATE_TO_OTHERS", ())
    config = an_installation(tmp_path, with_tables=False, bridge=f'listen = "unix:{tmp_path}/s"').here.config
    assert "the service does not run" in in_both_languages(lambda: look_at_socket(config)[0]).sentence
    with closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(f"{tmp_path}/s")
        (tmp_path / "s").chmod(0o600)
        found = in_both_languages(lambda: look_at_socket(config)[0])
    assert found.severity == "problem"


def test_selinux_is_mentioned_only_where_it_enforces(tmp_path):
    enforce = tmp_path / "enforce"
    assert look_at_selinux(enforce) == []
    enforce.write_text("0")
    assert look_at_selinux(enforce) == []
    enforce.write_text("1\n")
    assert in_both_languages(lambda: look_at_selinux(enforce)[0]).severity == "warning"


def test_a_state_folder_that_is_missing_or_open_or_holds_refused_lines_is_told(tmp_path):
    folder = tmp_path / "state"
    assert in_both_languages(lambda: look_at_state(folder)[0]).severity == "problem"
    (folder / "spool").mkdir(parents=True)
    (folder / "spool/refused.txt").write_text("{")
    folder.chmod(0o755)
    assert {found.code: found.severity for found in look_at_state(folder)} == {
        "disk": "ok",
        "state": "warning",
        "refused": "warning",
    }


def test_the_worst_comes_first_and_only_problems_count_as_such():
    findings = [Finding(severity, severity, "") for severity in Severity]
    assert [found.severity for found in worst_first(findings)] == ["problem", "warning", "note", "ok"]
    assert has_problem(findings)
    assert not has_problem(findings[:3])
