"""`gatepost log`: showing, following and exporting what happened."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta

import pytest

from sidecar.activity.rules import Event, EventType, event_id
from sidecar.activity.store import add_events
from sidecar.clock import real_now
from sidecar.db import transaction
from tests.setup.builders import NO_ENVIRONMENT, users_of


@pytest.fixture
def club(prepared):
    """Alice and Bob are members, Charlie is a user only; Alice has read, Bob has signed in."""
    prepared.did("level", "add", "Gold")
    prepared.alice, prepared.bob, prepared.charlie = users_of(prepared, "alice", "bob", "charlie")
    for login in ("alice", "bob"):
        prepared.did("member", "add", login, "--level", "Gold")
    prepared.now = real_now()
    happened(
        prepared,
        an_event(prepared, 1, name="viewed", user_id=prepared.alice, member_id=1, subject="post:12", body={"url": "/été/"}),
        an_event(prepared, 2, name="denied", user_id=prepared.alice, member_id=1, subject="post:13", ip="192.0.2.7"),
        an_event(prepared, 3, EventType.LOGIN, "signed_in", user_id=prepared.bob, member_id=2, ip="2001:db8::5"),
        an_event(prepared, 4, EventType.LOGIN, "failed", user_id=prepared.charlie),
        an_event(prepared, 5, EventType.LOGIN, "failed", user_id=4711),
    )  # fmt: skip
    return prepared


def an_event(club, seconds, type=EventType.PAGE, name="viewed", **fields):
    at = club.now - timedelta(minutes=1) + timedelta(seconds=seconds)
    return Event(event_id(f"{seconds}{name}", at), type, name, at, **fields)


def happened(club, *events):
    with club.here.at_work(), transaction() as session:
        add_events(session, events)


def names(club, *arguments):
    result = club.run("log", "show", *arguments)
    assert result.exit_code == 0, result.output
    return [line.split()[3] for line in result.stdout.splitlines()[1:]]


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ([], ["viewed", "denied", "signed_in", "failed", "failed", "catalog_made", "created", "created"]),
        (["-n", "2"], ["created", "created"]),
        (["--type", "page", "--type", "access"], ["viewed", "denied", "catalog_made", "created", "created"]),
        (["--name", "denied"], ["denied"]),
        (["--member", "alice"], ["viewed", "denied", "created"]),
        (["--member", "bob@example.test", "--type", "login"], ["signed_in"]),
        (["--member", "charlie"], ["failed"]),
        (["--member", "4711"], ["failed"]),
        (["--page", "12"], ["viewed"]),
        (["--subject", "post:13"], ["denied"]),
        (["--ip", "2001:DB8:0::5"], ["signed_in"]),
        (["--member", "alice", "--text", "ÉTÉ"], ["viewed"]),
        (["--until", "2026-01-01"], []),
    ],
)
def test_the_log_is_shown_by_any_filter_the_newest_last(club, filters, wanted):
    assert names(club, *filters) == wanted


def test_a_page_says_how_to_go_on_and_back(club):
    first = club.run("log", "show", "-n", "3")
    assert "Newer" not in first.stderr
    second = club.run("log", "show", "-n", "3", "--cursor", first.stderr.split()[-1])
    assert [line.split()[3] for line in second.stdout.splitlines()[1:]] == ["signed_in", "failed", "failed"]
    back = second.stderr.splitlines()[-1]
    assert back.startswith("Newer ones: --cursor ")
    assert names(club, "-n", "3", "--cursor", back.split()[-1]) == ["catalog_made", "created", "created"]


@pytest.mark.parametrize(("day", "shown"), [("2026-01-15", "13:00:00"), ("2026-07-15", "14:00:00")])
def test_times_are_the_sites_and_heads_the_readers(club, day, shown):
    at = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    happened(club, Event(event_id("a", at), EventType.BILLING, "paid", at))
    filters = ("--from", f"{day} {shown}", "--until", f"{day} {shown[:6]}01")
    head, line = club.run("log", "show", *filters, language="fr").stdout.splitlines()
    assert head.startswith("quand ")
    assert line.startswith(f"{day} {shown}  billing  paid ")


@pytest.mark.parametrize(
    ("filters", "sentence"),
    [
        (["--member", "nobody"], "no user nobody"),
        (["--member", "99999"], "no user 99999"),
        (["--member", "9" * 400], "no user"),
        (["--type", "pages"], "no type pages"),
        (["--from", "yesterday"], "no date"),
        (["--ip", "localhost"], "no IP address"),
        (["--cursor", "../../etc/passwd"], "no place in the log"),
        (["--text", "lesson"], "of one member"),
        (["--from", "2026-11-30", "--until", "2026-11-01"], "ends before it begins"),
    ],
)
def test_what_cannot_be_shown_is_one_line(club, filters, sentence):
    for command in ("show", "export"):
        if command == "export" and "--cursor" in filters:
            continue
        result = club.run("log", command, *filters)
        assert (result.exit_code, result.stderr.count("\n"), result.stdout) == (1, 1, "")
        assert sentence in result.stderr


def test_no_event_can_play_with_the_terminal_or_look_like_another(club):
    happened(club, an_event(club, 9, subject="a\x1b[2J\nb\x9b\u202e", body={"url": "\x1b]0;x\x07"}))
    for command in (["show"], ["export"], ["export", "--format", "jsonl"]):
        output = club.did("log", *command)
        assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set(output)
    assert len(club.run("log", "show", "-n", "1").stdout.splitlines()) == 2


def test_a_member_is_found_by_the_name_that_others_see_if_it_is_only_one(club):
    with club.wordpress() as session:
        users = club.tables.users
        for user_id, name in ((club.alice, "Alice Adams"), (club.bob, "Sam"), (club.charlie, "Sam")):
            session.execute(users.update().where(users.c.id == user_id).values(display_name=name))
    assert names(club, "--member", "Alice Adams") == ["viewed", "denied", "created"]
    result = club.run("log", "show", "--member", "Sam")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "bob, charlie" in result.stderr


# --- export -----------------------------------------------------------------------------------------------------------


def test_an_export_as_csv_holds_every_event_oldest_first_in_the_sites_time(club, tmp_path):
    path = tmp_path / "log.csv"
    assert "8 events are in" in club.did("log", "export", "-o", str(path))
    assert path.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))
    assert [row["name"] for row in rows] == names(club)
    assert rows[0]["login"] == "alice"
    assert rows[0]["time"][-6:] in {"+01:00", "+02:00"}
    assert json.loads(rows[0]["body"]) == {"url": "/été/"}


def test_an_export_as_json_lines_is_exact(club):
    lines = [
        json.loads(line)
        for line in club.did("log", "export", "--format", "jsonl", "--type", "page").splitlines()
    ]
    assert lines[0] == {
        "time": an_event(club, 1).at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "type": "page", "name": "viewed", "user": club.alice,
        "login": "alice", "member": 1, "subject": "post:12", "ip": "", "body": {"url": "/été/"},
        "id": an_event(club, 1).id.hex(), "erased": False,
    }  # fmt: skip
    assert [line["name"] for line in lines] == ["viewed", "denied"]


def test_no_cell_of_a_spreadsheet_becomes_a_formula(club):
    starts = ["=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]
    happened(club, *[an_event(club, 10 + n, subject=start) for n, start in enumerate(starts)])
    output = club.did("log", "export", "--type", "page")
    subjects = [row["subject"] for row in csv.DictReader(io.StringIO(output, newline=""))][2:]
    assert len(subjects) == len(starts)
    assert all(subject.startswith("'") for subject in subjects)


def test_a_file_that_is_there_is_not_touched_and_a_half_written_one_is_removed(club, tmp_path, monkeypatch):
    kept = tmp_path / "kept.csv"
    kept.write_text("mine")
    assert "there already" in club.run("log", "export", "-o", str(kept)).stderr
    assert kept.read_text() == "mine"
    assert "cannot be written" in club.run("log", "export", "-o", str(tmp_path / "no/such/folder.csv")).stderr
    monkeypatch.setattr("sidecar.commands.log_reading.portions", _fails)
    assert club.run("log", "export", "-o", str(tmp_path / "new.csv")).exit_code != 0
    assert not (tmp_path / "new.csv").exists()


def _fails(*_arguments):
    raise OSError("the disk is full")


def test_more_events_than_a_chunk_are_all_exported_once(club, monkeypatch):
    monkeypatch.setattr("sidecar.activity.searching.CHUNK", 2)
    lines = club.did("log", "export", "--format", "jsonl").splitlines()
    assert [json.loads(line)["name"] for line in lines] == names(club)
    assert len({json.loads(line)["id"] for line in lines}) == 8


# --- follow -----------------------------------------------------------------------------------------------------------


def test_following_prints_what_comes_in_and_ends_cleanly(club):
    command = [
        sys.executable,
        "-m",
        "sidecar.cli",
        "--config",
        str(club.config_path),
        "log",
        "follow",
        "--type",
        "page",
    ]
    environment = {name: value for name, value in os.environ.items() if name not in NO_ENVIRONMENT}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        lines = [process.stdout.readline() for _ in range(2)]
        happened(club, an_event(club, 20, subject="post:99"), an_event(club, -20, subject="post:98"))
        lines += [process.stdout.readline() for _ in range(2)]
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate(timeout=20)
    assert [line.split()[5] for line in lines] == ["post:12", "post:13", "post:98", "post:99"]
    assert (rest, said, process.returncode) == ("", "", 0)


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_counts_say_how_many_events_of_each_type_a_day_has(club):
    lines = club.did("log", "counts", "--days", "2").splitlines()
    assert lines[0].split() == ["day", "access", "affiliate", "billing", "email", "login", "page"]
    days = [[int(number) for number in line.split()[1:]] for line in lines[1:]]
    assert [sum(column) for column in zip(*days, strict=True)] == [3, 0, 0, 0, 3, 2]


def test_members_who_came_from_many_addresses_are_listed(club):
    happened(
        club,
        *[
            an_event(club, 30 + n, user_id=club.alice, member_id=1, ip=f"2001:db8:{n}::{n}")
            for n in range(1, 5)
        ],
    )
    head, line = club.did("log", "ips", "--threshold", "4").splitlines()
    assert head.split()[:2] == ["member", "addresses"]
    assert line.split()[:2] == ["alice", "5"]
    assert line.endswith("2001:db8:4::/64, 2001:db8:3::/64, 2001:db8:2::/64, …")
    for none in (["--threshold", "6"], ["--threshold", "2", "--until", "2026-01-01"]):
        result = club.run("log", "ips", *none)
        assert (result.stdout, result.exit_code) == ("", 0)
    assert club.run("log", "ips", "--until", "soon").exit_code == 1
    assert club.run("log", "ips", "--threshold", "1").exit_code == 2
